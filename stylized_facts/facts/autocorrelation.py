"""Autocorrelation of returns (none) and of their absolute values (slow decay)."""

from __future__ import annotations

import numpy as np

from model.events import Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample

LAGS_S: Int64 = np.arange(1, 61)
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


def return_acf_at(sample: MarketSample, weights: Float64, *, lag: int) -> Float64:
    """Autocorrelation of 1-second log returns at one lag."""
    return return_acf(sample, lags=np.array([lag])).draws(weights)[:, 0]


def abs_return_acf_at(sample: MarketSample, weights: Float64, *, lag: int) -> Float64:
    """Autocorrelation of absolute 1-second log returns at one lag."""
    return abs_return_acf(sample, lags=np.array([lag])).draws(weights)[:, 0]
