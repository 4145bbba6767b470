"""How long a sweep takes: 12 scenarios x 2 assets x 64 paths of 1,000 events, on this machine.

Each scenario at intensity 1, AMZN and MSFT, paths cut at 1,000 recorded events; the unshocked arm
is played once an asset. Wall-clock seconds of the whole sweep, risk tables and files included,
after a small sweep that compiles. Ends with one JSON line.

Run: python -m benchmarks.sweep [--model small] [--paths 64] [--max-events 1000]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from app.manifest import hardware, versions
from app.studies.sweep import build_sweep, play_sweep
from engine.scenario import list_scenarios

ASSETS, SCENARIOS, LIMIT_S = ("AMZN", "MSFT"), 12, 360.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="small")
    parser.add_argument("--paths", type=int, default=64)
    parser.add_argument("--max-events", type=int, default=1000)
    given = parser.parse_args()
    print(__doc__)
    print("hardware:", hardware())
    print("versions:", versions())
    names = list_scenarios()[1 : 1 + SCENARIOS]
    spec = build_sweep(
        names, ASSETS, [1.0], paths=given.paths, max_events=given.max_events, model=given.model,
        device="cpu",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        play_sweep(spec.model_copy(update={"paths": 2, "max_events": 10}), Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        began, cpu_began = time.perf_counter(), time.process_time()
        report = play_sweep(spec, Path(folder))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    print(report.verdict)
    load = os.getloadavg()[0]
    print(f"{len(spec)} cells in {seconds:.1f} s ({cpu:.1f} s of CPU; load {load:.1f})")
    result = {"benchmark": "sweep", "model": given.model, "cells": len(spec),
              "paths": given.paths, "max_events": given.max_events,
              "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "load": round(load, 1),
              "within_limit": seconds < LIMIT_S}  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
