"""Whether paths depend on the processor: the same draws as older ones would compute them.

`python -m benchmarks.processors`: each row lets the bundled model take in and draw 128 times 512
events, and plays AMZN, GOOG and MSFT through a flash crash, in a process of its own, with the
instructions of another processor for the kernels, for numpy and for the matrix products of torch.
It prints the SHA-256 of all keys, values and states, and that of all events; ends with 1 where rows
differ. A row takes two minutes, most of it to compile.
"""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256

import numpy as np

AVX2 = "+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt"
AVX512 = AVX2 + ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"
PROCESSORS = {
    "this one": {},
    "AVX-512 of 2017": {"NUMBA_CPU_NAME": "skylake-avx512", "NUMBA_CPU_FEATURES": AVX512},
    "AVX2 of 2013": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": AVX2,
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "MKL_CBWR": "COMPATIBLE",
    },
}
PATHS, EVENTS = 128, 512


def main() -> None:
    """Print two hashes for each processor."""
    found = set()
    for name, changes in PROCESSORS.items():
        command = [sys.executable, "-m", "benchmarks.processors", "play"]
        own = os.environ | changes
        played = subprocess.run(command, env=own, stdout=subprocess.PIPE, text=True, check=True)
        features, told = played.stdout.splitlines()
        assert features == changes.get("NUMBA_CPU_FEATURES", features)
        found.add(told)
        print(f"{name:17}{told}", flush=True)
    sys.exit(len(found) > 1)


def play() -> None:
    """Print the instructions that kernels are compiled with, and the two hashes."""
    from numba.core.registry import cpu_target

    print(cpu_target.target_context.codegen().magic_tuple()[2])
    wide = np._core._multiarray_umath.__cpu_features__["X86_V4"]
    assert not (wide and "NPY_DISABLE_CPU_FEATURES" in os.environ)
    print(f"states {states()}, {events()}")


def states() -> str:
    """Hash of what a decoder keeps and draws over random events."""
    from app.models import model_folder
    from model.checkpoint import load_checkpoint
    from model.decoder_cpu import CpuDecoder

    decoder = CpuDecoder(load_checkpoint(model_folder("small")).transformer(), PATHS)
    weights = decoder.network.weights
    sizes = np.diff(np.append(weights.offsets, len(weights.table)))
    rng, rows, told = np.random.default_rng(1), np.arange(PATHS), sha256()
    for _ in range(EVENTS):
        decoder.advance(rows, rng.integers(0, sizes, (PATHS, len(sizes))))
        drawn = decoder.sample(rows, rng.random((PATHS, 5)), np.ones(PATHS))
        for column in (decoder.hidden, drawn, decoder.log_ratio):
            told.update(np.ascontiguousarray(column).tobytes())
    told.update(decoder.network.paths.kept.tobytes())
    return told.hexdigest()[:16]


def events() -> str:
    """Hash of the events of six ensembles, and how many there are."""
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
    return f"{events:,} events {told.hexdigest()[:16]}"


if __name__ == "__main__":
    play() if sys.argv[1:] == ["play"] else main()
