"""Long memory of order signs: buyers follow buyers."""

from __future__ import annotations

import numpy as np

from model.events import Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.quantities import Values, order_signs
from stylized_facts.sample import MarketSample

LAGS_TRADES: Int64 = np.arange(1, 21)
MIN_ORDERS = 200
MIN_PAIRS = 100


def sign_correlation(signs: Values, lags: Int64) -> WindowRatio:
    """C(k) = E[e_t e_(t+k)] over pairs inside a window; NaN at lags with fewer than 100 pairs.

    About zero, not about the mean: a one-sided window is what the fact is about
    (Lillo and Farmer 2004; Bouchaud et al. 2004).
    """
    windows = len(signs.offsets) - 1
    above, beneath = np.zeros((windows, len(lags))), np.zeros((windows, len(lags)))
    for w in range(windows):
        own = signs.values[signs.offsets[w] : signs.offsets[w + 1]]
        for j, lag in enumerate(lags.tolist()):
            if len(own) > lag:
                above[w, j] = own[:-lag] @ own[lag:]
                beneath[w, j] = len(own) - lag
    beneath[:, beneath.sum(0) < MIN_PAIRS] = 0.0
    return WindowRatio(above, beneath)


def order_sign_acf(sample: MarketSample) -> WindowRatio:
    """Correlation of the signs of aggressive orders, lags 1-20 trades."""
    return sign_correlation(order_signs(sample), LAGS_TRADES)


def first_sign_correlation(sample: MarketSample, weights: Float64) -> Float64:
    """Correlation of the signs of successive aggressive orders."""
    return order_sign_acf(sample).draws(weights)[:, 0]


def count_aggressive(sample: MarketSample) -> int:
    """Aggressive orders of the sample."""
    return int(sample.aggressive.sum())
