"""Heavy tails: excess kurtosis of log returns against the horizon."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, window_sums
from stylized_facts.quantities import RETURN_HORIZONS_S, Values, log_returns
from stylized_facts.sample import MarketSample

HORIZONS_S = (*RETURN_HORIZONS_S, 300)
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
    powers = window_sums(values.window, windows, *(x**p for p in range(5)))
    n, s1, s2, s3, s4 = (weights @ powers).T
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


FACTS = tuple(
    Fact(
        f"kurtosis_{h}s", f"Excess kurtosis, {h} s", "",
        partial(kurtosis_of_returns, horizon_s=h), partial(count_returns, horizon_s=h),
        MIN_RETURNS, code="R2",
    )
    for h in HORIZONS_S
)  # fmt: skip
