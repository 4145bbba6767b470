"""Autocorrelation of returns (none) and of their absolute values (slow decay)."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve
from stylized_facts.facts.levels import count_seconds
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered

LAGS_S: Int64 = np.arange(1, 61)
FACT_LAGS_S = (1, 5, 10, 30, 60)
STRETCH = 300  # seconds over which the level of volatility is taken out
MIN_RETURNS = 200


def autocorrelation(values: Values, lags: Int64) -> WindowRatio:
    """Autocorrelation at `lags`, pooled over windows: sum of autocovariances over sum of variances.

    Each window is taken about its own mean, so that a level that differs from window to window
    is not mistaken for memory. That biases long lags down, on both sides alike when their windows
    are equally long: compare curves, not true values. A window counts for lags up to half its
    length only; where no window is long enough the value is NaN.
    """
    from statsmodels.tsa.stattools import (
        acovf,
    )  # imported where needed: readers of a scorecard never need it

    windows = len(values.offsets) - 1
    above, beneath = np.zeros((windows, len(lags))), np.zeros((windows, len(lags)))
    for w in range(windows):
        own = values.values[values.offsets[w] : values.offsets[w + 1]]
        reach = int(np.searchsorted(lags, len(own) // 2, side="right"))
        if reach == 0 or np.ptp(own) == 0:
            continue
        covariance = acovf(own, fft=True, nlag=int(lags[reach - 1])) * len(own)
        above[w, :reach] = covariance[lags[:reach]]
        beneath[w, :reach] = covariance[0]
    return WindowRatio(above, beneath)


def return_acf(sample: MarketSample, *, horizon_s: int = 1, lags: Int64 = LAGS_S) -> WindowRatio:
    """Of non-overlapping log returns; lags in units of the horizon."""
    return autocorrelation(log_returns(sample, horizon_s, horizon_s), lags)


def abs_return_acf(
    sample: MarketSample, *, horizon_s: int = 1, lags: Int64 = LAGS_S
) -> WindowRatio:
    """Of the absolute values of non-overlapping log returns."""
    returns = log_returns(sample, horizon_s, horizon_s)
    return autocorrelation(Values(np.abs(returns.values), returns.offsets), lags)


def squared_return_acf(sample: MarketSample) -> WindowRatio:
    """Of the squares of 1-second log returns, lags 1-60 s."""
    returns = log_returns(sample, 1)
    return autocorrelation(Values(returns.values**2, returns.offsets), LAGS_S)


def level_return_acf(sample: MarketSample) -> WindowRatio:
    """Of absolute 1-second log returns less the shape of the day, lags 1-60 s."""
    returns = without_level(log_returns(sample, 1))
    return autocorrelation(Values(np.abs(returns.values), returns.offsets), LAGS_S)


def without_level(values: Values, stretch: int = STRETCH) -> Values:
    """Values divided by their root mean square over each `stretch` of their own window.

    What is left of clustering is not the shape of the day. The shape is taken from the sample
    itself, not from a calendar: paths have no time of day. Stretches of zeros stay zero.
    """
    place = np.arange(len(values.values)) - values.offsets[values.window]
    _, stretches = np.unique(
        np.stack((values.window, place // stretch)), axis=1, return_inverse=True
    )
    square = np.bincount(stretches, values.values**2) / np.maximum(np.bincount(stretches), 1)
    level = np.sqrt(square)[stretches] if len(stretches) else values.values
    return Values(values.values / np.where(level > 0, level, 1.0), values.offsets)


@remembered
def _curve(sample: MarketSample, absolute: bool) -> WindowRatio:
    return abs_return_acf(sample) if absolute else return_acf(sample)


def return_acf_at(sample: MarketSample, weights: Float64, *, lag: int) -> Float64:
    """Autocorrelation of 1-second log returns at one lag of 1-60 s."""
    return _curve(sample, False).draws(weights)[:, lag - 1]


def abs_return_acf_at(sample: MarketSample, weights: Float64, *, lag: int) -> Float64:
    """Autocorrelation of absolute 1-second log returns at one lag of 1-60 s."""
    return _curve(sample, True).draws(weights)[:, lag - 1]


FACTS = (
    Fact("acf_return_1s", "ACF of return, lag 1 s", "", partial(return_acf_at, lag=1),
         count_seconds, MIN_RETURNS, code="R4"),
    *(
        Fact(f"acf_abs_return_{lag}s", f"ACF of |return|, lag {lag} s", "",
             partial(abs_return_acf_at, lag=lag), count_seconds, MIN_RETURNS, code="R5")
        for lag in FACT_LAGS_S
    ),
)  # fmt: skip

_LAGS = tuple(LAGS_S.tolist())
CURVES = (
    FactCurve("acf_abs_return", "ACF of |1 s return|, lags 1-60 s", abs_return_acf, count_seconds,
              MIN_RETURNS, "R5", x=_LAGS, x_unit="s"),
    FactCurve("acf_squared_return", "ACF of squared 1 s return, lags 1-60 s", squared_return_acf,
              count_seconds, MIN_RETURNS, "R5", x=_LAGS, x_unit="s"),
    FactCurve("acf_abs_return_level", "ACF of |1 s return| / level, lags 1-60 s", level_return_acf,
              count_seconds, MIN_RETURNS, "R5", x=_LAGS, x_unit="s"),
    FactCurve("acf_return", "ACF of 1 s return, lags 1-60 s", return_acf, count_seconds,
              MIN_RETURNS, "R4", x=_LAGS, x_unit="s"),
)  # fmt: skip
