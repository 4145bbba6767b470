"""Heavy tails and aggregational Gaussianity: excess kurtosis of log returns against the horizon."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample

MIN_RETURNS = 30  # non-overlapping


def excess_kurtosis(values: Float64) -> float:
    """Sample excess kurtosis, corrected for bias; NaN below 4 values or if they are constant."""
    if len(values) < 4 or np.ptp(values) == 0:
        return float("nan")
    from scipy import stats  # imported where needed: readers of a scorecard never need it

    return float(stats.kurtosis(values, bias=False))


def weighted_kurtosis(values: Values, weights: Float64) -> Float64:
    """`excess_kurtosis` of the values pooled over windows, for weights [R, W]: float64 [R]."""
    if len(values.values) < 4 or np.ptp(values.values) == 0:
        return np.full(len(weights), np.nan)
    x = values.values - values.values.mean()
    windows = len(values.offsets) - 1
    powers = [np.bincount(values.window, x**p, windows) for p in range(5)]
    n, s1, s2, s3, s4 = (weights @ power for power in powers)
    with np.errstate(invalid="ignore", divide="ignore"):
        m = s1 / n
        variance = s2 / n - m**2
        fourth = s4 / n - 4 * m * s3 / n + 6 * m**2 * s2 / n - 3 * m**4
        plain = fourth / variance**2
        kurtosis: Float64 = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * plain - 3 * (n - 1))
    return np.where((n > 3) & (variance > 1e-12 * np.mean(x**2)), kurtosis, np.nan)


def kurtosis_of_returns(sample: MarketSample, weights: Float64, *, horizon_s: int) -> Float64:
    """Excess kurtosis of `horizon_s` log returns."""
    return weighted_kurtosis(log_returns(sample, horizon_s), weights)


def count_returns(sample: MarketSample, *, horizon_s: int) -> int:
    """Non-overlapping returns over `horizon_s` that the windows hold."""
    return int(np.sum(sample.duration_s // horizon_s))
