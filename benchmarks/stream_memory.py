"""Memory of a big run: paths are simulated, written and measured in chunks.

Rolls a stress test of many paths, shocked and unshocked, in a process that measures itself: what is
resident at most while the paths are computed and written chunk by chunk as Parquet, and then while
risk is measured and the report made. Beside them stands the estimate that a run is refused by, and
what all events would take if they were in memory at once. Ends with one JSON line.

Run: python -m benchmarks.stream_memory [--paths 4096] [--events 4096] [--model zero-intelligence]
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from app.limits import estimate
from app.manifest import hardware, versions
from app.results import keep_results
from app.stress import run_in_chunks
from engine.runs.chunks import RunPaths
from engine.scenario import load_scenario
from engine.spec import RunSpec

ROW_BYTES = 80  # of an event in the columns of an ensemble
LONGEST_S = 3_600.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--paths", type=int, default=4096)
    parser.add_argument("--events", type=int, default=4096, help="of each path of each arm")
    parser.add_argument("--model", default="zero-intelligence")
    parser.add_argument("--dir", type=Path, help="folder for the paths, removed at the end")
    given = parser.parse_args()
    spec = RunSpec(
        asset="AMZN", scenario=load_scenario("flash_crash"), paths=given.paths,
        horizon_s=LONGEST_S, max_events=given.events, model=given.model,
    )  # fmt: skip
    expected = estimate(spec)
    with tempfile.TemporaryDirectory(dir=given.dir) as name:
        folder, began = Path(name), time.perf_counter()
        run = run_in_chunks(spec, folder)
        simulated, peak = time.perf_counter() - began, peak_bytes()
        began = time.perf_counter()
        keep_results(run, folder, formats=["json"])
        measured = time.perf_counter() - began
        events = sum(int(arm.offsets[-1]) for arm in (run.baseline, run.shocked))
        journal = RunPaths(folder).journal
        result = {
            "benchmark": "stream_memory", "model": given.model, "device": "cpu",
            "paths": given.paths, "arms": 2, "events": events,
            "chunk_paths": journal.chunk_paths if journal else 0,
            "events_per_s": round(run.timing["events_per_s"]),
            "simulate_and_write_s": round(simulated, 1), "measure_and_report_s": round(measured, 1),
            "peak_simulating_gb": round(peak / 1e9, 3), "peak_gb": round(peak_bytes() / 1e9, 3),
            "estimated_gb": round(expected.memory_bytes / 1e9, 3),
            "all_events_gb": round(ROW_BYTES * events / 1e9, 3),
            "disk_gb": round(sum(f.stat().st_size for f in folder.iterdir()) / 1e9, 3),
            "estimated_disk_gb": round(expected.disk_bytes / 1e9, 3),
        }  # fmt: skip
    print(__doc__)
    print("hardware:", hardware())
    print("versions:", versions())
    for label, value in result.items():
        print(f"  {label:28} {value}")
    print(json.dumps(result))


def peak_bytes() -> int:
    """Most memory that this process had resident so far.

    On Linux from `VmHWM`: `ru_maxrss` begins with what the parent had resident when it forked.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
