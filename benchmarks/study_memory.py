"""Memory of a study: its paths are played in one go and stay in memory while they are measured.

Plays a study of each kind, or of one, in a process of its own: a sweep of two scenarios over two
assets, a reverse stress, a rare loss from as many trajectories as paths, and a portfolio of two
positions of which one is closed. Paths are cut after a number of events, so that it is known how
many there are. What was resident at most stands beside the estimate that a study is refused by. A
JSON line for each.

Run: python -m benchmarks.study_memory [--kind sweep] [--paths 1024] [--events 2048] [--model NAME]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from app.studies.limits import StudySpec, study_disk, study_memory
from app.studies.portfolio import build_portfolio, play_portfolio
from app.studies.reverse import RareSpec, ReverseSpec, play_rare, play_reverse
from app.studies.sweep import build_sweep, play_sweep
from benchmarks.stream_memory import peak_bytes
from engine.portfolio import PortfolioSpec
from engine.risk.outcome import Loss
from engine.scenario import load_scenario
from engine.spec import RunSpec
from engine.sweep import SweepSpec

KINDS = ("sweep", "reverse", "rare", "portfolio")
LONGEST_S, AT_S = 3_600.0, 1_800.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--paths", type=int, default=1024)
    parser.add_argument("--events", type=int, default=2048, help="of each path of each arm")
    parser.add_argument("--model", default="zero-intelligence")
    given = parser.parse_args()
    if given.kind is None:
        for kind in KINDS:
            command = [sys.executable, "-m", "benchmarks.study_memory", "--kind", kind]
            subprocess.run([*command, *sys.argv[1:]], check=True)
        return
    spec = study(given.kind, given.paths, given.events, given.model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        play(spec, folder)
        disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    result = {
        "benchmark": "study_memory", "kind": given.kind, "model": given.model, "device": "cpu",
        "paths": given.paths, "events": given.events, "peak_gb": round(peak_bytes() / 1e9, 3),
        "estimated_gb": round(study_memory(spec) / 1e9, 3),
        "disk_gb": round(disk / 1e9, 6), "estimated_disk_gb": round(study_disk(spec) / 1e9, 6),
    }  # fmt: skip
    print(json.dumps(result))


def study(kind: str, paths: int, events: int, model: str) -> StudySpec:
    """A study of a kind whose paths all reach `events`."""
    settings = {
        "paths": paths, "max_events": events, "horizon_s": LONGEST_S, "model": model,
        "device": "cpu",
    }  # fmt: skip
    if kind == "sweep":
        return build_sweep(["flash_crash", "fat_finger"], ["AMZN", "MSFT"], [1.0], **settings)
    if kind == "portfolio":
        closed = {"asset": "AMZN", "shares": 500, "liquidate": {"duration_s": 60.0, "slices": 5}}
        positions = [closed, {"asset": "MSFT", "shares": -500}]
        return build_portfolio(
            {"scenario": "flash_crash", "positions": positions, "draws": 1000, **settings}
        )
    run = RunSpec(asset="AMZN", scenario=load_scenario("flash_crash"), **settings)
    if kind == "rare":
        return RareSpec(run=run, outcome=Loss(bps=40.0, at_s=AT_S), levels=(10.0,),
                        trajectories=paths, replications=2)  # fmt: skip
    return ReverseSpec(run=run, outcome=Loss(bps=20.0, at_s=AT_S), resolution=0.5)


def play(spec: StudySpec, folder: Path) -> None:
    """Play a study of any kind."""
    if isinstance(spec, SweepSpec):
        play_sweep(spec, folder)
    elif isinstance(spec, PortfolioSpec):
        play_portfolio(spec, folder)
    elif isinstance(spec, RareSpec):
        play_rare(spec, folder)
    else:
        play_reverse(spec, folder)


if __name__ == "__main__":
    main()
