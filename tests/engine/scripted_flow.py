"""Hand-made books, scripted flow, and plans of shocks for tests of single steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from engine.ensemble import PathEnsemble
from engine.seeding import BookSeed
from engine.shocks.plan import BookOperation, ShockPlan, Tilt
from engine.simulator import MarketSimulator
from model.events import Action, EventsMeta, Side
from model.order_flow import FlowSession, MarketView, OrderFlowModel, Proposals, Tilts
from model.randomness import uniforms

ADD, CANCEL = Action.ADD, Action.CANCEL
BUY, SELL = Side.BUY, Side.SELL
START = 10_000  # clock at the seed
FAR = 10**12
Line = tuple[int, int, int, int, int]  # dt, action, side, price, size
Order = tuple[int, int, int, int, bool]  # time, side, size, through, rests
Operation = tuple[int, int, int, float]  # time, side, distance, share


class Script:
    """A flow session that reads its proposals from a list, by the number of the draw."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        for b in range(len(view)):
            line = self.lines[min(int(view.draw[b]), len(self.lines) - 1)]
            out.dt_ns[b], out.action[b], out.side[b], out.price_ticks[b], out.size[b] = line


class Noise:
    """A flow session that writes random orders around the touch, each path its own."""

    def __init__(self, paths: Sequence[int], seed: int = 3) -> None:
        self.paths = np.asarray(paths)
        self.seed = seed

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        u = uniforms(self.seed, self.paths, view.draw, np.arange(5))
        out.dt_ns[:] = np.maximum(1, -np.log(u[:, 0]) * 1000)
        out.action[:] = u[:, 1] < 0.45
        odds = np.exp(np.where(out.action == ADD, 1, -1) * tilts.pressure_log_odds)
        out.side[:] = u[:, 2] > odds / (1 + odds)
        away = np.rint(12 * u[:, 3] ** 2).astype(np.int64) - np.where(out.action == ADD, 2, 0)
        out.price_ticks[:] = np.where(out.side == BUY, view.bid_ticks - away, view.ask_ticks + away)
        out.size[:] = 1 + (200 * u[:, 4]).astype(np.int64)


def book(*orders: tuple[int, int, int]) -> BookSeed:
    side, price, size = zip(*orders, strict=True) if orders else [()] * 3
    return BookSeed(
        np.array(side, np.int8), np.array(price, np.int64), np.array(size, np.int64), START
    )


USUAL = book((BUY, 99, 100), (BUY, 98, 200), (SELL, 101, 100), (SELL, 102, 200))
QUIET: Line = (1_000, ADD, BUY, 90, 5)  # does not touch the quotes


def plan(
    orders: Sequence[Order] = (),
    operations: Sequence[Operation] = (),
    tilts: Sequence[tuple[Tilt, int, int, float]] = (),
) -> ShockPlan:
    def column(rows: Sequence[tuple[Any, ...]], at: int, dtype: type) -> Any:
        return np.array([row[at] for row in rows], dtype)

    return replace(
        ShockPlan.empty(),
        tilt_kind=column(tilts, 0, np.int8),
        tilt_start_ns=column(tilts, 1, np.int64),
        tilt_end_ns=column(tilts, 2, np.int64),
        tilt_ramp_ns=np.zeros(len(tilts), np.int64),
        tilt_value=column(tilts, 3, np.float64),
        order_time_ns=column(orders, 0, np.int64),
        order_side=column(orders, 1, np.int8),
        order_size=column(orders, 2, np.int64),
        order_through_ticks=column(orders, 3, np.int64),
        order_anchor=np.zeros(len(orders), np.int8),
        order_rests=column(orders, 4, np.bool_),
        order_lifetime_ns=np.zeros(len(orders), np.int64),
        order_parent=np.zeros(len(orders), np.int64),
        op_time_ns=column(operations, 0, np.int64),
        op_kind=np.full(len(operations), BookOperation.WITHDRAW, np.int8),
        op_side=column(operations, 1, np.int8),
        op_distance_ticks=column(operations, 2, np.int64),
        op_size=np.zeros(len(operations), np.int64),
        op_share=column(operations, 3, np.float64),
        op_parent=np.zeros(len(operations), np.int64),
    )


def simulator(seeds: Sequence[BookSeed] = (USUAL,), **settings: Any) -> MarketSimulator:
    given = {"horizon_ns": FAR, "max_events": 10**6, "paths": np.arange(len(seeds)), "seed": 3}
    given |= settings
    return MarketSimulator(
        list(seeds), given.pop("paths"), given.pop("seed"), EventsMeta("T"), **given
    )


def run(sim: MarketSimulator, session: Any, steps: int) -> None:
    proposals = Proposals.empty(len(sim))
    for _ in range(steps):
        session.propose(sim.view, sim.tilts(), proposals)
        sim.step(proposals)


def play(sim: MarketSimulator, lines: Sequence[Line], steps: int | None = None) -> PathEnsemble:
    run(sim, Script(lines), len(lines) if steps is None else steps)
    return sim.ensemble(range(len(sim)))


def table(ensemble: PathEnsemble, *names: str) -> list[tuple[float, ...]]:
    return list(zip(*(getattr(ensemble, name).tolist() for name in names), strict=True))


def same(a: PathEnsemble, b: PathEnsemble) -> None:
    for field in fields(PathEnsemble):
        if field.name in ("counters", "by_path"):
            assert str(getattr(a, field.name)) == str(getattr(b, field.name))
        elif field.name not in ("meta", "paths"):
            np.testing.assert_array_equal(
                getattr(a, field.name), getattr(b, field.name), field.name
            )


class OneByOne:
    """A model whose flow is not offered to `engine.fused`."""

    name, reweights = "one by one", True

    def __init__(self, model: OrderFlowModel) -> None:
        self._model = model

    def start(self, *given: Any, **named: Any) -> FlowSession:
        return AskedOnly(self._model.start(*given, **named))


class AskedOnly:
    """A session that shows how it proposes and nothing else."""

    def __init__(self, session: FlowSession) -> None:
        self.propose = session.propose
