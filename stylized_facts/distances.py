"""Distances between a real and a synthetic sample of one quantity, or between two curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.events import Float64
from stylized_facts.quantities import Quantity

DistanceName = Literal["K-S", "W1", "W1 rank", "TV", "tail"]
DISTANCES: tuple[DistanceName, ...] = ("K-S", "W1", "W1 rank", "TV", "tail")
TV_BINS = 50
TAIL_LEVELS = (0.99, 0.995, 0.999)
TAIL_VALUES = 10  # that a sample must hold beyond a level


@dataclass(frozen=True)
class Tails:
    """Which quantiles the tail distance of a quantity compares, and on which axis.

    Attributes
    ----------
    levels : upper levels, below 1
    lower : whether the levels 1 - p are compared as well
    logarithm : whether values are still to be put on a logarithmic axis, sign left out
    """

    levels: tuple[float, ...]
    lower: bool
    logarithm: bool

    @classmethod
    def of(cls, quantity: Quantity, values: int) -> Tails:
        """Levels beyond which at least ten of so many values lie; none for a bounded quantity.

        Both sides for returns and times, the upper one for what is counted or starts at 0.
        """
        returns = quantity.centre == "sd"
        bounded = quantity.scale == "linear" and not returns and not quantity.whole
        known = [p for p in TAIL_LEVELS if (1 - p) * values >= TAIL_VALUES and not bounded]
        return cls(tuple(known), returns or quantity.scale == "log", quantity.scale == "linear")

    @property
    def all_levels(self) -> Float64:
        """Every level that is compared, float64 [P]."""
        lower = [1 - p for p in self.levels] if self.lower else []
        return np.array([*self.levels, *lower])

    def distance(self, real: Float64, other: Float64) -> Float64:
        """Mean absolute difference of quantiles [..., P] on the axis; NaN without levels.

        A quantile that has the wrong sign, or is 0, cannot be put on a logarithmic axis: the
        distance is then infinite, and NaN where the real one has no tail there.
        """
        if not self.levels:
            return np.full(np.broadcast_shapes(real.shape, other.shape)[:-1], np.nan)
        if self.logarithm:
            side = np.where(self.all_levels > 0.5, 1.0, -1.0 if self.lower else 1.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                real = np.where(side * real > 0, np.log(np.abs(real)), np.nan)
                other = np.log(np.maximum(side * other, 0.0))
        return np.asarray(np.abs(real - other).mean(-1))


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


def rank_distance(real: Float64, other: Float64) -> float:
    """Wasserstein-1 on the rank scale of the real sample, in units of the real sd there.

    Every value is replaced by the mid-distribution function of the real sample,
    (P(X < x) + P(X <= x)) / 2: heavy tails then weigh no more than their share of the values.
    NaN if a sample is empty.
    """
    ordered = np.sort(real)
    return wasserstein_distance(mid_rank(ordered, real), mid_rank(ordered, other))


def mid_rank(ordered: Float64, values: Float64) -> Float64:
    """(P(X < x) + P(X <= x)) / 2 of each value under the sorted sample `ordered`, 0 to 1."""
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(below / (2 * max(1, len(ordered))))


def tail_distance(real: Float64, other: Float64, tails: Tails) -> float:
    """Mean |ln q_other(p) - ln q_real(p)| over the levels of `tails`; NaN if a sample is empty."""
    if not len(real) or not len(other) or not tails.levels:
        return float("nan")
    p, q = (np.quantile(x, tails.all_levels, method="inverted_cdf") for x in (real, other))
    return float(tails.distance(p, q))


def distance(
    name: DistanceName, real: Float64, other: Float64, edges: Float64 | None, tails: Tails
) -> float:
    """The named distance between values on the axis of a quantity.

    Parameters
    ----------
    edges : inner edges of the bins of TV; without them bins of equal shares of the real sample
    tails : of the tail distance
    """
    if name == "K-S":
        return ks_distance(real, other)
    if name == "W1":
        return wasserstein_distance(real, other)
    if name == "W1 rank":
        return rank_distance(real, other)
    if name == "tail":
        return tail_distance(real, other, tails)
    if not len(real):
        return float("nan")
    return total_variation(real, other, quantile_edges(real) if edges is None else edges)


def distances_for(quantity: Quantity) -> tuple[DistanceName, ...]:
    """The distances that make sense: ranks for returns alone, which no logarithm tames."""
    returns = quantity.centre == "sd"
    bounded = quantity.scale == "linear" and not returns and not quantity.whole
    left_out = {"W1 rank"} - ({"W1 rank"} if returns else set()) | ({"tail"} if bounded else set())
    return tuple(name for name in DISTANCES if name not in left_out)


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
