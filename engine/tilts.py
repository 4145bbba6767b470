"""Tilts over time: the timetable of a shock plan as piecewise linear curves, compiled."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from engine.shocks.plan import ShockPlan, Tilt
from model.events import Float64, Int64
from model.order_flow import Bools

_STRONGEST = 50.0  # bound on a log tilt: a share of zero stays finite on the log scale


class TiltTable(NamedTuple):
    """Sums of the tilt rows in force, linear inside each segment.

    Segment k runs from times_ns[k] (included) to times_ns[k+1]; after the last time all is neutral.
    """

    times_ns: Int64  # [K], ascending from 0, relative to the start of the horizon
    left: Float64  # [K, len(Tilt)], value at the start of the segment
    right: Float64  # [K, len(Tilt)], value towards its end
    tilted: Bools  # [K], whether anything at all is tilted in the segment


def compile_tilts(plan: ShockPlan) -> TiltTable:
    """Cut the timetable of a plan at every time where a row starts, ends or bends.

    A row is worth value x min(1, (t - start) / ramp, (end - t) / ramp) while start <= t < end.
    """
    start, end, ramp = plan.tilt_start_ns, plan.tilt_end_ns, plan.tilt_ramp_ns
    value = np.clip(plan.tilt_value, -_STRONGEST, _STRONGEST)
    middle = (start + end) // 2  # where two long ramps meet
    bends = np.concatenate(([0], start, start + ramp, middle, end - ramp, end))
    times = np.unique(bends[bends >= 0]).astype(np.int64)
    left = np.zeros((len(times), len(Tilt)))
    right = np.zeros((len(times), len(Tilt)))
    for r in range(len(value)):
        for k in range(len(times) - 1):
            if start[r] <= times[k] and times[k + 1] <= end[r]:
                for at, edge in ((times[k], left), (times[k + 1], right)):
                    ramped = min(at - start[r], end[r] - at) / ramp[r] if ramp[r] > 0 else 1.0
                    edge[k, plan.tilt_kind[r]] += value[r] * min(1.0, ramped)
    return TiltTable(times, left, right, (left != 0.0).any(axis=1) | (right != 0.0).any(axis=1))


@njit(cache=True)
def segment_at(table: TiltTable, time_ns: int) -> int:
    """The segment that a time (nanoseconds since the start of the horizon) lies in."""
    return int(np.searchsorted(table.times_ns, time_ns, side="right") - 1)


@njit(cache=True)
def tilt_in(table: TiltTable, k: int, kind: int, time_ns: int) -> float:
    """Log tilt of one kind at a time inside segment `k`."""
    low, high = table.left[k, kind], table.right[k, kind]
    if low == high:
        return float(low)
    whole = table.times_ns[k + 1] - table.times_ns[k]
    return float(low + (high - low) * (time_ns - table.times_ns[k]) / whole)


@njit(cache=True)
def tilt_at(table: TiltTable, kind: int, time_ns: int) -> float:
    """Log tilt of one kind at a time (nanoseconds since the start of the horizon)."""
    return tilt_in(table, segment_at(table, time_ns), kind, time_ns)


@njit(cache=True)
def advance(table: TiltTable, time_ns: int, dt_ns: int) -> int:
    """When an event comes that the untilted flow would send after `dt_ns`.

    Solves for t: integral from `time_ns` to t of the rate factor = `dt_ns` (the clock of the flow
    runs faster by the factor), exactly, segment by segment. Where nothing tilts the rate the answer
    is time_ns + dt_ns, to the nanosecond.

    Returns
    -------
    int
        t, nanoseconds since the start of the horizon, at least time_ns + 1.
    """
    rate = Tilt.RATE.value
    times = table.times_ns
    k = segment_at(table, time_ns)
    if not table.tilted[k] and (k == len(times) - 1 or time_ns + dt_ns < times[k + 1]):
        return time_ns + dt_ns
    at = float(time_ns)
    left = float(dt_ns)
    while k < len(times) - 1:
        span = times[k + 1] - at
        slope = (table.right[k, rate] - table.left[k, rate]) / (times[k + 1] - times[k])
        log_rate = table.left[k, rate] + slope * (at - times[k])
        factor = math.exp(log_rate)
        # A log rate that is linear in time integrates to factor (exp(slope span) - 1) / slope.
        passed = factor * (math.expm1(slope * span) / slope if slope != 0.0 else span)
        if passed >= left:
            wanted = left / factor
            at += math.log1p(wanted * slope) / slope if slope != 0.0 else wanted
            left = 0.0
            break
        left -= passed
        at = float(times[k + 1])
        k += 1
    return max(time_ns + 1, int(np.rint(at + left)))


@njit(cache=True)
def flow_time(table: TiltTable, start_ns: int, end_ns: int) -> int:
    """How far the clock of the flow moves from one time to another: the inverse of `advance`.

    Returns
    -------
    int
        Integral of the rate factor from `start_ns` to `end_ns`, nanoseconds; where nothing tilts
        the rate end_ns - start_ns, to the nanosecond.
    """
    rate = Tilt.RATE.value
    times = table.times_ns
    passed = 0.0
    at = start_ns
    k = segment_at(table, at)
    while at < end_ns:
        last = k == len(times) - 1
        stop = end_ns if last else min(end_ns, times[k + 1])
        if last or not table.tilted[k]:
            passed += stop - at
        else:
            slope = (table.right[k, rate] - table.left[k, rate]) / (times[k + 1] - times[k])
            factor = math.exp(table.left[k, rate] + slope * (at - times[k]))
            span = stop - at
            passed += factor * (math.expm1(slope * span) / slope if slope != 0.0 else span)
        at = stop
        k += 1
    return int(np.rint(passed))
