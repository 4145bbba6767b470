"""What a stylized fact is: one number of a sample, written as a function of window weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.events import Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.quantities import Values
from stylized_facts.sample import MarketSample

REFITS = 40  # resamples for which a fact that needs a fit of its own is fitted again


@dataclass(frozen=True)
class Fact:
    """One stylized fact.

    Attributes
    ----------
    key, label, unit : names
    estimate : the value for each row of window weights [R, W], float64 [R]; NaN where undefined
    count : how many observations the value rests on
    minimum : with fewer the value is NaN and the verdict `too few samples`
    kind : `fact`, or `mean` for a plain level whose ratio to the real one is shown
    code : its number in the list of docs/stylized_facts.md: R1-R15 returns, L1-L14 order book
    report_only : shown, but no evidence for or against a model: real data do not show it reliably
    """

    key: str
    label: str
    unit: str
    estimate: Callable[[MarketSample, Float64], Float64]
    count: Callable[[MarketSample], int]
    minimum: int
    kind: Literal["fact", "mean"] = "fact"
    code: str = ""
    report_only: bool = False

    def draws(self, sample: MarketSample, weights: Float64) -> Float64:
        """The value for each row of `weights`; all NaN where the sample is too small."""
        if self.count(sample) < self.minimum:
            return np.full(len(weights), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):  # a divisor of 0 means: undefined
            found = np.asarray(self.estimate(sample, weights), float)
        return np.where(np.isfinite(found), found, np.nan)

    def shortfall(self, sample: MarketSample) -> str:
        """Why the value is NaN, in one line that names fact and sample; empty where it is not."""
        held = self.count(sample)
        if held < self.minimum:
            return (
                f"{self.label}: sample '{sample.label}' holds {held} observations, "
                f"it needs {self.minimum}"
            )
        if np.isnan(self.draws(sample, np.ones((1, len(sample))))[0]):
            return f"{self.label}: not defined for sample '{sample.label}'"
        return ""


@dataclass(frozen=True)
class FactCurve:
    """A fact that is a curve, and is compared as a whole.

    `estimate` gives it as a function of window weights; `count`, `minimum`, `code` and
    `report_only` are as in `Fact`. `x` is where its points lie, in the unit `x_unit`, or what they
    are called.
    """

    key: str
    label: str
    estimate: Callable[[MarketSample], WindowRatio]
    count: Callable[[MarketSample], int]
    minimum: int
    code: str = ""
    report_only: bool = False
    x: tuple[float, ...] | tuple[str, ...] = ()
    x_unit: str = ""


class WindowCorrelation(WindowRatio):
    """Correlations [L] from sums over windows: `above` cross products, `beneath` [W, 2L] squares.

    The first L columns of `beneath` are sums of squares of the one variable, the others of the
    other one.
    """

    def draws(self, weights: Float64) -> Float64:
        """The correlations for weights [R, W]: float64 [R, L]; NaN where a variable is constant."""
        first, second = np.split(weights @ self.beneath, 2, axis=1)
        scale = np.sqrt(first * second)
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Float64 = np.where(scale > 0, weights @ self.above / scale, np.nan)
        return found


def correlation(x: Float64, y: Float64, window: Int64, windows: int) -> WindowCorrelation:
    """Pearson's correlation of paired values, about the means of the whole sample."""
    x, y = (x - x.mean(), y - y.mean()) if len(x) else (x, y)
    return WindowCorrelation(
        window_sums(window, windows, x * y), window_sums(window, windows, x * x, y * y)
    )


def window_sums(window: Int64, windows: int, *columns: Float64) -> Float64:
    """Sum of each column over the rows of each window: float64 [W, columns]."""
    return np.stack([np.bincount(window, c, windows) for c in columns], axis=1).astype(float)


def pairs(values: Values, lag: int) -> tuple[Float64, Float64, Int64]:
    """Values and those `lag` steps later in the same window, and the window of each pair."""
    window = values.window
    inside = window[lag:] == window[: max(0, len(window) - lag)]
    return values.values[:-lag][inside], values.values[lag:][inside], window[lag:][inside]


def sums(values: Values) -> WindowRatio:
    """Sum over number of values, window by window: its ratio is the mean."""
    windows = len(values.offsets) - 1
    total = np.bincount(values.window, values.values, windows).astype(float)
    return WindowRatio(total[:, None], np.diff(values.offsets).astype(float)[:, None])


def by_window(values: Values, statistic: Callable[[Float64], float], shortest: int) -> WindowRatio:
    """A statistic of each window; its ratio is the mean over windows where it is defined.

    Windows with fewer than `shortest` values, constant ones, and those where the statistic is NaN
    are left out.
    """
    found = np.full(len(values.offsets) - 1, np.nan)
    for w in range(len(found)):
        own = values.values[values.offsets[w] : values.offsets[w + 1]]
        if len(own) >= shortest and np.ptp(own) > 0:
            found[w] = statistic(own)
    known = np.isfinite(found)
    return WindowRatio(np.where(known, found, 0.0)[:, None], known.astype(float)[:, None])


def refitted(
    values: Values, weights: Float64, fit: Callable[[Float64], float], most: int = REFITS
) -> Float64:
    """A fit to the values of each resample, windows repeated by their weights: float64 [R].

    `fit` is given the values in ascending order and must not depend on it. Only the first `most`
    resamples are fitted; the others repeat their results in turn, so that intervals are those of
    `most` resamples.
    """
    order = np.argsort(values.values)
    ascending, window = values.values[order], values.window[order]
    found = [fit(np.repeat(ascending, row[window].astype(np.int64))) for row in weights[: 1 + most]]
    if len(weights) <= len(found):
        return np.array(found)
    return np.concatenate((found[:1], np.resize(found[1:], len(weights) - 1)))


def centred(values: Values) -> Values:
    """Values less the mean of their window."""
    size = np.maximum(np.diff(values.offsets), 1)
    mean = np.bincount(values.window, values.values, len(size)) / size
    return Values(values.values - mean[values.window], values.offsets)


def vertex(grid: Float64, height: Float64) -> Float64:
    """Where each row of `height` [R, G] is lowest on the evenly spaced `grid` [G], by a parabola.

    NaN where the lowest point is an end of the grid, or the row is not known throughout.
    """
    known = np.asarray(np.isfinite(height).all(1))
    at = np.argmin(np.where(known[:, None], height, 0.0), axis=1)
    inner = np.clip(at, 1, len(grid) - 2)
    row = np.arange(len(height))
    left, centre, right = (height[row, inner + step] for step in (-1, 0, 1))
    curvature = left - 2 * centre + right
    with np.errstate(invalid="ignore", divide="ignore"):
        found = grid[inner] + 0.5 * (left - right) / curvature * (grid[1] - grid[0])
    return np.where(known & (at == inner) & (curvature > 0), found, np.nan)
