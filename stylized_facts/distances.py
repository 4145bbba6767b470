"""Distances between a real and a synthetic sample of one quantity, or between two curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.events import Float64, Int64
from stylized_facts.quantities import Values

DistanceName = Literal["K-S", "W1", "TV"]
GRID_POINTS = 1600  # of a resampled distance, shared out among the samples
TV_BINS = 50


def ks_distance(real: Float64, other: Float64) -> float:
    """Two-sample Kolmogorov-Smirnov statistic, sup |F - G|; NaN if a sample is empty."""
    if not len(real) or not len(other):
        return float("nan")
    from scipy import stats  # imported where needed: readers of a scorecard never need it

    return float(stats.ks_2samp(real, other, method="asymp").statistic)


def wasserstein_distance(real: Float64, other: Float64) -> float:
    """Wasserstein-1 distance in units of the REAL sample's standard deviation.

    Both samples are standardised by the real mean and sd: pooled moments would let a bad model
    hide behind its own spread. NaN if a sample is empty; 0 or infinite if the real one is constant.
    """
    if not len(real) or not len(other):
        return float("nan")
    from scipy import stats

    return over(float(stats.wasserstein_distance(real, other)), float(np.std(real)))


def total_variation(real: Float64, other: Float64, edges: Float64) -> float:
    """Half the sum of |p - q| over bins (-inf, e0], (e0, e1], ..., (ek, inf); NaN if one is empty.

    `edges` must not depend on `other`: take them from training data or from the real sample
    (`quantile_edges`).
    """
    if not len(real) or not len(other):
        return float("nan")
    p, q = (np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) / len(x)
            for x in (real, other))  # fmt: skip
    return float(0.5 * np.abs(p - q).sum())


def distance(name: DistanceName, real: Float64, other: Float64) -> float:
    """The named distance; total variation is on bins of equal shares of the real sample."""
    if name == "K-S":
        return ks_distance(real, other)
    if name == "W1":
        return wasserstein_distance(real, other)
    return total_variation(real, other, quantile_edges(real)) if len(real) else float("nan")


def quantile_edges(reference: Float64, bins: int = TV_BINS) -> Float64:
    """Inner edges of at most `bins` bins with equal shares of `reference` (fewer where it ties)."""
    return np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))


def curve_distance(real: Float64, other: Float64) -> Float64:
    """Mean absolute difference of two curves [..., L] over the lags where both are known."""
    gap = np.abs(real - other)
    known = np.isfinite(gap)
    total = np.where(known, gap, 0.0).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Float64 = total / known.sum(-1)
    return mean


@dataclass(frozen=True, eq=False)
class GridCdf:
    """Window-by-window distribution functions on a grid shared by all samples of one quantity.

    Distances of any re-weighting of windows are then matrix products, without going back to rows.

    Attributes
    ----------
    grid : float64 [G], increasing; the last point is not below any value
    below : float64 [W, G], values of window w that are <= grid[g]
    inside : float64 [W, G-1], sum over values x in (grid[g], grid[g+1]) of grid[g+1] - x
    size : float64 [W], values of window w
    """

    grid: Float64
    below: Float64
    inside: Float64
    size: Float64

    @classmethod
    def of(cls, values: Values, grid: Float64) -> GridCdf:
        """Count the values of each window on `grid`."""
        windows = len(values.offsets) - 1
        cell = np.searchsorted(grid, values.values)  # the first grid point >= x
        key = values.window * len(grid) + cell
        counts = np.bincount(key, minlength=windows * len(grid)).reshape(windows, -1)
        gaps = np.bincount(key, grid[cell] - values.values, windows * len(grid))
        return cls(
            grid,
            np.cumsum(counts, axis=1).astype(float),
            gaps.reshape(windows, -1)[:, 1:].astype(float),
            np.diff(values.offsets).astype(float),
        )

    def cdf(self, weights: Float64) -> Float64:
        """Distribution function at the grid points for weights [R, W]: float64 [R, G]."""
        return _share(weights @ self.below, weights @ self.size)

    def area(self, weights: Float64) -> Float64:
        """Integral of the distribution function over each grid cell: float64 [R, G-1]."""
        inside = _share(weights @ self.inside, weights @ self.size)
        area: Float64 = self.cdf(weights)[:, :-1] * np.diff(self.grid) + inside
        return area


def pooled_grid(samples: list[Float64]) -> Float64:
    """Grid for `GridCdf`: all the values if few, else quantiles of each sample with finer tails."""
    filled = [np.sort(x) for x in samples if len(x)]
    values = np.unique(np.concatenate(filled)) if filled else np.empty(0)
    if len(values) <= GRID_POINTS:
        return values
    return np.unique(np.concatenate([_thin(x, GRID_POINTS // len(filled)) for x in filled]))


def _thin(values: Float64, points: int) -> Float64:
    """At most `points` of the sorted `values`, spread evenly but for the outer twentieths, kept."""
    if len(values) <= points:
        return values
    tail = points // 20
    middle = np.linspace(tail, len(values) - 1 - tail, points - 2 * tail).astype(np.int64)
    return np.concatenate((values[:tail], values[middle], values[-tail:]))


def resampled_distance(
    name: DistanceName, real: GridCdf, other: GridCdf, weights: Float64, other_weights: Float64
) -> Float64:
    """Distance for each pair of window weights [R, W_real], [R, W_other]: float64 [R].

    The unit of W1 and the bins of TV come from the whole real sample, whatever the weights. NaN
    where no sample holds a value.
    """
    if not len(real.grid):
        return np.full(len(weights), np.nan)
    everything = np.ones((1, len(real.size)))
    if name == "W1":
        gap = np.abs(real.area(weights) - other.area(other_weights)).sum(1)
        scale = _grid_sd(real, everything)
        return np.array([over(float(g), scale) for g in gap])
    gap = real.cdf(weights) - other.cdf(other_weights)
    if name == "K-S":
        return np.asarray(np.abs(gap).max(1))
    whole = real.cdf(everything)[0]
    levels = np.linspace(0, 1, TV_BINS + 1)[1:-1]
    cuts: Int64 = np.unique(np.searchsorted(whole, levels).clip(max=len(whole) - 1))
    edges = np.concatenate((gap[:, :1] * 0, gap[:, cuts], gap[:, :1] * 0), axis=1)
    return np.asarray(0.5 * np.abs(np.diff(edges, axis=1)).sum(1))


def _grid_sd(cdf: GridCdf, weights: Float64) -> float:
    share = np.diff(cdf.cdf(weights)[0], prepend=0.0)
    mean = float(share @ cdf.grid)
    return float(np.sqrt(share @ (cdf.grid - mean) ** 2))


def _share(total: Float64, size: Float64) -> Float64:
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Float64 = total / size[:, None]
    return share


def over(value: float, unit: float) -> float:
    """The quotient of two non-negative numbers, where nothing over nothing is 0."""
    if unit != 0 or np.isnan(value):
        return value / unit if unit != 0 else value
    return 0.0 if value == 0 else float("inf")


def mean_known(values: Float64) -> float:
    """Mean of the finite values; NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def median_known(values: Float64) -> float:
    """Median of the finite values; NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
