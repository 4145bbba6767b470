"""The ablation behind the bundled model: one design choice changed at a time, on small bodies.

    python -m benchmarks.ablation --out out/ablation                 every small row, three seeds
    python -m benchmarks.ablation --out out/ablation --rows base "tokens: paper" --seeds 1
    python -m benchmarks.ablation --out out/ablation --table         what is there, as Markdown

Each row trains a small body on the training splits and rolls it out from states of the VALIDATION
splits; the test splits are not touched. Rows called bundled, made where they are named, train with
the course of the bundled model, half an hour each, its body or a larger one (an hour). A row that
is there already is not made again. Scores are geometric means over quantities of K-S distances over
the real-against-real floor. A row that changes the library itself runs in a process of its own,
with kernels of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from app.commands.train import training_data
from app.evaluate import evaluate_asset
from app.evidence import EvaluationSettings
from benchmarks import ablation_patches as patches
from benchmarks import inside_bins
from model.checkpoint import Checkpoint, save_checkpoint
from model.events import Float64
from model.features import FAST_CONTEXTS
from model.presets import PRESETS, ModelSettings
from model.slow import SLOW_CONTEXTS
from model.training import TrainingSettings, train

BODY = ModelSettings(d_model=64, layers=3, heads=4, d_ff=172, window=64, head_hidden=64)
COURSE = TrainingSettings(
    steps=300, batch=32, length=128, learning_rate=3e-3, warm_up=30, evaluate_every=50, patience=3
)
BODY_6M = {"d_model": 256, "layers": 8, "heads": 8, "d_ff": 688, "head_hidden": 192}
HORIZONS_S = {"AMZN": 120.0, "GOOG": 120.0, "MSFT": 30.0}
PATHS = 24


@dataclass(frozen=True)
class Row:
    """What differs from the base row."""

    model: dict[str, object] = field(default_factory=dict)
    course: dict[str, object] = field(default_factory=dict)
    after: Callable[[Checkpoint], Checkpoint] = lambda checkpoint: checkpoint
    patch: Callable[[], None] | None = None
    inside: bool = False  # values inside bins by a head of their own, see `benchmarks.inside_bins`
    data: tuple[float, float] = (0.0, 1.0)  # from which to which share of the training data

    @property
    def changes_library(self) -> bool:
        """Whether it needs a process of its own."""
        return self.inside or self.patch is not None


def midpoints(checkpoint: Checkpoint) -> Checkpoint:
    """The median of each bin in place of a draw from it."""

    def median(values: Float64) -> Float64:
        return np.broadcast_to(np.median(values, -1, keepdims=True), values.shape).copy()

    old = checkpoint.tokenizer
    new = replace(
        old, depth_values=median(old.depth_values), size_values=median(old.size_values),
        time_values=median(old.time_values),
    )  # fmt: skip
    return replace(checkpoint, tokenizer=new)


def temperature(value: float) -> Callable[[Checkpoint], Checkpoint]:
    """Logits divided by `value`."""

    def cool(checkpoint: Checkpoint) -> Checkpoint:
        weights = {
            name: weight / value if name.startswith("head.out.") else weight
            for name, weight in checkpoint.weights.items()
        }
        return replace(checkpoint, weights=weights)

    return cool


def first_contexts(count: int) -> Row:
    """The fast contexts up to number `count`, no slow ones."""
    return Row({"contexts": FAST_CONTEXTS[:count]})


def bundled(start: float = 0.0, end: float = 1.0) -> Row:
    """The body and the course of the bundled model, with as many passes over less data."""
    course = TrainingSettings(steps=round(1000 * (end - start)))
    return Row(PRESETS["small"].model_dump(), course.model_dump(), data=(start, end))


def bundled_6m() -> Row:
    """The course of the bundled model at half its learning rate, with a larger body."""
    course = bundled().course | {"learning_rate": 1e-3}
    return Row(bundled().model | BODY_6M, course)


ROWS: dict[str, Row] = {
    "base": Row(),
    "tokens: paper": Row({"tokens": "paper"}),
    "tokens: paper, from the book's mid": Row(
        {"tokens": "paper"}, patch=patches.depth_from_book_mid
    ),
    "depth in ticks": Row(patch=patches.depth_in_ticks),
    "depth in ticks, one tick regime": Row(patch=patches.ticks_without_regimes),
    "one tick regime": Row(patch=patches.one_regime),
    "sizes without round lots": Row(patch=patches.no_round_lots),
    "cancel: touch like any level": Row(patch=patches.cancel_touch_too),
    "cancel: oldest of the level": Row(patch=patches.cancel_oldest),
    "half-life 5 s": Row(patch=patches.half_life(5.0)),
    "half-life 60 s": Row(patch=patches.half_life(60.0)),
    "margins: learned": Row({"margins": "none"}),
    "margins: of the asset": Row({"margins": "asset"}),
    "contexts: none": first_contexts(0),
    "contexts: price level": first_contexts(1),
    "contexts: + spread": first_contexts(2),
    "contexts: + imbalance, sizes": first_contexts(5),
    "contexts: + activity, volatility": first_contexts(7),
    "contexts: + trade sign": first_contexts(8),
    "contexts: slow alone": Row({"contexts": SLOW_CONTEXTS}),
    "head: composite": Row({"head": "composite"}),
    "window 16": Row({"window": 16}),
    "window 128": Row({"window": 128}, {"length": 256, "batch": 16}),
    "window 256": Row({"window": 256}, {"length": 512, "batch": 8}),
    "window 512": Row({"window": 512}, {"length": 1024, "batch": 4}),
    "in-bin: median": Row(after=midpoints),
    "in-bin: continuous": Row(inside=True),
    "temperature 0.9": Row(after=temperature(0.9)),
    "temperature 1.1": Row(after=temperature(1.1)),
    "dropout 0": Row({"dropout": 0.0}),
    "dropout 0.2": Row({"dropout": 0.2}),
    "mirrored flow: no": Row(course={"mirrored": False}),
    "body 0.06M": Row({"d_model": 32, "layers": 2, "d_ff": 86}),
    "body 1.1M": Row({"d_model": 128, "layers": 6, "d_ff": 344, "head_hidden": 96}),
    "body 6M": Row(BODY_6M, {"learning_rate": 1.5e-3}),
    "data 50%": Row(data=(0.5, 1.0)),
    "data 25%": Row(data=(0.75, 1.0)),
    "bundled": bundled(),
    "bundled, last half": bundled(0.5),
    "bundled, first half": bundled(end=0.5),
    "bundled, last quarter": bundled(0.75),
    "bundled, 6M": bundled_6m(),
}


def make(name: str, seed: int, data: Path) -> dict[str, object]:
    """Train and judge one row."""
    row = ROWS[name]
    patches.bins_by_regime()
    patches.no_bound()
    if row.patch is not None:
        row.patch()
    model = ModelSettings.model_validate(BODY.model_dump() | row.model)
    course = TrainingSettings.model_validate(COURSE.model_dump() | row.course | {"seed": seed})
    training, validation, _ = training_data(list(HORIZONS_S), data)
    training = [
        part.rows(slice(*(round(share * len(part)) for share in row.data))) for part in training
    ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        checkpoint = train(training, validation, model, course, out, name="ablation")
        save_checkpoint(row.after(checkpoint), out)
        found: dict[str, object] = {
            "row": name, "seed": seed, "nats": checkpoint.config.training["best_validation_nats"],
            "parameters": sum(weight.numel() for weight in checkpoint.weights.values()),
        }  # fmt: skip
        if row.inside:
            head, found["nats inside bins"] = inside_bins.fit(
                checkpoint, training, validation, seed
            )
            inside_bins.use(head)
        for asset, horizon_s in HORIZONS_S.items():
            settings = EvaluationSettings(
                model=folder, baselines=(), paths=PATHS, horizon_s=horizon_s, seed=seed,
                split="validation", resamples=20, max_events=4000, learned=False,
            )  # fmt: skip
            card = evaluate_asset(asset, data, settings).scorecard
            rows = {r.quantity: r for r in card.rows if r.metric in ("K-S", "mean")}
            spread, rate = rows["spread"], rows["event_rate"]
            found[asset] = {
                "floor_ratio": card.ratio_to_floor["TradeFM"],
                "spread": spread.distance["TradeFM"],
                "rate": rate.values["TradeFM"] / rate.real,
            }
    return found


def table(out: Path) -> str:
    """Means over seeds and their spread, a line a row, as Markdown."""
    lines = [
        "| row | parameters | seeds | nats | floor ratio AMZN | GOOG | MSFT | all | "
        "spread K-S (mean) | rate / real (AMZN, GOOG, MSFT) |",
        "|" + " --- |" * 10,
    ]
    for name in ROWS:
        runs = [json.loads(p.read_text()) for p in sorted(out.glob(f"{_slug(name)}-*.json"))]
        if not runs:
            continue
        ratios = np.array([[r[a]["floor_ratio"] for a in HORIZONS_S] for r in runs])
        every = np.exp(np.log(ratios).mean(1))
        rate = np.mean([[r[a]["rate"] for a in HORIZONS_S] for r in runs], axis=0)
        spread = np.mean([[r[a]["spread"] for a in HORIZONS_S] for r in runs])
        nats = np.array([r["nats"] for r in runs])
        cells = [
            name, f"{runs[0]['parameters'] / 1e6:.2f}M", str(len(runs)),
            f"{nats.mean():.3f} ± {nats.std():.3f}", *(f"{v:.2f}" for v in ratios.mean(0)),
            f"{every.mean():.2f} ± {every.std():.2f}", f"{spread:.3f}",
            ", ".join(f"{v:.2f}" for v in rate),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c == "." else "_" for c in name)


def make_apart(name: str, seed: int, given: argparse.Namespace) -> None:
    """`make` in a process of its own, whose kernels are compiled with the row's change in them."""
    kernels = (given.out / "kernels" / _slug(name)).absolute()
    command = [sys.executable, "-m", "benchmarks.ablation", "--data", str(given.data)]
    command += ["--out", str(given.out), "--rows", name, "--only-seed", str(seed)]
    subprocess.run(command, check=True, env=os.environ | {"NUMBA_CACHE_DIR": str(kernels)})


def main() -> None:
    """Make the rows asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("out/ablation"))
    small = [name for name in ROWS if not name.startswith("bundled")]
    parser.add_argument("--rows", nargs="*", default=small, choices=list(ROWS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only-seed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--table", action="store_true", help="print what is there, make nothing")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    seeds = [given.only_seed] if given.only_seed else range(1, 1 + given.seeds)
    for seed in seeds if not given.table else ():
        for name in given.rows:
            path = given.out / f"{_slug(name)}-{seed}.json"
            if path.exists():
                continue
            if ROWS[name].changes_library and given.only_seed is None:
                make_apart(name, seed, given)
                continue
            path.write_text(json.dumps(make(name, seed, given.data)) + "\n")
            print(path.name, flush=True)
    if given.only_seed is None:
        print(table(given.out))


if __name__ == "__main__":
    main()
