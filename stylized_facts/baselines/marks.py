"""Marks of the streams (distances and sizes), drawn from what training held.

A distribution is kept as a table of its quantiles at (k + 1/2)/n, which are values that did
occur: a round-lot atom of 37% fills 37% of the table. A draw is one look-up. The most extreme
values, rarer than half an entry, drop out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field, field_validator

from model.events import Int64, Side
from model.order_flow import Bools
from stylized_facts.baselines.streams import KINDS, LO_INSPREAD, MO, StreamEvents

SIZE_QUANTILES = 1000
OFFSET_QUANTILES = 1000
IMPROVEMENT_QUANTILES = 250
SPREAD_BUCKETS = 6


def quantile_table(values: Int64, entries: int) -> list[int]:
    """Quantiles of an integer sample at (k + 1/2)/entries, ascending; `[1]` of an empty sample."""
    if len(values) == 0:
        return [1]
    ordered = np.sort(values)
    if len(ordered) <= entries:
        return [int(value) for value in ordered]
    levels = (np.arange(entries) + 0.5) / entries
    return [int(value) for value in ordered[(levels * len(ordered)).astype(np.int64)]]


class Tables(NamedTuple):
    """Several quantile tables end to end: table i is values[start[i] : start[i + 1]]."""

    values: Int64
    start: Int64

    @classmethod
    def pack(cls, tables: Sequence[Sequence[int]]) -> Tables:
        """Lay tables end to end for a compiled loop."""
        start = np.concatenate(([0], np.cumsum([len(table) for table in tables])))
        return cls(np.concatenate([np.asarray(t, np.int64) for t in tables]), start)


@njit(cache=True)
def look_up(tables, table, u):  # type: ignore[no-untyped-def]
    """Entry of one table (of `Tables` or `PackedMarks`) at probability level `u` in (0, 1)."""
    low, high = tables.start[table], tables.start[table + 1]
    return tables.values[low + int(u * (high - low))]


class PackedMarks(NamedTuple):
    """`Marks` as arrays for a compiled loop (flat: a parallel loop takes no nested tuple)."""

    values: Int64
    start: Int64  # tables of sizes by kind, then of offsets by kind, then improvements by bucket
    spread_edges: Int64
    takes_touch: float


class Marks(BaseModel):
    """Sizes and distances of each kind of event, both sides pooled.

    By how much an order improves the touch depends on how wide the spread is, so improvements are
    kept by spread bucket: bucket i holds spreads from spread_edges[i - 1] to spread_edges[i] - 1.
    An aggressive order is sized against the touch that it meets: it takes all of it (on AMZN and
    GOOG two times in three), or less, and then its size is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizes: list[list[int]] = Field(description="by kind, shares: quantiles")
    offsets: list[list[int]] = Field(description="by kind, ticks: quantiles, see stream_and_offset")
    improvements: list[list[int]] = Field(description="by spread bucket, ticks: quantiles")
    spread_edges: list[int] = Field(description="ticks, ascending, one less than the buckets")
    takes_touch: float = Field(
        ge=0, le=1, description="share of aggressive orders that clear the touch"
    )

    @field_validator("sizes", "offsets", "improvements")
    @classmethod
    def _tables(cls, tables: list[list[int]]) -> list[list[int]]:
        for table in tables:
            if not table or table[0] < 0 or table != sorted(table):
                raise ValueError("a table of quantiles must be ascending, not negative, not empty")
        return tables

    @classmethod
    def fit(cls, windows: Sequence[StreamEvents]) -> Marks:
        """Tables of quantiles of all windows together."""
        kind = np.concatenate([window.stream for window in windows]) // 2
        size = np.concatenate([window.size for window in windows])
        offset = np.concatenate([window.offset_ticks for window in windows])
        spread = np.concatenate([window.spread_ticks for window in windows])
        clears = np.concatenate([_clears_touch(window) for window in windows])
        inside = kind == LO_INSPREAD
        edges = _spread_edges(spread[inside])
        bucket = np.searchsorted(edges, spread[inside], side="right")
        return cls(
            sizes=[
                quantile_table(size[(kind == k) & ~clears], SIZE_QUANTILES) for k in range(KINDS)
            ],
            offsets=[quantile_table(offset[kind == k], OFFSET_QUANTILES) for k in range(KINDS)],
            improvements=[
                quantile_table(offset[inside][bucket == i], IMPROVEMENT_QUANTILES)
                for i in range(len(edges) + 1)
            ],
            spread_edges=[int(edge) for edge in edges],
            takes_touch=float(clears.sum() / max(1, (kind == MO).sum())),
        )

    def packed(self) -> PackedMarks:
        """Arrays for a compiled loop."""
        tables = Tables.pack(self.sizes + self.offsets + self.improvements)
        return PackedMarks(*tables, np.asarray(self.spread_edges, np.int64), self.takes_touch)


def _clears_touch(window: StreamEvents) -> Bools:
    """Aggressive orders that take at least all of the touch that they meet."""
    opposite = np.where(window.stream % 2 == Side.BUY, window.ask_size, window.bid_size)
    return np.asarray((window.stream // 2 == MO) & (window.size >= opposite), np.bool_)


def _spread_edges(spread: Int64) -> Int64:
    """Edges that split the spreads of in-spread orders into buckets of about equal counts."""
    if len(spread) == 0:
        return np.zeros(0, np.int64)
    levels = np.arange(1, SPREAD_BUCKETS) / SPREAD_BUCKETS
    edges = np.unique(np.quantile(spread, levels, method="lower"))
    return np.asarray(edges[edges > spread.min()], np.int64)


@njit(cache=True)
def draw_offset(marks, kind, spread_ticks, u):  # type: ignore[no-untyped-def]
    """Distance of an event of this kind, ticks; inside the spread it stays below the spread."""
    if kind == LO_INSPREAD:
        table = 2 * KINDS + np.searchsorted(marks.spread_edges, spread_ticks, side="right")
        low, high = marks.start[table], marks.start[table + 1]
        below = np.searchsorted(marks.values[low:high], spread_ticks)
        return marks.values[low + int(u * below)] if below > 0 else 1
    return look_up(marks, KINDS + kind, u)


@njit(cache=True)
def draw_size(marks, kind, offset, opposite_size, u_size, u_clear):  # type: ignore[no-untyped-def]
    """Size of an event of this kind, shares.

    An aggressive order that stops at the opposite touch takes it all or less, never more: in a
    recording its size is what it traded, and what rests of it is an order of its own. One whose
    price lies beyond takes more than the touch.
    """
    if kind != MO or opposite_size <= 0:
        return max(look_up(marks, kind, u_size), 1)
    if offset > 0:
        return max(look_up(marks, kind, u_size), opposite_size + 1)
    if u_clear < marks.takes_touch:
        return opposite_size
    low, high = marks.start[MO], marks.start[MO + 1]
    less = np.searchsorted(marks.values[low:high], opposite_size)
    return max(marks.values[low + int(u_size * less)], 1) if less > 0 else opposite_size
