"""Resampling of whole windows: weights, intervals, and splits of a sample against itself.

Rows of one window depend on each other, so a bootstrap of rows would give intervals that are far
too narrow (statistics.md, section 5). Here a resample is a weight for each window, and every
statistic is written as a function of those weights, for all resamples at once. Windows that follow
one another in a session are drawn in runs: the stationary bootstrap of Politis and Romano (JASA
1994) with the block length of Politis and White (Econometric Reviews 2004, corrected 2009).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.events import Float64
from stylized_facts.sample import MarketSample

MIN_WINDOWS = 4  # fewer windows give neither an interval nor a floor
LEVEL = 0.95
LEAST_FOR_RUNS = 32  # windows: fewer are drawn one by one, as runs leave too few to choose from
LONGEST_BLOCK = 1 / 4  # of the windows


def window_weights(windows: int, resamples: int, seed: int, block: float = 1.0) -> Float64:
    """How often each window is drawn, float64 [1 + resamples, windows]; row 0 is the sample itself.

    Two samples with equally many windows, the same block and seed get the same weights: paths of
    the same number are then resampled together.

    Parameters
    ----------
    block : mean length of a run of neighbouring windows (stationary bootstrap); 1 draws each alone
    """
    rng = np.random.default_rng([seed, windows])
    draws = rng.integers(windows, size=(resamples, windows))
    if block > 1:
        begins = rng.random((resamples, windows)) < 1 / block
        begins[:, 0] = True
        place = np.arange(windows)
        start = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
        draws = (np.take_along_axis(draws, start, axis=1) + place - start) % windows
    key = draws + windows * np.arange(resamples)[:, None]
    counts = np.bincount(key.ravel(), minlength=resamples * windows).reshape(resamples, windows)
    return np.vstack((np.ones(windows), counts))


def block_length(sample: MarketSample) -> float:
    """Mean run of windows that a resample should draw together; 1 for independent paths.

    The longest of the optimal block lengths for three series of one number a window: logarithm of
    the number of events, of the realised variance of the mid at 1 s, and of the mean spread.
    Windows that do not follow one another, and fewer than 32, are drawn one by one.
    """
    windows = len(sample)
    follows = sample.start_ns[1:] == sample.end_ns[:-1]
    if windows < LEAST_FOR_RUNS or follows.mean() < 0.5:
        return 1.0
    from arch.bootstrap import optimal_block_length

    grid = sample.grid
    first, points = grid.offsets[:-1], np.diff(grid.offsets)
    step = np.diff(np.log(np.maximum(grid.mid_ticks, 0.5)), prepend=0.0) ** 2
    step[first] = 0.0
    wide = np.where(grid.two_sided, grid.quotes.ask_ticks - grid.quotes.bid_ticks, 0)
    levels = (
        np.diff(sample.offsets),
        np.add.reduceat(step, first) / points * 1e10,
        np.add.reduceat(wide, first) / points,
    )
    series = [np.log1p(level) for level in levels if np.ptp(level) > 0]
    if not series:
        return 1.0
    best = optimal_block_length(np.stack(series, axis=1))["stationary"].to_numpy()
    return float(np.clip(np.nanmax(np.append(best, 1.0)), 1.0, windows * LONGEST_BLOCK))


def random_subsets(windows: int, chosen: int, splits: int, seed: int) -> Float64:
    """`chosen` different windows in each split: 0/1 weights, float64 [splits, windows]."""
    order = np.random.default_rng([seed, windows, chosen]).random((splits, windows)).argsort(1)
    return np.asarray((order.argsort(1) < chosen).astype(float))


def random_halves(windows: int, splits: int, seed: int) -> tuple[Float64, Float64]:
    """Two disjoint sets of windows // 2 windows in each split: 0/1 weights, [splits, windows]."""
    rank = np.random.default_rng([seed, windows]).random((splits, windows)).argsort(1).argsort(1)
    half = windows // 2
    return (rank < half).astype(float), ((rank >= half) & (rank < 2 * half)).astype(float)


