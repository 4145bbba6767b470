"""Gain and loss asymmetry: skew of returns, by moments, by medians and by their tails."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, refitted, window_sums
from stylized_facts.facts.hill import HORIZON_S, count_tail, hill_of_returns
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample

MIN_RETURNS = 200  # non-overlapping
MEDCOUPLE_POINTS = 400  # statsmodels' medcouple takes memory with the square of the sample


def weighted_skew(values: Values, weights: Float64) -> Float64:
    """Skewness (third standardised moment) of the values pooled over windows: float64 [R]."""
    if len(values.values) < 3 or np.ptp(values.values) == 0:
        return np.full(len(weights), np.nan)
    x = (values.values - values.values.mean()) / values.values.std()
    windows = len(values.offsets) - 1
    n, s1, s2, s3 = (weights @ window_sums(values.window, windows, x**0, x, x**2, x**3)).T
    mean = s1 / n
    variance = s2 / n - mean**2
    third = s3 / n - 3 * mean * s2 / n + 2 * mean**3
    return np.where(variance > 1e-12, third / np.maximum(variance, 1e-12) ** 1.5, np.nan)


def medcouple(values: Float64) -> float:
    """Medcouple, a skewness from medians, -1 to 1 (Brys, Hubert and Struyf, JCGS 2004).

    By `statsmodels.stats.stattools`, of 400 quantiles where there are more values.
    """
    from statsmodels.stats import stattools  # imported where needed

    if len(values) < 8 or np.ptp(values) == 0:
        return float("nan")
    if len(values) > MEDCOUPLE_POINTS:
        levels = (np.arange(MEDCOUPLE_POINTS) + 0.5) / MEDCOUPLE_POINTS
        values = np.quantile(values, levels)
    return float(stattools.medcouple(values))


def skew_of_returns(sample: MarketSample, weights: Float64) -> Float64:
    """Skewness of 10-second log returns."""
    return weighted_skew(log_returns(sample, HORIZON_S), weights)


def medcouple_of_returns(sample: MarketSample, weights: Float64) -> Float64:
    """Medcouple of 10-second log returns; interval from 20 resamples."""
    return refitted(log_returns(sample, HORIZON_S), weights, medcouple, 20)


def tail_difference(sample: MarketSample, weights: Float64) -> Float64:
    """Hill index of gains less that of losses, 10-second log returns, 5% tails."""
    return hill_of_returns(sample, weights, tail="gains") - hill_of_returns(
        sample, weights, tail="losses"
    )


FACTS = (
    Fact("skew_10s", "Skewness, 10 s", "", skew_of_returns, count_tail, MIN_RETURNS, code="R8",
         report_only=True),
    Fact("medcouple_10s", "Medcouple, 10 s", "", medcouple_of_returns, count_tail, MIN_RETURNS,
         code="R8", report_only=True),
    Fact("tail_difference_10s", "Hill index of gains less that of losses, 10 s", "",
         tail_difference, count_tail, 2 * MIN_RETURNS, code="R8", report_only=True),
)  # fmt: skip
