"""Signature plot: realised variance against the sampling interval, of mids and of trades."""

from __future__ import annotations

import numpy as np

from model.events import NS_PER_S, Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.facts.levels import count_seconds
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import count_trades, trades

HORIZONS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 2000)
REFERENCE_S = 60
MIN_SECONDS = 1200
MIN_TRADES = 200


class Signature(WindowRatio):
    """Mean square over horizon, divided by that of the reference horizon: `above` / `beneath`."""

    def draws(self, weights: Float64) -> Float64:
        """The ratios for weights [R, W]: float64 [R, L]; NaN where no window is that long."""
        rate = WindowRatio(self.above, self.beneath).draws(weights)
        reference = rate[:, [HORIZONS_S.index(REFERENCE_S)]]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(reference > 0, rate / reference, np.nan)


@remembered
def signature_of_mid(sample: MarketSample) -> Signature:
    """Of the mid, overlapping returns every second; flat for a walk of uncorrelated steps.

    Realised variance a second at each horizon over that at 60 s (Andersen et al., Risk 2000). The
    reference is 60 s and not 300 s, as windows as long as rollouts hold few of 300 s.
    """
    found = []
    for horizon in HORIZONS_S:
        returns = log_returns(sample, horizon, 1)
        square = returns.values**2
        found.append(
            window_sums(returns.window, len(sample), square, np.full(len(square), float(horizon)))
        )
    stacked = np.stack(found, axis=2)
    return Signature(stacked[:, 0], stacked[:, 1])


def last_trade_returns(sample: MarketSample, horizon_s: int) -> Values:
    """Log returns of the last trade price over `horizon_s`, in bp, one every second.

    The price of a trade is the worst that it paid. A window begins with its first trade.
    """
    found = trades(sample)
    price = np.log(np.maximum(sample.events.price_ticks[found.last], 1))
    own = np.concatenate(([0], np.cumsum(np.bincount(found.window, minlength=len(sample)))))
    values, counts = [], []
    for w in range(len(sample)):
        time = sample.events.time_ns[found.first[own[w] : own[w + 1]]]
        begin = int(time[0]) if len(time) else int(sample.end_ns[w])
        clock: Int64 = np.arange(begin, int(sample.end_ns[w]) + 1, NS_PER_S)
        row = own[w] + np.searchsorted(time, clock, side="right") - 1
        path = price[row] if len(time) else np.empty(0)
        values.append(1e4 * (path[horizon_s:] - path[:-horizon_s]))
        counts.append(len(values[-1]))
    return Values(np.concatenate(values), np.concatenate(([0], np.cumsum(counts))))


@remembered
def _bounce(sample: MarketSample) -> tuple[Float64, Float64]:
    sums = []
    for horizon in (1, REFERENCE_S):
        returns = last_trade_returns(sample, horizon)
        square = returns.values**2
        length = np.full(len(square), float(horizon))
        sums.append(window_sums(returns.window, len(sample), square, length))
    return sums[0], sums[1]


def trade_bounce(sample: MarketSample, weights: Float64) -> Float64:
    """Variance a second of the last trade price at 1 s over that at 60 s; above 1 by the bounce."""
    short, long = (weights @ sums for sums in _bounce(sample))
    return np.asarray((short[:, 0] / short[:, 1]) / (long[:, 0] / long[:, 1]))


def signature_1s(sample: MarketSample, weights: Float64) -> Float64:
    """Variance a second of the mid at 1 s over that at 60 s."""
    return signature_of_mid(sample).draws(weights)[:, 0]


FACTS = (
    Fact("signature_mid", "Realised variance of the mid, 1 s over 60 s", "", signature_1s,
         count_seconds, MIN_SECONDS, code="R14"),
    Fact("signature_trades", "Realised variance of trade prices, 1 s over 60 s", "", trade_bounce,
         count_trades, MIN_TRADES, code="R14"),
)  # fmt: skip
CURVES = (
    FactCurve("signature", "Signature plot of the mid, 1-2000 s", signature_of_mid, count_seconds,
              MIN_SECONDS, "R14", x=HORIZONS_S, x_unit="s"),
)  # fmt: skip
