"""Whether paths depend on the processor: the same rollout as older ones would compute it.

`python -m benchmarks.processors`: each row plays AMZN, GOOG and MSFT through a flash crash in a
process of its own, with the instructions of another processor for the kernels, for numpy and for
the matrix products of torch, and prints the SHA-256 of all events. A row takes a minute or two,
most of it to compile.
"""

from __future__ import annotations

import os
import subprocess
import sys

OLDER = {
    "MKL_CBWR": "COMPATIBLE",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL "
    "AVX512_SPR",
}
PROCESSORS = {
    "this one": {},
    "AVX-512 of 2017": {"NUMBA_CPU_NAME": "skylake-avx512"},
    "AVX2 of 2013": {"NUMBA_CPU_NAME": "haswell"} | OLDER,
}


def main() -> None:
    """Print a hash for each processor; end with 1 where they differ."""
    found = set()
    for name, changes in PROCESSORS.items():
        command = [sys.executable, "-m", "benchmarks.processors", "play"]
        own = os.environ | changes
        played = subprocess.run(command, env=own, capture_output=True, text=True, check=True)
        found.add(played.stdout)
        print(f"{name:18}{played.stdout.strip()}", flush=True)
    sys.exit(len(found) > 1)


def play() -> None:
    """Print how many events there were, and their hash."""
    from hashlib import sha256

    from app.models import resolve_model
    from engine.rollout import rollout
    from engine.scenario import load_scenario
    from engine.spec import RunSpec
    from model.catalogue import load_profile

    told, events = sha256(), 0
    scenario = load_scenario("flash_crash")
    for asset in ("AMZN", "GOOG", "MSFT"):
        spec = RunSpec(asset=asset, scenario=scenario, paths=32, horizon_s=200.0, max_events=20_000)
        run = rollout(resolve_model("small", asset), load_profile(asset), spec)
        for arm in (run.baseline, run.shocked):
            events += len(arm.time_ns)
            for column in (arm.time_ns, arm.action, arm.side, arm.price_ticks, arm.size):
                told.update(column.tobytes())
    print(f"{events:,} events, SHA-256 {told.hexdigest()[:16]}")


if __name__ == "__main__":
    play() if sys.argv[1:] == ["play"] else main()
