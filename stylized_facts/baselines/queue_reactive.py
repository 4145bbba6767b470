"""Queue-reactive order flow: rates that depend on the queue at the touch and on the spread.

Huang, Lehalle and Rosenbaum, "Simulating and analyzing order book data: the queue-reactive model"
(Journal of the American Statistical Association 2015, arXiv:1312.0563), model I.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.compiled_flow import CompiledSession, writes_each
from model.events import NS_PER_S, Action, Float64, Int64, Recording, Side
from model.order_flow import MarketView
from model.profile import AssetProfile
from model.randomness import uniform
from stylized_facts.baselines.files import read_baseline, write_baseline
from stylized_facts.baselines.hawkes_session import pick
from stylized_facts.baselines.marks import Marks, PackedMarks, draw_offset, draw_size
from stylized_facts.baselines.streams import (
    CO_DEEP,
    CO_TOP,
    KINDS,
    LO_INSPREAD,
    LO_TOP,
    MO,
    STREAMS,
    StreamEvents,
    price_at,
    training_streams,
)

LEAST_EVENTS = 1000
LEAST_SECONDS = 1.0  # a state seen for less takes the rate of its queue size at any spread
QUEUE_LEVELS = np.array([0.0, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64])  # mean orders
SPREAD_BUCKETS = 5
KIND_DRAW, SIDE_DRAW, OFFSET_DRAW, SIZE_DRAW, CLEAR_DRAW, WAIT_DRAW = 1, 2, 3, 4, 5, 16
LONGEST_S = 86_400.0
_ADD, _CANCEL, _SELL = int(Action.ADD), int(Action.CANCEL), int(Side.SELL)


class QueueReactive(BaseModel):
    """Poisson rates given the state: the queue that an event meets, and the spread.

    Orders and cancels at the touch, inside the spread and behind the touch follow the queue of
    their own side, aggressive orders the queue that they trade with, in units of the mean size of
    an order at the touch; all of them follow the spread. Buy and sell mirror each other. Sizes and
    distances are drawn from training as for the Hawkes model. Differences from the paper: only the
    touch is seen (`MarketView` shows no more), so the queues behind it share one rate; moves of the
    price follow from the book instead of being drawn; sizes are real instead of one unit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["queue-reactive"] = "queue-reactive"
    asset: str
    unit: float = Field(gt=0, description="mean size of an order at the touch, shares")
    queue_edges: list[float] = Field(description="units, ascending, from 0 on")
    spread_edges: list[int] = Field(description="ticks, ascending, one less than the buckets")
    rates: list[list[list[float]]] = Field(description="per side and second: kind, spread, queue")
    marks: Marks

    @model_validator(mode="after")
    def _shapes(self) -> QueueReactive:
        wanted = (KINDS, len(self.spread_edges) + 1, len(self.queue_edges))
        if np.shape(self.rates) != wanted or np.min(self.rates) < 0:
            raise ValueError(f"rates must be {' x '.join(map(str, wanted))}, not negative")
        return self

    @property
    def name(self) -> str:
        """Short name shown in tables."""
        return "Queue-reactive"

    @classmethod
    def fit(cls, recordings: Sequence[Recording], profile: AssetProfile) -> QueueReactive:
        """Events over time spent in each state: the maximum-likelihood rates.

        Raises
        ------
        RecordingError
            A recording has no quotes, or there are fewer than 1,000 events in all.
        """
        windows = training_streams(recordings, LEAST_EVENTS)
        kind = np.concatenate([window.stream for window in windows]) // 2
        size = np.concatenate([window.size for window in windows])
        spread = np.concatenate([window.spread_ticks for window in windows])
        gap_s = np.concatenate([window.gap_s for window in windows])
        at_touch = np.isin(kind, (LO_TOP, CO_TOP, MO))
        unit = float(size[at_touch].mean()) if at_touch.any() else float(size.mean())
        edges = _spread_edges(spread, gap_s)
        return cls(
            asset=profile.asset, unit=unit, queue_edges=QUEUE_LEVELS.tolist(),
            spread_edges=edges.tolist(), rates=_rates(windows, unit, edges).tolist(),
            marks=Marks.fit(windows),
        )  # fmt: skip

    def start(
        self, paths: Int64, seed: int, profile: AssetProfile, view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> CompiledSession:  # fmt: skip
        """See `model.order_flow.OrderFlowModel`; the flow has no memory, history is not read."""
        law = Law(
            np.asarray(self.rates), self.unit, np.asarray(self.queue_edges),
            np.asarray(self.spread_edges, np.int64),
        )  # fmt: skip
        numbers = np.asarray(paths, np.int64)
        return CompiledSession(QueueReactiveFlow(law, self.marks.packed(), numbers, seed))

    def write(self, path: Path) -> None:
        """Write the fitted model as JSON, atomically."""
        write_baseline(self, path)

    @classmethod
    def read(cls, path: Path) -> QueueReactive:
        """Read what `write` wrote; `CheckpointError` names the file and the field that is wrong."""
        return read_baseline(cls, path)


def _spread_edges(spread: Int64, gap_s: Float64) -> Int64:
    """Edges that split time into buckets of about equal length by spread; one tick stays alone."""
    order = np.argsort(spread)
    passed = np.cumsum(gap_s[order])
    levels = passed[-1] * np.arange(1, SPREAD_BUCKETS) / SPREAD_BUCKETS
    edges = spread[order][np.searchsorted(passed, levels)]
    return np.unique(np.append(np.maximum(edges, 2), 2)).astype(np.int64)


def _rates(windows: Sequence[StreamEvents], unit: float, edges: Int64) -> Float64:
    """Events per second of each kind and side in each state [KINDS, spreads, queues]."""
    shape = (KINDS, len(edges) + 1, len(QUEUE_LEVELS))
    count, seconds = np.zeros(shape), np.zeros(shape)
    for window in windows:
        at_spread = np.searchsorted(edges, window.spread_ticks, side="right")
        sizes = np.stack((window.bid_size, window.ask_size))
        queue = np.searchsorted(QUEUE_LEVELS, sizes / unit, side="right") - 1
        kind, side = window.stream // 2, window.stream % 2
        rows = np.arange(len(window))
        for own in range(KINDS):
            for here in range(2):
                met = queue[1 - here] if own == MO else queue[here]
                possible = ~((own == LO_INSPREAD) & (window.spread_ticks <= 1))
                time = np.where(possible, window.gap_s, 0.0)
                np.add.at(seconds[own], (at_spread, met), time)
                mine = rows[(kind == own) & (side == here)]
                np.add.at(count[own], (at_spread[mine], met[mine]), 1.0)
    by_queue = _ratio(count.sum(axis=1), seconds.sum(axis=1))
    anywhere = _ratio(count.sum(axis=(1, 2)), seconds.sum(axis=(1, 2)))
    by_queue = np.where(seconds.sum(axis=1) >= LEAST_SECONDS, by_queue, anywhere[:, None])
    known = seconds >= LEAST_SECONDS
    return np.where(known, _ratio(count, seconds), by_queue[:, None, :])


def _ratio(count: Float64, seconds: Float64) -> Float64:
    return np.asarray(count / np.maximum(seconds, 1e-9))


class Law(NamedTuple):
    """Rates as arrays for a compiled loop, see `QueueReactive`."""

    rates: Float64  # [KINDS, spreads, queues]
    unit: float
    queue_edges: Float64
    spread_edges: Int64


class QueueReactiveFlow(NamedTuple):
    """See `model.compiled_flow`; it keeps nothing of a path."""

    law: Law
    marks: PackedMarks
    paths: Int64
    seed: int


@writes_each(QueueReactiveFlow)
@njit(cache=True, forceinline=True)
def _propose(b, flow, view, tilts, out):  # type: ignore[no-untyped-def]
    law, marks, paths, seed = flow
    path, pressure = paths[b], tilts.pressure_log_odds[b]
    bid, ask, event = view.bid_ticks[b], view.ask_ticks[b], view.draw[b]
    spread = ask - bid
    at = np.searchsorted(law.spread_edges, spread, side="right")
    level = np.zeros(STREAMS)
    for side in range(2):
        own, opposite = view.bid_size[b], view.ask_size[b]
        if side == _SELL:
            own, opposite = opposite, own
        for kind in range(KINDS):
            met = opposite if kind == MO else own
            empty = met <= 0 and kind in (MO, CO_TOP, CO_DEEP)
            if not empty and not (kind == LO_INSPREAD and spread <= 1):
                queue = np.searchsorted(law.queue_edges, met / law.unit, side="right") - 1
                level[2 * kind + side] = law.rates[kind, at, queue]
    wait = LONGEST_S
    total = level.sum()
    if total > 0.0:
        wait = min(wait, -np.log(uniform(seed, path, event, WAIT_DRAW)) / total)
    else:
        level[:] = 1.0
    kind, side = pick(
        level, np.exp(pressure),
        uniform(seed, path, event, KIND_DRAW), uniform(seed, path, event, SIDE_DRAW),
    )  # fmt: skip
    offset = draw_offset(marks, kind, spread, uniform(seed, path, event, OFFSET_DRAW))
    out.dt_ns[b] = max(1, round(wait * NS_PER_S))
    out.action[b] = _CANCEL if kind in (CO_DEEP, CO_TOP) else _ADD
    out.side[b] = side
    out.price_ticks[b] = price_at(kind, side, offset, bid, ask)
    out.size[b] = draw_size(
        marks, kind, offset, view.bid_size[b] if side == _SELL else view.ask_size[b],
        uniform(seed, path, event, SIZE_DRAW), uniform(seed, path, event, CLEAR_DRAW),
    )  # fmt: skip
