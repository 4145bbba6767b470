"""Time to recover, with paths that had not recovered by the end."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from statsmodels.duration.survfunc import SurvfuncRight

from engine.risk.bootstrap import Interval
from model.events import Float64

Bools = npt.NDArray[np.bool_]


def recovery_times(
    values: Float64, lower: Float64 | float, upper: Float64 | float, hold: int = 1
) -> tuple[Float64, Bools]:
    """Steps until a path is back inside a band and stays there for `hold` steps.

    Parameters
    ----------
    values : float64 [P, T], equally spaced, the clock starts at column 0
    lower, upper : ends of the band, included, broadcast to [P, T]: the unshocked twin or the level
        before the shock with a margin, or quantiles of the unshocked paths; an end may be infinite
    hold : samples in a row that must lie inside, the first of them is the time of recovery

    Returns
    -------
    steps : float64 [P], steps until recovery; where it was not seen, T - hold, the last at which
        it could have been
    observed : bool [P], False: censored, not recovered within the T samples (NaN is outside)

    Raises
    ------
    ValueError
        Fewer samples than `hold`.
    """
    length = values.shape[1]
    if not 1 <= hold <= length:
        raise ValueError(f"hold {hold} does not fit into {length} samples")
    inside = (values >= lower) & (values <= upper)
    runs = np.cumsum(np.pad(inside, ((0, 0), (1, 0))), axis=1)
    stays: Bools = np.equal(runs[:, hold:] - runs[:, :-hold], hold)
    observed: Bools = stays.any(axis=1)
    steps = np.where(observed, np.argmax(stays, axis=1), length - hold)
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
    if np.isnan(lower) and curve.surv_prob[0] == 0.0:  # all at once: no band to invert
        lower = upper = median
    return Interval(median, lower, upper if np.isfinite(upper) else np.nan)
