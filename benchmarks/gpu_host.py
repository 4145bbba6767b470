"""What the host does while a GPU draws: microseconds an event on some threads.

    python -m benchmarks.gpu_host --paths 512 --threads 1 2

The network takes no time here: its sub-tokens are drawn beforehand, each on its own with the
shares that the asset's new orders have. What is left is all that stands between a GPU, however
fast, and the event rate: context, random numbers, letters to and from the device, and the books of
both arms, a sell-off in one of them.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from numba import set_num_threads

from app.models import resolve_model
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import load_profile
from model.codec import BINS
from model.decoder import Decoder
from model.decoder_cuda import GraphDecoder
from model.events import Float64
from model.tradefm import TradeFM

POOL = 1 << 16  # events drawn beforehand
SELL_OFF = {
    "name": "sell_off", "title": "Sell-off", "description": "Forty sales, the first after 2 s.",
    "shocks": [{"kind": "liquidation", "side": "sell", "share": 1.0, "start_s": 2.0,
                "duration_s": 20.0, "slices": 40}],
}  # fmt: skip


class NoTime(GraphDecoder):
    """A decoder that draws nothing itself."""

    pool: torch.Tensor
    at = 0

    def step(self) -> None:
        """The next events of the pool."""
        drawn, count = self._drawn[1], len(self._drawn[1])
        self.at = (self.at + count) % (POOL - count)
        drawn.copy_(self.pool[self.at : self.at + count])


class HostAlone(TradeFM):
    """The bundled model without its network, in two parts as on a GPU."""

    parts = 2
    pool: torch.Tensor

    def decoder(self, paths: int) -> Decoder:
        """See `TradeFM.decoder`."""
        decoder = NoTime(self.network, paths)
        decoder.pool = self.pool
        return decoder


def pool_of(shares: Float64) -> torch.Tensor:
    """Sub-tokens and a log ratio of 0: float64 [POOL, 6]; `shares` [5, 3, 16]."""
    rng = np.random.default_rng(0)
    columns = []
    for i, bins in enumerate(BINS):
        weights = np.maximum(shares[i, 0, :bins], 0) + 1e-9
        columns.append(rng.choice(bins, POOL, p=weights / weights.sum()))
    return torch.tensor(np.column_stack([*columns, np.zeros(POOL)]))


def main() -> None:
    """Measure and print a line for each number of threads."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--paths", type=int, default=512, help="in each of two arms")
    parser.add_argument("--events", type=int, default=200, help="of a path")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    profile = load_profile("AMZN")
    bundled = resolve_model("small", "AMZN")
    assert isinstance(bundled, TradeFM)
    model = HostAlone(bundled.checkpoint)
    model.pool = pool_of(bundled.checkpoint.tokenizer.tables(profile)["shares"])
    scenario = Scenario.model_validate(SELL_OFF)
    spec = RunSpec(
        asset="AMZN", scenario=scenario, paths=given.paths, horizon_s=3600.0,
        max_events=given.events, burn_in_events=0,
    )  # fmt: skip
    print("| threads | events | session, us an event | books, us an event | events a second |")
    print("|" + " --- |" * 5)
    rollout(model, profile, spec.model_copy(update={"max_events": 5}))  # loads what is compiled
    for threads in given.threads:
        set_num_threads(threads)
        timing = rollout(model, profile, spec).timing
        events, wall = timing["events"], timing["model"] + timing["book"]
        row = (
            f"{events:,.0f}", f"{timing['model'] / events * 1e6:.2f}",
            f"{timing['book'] / events * 1e6:.2f}", f"{events / wall:,.0f}",
        )  # fmt: skip
        print(f"| {threads} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
