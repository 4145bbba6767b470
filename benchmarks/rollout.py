"""The closed loop: events a second with everything included, and where the time goes.

Rolls the bundled model on AMZN under a liquidation, shocked and unshocked paths in one batch, with
the compiled decoder and, on fewer events, with the torch decoder that it must agree with: the ratio
of the two comes from one run on one machine. 'Model' is features, tokens, network and sampling;
'book' is matching, quotes, shocks and recording. Ends with one JSON line.

Run: python -m benchmarks.rollout [--paths 64] [--horizon 300] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import statistics

import numpy as np

from app.manifest import hardware, versions
from engine.rollout import rollout
from engine.scenario import load_scenario
from engine.spec import RunSpec
from model.catalogue import assets_dir, load_profile
from model.checkpoint import load_checkpoint
from model.decoder import Decoder, TorchDecoder
from model.decoder_cpu import CpuDecoder
from model.tradefm import TradeFM


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--paths", type=int, default=64)
    parser.add_argument("--horizon", type=float, default=300.0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    checkpoint = load_checkpoint(assets_dir() / "models" / "small")
    model, profile = TradeFM(checkpoint), load_profile("AMZN")
    spec = RunSpec(
        asset="AMZN", scenario=load_scenario("liquidation"), paths=given.paths,
        horizon_s=given.horizon,
    )  # fmt: skip
    rollout(model, profile, spec.model_copy(update={"paths": 1, "max_events": 5}))  # compile
    runs = [rollout(model, profile, spec).timing for _ in range(given.repeats)]
    compiled, torch_eager = decoder_rates(model, 2 * given.paths)
    speed = [run["events_per_s"] for run in runs]
    share = {part: sum(r[part] for r in runs) / sum(r["total"] for r in runs)
             for part in ("model", "book")}  # fmt: skip
    settings = checkpoint.config.settings
    result = {
        "benchmark": "rollout", "device": "cpu", "model": checkpoint.config.name,
        "paths": given.paths, "arms": 2, "context": settings.window,
        "events": int(runs[0]["events"]), "events_per_s": round(statistics.median(speed)),
        "events_per_s_min": round(min(speed)), "events_per_s_max": round(max(speed)),
        "share_model": round(share["model"], 3), "share_book": round(share["book"], 3),
        "decoder_events_per_s": round(compiled), "torch_decoder_events_per_s": round(torch_eager),
        "decoder_speed_up": round(compiled / torch_eager, 2),
    }  # fmt: skip
    print(__doc__)
    print("hardware:", hardware())
    print("versions:", versions())
    for name, value in result.items():
        print(f"  {name:28} {value}")
    print(json.dumps(result))


def decoder_rates(model: TradeFM, paths: int, steps: int = 40) -> tuple[float, float]:
    """Events a second of the compiled and of the torch decoder, turn by turn on the same input."""
    from time import perf_counter

    rng = np.random.default_rng(0)
    sizes = [len(table.weight) for table in model.network.embedding.tables]
    decoders: list[Decoder] = [
        CpuDecoder(model.network, paths),
        TorchDecoder(model.network, paths, "cpu"),
    ]
    rows, spent = np.arange(paths), [0.0, 0.0]
    for step in range(steps + 5):
        columns = np.stack([rng.integers(0, size, paths) for size in sizes], axis=1)
        draws = rng.random((paths, 5))
        for i, decoder in enumerate(decoders):
            began = perf_counter()
            decoder.advance(rows, columns)
            decoder.sample(rows, draws, np.zeros(paths))
            spent[i] += (perf_counter() - began) * (step >= 5)
    return steps * paths / spent[0], steps * paths / spent[1]


if __name__ == "__main__":
    main()
