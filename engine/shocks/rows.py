"""Plans of one kind of row, from which shocks put theirs together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.shocks.plan import MARKET, BookOperation, ShockPlan, Tilt
from model.events import NS_PER_S, Float64, Int64, Side

BOTH_SIDES = 2


def nanoseconds(seconds: float | Float64) -> Int64:
    """Seconds as whole nanoseconds."""
    return np.asarray(np.rint(np.asarray(seconds) * NS_PER_S), np.int64)


def tilt(
    kind: Tilt, window_s: tuple[float, float], log_value: float, ramp_s: float = 0.0
) -> ShockPlan:
    """One tilt over a window, on the log scale, with a linear ramp at both ends."""
    return replace(
        ShockPlan.empty(),
        tilt_kind=np.array([kind], np.int8),
        tilt_start_ns=nanoseconds(np.array([window_s[0]])),
        tilt_end_ns=nanoseconds(np.array([window_s[1]])),
        tilt_ramp_ns=nanoseconds(np.array([ramp_s])),
        tilt_value=np.array([log_value]),
    )


def spaced(window_s: tuple[float, float], count: int) -> Float64:
    """`count` times at equal distances over a window, the first at its start, seconds."""
    start, end = window_s
    return np.asarray(start + np.arange(count) * ((end - start) / count), np.float64)


def market_orders(times_s: Float64, sizes: Int64, side: Side) -> ShockPlan:
    """Orders without a limit price of which nothing rests; those of size 0 are left out."""
    sent = sizes > 0
    count = int(sent.sum())
    return replace(
        ShockPlan.empty(),
        order_time_ns=nanoseconds(times_s[sent]),
        order_side=np.full(count, side, np.int8),
        order_size=sizes[sent],
        order_through_ticks=np.full(count, MARKET, np.int64),
        order_rests=np.zeros(count, np.bool_),
        order_parent=np.zeros(count, np.int64),
    )


def withdrawals(times_s: Float64, side: int, distance_ticks: int, share: float) -> ShockPlan:
    """Withdrawals of `share` of what rests within a distance; `side` may be `BOTH_SIDES`."""
    count = len(times_s)
    return replace(
        ShockPlan.empty(),
        op_time_ns=nanoseconds(times_s),
        op_kind=np.full(count, BookOperation.WITHDRAW, np.int8),
        op_side=np.full(count, side, np.int8),
        op_distance_ticks=np.full(count, distance_ticks, np.int64),
        op_share=np.full(count, share),
    )
