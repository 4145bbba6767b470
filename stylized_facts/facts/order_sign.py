"""Long memory of order signs: buyers follow buyers."""

from __future__ import annotations

import numpy as np

from model.events import Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.decay import decay_exponent
from stylized_facts.facts.fact import Fact, FactCurve, pairs, window_sums
from stylized_facts.quantities import Values, order_signs
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import count_trades

LAGS_TRADES: Int64 = np.arange(1, 21)
LONG_LAGS: Int64 = np.unique(np.geomspace(1, 1000, 40).astype(np.int64))
MIN_ORDERS = 200
MIN_DECAY = 1000
MIN_PAIRS = 100


def sign_correlation(signs: Values, lags: Int64) -> WindowRatio:
    """C(k) = E[e_t e_(t+k)] over pairs inside a window; NaN at lags with fewer than 100 pairs.

    About zero, not about the mean: a one-sided window is what the fact is about
    (Lillo and Farmer 2004; Bouchaud et al. 2004).
    """
    windows = len(signs.offsets) - 1
    columns = []
    for lag in lags.tolist():
        early, late, window = pairs(signs, lag)
        columns.append(window_sums(window, windows, early * late, np.ones(len(early))))
    above, beneath = np.moveaxis(np.stack(columns, axis=2), 1, 0)
    beneath[:, beneath.sum(0) < MIN_PAIRS] = 0.0
    return WindowRatio(above, beneath)


def order_sign_acf(sample: MarketSample) -> WindowRatio:
    """Correlation of the signs of trades, lags 1-20 trades."""
    return sign_correlation(order_signs(sample), LAGS_TRADES)


@remembered
def long_sign_acf(sample: MarketSample) -> WindowRatio:
    """Correlation of the signs of trades at 40 lags from 1 to 1000 trades, as far as known."""
    return sign_correlation(order_signs(sample), LONG_LAGS)


def first_sign_correlation(sample: MarketSample, weights: Float64) -> Float64:
    """Correlation of the signs of successive trades."""
    return long_sign_acf(sample).draws(weights)[:, 0]


def sign_decay(sample: MarketSample, weights: Float64) -> Float64:
    """Exponent g of C(k) ~ k^-g over the lags that are known; Hurst exponent 1 - g / 2.

    Fitted as the decay of |return|; NaN where C(1) is less than two standard errors above 0.
    """
    curves = long_sign_acf(sample).draws(weights)
    known = np.isfinite(curves[0])
    if known.sum() < 10:  # lags to some 13 trades: no decay to fit
        return np.full(len(weights), np.nan)
    # a lag that a resample lost has no weight in its fit
    curves = np.nan_to_num(curves[:, known])
    noise = 2 / np.sqrt(max(1, count_trades(sample)))
    return decay_exponent(curves, LONG_LAGS[known], noise)


FACTS = (
    Fact("order_sign_acf_1", "Correlation of successive order signs", "", first_sign_correlation,
         count_trades, MIN_ORDERS, code="L8"),
    Fact("order_sign_decay", "Decay exponent of the ACF of order signs", "", sign_decay,
         count_trades, MIN_DECAY, code="L8"),
)  # fmt: skip
CURVES = (
    FactCurve("acf_order_sign", "ACF of order signs, lags 1-20 trades", order_sign_acf,
              count_trades, MIN_ORDERS, "L8", x=tuple(LAGS_TRADES.tolist()), x_unit="trades"),
    FactCurve("acf_order_sign_long", "ACF of order signs, lags 1-1000 trades", long_sign_acf,
              count_trades, MIN_DECAY, "L8", x=tuple(LONG_LAGS.tolist()), x_unit="trades"),
)  # fmt: skip
