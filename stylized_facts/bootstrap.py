"""Resampling of whole windows: weights, intervals, and splits of a sample against itself.

Rows of one window depend on each other, so a bootstrap of rows would give intervals that are far
too narrow (statistics.md, section 5). Here a resample is a weight for each window, and every
statistic is written as a function of those weights, for all resamples at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.events import Float64

MIN_WINDOWS = 4  # fewer windows give neither an interval nor a floor
LEVEL = 0.95


def window_weights(windows: int, resamples: int, seed: int) -> Float64:
    """How often each window is drawn, float64 [1 + resamples, windows]; row 0 is the sample itself.

    Two samples with equally many windows and the same seed get the same weights: paths of the same
    number are then resampled together.
    """
    draws = np.random.default_rng([seed, windows]).integers(windows, size=(resamples, windows))
    key = draws + windows * np.arange(resamples)[:, None]
    counts = np.bincount(key.ravel(), minlength=resamples * windows).reshape(resamples, windows)
    return np.vstack((np.ones(windows), counts))


def random_subsets(windows: int, chosen: int, splits: int, seed: int) -> Float64:
    """`chosen` different windows in each split: 0/1 weights, float64 [splits, windows]."""
    order = np.random.default_rng([seed, windows, chosen]).random((splits, windows)).argsort(1)
    return np.asarray((order.argsort(1) < chosen).astype(float))


def random_halves(windows: int, splits: int, seed: int) -> tuple[Float64, Float64]:
    """Two disjoint sets of windows // 2 windows in each split: 0/1 weights, [splits, windows]."""
    rank = np.random.default_rng([seed, windows]).random((splits, windows)).argsort(1).argsort(1)
    half = windows // 2
    return (rank < half).astype(float), ((rank >= half) & (rank < 2 * half)).astype(float)


def interval(draws: Float64, low: float = -np.inf) -> tuple[float, float]:
    """95% interval from draws [1 + R] whose first is the estimate; (NaN, NaN) if most are NaN.

    Percentiles of the draws, moved so that their median is the estimate: resampling adds noise of
    its own, which shifts a distance up and a kurtosis down. `low` is the smallest possible value.
    """
    lows, highs = intervals(draws[:, None], low)
    return float(lows[0]), float(highs[0])


def intervals(draws: Float64, low: float = -np.inf) -> tuple[Float64, Float64]:
    """`interval` for each column of draws [1 + R, L]: two arrays float64 [L]."""
    estimate, resampled = draws[0], draws[1:]
    known = np.isfinite(resampled)
    usable = np.isfinite(estimate) & (2 * known.sum(0) > max(1, len(resampled)))
    ends = np.full((2, draws.shape[1]), np.nan)
    if usable.any():
        kept = np.where(known, resampled, np.nan)[:, usable]
        tail = (1 - LEVEL) / 2
        lower, centre, upper = np.nanquantile(kept, (tail, 0.5, 1 - tail), axis=0)
        ends[0, usable] = np.maximum(low, estimate[usable] + lower - centre)
        ends[1, usable] = np.maximum(low, estimate[usable] + upper - centre)
    return ends[0], ends[1]


@dataclass(frozen=True, eq=False)
class WindowRatio:
    """A statistic that is a sum over windows divided by another one, for one lag or many.

    Attributes
    ----------
    above, beneath : float64 [W, L]
    """

    above: Float64
    beneath: Float64

    def draws(self, weights: Float64) -> Float64:
        """The statistic for weights [R, W]: float64 [R, L]; NaN where the divisor is 0."""
        beneath = weights @ self.beneath
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio: Float64 = np.where(beneath != 0, weights @ self.above / beneath, np.nan)
        return ratio


@dataclass(frozen=True, eq=False)
class Resampling:
    """Every set of weights that a comparison needs, drawn once and shared by all quantities.

    Attributes
    ----------
    real : float64 [1 + R, W], row 0 the sample itself (the only one where windows are too few)
    models : the same for each model; models with equally many windows are resampled together
    half, other_half : 0/1 float64 [S, W], disjoint halves of the real windows; S = 0 if too few
    subsets : for each model 0/1 float64 [S, W_m], as many windows as last as long as a half
    """

    real: Float64
    models: dict[str, Float64]
    half: Float64
    other_half: Float64
    subsets: dict[str, Float64]

    @classmethod
    def draw(
        cls, real_s: Float64, models_s: dict[str, Float64], resamples: int, splits: int, seed: int
    ) -> Resampling:
        """Draw for windows of the lengths `real_s` [W] and `models_s` [W_m], in seconds."""
        splits = 0 if len(real_s) < MIN_WINDOWS else splits
        half, other = random_halves(len(real_s), splits, seed)
        half_s = (len(real_s) // 2) * float(real_s.mean())
        subsets = {}
        for label, lengths in models_s.items():
            fitting = round(half_s / float(lengths.mean()))
            chosen = min(max(1, fitting), len(lengths))
            subsets[label] = random_subsets(len(lengths), chosen, splits, seed)
        return cls(
            real=_weights(len(real_s), resamples, seed),
            models={
                label: _weights(len(lengths), resamples, seed + 1)
                for label, lengths in models_s.items()
            },
            half=half,
            other_half=other,
            subsets=subsets,
        )

    def resampled(self, model: str) -> bool:
        """Whether the model and the real sample have windows enough to be resampled."""
        return len(self.half) > 0 and self.models[model].shape[1] >= MIN_WINDOWS


def _weights(windows: int, resamples: int, seed: int) -> Float64:
    return window_weights(windows, resamples if windows >= MIN_WINDOWS else 0, seed)
