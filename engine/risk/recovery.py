"""Time to recover, with paths that had not recovered by the end."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from statsmodels.duration.survfunc import SurvfuncRight

from engine.risk.bootstrap import Interval, interval
from model.events import Float64

Bools = npt.NDArray[np.bool_]


def following_mean(values: Float64, width: int) -> Float64:
    """Mean of each sample and the `width` - 1 after it: [P, T] -> float64 [P, T - width + 1].

    Raises
    ------
    ValueError
        Fewer samples than `width`.
    """
    if not 1 <= width <= values.shape[1]:
        raise ValueError(f"a mean over {width} samples does not fit into {values.shape[1]}")
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return np.asarray((sums[:, width:] - sums[:, :-width]) / width)


def recovery_times(
    values: Float64, lower: Float64 | float, upper: Float64 | float
) -> tuple[Float64, Bools]:
    """Steps until a path is back inside a band.

    Parameters
    ----------
    values : float64 [P, T], equally spaced, the clock starts at column 0; T >= 1
    lower, upper : ends of the band, included, broadcast to [P, T]: the unshocked twin or the level
        before the shock with a margin, or quantiles of the unshocked paths; an end may be infinite

    Returns
    -------
    steps : float64 [P], steps until recovery; T - 1 where it was not seen
    observed : bool [P], False: censored, not inside within the T samples (NaN is outside)
    """
    inside: Bools = np.logical_and(values >= lower, values <= upper)
    observed = np.asarray(inside.any(axis=1), np.bool_)
    steps = np.where(observed, np.argmax(inside, axis=1), values.shape[1] - 1)
    return steps.astype(np.float64), observed


def median_time(times: Float64, observed: Bools, confidence: float = 0.95) -> Interval:
    """Kaplan-Meier median of times of which some are censored, with its interval.

    The median is the first time at which the estimated probability of not having recovered is at
    most one half; the interval inverts the log-log confidence band of that probability.

    Parameters
    ----------
    times : float64 [P], >= 0
    observed : bool [P], False where the time is a lower bound
    confidence : of the interval

    Returns
    -------
    Interval, NaN for what the sample does not reach: the median where more than half had not
        recovered, an end where the band does not come down to one half
    """
    if not observed.any():
        return Interval(np.nan, np.nan, np.nan)
    with warnings.catch_warnings():  # log of 0 where the curve reaches 0: statsmodels handles it
        warnings.simplefilter("ignore", RuntimeWarning)
        curve = SurvfuncRight(times, observed.astype(np.int64))
        lower, upper = (float(end) for end in curve.quantile_ci(0.5, 1.0 - confidence))
    below = curve.surv_prob <= 0.5 + 1e-12
    median = float(curve.surv_times[np.argmax(below)]) if below.any() else np.nan
    # A curve that jumps across one half has times on one side of the jump in the band, or none.
    lower, upper = float(np.fmin(lower, median)), float(np.fmax(upper, median))
    return Interval(median, lower, upper if np.isfinite(upper) else np.nan)


def half_life(excess: Float64) -> float:
    """Steps until a mean excess (spread, missing depth) has fallen to half of its first value.

    Parameters
    ----------
    excess : float64 [P, T], shocked less unshocked from the end of the shock on, equally spaced

    Returns
    -------
    float
        Linear between samples; NaN where the mean excess is not positive at first, or does not
        come down to half within the samples.
    """
    return _halved(excess.mean(axis=0))


def half_life_interval(
    excess: Float64, resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> tuple[Interval, float]:
    """`half_life` with its bootstrap interval over paths, and the share of resamples that have one.

    Resamples without a half-life are left out of the interval.
    """
    paths = len(excess)
    generator = np.random.default_rng([seed, paths])
    weights = generator.multinomial(paths, np.full(paths, 1.0 / paths), resamples) / paths
    draws = np.array([_halved(mean) for mean in weights @ excess])
    defined = float(np.isfinite(draws).mean())
    value = half_life(excess)
    if paths < 2 or not np.isfinite(value):
        return Interval(value, np.nan, np.nan), defined
    return interval(value, draws, confidence), defined


def _halved(mean: Float64) -> float:
    if not mean[0] > 0.0:
        return float("nan")
    reached = np.flatnonzero(mean <= 0.5 * mean[0])
    if len(reached) == 0:
        return float("nan")
    k = int(reached[0])
    fallen = (mean[k - 1] - 0.5 * mean[0]) / (mean[k - 1] - mean[k])
    return float(k - 1 + fallen)
