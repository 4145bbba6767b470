"""The order book: replayed by order id, and stepped for many paths at once."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
from numba import get_num_threads

from app.bench.result import Figures, Result, median_and_spread
from app.models import RUNNABLE, resolve_model
from engine.book import OrderBooks
from engine.fused import MOVES
from engine.replay import MessageStream, replay, touch_agreement
from engine.seeding import seed_from_profile
from engine.simulator import MarketSimulator
from model.catalogue import find_asset, load_profile, read_recording
from model.compiled_flow import CompiledSession
from model.errors import FaultlineError
from model.events import Action, EventsMeta, Recording, Side
from model.order_flow import Proposals

ABOUT = """\
The order book without a model. Replay by id: a recorded session (adds, cancels by order id,
trades) applied to one book by one thread, message after message, with the best quotes noted after
each; the numbering of the orders is done before the clock starts. With levels: the same with the
recorded levels taken in where they come into view. Step: prepared proposals (adds, crossing adds,
anonymous cancels) executed on B seeded books, recording and quotes included, one event a book and
call. Flow: the same books under the baselines that ship, many events of a book a call, as a run
plays them; drawing the events is included. Replay: CPU time of its one thread, which is its wall
time on a machine that is not busy. Steps and flow: on all threads, by the clock, and by the CPU
time of the process for the rate of a core. Medians over repeats.
events_per_s is that of the replay by id of the first asset, of the steps where there is no
recording."""
ASSETS = ("AMZN", "GOOG", "MSFT")
BATCHES = (1, 64, 256, 1024)


def bench_orderbook(data: Path | None, repeats: int, steps: int = 400) -> Result:
    """Measure replay and steps."""
    figures: Figures = {"benchmark": "orderbook", "device": "cpu", "threads": get_num_threads()}
    books = OrderBooks(1).arrays
    figures["book_bytes"] = sum(part.nbytes for part in books)
    try:
        for asset in ASSETS:
            figures |= replay_rates(asset, data, repeats)
    except FaultlineError as error:
        figures["no_replay"] = str(error)
    for paths in BATCHES:
        figures |= step_rates(paths, steps, repeats)
    for name in RUNNABLE:
        figures |= flow_rates(name, 256, steps, repeats)
    rates = [figures.get(f"{ASSETS[0]}_by_id_messages_per_s"), figures["steps_per_s_B256"]]
    figures["events_per_s"] = next(rate for rate in rates if rate)
    return Result(ABOUT, figures)


def replay_rates(asset: str, data: Path | None, repeats: int) -> Figures:
    """Messages a second, and the share after which the touch is the recorded one."""
    whole = read_recording(find_asset(asset), data)
    found: Figures = {f"{asset}_messages": len(whole)}
    messages = Recording(whole.events, whole.quotes)
    stream = MessageStream(messages)
    rates = []
    for _ in range(repeats + 1):  # the first one compiles
        began = time.thread_time()
        stream.run()
        rates.append(len(whole) / (time.thread_time() - began))
    found |= median_and_spread(f"{asset}_by_id_messages_per_s", rates[1:])
    for name, recording in (("messages", messages), ("with_levels", whole)):
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


def _simulator(paths: int) -> MarketSimulator:
    """Seeded books whose horizon is out of reach, under a plan that does nothing."""
    profile = load_profile(ASSETS[0])
    return MarketSimulator(
        [seed_from_profile(profile, path, seed=1) for path in range(paths)],
        np.arange(paths), 1, EventsMeta(profile.asset), horizon_ns=10**18, max_events=10**9,
    )  # fmt: skip


def step_rates(paths: int, steps: int, repeats: int) -> Figures:
    """Time of one step on `paths` books; preparing the proposals is not counted."""
    simulator = _simulator(paths)
    rng = np.random.default_rng(0)
    proposals = Proposals.empty(paths)
    view = simulator.view
    spent, worked = [], []
    for repeat in range(repeats + 1):  # the first one compiles
        total = cpu = 0.0
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
            began, cpu_began = time.perf_counter(), time.process_time()
            simulator.step(proposals)
            cpu += time.process_time() - cpu_began
            total += time.perf_counter() - began
        if repeat > 0:
            spent.append(total / steps)
            worked.append(cpu / steps)
    step = statistics.median(spent)
    return {
        f"step_us_B{paths}": round(step * 1e6, 1),
        f"steps_per_s_B{paths}": round(paths / step),
        f"steps_per_core_s_B{paths}": round(paths / statistics.median(worked)),
    }


def flow_rates(name: str, paths: int, moves: int, repeats: int) -> Figures:
    """Events a second of `paths` books under a baseline, about `moves` of each a repeat."""
    simulator, model = _simulator(paths), resolve_model(name, ASSETS[0])
    session = model.start(simulator.paths, 1, load_profile(ASSETS[0]), simulator.view)
    assert isinstance(session, CompiledSession)
    proposals, repaired = Proposals.empty(paths), np.zeros(paths, np.int64)
    rates, core = [], []
    for _ in range(repeats + 1):  # the first one compiles
        before, began, cpu_began = simulator.executed, time.perf_counter(), time.process_time()
        for _ in range(max(1, moves // MOVES)):
            simulator.play(session.flow, proposals, repaired)
        done = simulator.executed - before
        rates.append(done / (time.perf_counter() - began))
        core.append(done / (time.process_time() - cpu_began))
    found = median_and_spread(f"{name}_events_per_s_B{paths}", rates[1:])
    return found | {f"{name}_events_per_core_s_B{paths}": round(statistics.median(core[1:]))}
