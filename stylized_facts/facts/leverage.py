"""Leverage: falling prices come before volatile ones."""

from __future__ import annotations

import numpy as np

from model.events import Float64, Int64
from stylized_facts.facts.fact import (
    Fact,
    FactCurve,
    WindowCorrelation,
    correlation,
    pairs,
)
from stylized_facts.facts.levels import count_seconds
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered

LAGS: Int64 = np.concatenate((np.arange(-50, 0), np.arange(1, 51)))
NEAR = 10
MIN_SECONDS = 1200


def leverage(values: Values, lags: Int64 = LAGS) -> WindowCorrelation:
    """L(k) = corr(r_t, r_(t+k)^2) at each lag; negative lags are volatility before returns.

    Bouchaud, Matacz and Potters, Physical Review Letters 2001, with the scale of a correlation.
    """
    windows = len(values.offsets) - 1
    found = []
    for lag in lags.tolist():
        early, late, window = pairs(values, abs(lag))
        returns, other = (early, late) if lag > 0 else (late, early)
        found.append(correlation(returns, other**2, window, windows))
    return WindowCorrelation(
        np.hstack([one.above for one in found]),
        np.hstack([one.beneath[:, :1] for one in found] + [one.beneath[:, 1:] for one in found]),
    )


@remembered
def leverage_curve(sample: MarketSample) -> WindowCorrelation:
    """Of 1-second log returns, lags -50 to 50 s without 0."""
    return leverage(log_returns(sample, 1))


def mean_leverage(sample: MarketSample, weights: Float64) -> Float64:
    """Mean of L over lags 1-10 s."""
    near = (LAGS >= 1) & (LAGS <= NEAR)
    return np.asarray(leverage_curve(sample).draws(weights)[:, near].mean(1))


FACTS = (
    Fact("leverage", "Leverage, mean corr(r, later r^2) over 1-10 s", "", mean_leverage,
         count_seconds, MIN_SECONDS, code="R7", report_only=True),
)  # fmt: skip
CURVES = (
    FactCurve("leverage_curve", "Leverage, lags -50 to 50 s", leverage_curve, count_seconds,
              MIN_SECONDS, "R7", True, tuple(LAGS.tolist()), "s"),
)  # fmt: skip
