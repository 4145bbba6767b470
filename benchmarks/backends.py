"""What it costs to spread a run over workers of Ray, on one machine.

Plays the same run by the local backend, in this process, and by workers of a Ray cluster that is
started here, one on each core, in turns; paths come out the same and are compared. Ratios are taken
within a round, so that other work on the machine touches both. `busy` is the share of the workers'
time that is spent in the simulation: what is missing went into sending, writing and waiting for
the last chunk. Ends with one JSON line.

Run: python -m benchmarks.backends [--paths 256] [--horizon 600] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from app.backends import Backend, open_backend
from app.backends.ray_cluster import RayBackend
from app.manifest import hardware, versions
from app.stress import build_spec, run_in_chunks
from engine.rollout import StressRun
from engine.runs.chunks import RunPaths
from engine.spec import RunSpec

SEEN = ("time_ns", "action", "side", "price_ticks", "size")  # columns that are compared


def play(spec: RunSpec, backend: Backend, folder: Path) -> tuple[float, StressRun]:
    """Seconds of a run, and the run."""
    folder.mkdir()
    began = time.perf_counter()
    run = run_in_chunks(spec, folder, backend=backend)
    return time.perf_counter() - began, run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="zero-intelligence")
    parser.add_argument("--paths", type=int, default=256)
    parser.add_argument("--horizon", type=float, default=600.0, help="seconds")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    spec = build_spec(
        "AMZN", "flash_crash", paths=given.paths, horizon_s=given.horizon, model=given.model,
        device="cpu",
    )  # fmt: skip
    small = spec.model_copy(update={"paths": 32})
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, open_backend("local") as local:
        root = Path(name)
        play(small, local, root / "warm-local")  # compiled, or read from numba's cache
        began = time.perf_counter()
        with open_backend("ray") as ray:
            started = time.perf_counter() - began
            began = time.perf_counter()
            play(small, ray, root / "warm-ray")
            loaded = time.perf_counter() - began
            assert isinstance(ray, RayBackend)
            workers = ray.workers("CPU")
            for number in range(given.rounds):
                here, one = play(spec, local, root / f"local{number}")
                there, other = play(spec, ray, root / f"ray{number}")
                for arm in ("baseline", "shocked"):
                    for column in SEEN:
                        left, right = (getattr(getattr(run, arm), column) for run in (one, other))
                        assert np.array_equal(left, right), f"{arm} {column} differs"
                chunks = RunPaths(root / f"ray{number}").journal
                assert chunks is not None
                rounds.append({
                    "local_s": round(here, 2), "ray_s": round(there, 2),
                    "speed_up": round(here / there, 2), "chunks": len(chunks.chunks),
                    "busy": round(other.timing["total"] / (workers * there), 3),
                    "events": int(other.timing["events"]),
                })  # fmt: skip
    found = {
        "model": given.model, "paths": given.paths, "workers": workers,
        "ray_start_s": round(started, 1), "workers_load_s": round(loaded, 1), "rounds": rounds,
        "speed_up": statistics.median(one["speed_up"] for one in rounds),
        "busy": statistics.median(one["busy"] for one in rounds),
        "hardware": hardware(), "versions": versions(),
    }  # fmt: skip
    print(json.dumps({"backends": found}))


if __name__ == "__main__":
    main()
