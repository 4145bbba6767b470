"""Controls of an evaluation: what tokens and simulator alone cost, how well flow is foreseen."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from pydantic import Field

from app.evaluate import HISTORY_S, ensemble_sample, real_prompts
from app.models import model_folder
from app.references import fitting_window, real_sample, recording_with_quotes
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import Split, find_asset, load_profile
from model.checkpoint import load_checkpoint
from model.codec import BINS, Tokens
from model.events import NS_PER_S, Float64
from model.features import flow_features
from model.token_replay import TokenReplay
from model.training import SUB_TOKENS, nats_per_event
from stylized_facts.scorecard import scorecard
from stylized_facts.sheet import Number, Record

RESAMPLES = 20  # of intervals that are not kept


class ReconstructedQuantity(Record):
    """One quantity of the reconstruction, K-S."""

    label: str
    floor: Number
    distance: Number
    ratio_to_floor: Number


class Controls(Record):
    """Controls of one asset and split.

    `nats` and `nats_unconditional` are by sub-token and `total`: negative log-likelihood of an
    event for the model that is told the past, and for the frequencies of sub-tokens in this very
    split, each on its own, which know nothing of the past but all of the split.
    """

    asset: str
    split: Split
    zero_shot: bool
    paths: int
    horizon_s: float
    ratio_to_floor: Number = Field(description="of the reconstruction, geometric mean")
    quantities: list[ReconstructedQuantity]
    events: int = Field(description="events of the split that were scored")
    nats: dict[str, float]
    nats_unconditional: dict[str, float]

    @property
    def perplexity(self) -> float:
        """Events among which the model wavers on average: exp(nats an event)."""
        return math.exp(self.nats["total"])


def measure_controls(
    asset: str,
    data: Path,
    *,
    model: str = "small",
    paths: int = 64,
    horizon_s: float = 300.0,
    split: Split = "test",
    seed: int = 1,
) -> Controls:
    """Reconstruct a held-out split from its own tokens, and score the model on its next events.

    Raises
    ------
    FaultlineError
        Unknown asset or model, or a recording that is missing or too short.
    """
    entry, profile = find_asset(asset), load_profile(asset)
    recording, checkpoint = recording_with_quotes(entry, data), load_checkpoint(model_folder(model))
    horizon_s = fitting_window(entry, horizon_s, split)
    horizon_ns = round(horizon_s * NS_PER_S)
    start_ns, end_ns = entry.splits.part(split)
    known = recording.between(start_ns - round(HISTORY_S * NS_PER_S), end_ns)
    features, _ = flow_features(known, profile)
    prompts = real_prompts(recording, entry, paths, horizon_ns, split)
    since = [int(history.events.time_ns[-1]) for history in prompts.history]
    replayed = TokenReplay(
        checkpoint, [features.between(t + 1, t + 1 + 2 * horizon_ns) for t in since]
    )
    spec = RunSpec(
        asset=asset, scenario=Scenario.none(), paths=paths, horizon_s=horizon_s,
        burn_in_events=0, seed=seed,
    )  # fmt: skip
    run = rollout(replayed, profile, spec, seeds=prompts.seeds, history=prompts.history)
    real = real_sample(recording, entry, horizon_s, split)
    label = replayed.name
    card = scorecard(
        real, {label: ensemble_sample(run.baseline, label)}, floor_seed=seed, resamples=RESAMPLES
    )
    scored = features.between(start_ns, end_ns)
    return Controls(
        asset=asset,
        split=split,
        zero_shot=entry.zero_shot,
        paths=paths,
        horizon_s=horizon_s,
        ratio_to_floor=card.ratio_to_floor[label],
        quantities=[
            ReconstructedQuantity(
                label=row.label, floor=row.floor, distance=row.distance[label],
                ratio_to_floor=row.ratio_to_floor[label],
            )
            for row in card.rows if row.metric == "K-S"
        ],
        events=len(scored),
        nats=nats_per_event(checkpoint, [scored]),
        nats_unconditional=_unconditional(checkpoint.tokenizer.encode(scored)[0]),
    )  # fmt: skip


def _unconditional(tokens: Tokens) -> dict[str, float]:
    """Entropy of each sub-token by its frequencies, and their sum."""

    def entropy(counts: Float64) -> float:
        share = counts[counts > 0] / counts.sum()
        return float(-(share * np.log(share)).sum())

    found = {
        name: entropy(np.bincount(tokens[:, i], minlength=bins).astype(np.float64))
        for i, (name, bins) in enumerate(zip(SUB_TOKENS, BINS, strict=True))
    }
    return found | {"total": sum(found.values())}
