"""The closed loop with everything included, beside what the machine allows."""

from __future__ import annotations

import time

import numpy as np

from app.bench.limits import event_cost, limit_events_per_s, measure_peak
from app.bench.models import bench_model
from app.bench.result import Figures, Result, median_and_spread
from app.models import resolve_device
from engine.rollout import rollout
from engine.scenario import load_scenario
from engine.spec import RunSpec
from model.catalogue import load_profile
from model.tradefm import TradeFM

ABOUT = """\
The closed loop: events a second of all paths together, everything included (features, network,
sampling, matching, context, record). AMZN under a liquidation, shocked and unshocked paths in one
batch; wall-clock time, and the CPU time of the whole process beside it, which a busy machine
disturbs less. The limit is a roofline of the network alone: operations of an event over the
measured rate of large matrix products, or bytes of keys and values over the measured rate of
memory reads, whichever takes longer, both measured on all threads next to every repeat, by the
clock and by CPU time. On a GPU products are bf16, the rate of memory is that of a copy, and the
weights, read once for all paths of both arms, count as well. 'Model' is the share of the time spent
in the model, or waiting for it, and on a CPU, where both are one call, in the book; 'book' that of
`step` beside it. A path alone is timed as well."""
ARMS = 2  # a liquidation is played beside the same paths without it


def bench_rollout(
    model: str,
    paths: int,
    horizon_s: float,
    repeats: int,
    device: str,
    threads: int,
    context: int | None = None,
) -> Result:
    """Measure the closed loop of a bundled model, a checkpoint's folder or a preset."""
    device = resolve_device(device)
    flow = bench_model(model, device, context)
    settings = flow.checkpoint.config.settings
    on_cpu = device == "cpu"
    cost = event_cost(settings) if on_cpu else event_cost(settings, 2, ARMS * paths)
    compile_it(flow)
    runs, shares, by_cpu, cpu_rates, peaks = [], [], [], [], []
    for _ in range(repeats):
        peak, by_cpu_time = measure_peak(device, threads)
        began = time.process_time()
        timing = play(flow, paths, horizon_s)
        cpu = time.process_time() - began
        runs.append(timing)
        peaks.append(peak)
        shares.append(timing["events_per_s"] / limit_events_per_s(cost, peak))
        cpu_rates.append(timing["events"] / cpu)
        if on_cpu:
            by_cpu.append(cpu_rates[-1] * threads / limit_events_per_s(cost, by_cpu_time))
    alone = [play(flow, 1, horizon_s, "none")["events_per_s"] for _ in range(repeats)]
    whole = sum(run["total"] for run in runs)
    figures: Figures = {
        "benchmark": "rollout", "device": device, "model": model, "paths": paths, "arms": ARMS,
        "threads": threads, "context": settings.window,
        "parameters": sum(p.numel() for p in flow.network.parameters()),
        "events": int(runs[0]["events"]),
    }  # fmt: skip
    return Result(
        ABOUT,
        figures
        | median_and_spread("events_per_s", [run["events_per_s"] for run in runs])
        | median_and_spread("events_per_core_s", cpu_rates)
        | median_and_spread("share_of_limit", shares)
        | (median_and_spread("share_of_limit_by_cpu_time", by_cpu) if on_cpu else {})
        | median_and_spread("single_path_events_per_s", alone)
        | {
            f"share_{part}": round(sum(run[part] for run in runs) / whole, 3)
            for part in ("model", "book")
        }
        | {
            "limit_events_per_s": round(limit_events_per_s(cost, peaks[-1])),
            "peak_gflops": round(float(np.median([p.flops for p in peaks])) / 1e9, 1),
            "peak_read_gb_per_s": round(float(np.median([p.bytes_per_s for p in peaks])) / 1e9, 1),
        },
    )


def play(
    flow: TradeFM, paths: int, horizon_s: float, scenario: str = "liquidation"
) -> dict[str, float]:
    """Timing of one rollout, see `StressRun.timing`."""
    shocked = load_scenario(scenario)
    spec = RunSpec(asset="AMZN", scenario=shocked, paths=paths, horizon_s=horizon_s)
    return rollout(flow, load_profile("AMZN"), spec).timing


def compile_it(flow: TradeFM) -> None:
    """Have everything compiled that a rollout needs."""
    spec = RunSpec(
        asset="AMZN", scenario=load_scenario("liquidation"), paths=1, horizon_s=300.0, max_events=5
    )
    rollout(flow, load_profile("AMZN"), spec)
