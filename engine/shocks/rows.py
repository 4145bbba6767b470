"""Plans of one kind of row, from which shocks put theirs together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.shocks.plan import BOTH, MARKET, Anchor, BookOperation, ShockPlan, Tilt, Trigger
from model.events import NS_PER_S, Float64, Int64, Side

BOTH_SIDES = BOTH
Window = tuple[float, float]


def nanoseconds(seconds: float | Float64) -> Int64:
    """Seconds as whole nanoseconds."""
    return np.asarray(np.rint(np.asarray(seconds) * NS_PER_S), np.int64)


def _plan(prefix: str, rows: int, /, **columns: npt.ArrayLike) -> ShockPlan:
    """`rows` of one kind; a column that is not given is zero, a scalar holds for all rows."""
    empty = ShockPlan.empty()
    names = [name for name in vars(empty) if name.startswith(prefix)]
    full: dict[str, Any] = {}
    for name in names:
        value = columns.pop(name.removeprefix(prefix), 0)
        full[name] = np.array(np.broadcast_to(value, rows), getattr(empty, name).dtype)
    assert not columns
    return replace(empty, **full)


def tilt(kind: Tilt, window_s: Window, log_value: float, ramp_s: float = 0.0) -> ShockPlan:
    """One tilt over a window, on the log scale, with a linear ramp at both ends."""
    return _plan(
        "tilt_", 1, kind=kind, start_ns=nanoseconds(window_s[0]), end_ns=nanoseconds(window_s[1]),
        ramp_ns=nanoseconds(ramp_s), value=log_value,
    )  # fmt: skip


def keep_tilts(
    first: Tilt, sides: int, window_s: Window, log_keep: float, ramp_s: float = 0.0
) -> ShockPlan:
    """Thinning of one kind of event (`first`: its buy side) on a side or on both."""
    plan = ShockPlan.empty()
    for side in Side:
        if sides in (side, BOTH):
            plan = plan.joined(tilt(Tilt(first + side), window_s, log_keep, ramp_s))
    return plan


def spaced(window_s: Window, count: int) -> Float64:
    """`count` times at equal distances over a window, the first at its start, seconds."""
    start, end = window_s
    return np.asarray(start + np.arange(count) * ((end - start) / count), np.float64)


def market_orders(times_s: Float64, sizes: Int64, side: Side) -> ShockPlan:
    """Orders without a limit price of which nothing rests; those of size 0 are left out."""
    return orders(times_s, sizes, side, MARKET)


def orders(
    times_s: Float64,
    sizes: Int64,
    side: int,
    through_ticks: npt.ArrayLike,
    *,
    anchor: Anchor = Anchor.OPPOSITE,
    lifetime_s: float | None = None,
) -> ShockPlan:
    """Limit orders, of which nothing rests without a lifetime; those of size 0 are left out."""
    sent = sizes > 0
    through = np.broadcast_to(through_ticks, sent.shape)
    return _plan(
        "order_", int(sent.sum()), time_ns=nanoseconds(times_s[sent]), side=side, size=sizes[sent],
        through_ticks=through[sent], anchor=anchor, rests=lifetime_s is not None,
        lifetime_ns=nanoseconds(lifetime_s or 0.0),
    )  # fmt: skip


def withdrawals(times_s: Float64, side: int, distance_ticks: int, share: float) -> ShockPlan:
    """Withdrawals of `share` of what rests within a distance; `side` may be `BOTH_SIDES`."""
    return operations(BookOperation.WITHDRAW, times_s, side, distance_ticks, share=share)


def operations(
    kind: BookOperation,
    times_s: Float64,
    side: int = BOTH_SIDES,
    distance_ticks: npt.ArrayLike = 0,
    *,
    size: npt.ArrayLike = 0,
    share: float = 0.0,
) -> ShockPlan:
    """Operations on the book."""
    return _plan(
        "op_", len(times_s), time_ns=nanoseconds(times_s), kind=kind, side=side,
        distance_ticks=distance_ticks, size=size, share=share,
    )  # fmt: skip


def trigger(kind: Trigger, window_s: Window, **columns: npt.ArrayLike) -> ShockPlan:
    """One trigger; `columns` are those of the plan without their prefix."""
    start, end = (nanoseconds(bound) for bound in window_s)
    return _plan("trigger_", 1, kind=kind, start_ns=start, end_ns=end, **columns)
