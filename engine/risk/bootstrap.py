"""Bootstrap intervals over paths.

Paths are independent draws, so whole paths are resampled; a pair of shocked and unshocked path is
kept together. The same seed and number of paths resample the same paths for every measure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from engine.risk.variance_reduction import variance_reduction
from model.events import Float64

Statistic = Callable[..., Float64]  # samples [r, n, ...] -> values [r]
_CHUNK = 1 << 21  # resampled values held at once


class Interval(NamedTuple):
    """A number estimated from a sample, and the ends of its confidence interval."""

    value: float
    lower: float
    upper: float


def bootstrap_draws(
    statistic: Statistic, *samples: Float64, resamples: int = 1000, seed: int = 0
) -> Float64:
    """The statistic of resampled paths, drawn with replacement.

    Parameters
    ----------
    statistic : takes arrays [r, n, ...], one for each sample, and gives r values
    samples : float64 [n, ...], a row a path, all of the same n; a resample takes the same rows
        from each
    resamples : number of resamples R
    seed : the resamples depend on the seed and n alone

    Returns
    -------
    float64 [R]
    """
    count = len(samples[0])
    generator = np.random.default_rng([seed, count])
    width = max(count, *(sample.size for sample in samples))
    step = max(1, _CHUNK // max(1, width))
    parts = []
    for start in range(0, resamples, step):
        rows = generator.integers(0, count, (min(step, resamples - start), count))
        parts.append(statistic(*(sample[rows] for sample in samples)))
    return np.concatenate(parts)


def interval(
    value: float,
    draws: Float64,
    confidence: float = 0.95,
    method: Literal["percentile", "basic"] = "percentile",
) -> Interval:
    """The confidence interval that bootstrap draws give to `value`.

    `percentile` takes the quantiles of the draws; `basic` mirrors them at `value`. Draws in which
    the statistic was not defined (NaN) are left out; without any draw the ends are NaN.
    """
    defined = draws[~np.isnan(draws)]
    if len(defined) == 0:
        return Interval(value, np.nan, np.nan)
    tail = 0.5 * (1.0 - confidence)
    lower, upper = (float(q) for q in np.quantile(defined, (tail, 1.0 - tail)))
    if method == "basic":
        lower, upper = 2.0 * value - upper, 2.0 * value - lower
    return Interval(value, lower, upper)


def bootstrap_interval(
    statistic: Statistic,
    *samples: Float64,
    resamples: int = 1000,
    confidence: float = 0.95,
    method: Literal["percentile", "basic"] = "percentile",
    seed: int = 0,
) -> Interval:
    """A statistic of the paths and its bootstrap interval; see `bootstrap_draws`, `interval`.

    Of a single path no interval can be had: its ends are NaN.
    """
    value = float(statistic(*(sample[None] for sample in samples))[0])
    if len(samples[0]) < 2:
        return Interval(value, np.nan, np.nan)
    draws = bootstrap_draws(statistic, *samples, resamples=resamples, seed=seed)
    return interval(value, draws, confidence, method)


class PairedBootstrap(NamedTuple):
    """A statistic of both arms and its paired difference, shocked less unshocked."""

    unshocked: Interval
    shocked: Interval
    effect: Interval
    variance_reduction: float  # see `variance_reduction`, of the resamples


def paired_bootstrap(
    statistic: Statistic,
    unshocked: Float64,
    shocked: Float64,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> PairedBootstrap:
    """A statistic of each arm and its difference, with intervals.

    Parameters
    ----------
    statistic : takes [r, n, ...], gives [r]
    unshocked, shocked : float64 [n, ...], row i of both is the same path
    """
    values = [float(statistic(arm[None])[0]) for arm in (unshocked, shocked)]
    values.append(values[1] - values[0])
    if len(shocked) < 2:
        first, second, effect = (Interval(value, np.nan, np.nan) for value in values)
        return PairedBootstrap(first, second, effect, np.nan)
    draws = [
        bootstrap_draws(statistic, arm, resamples=resamples, seed=seed)
        for arm in (unshocked, shocked)
    ]
    found = zip(values, (*draws, draws[1] - draws[0]), strict=True)
    first, second, effect = (interval(value, drawn, confidence) for value, drawn in found)
    return PairedBootstrap(first, second, effect, variance_reduction(*draws))
