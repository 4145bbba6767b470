"""Baselines on recordings: goodness of fit of the Hawkes models, every model in the closed loop.

For each asset: the Hawkes models that ship, on the validation split (log-likelihood an event over
Poisson, Kolmogorov-Smirnov distance and Ljung-Box statistic of the rescaled interarrival times,
spectral radius); then every baseline that writes order flow, from real states of that split:
events a second and mean spread beside the real ones, paths that were cut, and the time until
a model is ready (where it does not ship, that is the fit). With --figure it draws the QQ
plot of the residuals. Prints the tables of docs/baselines.md.

Run: python -m benchmarks.baselines [--assets AMZN,GOOG,MSFT] [--paths 24] [--horizon 60]
     [--data DIR] [--figure docs/hawkes_qq.png]
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from app.evaluate import real_prompts
from app.models import BASELINES, resolve_model
from app.references import recording_with_quotes
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import DATA_VARIABLE, find_asset, load_profile
from model.events import NS_PER_S, Action, Recording
from stylized_facts.baselines import CompoundHawkes, GoodnessOfFit

HAWKES = ("hawkes", "hawkes-spread")


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assets", default="AMZN,GOOG,MSFT")
    parser.add_argument("--paths", type=int, default=24)
    parser.add_argument("--horizon", type=float, default=60.0, help="seconds")
    parser.add_argument("--data", type=Path, default=os.environ.get(DATA_VARIABLE))
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    if given.data is None:
        parser.error(f"give --data DIR or set {DATA_VARIABLE}")
    found: dict[str, GoodnessOfFit] = {}
    for asset in given.assets.split(","):
        found |= measure(asset, Path(given.data), given.paths, given.horizon)
    if given.figure:
        draw(found, given.figure)


def measure(asset: str, data: Path, paths: int, horizon_s: float) -> dict[str, GoodnessOfFit]:
    """Print both tables of one asset; returns the goodness of fit by title."""
    entry, profile = find_asset(asset), load_profile(asset)
    recording = recording_with_quotes(entry, data)
    held_out = recording.between(*entry.splits.validation)
    print(f"\n## {asset}\n\n| model | nats/event over Poisson | K-S | Ljung-Box (20) | radius "
          "| 95% | widest, in use | in-spread kept |\n" + 8 * "|---" + "|")  # fmt: skip
    fits = {}
    for name in HAWKES:
        model = resolve_model(name, asset)
        assert isinstance(model, CompoundHawkes)
        good, p = model.goodness_of_fit([held_out]), model.parameters
        low, high = p.spectral_radius_interval
        print(f"| {model.name} | {good.gain:.3f} | {good.ks_together:.3f} "
              f"| {good.ljung_box_together:.0f} | {p.fitted_spectral_radius:.3f} "
              f"| {low:.3f} to {high:.3f} | {p.widest_spectral_radius():.3f} "
              f"| {p.inspread_kept:.2f} |")  # fmt: skip
        fits[f"{asset}: {model.name}"] = good
    prompts = real_prompts(recording, entry, paths, round(horizon_s * NS_PER_S), "validation")
    print("\n| model | events/s | largest path | spread | cut | ready in s |"
          f"\n|---|---|---|---|---|---|\n| real | {_rate(held_out):.1f} | "
          f"| {_spread(held_out):.2f} | | |")  # fmt: skip
    spec = RunSpec(
        asset=asset, scenario=Scenario.none(), paths=paths, horizon_s=horizon_s,
        max_events=20_000, burn_in_events=0, seed=1, model="hawkes",
    )  # fmt: skip
    for name, baseline in BASELINES.items():
        if not baseline.writes_flow:
            continue
        begun = time.perf_counter()
        model = resolve_model(name, asset, data=data)
        ready = time.perf_counter() - begun
        done = rollout(model, profile, spec, seeds=prompts.seeds, history=prompts.history).baseline
        rates = np.diff(done.offsets) / (done.end_ns / NS_PER_S)
        spread = np.nanmean(done.on_grid("spread_ticks", NS_PER_S))
        print(f"| {baseline.label} | {rates.mean():.1f} | {rates.max():.1f} | {spread:.2f} "
              f"| {done.counters['cut']} | {ready:.1f} |", flush=True)  # fmt: skip
    return fits


def _rate(recording: Recording) -> float:
    events = recording.events
    seconds = (events.time_ns[-1] - events.time_ns[0]) / NS_PER_S
    return float((events.action != Action.PRINT).sum() / seconds)


def _spread(recording: Recording) -> float:
    """Mean spread in ticks, weighted by time."""
    quotes, time_ns = recording.quotes, recording.events.time_ns
    assert quotes is not None
    spread = (quotes.ask_ticks - quotes.bid_ticks)[:-1]
    return float(np.average(spread, weights=np.diff(time_ns)))


def draw(found: dict[str, GoodnessOfFit], path: Path) -> None:
    """QQ plot of the pooled residuals against Exp(1), one panel a model."""
    from matplotlib.figure import Figure

    rows = -(-len(found) // len(HAWKES))
    figure = Figure(figsize=(3.2 * len(HAWKES), 3 * rows), layout="constrained")
    panels = figure.subplots(rows, len(HAWKES), squeeze=False).ravel()
    for axes, (title, good) in zip(panels, found.items(), strict=True):
        axes.plot([0, 9], [0, 9], color="#9aa5b1", linewidth=0.8)
        axes.plot(good.qq_exponential, good.qq, ".", markersize=2.5, color="#1f6feb")
        axes.set(title=title, xlabel="quantile of Exp(1)", ylabel="rescaled interarrival time")
        axes.title.set_fontsize(8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
