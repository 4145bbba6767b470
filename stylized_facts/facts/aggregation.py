"""Aggregational Gaussianity: returns come nearer to the normal law as the horizon grows."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, refitted
from stylized_facts.facts.kurtosis import count_returns, kurtosis_of_returns
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample

LADDER_S = (1, 10, 30, 60)
HORIZONS_S = (10, 60, 300)
MIN_RETURNS = 60  # non-overlapping, at the longest horizon


def ladder_slope(kurtosis: Float64, horizons: tuple[int, ...]) -> Float64:
    """Slope of ln kurtosis on ln horizon for each row of `kurtosis` [R, H]: float64 [R].

    -1 for independent returns, whose cumulants add up; nearer to 0 where volatility clusters.
    Horizons whose excess kurtosis is not positive are left out; NaN with fewer than three others.
    """
    x = np.log(np.array(horizons, float))
    known = kurtosis > 0
    y = np.log(np.where(known, kurtosis, 1.0))
    n = known.sum(1)
    centre = (known * x).sum(1) / np.maximum(n, 1)
    away = known * (x - centre[:, None])
    slope: Float64 = (away * y).sum(1) / (away * x).sum(1)
    return np.where(n >= 3, slope, np.nan)


def slope_of_kurtosis(sample: MarketSample, weights: Float64) -> Float64:
    """Slope of the kurtosis ladder over 1, 10, 30 and 60 s."""
    ladder = [kurtosis_of_returns(sample, weights, horizon_s=h) for h in LADDER_S]
    return ladder_slope(np.stack(ladder, axis=1), LADDER_S)


def distance_to_normal(values: Float64) -> float:
    """Wasserstein-1 distance of the standardised values to the standard normal law.

    The sample against as many normal quantiles; NaN where constant or fewer than 8.
    """
    from scipy import special  # imported where needed: readers of a scorecard never need it

    if len(values) < 8 or np.ptp(values) == 0:
        return float("nan")
    standard = np.sort(values - values.mean()) / values.std()
    normal = special.ndtri((np.arange(len(values)) + 0.5) / len(values))
    return float(np.abs(standard - normal).mean())


def normality_of_returns(sample: MarketSample, weights: Float64, *, horizon_s: int) -> Float64:
    """`distance_to_normal` of log returns over `horizon_s`; interval from 40 resamples."""
    return refitted(log_returns(sample, horizon_s), weights, distance_to_normal)


FACTS = (
    Fact("kurtosis_slope", "Slope of ln kurtosis on ln horizon, 1-60 s", "", slope_of_kurtosis,
         partial(count_returns, horizon_s=LADDER_S[-1]), MIN_RETURNS, code="R3"),
    *(
        Fact(f"distance_to_normal_{h}s", f"W1 of returns to the normal law, {h} s", "sd",
             partial(normality_of_returns, horizon_s=h), partial(count_returns, horizon_s=h),
             MIN_RETURNS, code="R3")
        for h in HORIZONS_S
    ),
)  # fmt: skip
