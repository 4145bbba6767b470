"""Distribution functions window by window, on one grid: distances of any re-weighting of windows.

A resample of windows is a row of weights; on the grid its distribution function is a matrix
product, and no row of the sample is looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.events import Float64, Int64
from stylized_facts.distances import TV_BINS, DistanceName, Tails, over
from stylized_facts.quantities import Values

GRID_POINTS = 3200  # shared out among the samples of a quantity
LEAST_POINTS = 500  # of each sample


@dataclass(frozen=True, eq=False)
class GridCdf:
    """Window-by-window distribution functions on a grid shared by all samples of one quantity.

    Attributes
    ----------
    grid : float64 [G], increasing; the last point is not below any value
    below : float64 [W, G], values of window w that are <= grid[g]
    inside : float64 [W, G-1], sum over values x in (grid[g], grid[g+1]) of grid[g+1] - x
    size : float64 [W], values of window w
    memory : distribution functions by the identity of their weights, which several distances share
    """

    grid: Float64
    below: Float64
    inside: Float64
    size: Float64
    memory: dict[int, tuple[Float64, Float64]] = field(default_factory=dict)

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
        key = id(weights)  # stays taken as long as the weights are kept beside what came of them
        if key not in self.memory:
            self.memory[key] = weights, _share(weights @ self.below, weights @ self.size)
        return self.memory[key][1]

    def area(self, weights: Float64) -> Float64:
        """Integral of the distribution function over each grid cell: float64 [R, G-1]."""
        inside = _share(weights @ self.inside, weights @ self.size)
        area: Float64 = self.cdf(weights)[:, :-1] * np.diff(self.grid) + inside
        return area

    def quantiles(self, weights: Float64, levels: Float64) -> Float64:
        """Lowest grid points at which the distribution function reaches `levels`: [R, P]."""
        reached = self.cdf(weights)
        place = np.empty((len(reached), len(levels)), np.int64)
        for r, row in enumerate(reached):
            place[r] = np.searchsorted(row, levels - 1e-12)
        found = self.grid[np.minimum(place, len(self.grid) - 1)]
        return np.where(np.isnan(reached[:, :1]), np.nan, found)

    def coarse(self, points: int) -> GridCdf:
        """The same on at most about `points` points of the grid; `inside` is left empty."""
        kept = np.arange(len(self.grid) - 1, -1, -max(1, len(self.grid) // points))[::-1]
        return GridCdf(self.grid[kept], self.below[:, kept], self.inside[:, :0], self.size)


def pooled_grid(samples: list[Float64], edges: Float64 | None = None) -> Float64:
    """Grid for `GridCdf`: all the values if few, else quantiles of each sample with finer tails.

    Parameters
    ----------
    samples : values of each sample
    edges : points that must be on the grid; those beyond the greatest value are left out
    """
    filled = [np.sort(x) for x in samples if len(x)]
    if not filled:
        return np.empty(0)
    points = max(LEAST_POINTS, GRID_POINTS // len(filled))
    grid = np.unique(np.concatenate([_thin(x, points) for x in filled]))
    if edges is not None:
        grid = np.union1d(grid, edges[edges < grid[-1]])
    return grid


def _thin(values: Float64, points: int) -> Float64:
    """At most `points` of the sorted `values`: half evenly spread, half crowding at either end."""
    n = len(values)
    distinct = values[np.diff(values, prepend=-np.inf) > 0]
    if len(distinct) <= points:
        return distinct
    from_end = np.geomspace(1, n / 2, points // 4).astype(np.int64) - 1
    even = np.linspace(0, n - 1, points - 2 * len(from_end)).astype(np.int64)
    return values[np.unique(np.concatenate((from_end, even, n - 1 - from_end)))]


def resampled_distance(
    name: DistanceName,
    real: GridCdf,
    other: GridCdf,
    weights: Float64,
    other_weights: Float64,
    edges: Float64 | None = None,
    tails: Tails | None = None,
) -> Float64:
    """Distance for each pair of window weights [R, W_real], [R, W_other]: float64 [R].

    The unit of W1, the ranks and the bins of TV come from the whole real sample, whatever the
    weights. NaN where no sample holds a value. `edges` must be points of the grid, `tails` are
    needed for the tail distance.
    """
    if not len(real.grid):
        return np.full(len(weights), np.nan)
    if name == "tail":
        assert tails is not None
        levels = tails.all_levels
        ours, theirs = real.quantiles(weights, levels), other.quantiles(other_weights, levels)
        return tails.distance(ours, theirs)
    if name == "W1":
        gap = np.abs(real.area(weights) - other.area(other_weights)).sum(1)
        scale = _sd(real.grid, _whole(real))
        return np.array([over(float(g), scale) for g in gap])
    gap = real.cdf(weights) - other.cdf(other_weights)
    if name == "K-S":
        return np.asarray(np.abs(gap).max(1))
    whole = _whole(real)
    if name == "W1 rank":
        rank = whole - 0.5 * np.diff(whole, prepend=0.0)
        gap = np.abs(gap[:, :-1]) @ np.diff(rank)
        scale = _sd(rank, whole)
        return np.array([over(float(g), scale) for g in gap])
    if edges is None:
        levels = np.linspace(0, 1, TV_BINS + 1)[1:-1]
        cuts: Int64 = np.unique(np.searchsorted(whole, levels).clip(max=len(whole) - 1))
    else:
        cuts = np.searchsorted(real.grid, edges[edges < real.grid[-1]])
    ends = np.concatenate((gap[:, :1] * 0, gap[:, cuts], gap[:, :1] * 0), axis=1)
    return np.asarray(0.5 * np.abs(np.diff(ends, axis=1)).sum(1))


def _whole(cdf: GridCdf) -> Float64:
    """Distribution function of all windows together, float64 [G]."""
    return np.asarray(cdf.cdf(np.ones((1, len(cdf.size))))[0])


def _sd(points: Float64, cdf: Float64) -> float:
    share = np.diff(cdf, prepend=0.0)
    mean = float(share @ points)
    return float(np.sqrt(max(0.0, float(share @ (points - mean) ** 2))))


def _share(total: Float64, size: Float64) -> Float64:
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Float64 = np.divide(total, size[:, None], out=total)
    return share
