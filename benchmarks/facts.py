"""The whole panel of facts on a million real and a million synthetic events, bootstrap included.

Two samples of generated order flow (compound Hawkes and zero intelligence through the simulator)
stand for the real and the synthetic one. Every fact and curve is measured on both, with 200
resamples of windows for the intervals; parts that both need again are remembered. Prints the
slowest facts, the time of both samples together (of the processor, and by the clock, which a busy
machine makes longer), events a second, the same with no resamples in the same run, and the peak of
memory. Ends with one JSON line.

Run: python -m benchmarks.facts [--events 1000000] [--resamples 200]
"""

from __future__ import annotations

import argparse
import json
import resource
from dataclasses import replace
from time import perf_counter, process_time

import numpy as np

from app.evaluate import ensemble_sample
from app.manifest import hardware, versions
from app.models import resolve_model
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import load_profile
from stylized_facts import MarketSample
from stylized_facts.bootstrap import window_weights
from stylized_facts.facts import CURVES, FACTS

HORIZON_S = 300.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--resamples", type=int, default=200)
    given = parser.parse_args()
    panel(generated("hawkes", 20_000), 2)  # compile and import
    samples = [generated(name, given.events) for name in ("hawkes", "zero-intelligence")]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent: dict[str, float] = {}
    started = perf_counter()
    for sample in samples:
        for key, seconds in panel(sample, given.resamples).items():
            spent[key] = spent.get(key, 0.0) + seconds
    wall = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    plain = 0.0
    for sample in samples:
        forgotten = replace(sample)  # a copy remembers nothing
        plain += sum(panel(forgotten, 0).values())
    total, events = sum(spent.values()), sum(len(sample.events) for sample in samples)
    result = {
        "benchmark": "facts", "events": events, "windows": sum(len(s) for s in samples),
        "facts": len(FACTS), "curves": len(CURVES), "resamples": given.resamples,
        "seconds_wall": round(wall, 1), "seconds": round(total, 1),
        "events_per_s": round(events / total), "seconds_without_bootstrap": round(plain, 1),
        "ratio_to_no_bootstrap": round(total / plain, 2),
        "peak_gb": round(peak / 1e6, 2), "peak_before_gb": round(before / 1e6, 2),
    }  # fmt: skip
    print(__doc__)
    print("hardware:", hardware())
    print("versions:", versions())
    for key in sorted(spent, key=spent.__getitem__, reverse=True)[:15]:
        print(f"  {key:28} {spent[key]:6.2f} s {spent[key] / total:6.1%}")
    for name, value in result.items():
        print(f"  {name:28} {value}")
    print(json.dumps(result))


def generated(model: str, events: int) -> MarketSample:
    """Windows of 300 s of AMZN by a baseline model, until there are `events` of them."""
    spec = RunSpec(
        asset="AMZN", scenario=Scenario.none(), paths=8, horizon_s=HORIZON_S, model=model
    )
    driven, profile = resolve_model(model, "AMZN"), load_profile("AMZN")
    first = len(rollout(driven, profile, spec).baseline.time_ns)
    paths = max(8, round(8 * events / first))
    run = rollout(driven, profile, spec.model_copy(update={"paths": paths}))
    return ensemble_sample(run.baseline, model)


def panel(sample: MarketSample, resamples: int) -> dict[str, float]:
    """Seconds of processor time that each fact and curve took."""
    weights = window_weights(len(sample), resamples, 0)
    spent = {}
    for key, fact in FACTS.items():
        began = process_time()
        fact.draws(sample, weights)
        spent[key] = process_time() - began
    for curve in CURVES:
        began = process_time()
        np.asarray(curve.estimate(sample).draws(weights))
        spent[curve.key] = process_time() - began
    return spent


if __name__ == "__main__":
    main()
