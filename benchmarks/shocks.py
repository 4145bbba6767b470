"""What shocks cost: time of the closed loop with a scenario in force over that without.

The same paths are played without and with the scenario, in turn, 120 s each, of which the second
half lies in its window; the time is the CPU time of the process over the moves
of paths (events, refusals and what shocks do alike). The ratio is the median over repeats, for the
whole loop with the model and for the book's side of it alone. Ends with one JSON line.

Run: python -m benchmarks.shocks [--model small] [--paths 32] [--repeats 5] [SCENARIO ...]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np

from app.manifest import hardware, versions
from app.models import resolve_model
from engine.scenario import list_scenarios, load_scenario
from engine.seeding import seed_from_profile
from engine.shocks import ShockPlan
from engine.simulator import MarketSimulator
from model.catalogue import load_profile
from model.events import NS_PER_S, EventsMeta
from model.order_flow import OrderFlowModel, Proposals
from model.profile import AssetProfile

HORIZON_S = 120.0
LIMIT = 1.10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenarios", nargs="*", default=list_scenarios()[1:])
    parser.add_argument("--model", default="small")
    parser.add_argument("--asset", default="AMZN")
    parser.add_argument("--paths", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    profile = load_profile(given.asset)
    model = resolve_model(given.model, given.asset, "cpu")
    print(__doc__)
    print("hardware:", hardware())
    print("versions:", versions())
    plans = {
        name: load_scenario(name).compile(1.0, profile, 300.0)
        for name in (given.scenarios or list_scenarios()[1:])
    }
    timed(model, profile, ShockPlan.empty(), 2, 1.0)  # compile
    ratios = {}
    print(f"  {'scenario':24} {'loop':>6} {'book':>6}")
    for name, plan in plans.items():
        pairs = []
        for _ in range(given.repeats):
            without = timed(model, profile, ShockPlan.empty(), given.paths, HORIZON_S)
            with_it = timed(model, profile, plan, given.paths, HORIZON_S)
            pairs.append([b / a for a, b in zip(without, with_it, strict=True)])
        whole, book = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios[name] = {"loop": round(whole, 3), "book": round(book, 3)}
        print(f"  {name:24} {whole:6.3f} {book:6.3f}")
    worst = max(ratio["loop"] for ratio in ratios.values())
    result = {"benchmark": "shocks", "model": given.model, "paths": given.paths,
              "worst": worst, "within_limit": worst < LIMIT, "ratios": ratios}  # fmt: skip
    print(json.dumps(result))


def timed(
    model: OrderFlowModel, profile: AssetProfile, plan: ShockPlan, paths: int, horizon_s: float
) -> tuple[float, float]:
    """CPU seconds for a move of a path: of the whole loop, and of its book's side."""
    horizon_ns = round(horizon_s * NS_PER_S)
    numbers = np.arange(paths)
    simulator = MarketSimulator(
        [seed_from_profile(profile, path, 1) for path in range(paths)], numbers, 1,
        EventsMeta(profile.asset), horizon_ns=horizon_ns, max_events=10**6, plan=plan,
        shocked=np.full(paths, not plan.does_nothing), open_ticks=np.zeros(paths),
    )  # fmt: skip
    session, proposals = model.start(numbers, 1, profile, simulator.view), Proposals.empty(paths)
    moves, book, began = 0, 0.0, time.process_time()
    while not simulator.done:
        session.propose(simulator.view, simulator.tilts(), proposals)
        moves += int(simulator.view.active.sum())
        before = time.process_time()
        simulator.step(proposals)
        book += time.process_time() - before
    return (time.process_time() - began) / moves, book / moves


if __name__ == "__main__":
    main()
