"""Seconds and memory of the whole scorecard: `python -m benchmarks.scorecard`.

A million real and a million synthetic events of a toy market, 100 windows each, with training
data, learned checks and LOB-Bench scores; the parts are timed in the same run.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

from benchmarks.toy_market import garch_returns, session
from stylized_facts import fact_sheet, scorecard

WINDOW_S, PER_S = 300, 33


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=100, help="of 300 s, about 10,000 events")
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    real, model, training = (
        session(garch_returns(args.windows * WINDOW_S, seed), label, WINDOW_S, PER_S)
        for seed, label in enumerate(("Real", "Model", "Training"))
    )
    found: dict[str, float] = {
        "real_events": len(real.events), "synthetic_events": len(model.events)
    }  # fmt: skip
    for name, options in (
        ("card", {}),
        ("card_with_learned_checks", {"training": training, "learned": True}),
    ):
        wall, cpu = time.perf_counter(), time.process_time()
        scorecard(real, {"Model": model}, resamples=args.resamples, workers=args.workers, **options)
        found[f"{name}_s"] = round(time.perf_counter() - wall, 1)
        found[f"{name}_cpu_s"] = round(time.process_time() - cpu, 1)
    wall = time.perf_counter()
    fact_sheet(model, resamples=args.resamples)
    found["fact_sheet_s"] = round(time.perf_counter() - wall, 1)
    found["peak_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
