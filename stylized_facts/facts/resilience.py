"""Resilience: how the spread and the touch come back after an order has cleared the best price."""

from __future__ import annotations

import numpy as np

from model.events import NS_PER_S, Float64, Int64, Quotes
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.sample import Bools, MarketSample, remembered
from stylized_facts.trades import trades

LAGS_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
POINTS_S = (-1.0, *LAGS_S)  # of the curves; -1 stands for just before the trade
MIN_CLEARED = 100


class Relaxation(WindowRatio):
    """Means at `POINTS_S` over the mean of the whole sample, which is the last column."""

    def draws(self, weights: Float64) -> Float64:
        """The relative means for weights [R, W]: float64 [R, 12]."""
        found = WindowRatio(self.above, self.beneath).draws(weights)
        return np.asarray(found[:, :-1] / found[:, -1:])


@remembered
def cleared(sample: MarketSample) -> Int64:
    """Places of the trades that took the whole best price of the other side."""
    tape = trades(sample)
    buy = tape.sign > 0
    old, new = sample.before, sample.quotes
    up = new.ask_ticks[tape.last] > old.ask_ticks[tape.first]
    down = new.bid_ticks[tape.last] < old.bid_ticks[tape.first]
    return np.flatnonzero(np.where(buy, up, down))


@remembered
def recovery(sample: MarketSample) -> tuple[Relaxation, Relaxation]:
    """Spread, and touch size on the side that was hit, around the trades that cleared it.

    Means over those trades just before and at `LAGS_S` after, over the mean of the sample: the
    event study of Biais, Hillion and Spatt (Journal of Finance 1995) and Large (Journal of
    Financial Markets 2007) in clock time, other orders included. Not relative to what was before
    the trade: takers choose moments of narrow spreads, to which nothing returns. A lag counts where
    the window reaches it and both sides hold an order.
    """
    tape, chosen = trades(sample), cleared(sample)
    first, last, window = tape.first[chosen], tape.last[chosen], tape.window[chosen]
    buy = tape.sign[chosen] > 0
    at = sample.events.time_ns[last]
    columns = [_state(sample.before, first, buy, np.ones(len(first), np.bool_))]
    for lag in LAGS_S:
        then = at + int(lag * NS_PER_S)
        row = last if lag == 0 else sample.rows_at(window, then - sample.start_ns[window])
        columns.append(_state(sample.quotes, row, buy, then <= sample.end_ns[window]))
    sums = [window_sums(window, len(sample), *column) for column in columns]
    grid = sample.grid
    clock = np.repeat(np.arange(len(sample)), np.diff(grid.offsets))
    every = np.arange(len(clock))
    all_seen = np.ones(len(clock), np.bool_)
    asks, bids = (
        window_sums(clock, len(sample), *_state(grid.quotes, every, side, all_seen))
        for side in (all_seen, ~all_seen)
    )
    sums.append(asks + bids)
    stacked = np.stack(sums, axis=2)
    return (
        Relaxation(stacked[:, 0], stacked[:, 2]),
        Relaxation(stacked[:, 1], stacked[:, 2]),
    )


def _state(quotes: Quotes, row: Int64, buy: Bools, seen: Bools) -> tuple[Float64, Float64, Float64]:
    """Spread, size on the side that a trade hits, and 1 where both are known, else all 0."""
    bid, ask = quotes.bid_size[row], quotes.ask_size[row]
    known = (seen & (bid > 0) & (ask > 0)).astype(float)
    spread = known * (quotes.ask_ticks[row] - quotes.bid_ticks[row])
    return spread, known * np.where(buy, ask, bid), known


def spread_relaxation(sample: MarketSample) -> Relaxation:
    """Mean spread around trades that cleared the touch, over the mean spread."""
    return recovery(sample)[0]


def touch_relaxation(sample: MarketSample) -> Relaxation:
    """Mean size of the touch that was hit, over the mean size of a touch."""
    return recovery(sample)[1]


def half_life(sample: MarketSample, weights: Float64) -> Float64:
    """Seconds until the excess of the spread over its mean is half of what it was at once.

    Between two lags by a straight line. NaN where the spread is not above its mean after the
    trade, or half is not reached in a minute.
    """
    excess = spread_relaxation(sample).draws(weights)[:, 1:] - 1
    found = np.full(len(excess), np.nan)
    for r, curve in enumerate(excess):
        under = np.flatnonzero(curve < 0.5 * curve[0])
        if curve[0] > 0 and len(under):
            j = int(under[0])
            step = (curve[j - 1] - 0.5 * curve[0]) / (curve[j - 1] - curve[j])
            found[r] = LAGS_S[j - 1] + step * (LAGS_S[j] - LAGS_S[j - 1])
    return found


def count_cleared(sample: MarketSample) -> int:
    """Trades that took the whole best price."""
    return len(cleared(sample))


FACTS = (
    Fact("spread_half_life", "Half-life of the spread after a cleared touch", "s", half_life,
         count_cleared, MIN_CLEARED, "mean", "L14"),
)  # fmt: skip
CURVES = (
    FactCurve("resilience_spread", "Spread around a cleared touch, of the mean",
              spread_relaxation, count_cleared, MIN_CLEARED, "L14", x=POINTS_S, x_unit="s"),
    FactCurve("resilience_touch", "Touch around its clearing, of the mean", touch_relaxation,
              count_cleared, MIN_CLEARED, "L14", x=POINTS_S, x_unit="s"),
)  # fmt: skip
