"""The whole panel of stylized facts, intervals included."""

from __future__ import annotations

import resource
from dataclasses import replace
from time import perf_counter, process_time

import numpy as np

from app.bench.result import Figures, Result
from app.evaluate import ensemble_sample
from app.models import resolve_model
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import load_profile
from stylized_facts import MarketSample
from stylized_facts.bootstrap import window_weights
from stylized_facts.facts import CURVES, FACTS

ABOUT = """\
The panel of stylized facts on a real and a synthetic sample of the same size, for which two
samples of generated order flow stand (compound Hawkes and zero intelligence through the
simulator). Every fact and curve is measured on both, with resamples of windows for the intervals;
parts that both need again are remembered. events_per_s is events over CPU seconds, without the
time to generate them; the same with no resamples is timed in the same run."""
HORIZON_S = 300.0


def bench_facts(events: int, resamples: int) -> Result:
    """Measure the panel."""
    panel(generated("hawkes", 20_000), 2)  # compile and import
    samples = [generated(name, events) for name in ("hawkes", "zero-intelligence")]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent: dict[str, float] = {}
    started = perf_counter()
    for sample in samples:
        for key, seconds in panel(sample, resamples).items():
            spent[key] = spent.get(key, 0.0) + seconds
    wall = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # a copy remembers nothing
    plain = sum(sum(panel(replace(sample), 0).values()) for sample in samples)
    total, count = sum(spent.values()), sum(len(sample.events) for sample in samples)
    slowest = sorted(spent, key=spent.__getitem__, reverse=True)[:5]
    figures: Figures = {
        "benchmark": "facts", "device": "cpu", "events": count,
        "windows": sum(len(s) for s in samples), "facts": len(FACTS), "curves": len(CURVES),
        "resamples": resamples, "seconds_wall": round(wall, 1), "seconds": round(total, 1),
        "events_per_s": round(count / total), "seconds_without_bootstrap": round(plain, 1),
        "ratio_to_no_bootstrap": round(total / plain, 2),
        "peak_gb": round(peak / 1e6, 2), "peak_before_gb": round(before / 1e6, 2),
    }  # fmt: skip
    return Result(ABOUT, figures | {f"seconds_{key}": round(spent[key], 2) for key in slowest})


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
