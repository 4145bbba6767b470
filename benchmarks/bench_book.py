"""The order book: nanoseconds an event, replayed by order id and stepped for many paths at once.

Replay applies a recorded session (AMZN, GOOG, MSFT) to one book by order id: once with messages
alone, once with the recorded levels taken in where they come into view. Stepping executes prepared
proposals (adds, crossing adds, anonymous cancels) on B seeded books through `MarketSimulator`,
recording included. Each figure is a median over repeats of the CPU time of the one thread that
does the work, which is its wall time on a machine that is not busy. Ends with one JSON line.

Run: python -m benchmarks.bench_book [--data DIR] [--repeats 7] [--steps 400]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path

import numpy as np

from app.manifest import hardware, versions
from engine.replay import replay, touch_agreement
from engine.seeding import seed_from_profile
from engine.simulator import MarketSimulator
from model.catalogue import find_asset, load_profile, read_recording
from model.errors import FaultlineError
from model.events import Action, EventsMeta, Recording, Side
from model.order_flow import Proposals

ASSETS = ("AMZN", "GOOG", "MSFT")
BATCHES = (1, 64, 128, 1024)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of recordings (else FAULTLINE_DATA)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--steps", type=int, default=400)
    given = parser.parse_args()
    print(__doc__)
    print("hardware:", hardware())
    print("versions:", versions())
    print("load average:", os.getloadavg()[0])
    result: dict[str, object] = {"benchmark": "book"}
    try:
        for asset in ASSETS:
            result |= replay_rates(asset, given.data, given.repeats)
    except FaultlineError as error:
        print(f"  no replay: {error}")
    for paths in BATCHES:
        result |= step_rates(paths, given.steps, given.repeats)
    for name, value in result.items():
        print(f"  {name:36} {value}")
    print(json.dumps(result))


def replay_rates(asset: str, data: Path | None, repeats: int) -> dict[str, object]:
    """Time of one session and the share of events after which the touch is the recorded one."""
    whole = read_recording(find_asset(asset), data)
    found: dict[str, object] = {f"{asset}_events": len(whole)}
    for name, recording in (
        ("messages", Recording(whole.events, whole.quotes)),
        ("with_levels", whole),
    ):
        if name == "with_levels" and whole.levels is None:
            continue
        replay(recording.slice(0, 100))  # compile
        spent = []
        for _ in range(repeats):
            began = time.thread_time()
            played = replay(recording)
            spent.append(time.thread_time() - began)
        found[f"{asset}_{name}_ns_per_event"] = round(statistics.median(spent) / len(whole) * 1e9)
        if whole.quotes is not None:
            agreement = touch_agreement(recording, played.quotes)
            found[f"{asset}_{name}_touch_agreement"] = round(agreement, 4)
    return found


def step_rates(paths: int, steps: int, repeats: int) -> dict[str, object]:
    """Time of one step on `paths` books; preparing the proposals is not counted."""
    profile = load_profile("AMZN")
    simulator = MarketSimulator(
        [seed_from_profile(profile, path, seed=1) for path in range(paths)],
        np.arange(paths), 1, EventsMeta("AMZN"), horizon_ns=10**15, max_events=10**9,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    proposals = Proposals.empty(paths)
    view = simulator.view
    spent = []
    for repeat in range(repeats + 1):  # the first one compiles
        total = 0.0
        for _ in range(steps):
            # A few ticks behind the touch, now and then inside the spread or through it.
            cancels = rng.random(paths) < 0.47
            away = np.rint(rng.exponential(8.0, paths)) - np.where(cancels, 0, 3)
            away[~cancels & (rng.random(paths) < 0.08)] = -40
            proposals.action[:] = np.where(cancels, Action.CANCEL, Action.ADD)
            proposals.side[:] = rng.random(paths) < 0.5
            bids = proposals.side == Side.BUY
            proposals.price_ticks[:] = np.where(bids, view.bid_ticks - away, view.ask_ticks + away)
            proposals.size[:] = rng.choice([50, 100, 200], paths)
            proposals.dt_ns[:] = 1 + rng.exponential(1e8, paths)
            began = time.thread_time()
            simulator.step(proposals)
            total += time.thread_time() - began
        if repeat > 0:
            spent.append(total / steps)
    step = statistics.median(spent)
    return {
        f"step_us_B{paths}": round(step * 1e6, 1),
        f"step_ns_per_event_B{paths}": round(step / paths * 1e9),
    }


if __name__ == "__main__":
    main()
