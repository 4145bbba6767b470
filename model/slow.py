"""Slow contexts: what the market has been like over the last minutes.

A window of events sees seconds; how lively, wide and deep the market is now changes over minutes
and differs from one asset to the next. The slow contexts say so in scale-free numbers. They are
measured causally over a recording and held while a path is written, so that they anchor it: a
market that was calm when the path began is not talked into a frenzy by its own echo.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from model.events import Float64, Int8, Int64
from model.order_flow import Bools

HALF_LIFE_S = 300.0
SLOW_CONTEXTS = (
    "slow_activity", "slow_volatility", "slow_spread", "slow_crossing", "slow_size", "slow_touch",
)  # fmt: skip
_LN2 = float(np.log(2.0))
PRIOR_ADDS = 50.0  # of the share of crossing orders, before there are enough to count


class SlowInputs(NamedTuple):
    """Columns of the adds and cancels of one recording, length n, see `FlowFeatures`."""

    dt_s: Float64
    action: Int8
    size: Int64
    crossing: Bools
    bid_ticks: Int64  # the touch after the event
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64


@njit(cache=True)
def slow_contexts(inputs: SlowInputs, scale: Float64, crossing_prior: float) -> Float64:
    """Slow contexts after each event, float64 [n, 6], log2 of what was usual over the last minutes.

    Exponentially weighted with a half-life of 300 s: event rate over the typical one; root of the
    squared mid moves a second over the typical volatility; time-weighted spread over the typical
    one; crossing orders over other new orders; geometric mean size of those over the asset's median
    order; time-weighted size of the touch over it. `scale` is `context_scale(profile)`; the first
    minutes lean on typical values.
    """
    dt_s, action, size, crossing, bid, ask, bid_size, ask_size = inputs
    n = len(dt_s)
    out = np.empty((n, 6))
    span = HALF_LIFE_S / _LN2
    count, variance = scale[4] * span, scale[5] * span
    spread, touch = scale[0], scale[6]
    adds, crossed, log_size = PRIOR_ADDS, PRIOR_ADDS * crossing_prior, 0.0
    for i in range(n):
        fade = 2.0 ** (-dt_s[i] / HALF_LIFE_S)
        before = max(0, i - 1)
        spread += (1 - fade) * (max(1, ask[before] - bid[before]) - spread)
        touch += (1 - fade) * (0.5 * (bid_size[before] + ask_size[before]) - touch)
        moved = 0.5 * (bid[i] + ask[i] - bid[before] - ask[before])
        count = count * fade + 1.0
        variance = variance * fade + moved * moved
        adds, crossed, log_size = adds * fade, crossed * fade, log_size * fade
        if action[i] == 0:
            if crossing[i]:
                crossed += 1.0
            else:
                adds += 1.0
                log_size += np.log2(size[i] / scale[1])
        out[i, 0] = np.log2(count / span / scale[4])
        out[i, 1] = 0.5 * np.log2(variance / span / scale[5] + 1e-6)
        out[i, 2] = np.log2(spread / scale[0])
        out[i, 3] = np.log2(crossed / adds + 1e-4)
        out[i, 4] = log_size / adds
        out[i, 5] = np.log2(touch / scale[1] + 1e-3)
    return out
