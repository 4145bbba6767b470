"""Training: all recordings pooled, mirrored flow, EMA weights, early stopping on validation."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from model.checkpoint import Checkpoint, CheckpointConfig, save_checkpoint
from model.dataset import FlowDataset
from model.errors import CheckpointError, SpecError
from model.features import FlowFeatures
from model.presets import ModelSettings
from model.tokenizer import fit_tokenizer
from model.transformer import Transformer
from model.workers import Workers

SUB_TOKENS = ("action", "side", "depth", "size", "time")
STATE = "state.json"  # names all else that is needed to continue


class TrainingSettings(BaseModel):
    """How to train."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(default=1400, ge=1, description="optimiser steps at most")
    batch: int = Field(default=32, ge=1, description="sequences a step")
    length: int = Field(default=256, ge=8, description="events a sequence, at least two windows")
    learning_rate: float = Field(default=2e-3, gt=0)
    warm_up: int = Field(default=60, ge=0)
    weight_decay: float = Field(default=0.1, ge=0)
    ema: float = Field(default=0.99, ge=0, lt=1)
    evaluate_every: int = Field(default=100, ge=1)
    patience: int = Field(default=4, ge=1, description="evaluations without a better one")
    mirrored: bool = True
    seed: int = 1


@dataclass(frozen=True)
class TrainingProgress:
    """Where training is; losses in nats an event."""

    step: int
    steps: int
    loss: float
    validation: dict[str, float] | None  # per sub-token and `total`, at an evaluation
    events_per_s: float
    eta_s: float


@dataclass(eq=False)
class _State:
    network: Transformer
    ema: dict[str, Tensor]
    optimizer: torch.optim.AdamW
    step: int = 0
    best: float = math.inf
    best_step: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    training: list[FlowFeatures],
    validation: list[FlowFeatures],
    model: ModelSettings,
    settings: TrainingSettings,
    folder: Path,
    *,
    name: str,
    device: str = "cpu",
    provenance: dict[str, object] | None = None,
    progress: Callable[[TrainingProgress], None] | None = None,
) -> Checkpoint:
    """Train and write the best checkpoint to `folder`; continue there if training was cut off.

    Bin edges and in-bin values come from `training` alone. `folder/state` holds what is needed to
    continue and goes when training is done.

    Raises
    ------
    SpecError
        A split holds fewer events than one sequence.
    CheckpointError
        `folder/state` is of other settings.
    """
    for part in (*training, *validation):
        if len(part) <= settings.length:
            raise SpecError(
                f"{part.profile.asset}: {len(part)} events in a split; more than "
                f"{settings.length} are needed (set a shorter length or give more data)"
            )
    workers = Workers.join(device)
    torch.manual_seed(settings.seed)
    tokenizer = fit_tokenizer(model.tokens, training, model.contexts)
    if model.margins == "none":
        tokenizer = replace(tokenizer, shares=np.zeros_like(tokenizer.shares))
    sides = [*training, *(part.mirrored() for part in training)] if settings.mirrored else training
    data = FlowDataset.build(sides, tokenizer, model)
    held_out = FlowDataset.build(validation, tokenizer, model).sequences(settings.length)
    network = Transformer(model, tokenizer.context_sizes).to(device)
    state = _State(network, _copy(network), _optimizer(network, settings, device))
    forward = torch.compile(network) if device.startswith("cuda") else network
    stamp = _stamp(model, settings, training)
    _resume(state, folder / "state", stamp)
    began, first = time.perf_counter(), state.step
    while state.step < settings.steps:
        loss = _step(state, forward, data, settings, device, workers)
        report = None
        if state.step % settings.evaluate_every == 0 or state.step == settings.steps:
            report = _evaluate(state, held_out, device, workers)
            state.history.append({"step": state.step, "training": loss, **report})
            if report["total"] < state.best:
                state.best, state.best_step = report["total"], state.step
                state.best_weights = {n: w.clone() for n, w in state.ema.items()}
            if workers.first:
                _save(state, folder / "state", stamp)
        if progress is not None:
            pace = (time.perf_counter() - began) / (state.step - first)
            events_per_s = settings.batch * settings.length / pace
            eta_s = pace * (settings.steps - state.step)
            progress(
                TrainingProgress(state.step, settings.steps, loss, report, events_per_s, eta_s)
            )
        if state.step - state.best_step >= settings.patience * settings.evaluate_every:
            break
    record = {
        "settings": settings.model_dump(),
        "events": {part.profile.asset: len(part) for part in training},
        "validation_events": {part.profile.asset: len(part) for part in validation},
        "best_step": state.best_step,
        "best_validation_nats": state.best,
        "history": state.history,
        **(provenance or {}),
    }
    config = CheckpointConfig(name=name, settings=model, training=record)
    checkpoint = Checkpoint(config, tokenizer, state.best_weights)
    if workers.first:
        save_checkpoint(checkpoint, folder)
        # What makes the rest valid goes first: a kill leaves nothing that looks unfinished.
        (folder / "state" / STATE).unlink()
        shutil.rmtree(folder / "state")
    workers.leave()
    return checkpoint


def nats_per_event(
    checkpoint: Checkpoint, parts: list[FlowFeatures], length: int = 256
) -> dict[str, float]:
    """Negative log-likelihood in nats of held-out flow: per sub-token and `total`."""
    data = FlowDataset.build(parts, checkpoint.tokenizer, checkpoint.config.settings)
    return _nats(checkpoint.transformer(), data.sequences(length), "cpu")