def interval(
    draws: Float64, low: float = -np.inf, windows: int | None = None
) -> tuple[float, float]:
    """95% interval from draws [1 + R] whose first is the estimate; (NaN, NaN) if most are NaN.

    Percentiles of the draws, moved so that their median is the estimate: resampling adds noise of
    its own, which shifts a distance up and a kurtosis down.

    Parameters
    ----------
    low : smallest possible value
    windows : how many were resampled. Few windows make percentile intervals too narrow; they are
        widened by t(n - 1) / z sqrt(n / (n - 1)) (Hesterberg, American Statistician 2015)
    """
    lows, highs = intervals(draws[:, None], low, windows)
    return float(lows[0]), float(highs[0])


def widening(windows: int | None) -> float:
    """Factor by which a percentile interval over so many windows is stretched; at least 1."""
    if windows is None or windows < 2:
        return 1.0
    from scipy import stats

    upper = (1 + LEVEL) / 2
    t, z = stats.t.ppf(upper, windows - 1), stats.norm.ppf(upper)
    return float(t / z * np.sqrt(windows / (windows - 1)))


def intervals(
    draws: Float64, low: float = -np.inf, windows: int | None = None
) -> tuple[Float64, Float64]:
    """`interval` for each column of draws [1 + R, L]: two arrays float64 [L]."""
    estimate, resampled = draws[0], draws[1:]
    known = np.isfinite(resampled)
    usable = np.isfinite(estimate) & (2 * known.sum(0) > max(1, len(resampled)))
    ends = np.full((2, draws.shape[1]), np.nan)
    if usable.any():
        kept = np.where(known, resampled, np.nan)[:, usable]
        tail = (1 - LEVEL) / 2
        lower, centre, upper = np.nanquantile(kept, (tail, 0.5, 1 - tail), axis=0)
        factor = widening(windows)
        for end, quantile in enumerate((lower, upper)):
            moved = estimate[usable] + factor * (quantile - centre)
            ends[end, usable] = np.maximum(low, moved)
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
    block, blocks : mean length of the runs of windows that were drawn, real and by model
    """

    real: Float64
    models: dict[str, Float64]
    half: Float64
    other_half: Float64
    subsets: dict[str, Float64]
    block: float = 1.0
    blocks: dict[str, float] = field(default_factory=dict)

    @classmethod
    def draw(
        cls,
        real_s: Float64,
        models_s: dict[str, Float64],
        resamples: int,
        splits: int,
        seed: int,
        block: float = 1.0,
        blocks: dict[str, float] | None = None,
    ) -> Resampling:
        """Draw for windows of the lengths `real_s` [W] and `models_s` [W_m], in seconds.

        `block` and `blocks` are those of `block_length`; a model left out is drawn one by one.
        """
        blocks = {label: (blocks or {}).get(label, 1.0) for label in models_s}
        splits = 0 if len(real_s) < MIN_WINDOWS else splits
        half, other = random_halves(len(real_s), splits, seed)
        half_s = (len(real_s) // 2) * float(real_s.mean())
        subsets = {}
        for label, lengths in models_s.items():
            fitting = round(half_s / float(lengths.mean()))
            chosen = min(max(1, fitting), len(lengths))
            subsets[label] = random_subsets(len(lengths), chosen, splits, seed)
        return cls(
            real=_weights(len(real_s), resamples, seed, block),
            models={
                label: _weights(len(lengths), resamples, seed + 1, blocks[label])
                for label, lengths in models_s.items()
            },
            half=half,
            other_half=other,
            subsets=subsets,
            block=block,
            blocks=blocks,
        )

    def fewest(self, model: str) -> int:
        """Windows of the smaller of the two samples."""
        return int(min(self.real.shape[1], self.models[model].shape[1]))

    def resampled(self, model: str) -> bool:
        """Whether the model and the real sample have windows enough to be resampled."""
        return len(self.half) > 0 and self.models[model].shape[1] >= MIN_WINDOWS


def _weights(windows: int, resamples: int, seed: int, block: float) -> Float64:
    return window_weights(windows, resamples if windows >= MIN_WINDOWS else 0, seed, block)