def _optimizer(network: Transformer, settings: TrainingSettings, device: str) -> torch.optim.AdamW:
    named = list(network.named_parameters())
    matrices = [p for name, p in named if p.dim() > 1 and ".gain." not in name]
    vectors = [p for name, p in named if p.dim() <= 1 or ".gain." in name]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": settings.weight_decay},
         {"params": vectors, "weight_decay": 0.0}],
        lr=settings.learning_rate, betas=(0.9, 0.95), fused=device.startswith("cuda"),
    )  # fmt: skip


def _rate(step: int, settings: TrainingSettings) -> float:
    """Learning rate: linear warm-up, then a cosine down to a tenth."""
    if step < settings.warm_up:
        return settings.learning_rate * (step + 1) / settings.warm_up
    done = (step - settings.warm_up) / max(1, settings.steps - settings.warm_up)
    return settings.learning_rate * (0.1 + 0.45 * (1 + math.cos(math.pi * min(1.0, done))))


def _step(
    state: _State,
    forward: Callable[[Tensor, Tensor, Tensor], Tensor],
    data: FlowDataset,
    settings: TrainingSettings,
    device: str,
    workers: Workers,
) -> float:
    rng = np.random.default_rng([settings.seed, state.step])
    torch.manual_seed((settings.seed * 1_000_003 + state.step) * workers.size + workers.rank)
    batch = data.batch(rng, settings.batch, settings.length)
    inputs = [workers.share(part).to(device) for part in batch]
    for group in state.optimizer.param_groups:
        group["lr"] = _rate(state.step, settings)
    state.network.train()
    with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
        loss = forward(*inputs).sum(-1).mean()
    state.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    workers.average_gradients(state.network)
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
    state.optimizer.step()
    state.step += 1
    keep = min(settings.ema, state.step / (state.step + 10))
    with torch.no_grad():
        for name, weight in state.network.state_dict().items():
            state.ema[name].lerp_(weight, 1 - keep)
    return float(loss.detach())


def _evaluate(
    state: _State, held_out: list[tuple[Tensor, Tensor, Tensor]], device: str, workers: Workers
) -> dict[str, float]:
    current = _copy(state.network)
    state.network.load_state_dict(state.ema)
    report = _nats(state.network, held_out, device)
    state.network.load_state_dict(current)
    agreed = workers.from_first(torch.tensor(list(report.values()), device=device))
    return dict(zip(report, agreed.tolist(), strict=True))


@torch.no_grad()
def _nats(
    network: Transformer, sequences: list[tuple[Tensor, Tensor, Tensor]], device: str
) -> dict[str, float]:
    network.eval()
    total, count = torch.zeros(0), 0
    for start in range(0, len(sequences), 16):
        batch = sequences[start : start + 16]
        inputs = [torch.stack(part).to(device) for part in zip(*batch, strict=True)]
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            loss = network(*inputs).float().cpu()
        summed = loss.sum((0, 1)).double()
        total = summed if count == 0 else total + summed
        count += loss.shape[0] * loss.shape[1]
    means = (total / max(1, count)).tolist()
    named = dict(zip(SUB_TOKENS, means, strict=True)) if len(means) == len(SUB_TOKENS) else {}
    return {**named, "total": sum(means)}


def _copy(network: Transformer) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in network.state_dict().items()}


def _stamp(model: ModelSettings, settings: TrainingSettings, parts: list[FlowFeatures]) -> str:
    data = {part.profile.asset: len(part) for part in parts}
    return json.dumps([model.model_dump(), settings.model_dump(), data], sort_keys=True)


def _save(state: _State, folder: Path, stamp: str) -> None:
    """Everything needed to continue, in two files; the JSON file, written last, makes it valid."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"network.{n}": w for n, w in _copy(state.network).items()}
    tensors |= {f"ema.{n}": w for n, w in state.ema.items()}
    tensors |= {f"best.{n}": w for n, w in state.best_weights.items()}
    for index, slots in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{slot}": torch.as_tensor(v) for slot, v in slots.items()}
    name = f"tensors-{state.step}.safetensors"
    save_file({n: t.contiguous().cpu() for n, t in tensors.items()}, folder / name)
    facts = {
        "tensors": name, "stamp": stamp, "step": state.step, "best": state.best,
        "best_step": state.best_step, "history": state.history,
    }  # fmt: skip
    temporary = folder / "state.json.tmp"
    temporary.write_text(json.dumps(facts))
    os.replace(temporary, folder / STATE)
    for old in folder.glob("tensors-*.safetensors"):
        if old.name != name:
            old.unlink()


def _resume(state: _State, folder: Path, stamp: str) -> None:
    path = folder / STATE
    if not path.is_file():
        return
    try:
        facts = json.loads(path.read_bytes())
        found, tensors = facts["stamp"], load_file(folder / Path(facts["tensors"]).name)
    except (ValueError, KeyError, TypeError, OSError, RecursionError, SafetensorError) as error:
        raise CheckpointError(f"{folder}: cannot be continued ({error}); delete it") from error
    if found != stamp:
        raise CheckpointError(
            f"{folder}: left by training with other settings or data; "
            "delete it or choose another folder"
        )

    def part(prefix: str) -> dict[str, Tensor]:
        return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}

    state.network.load_state_dict(part("network."))
    device = next(state.network.parameters()).device
    state.ema = {n: t.to(device) for n, t in part("ema.").items()}
    state.best_weights = {n: t.to(device) for n, t in part("best.").items()}
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in part("optimizer.").items():
        index, slot = name.split(".")
        slots.setdefault(int(index), {})[slot] = tensor
    known = state.optimizer.state_dict()
    state.optimizer.load_state_dict({"state": slots, "param_groups": known["param_groups"]})
    state.step, state.best = facts["step"], facts["best"]
    state.best_step, state.history = facts["best_step"], facts["history"]
