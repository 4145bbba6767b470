"""Maximum drawdown."""

from __future__ import annotations

import numpy as np

from model.events import Float64

BP = 1e4


def max_drawdown_bp(prices: Float64) -> Float64:
    """The largest fall from a running maximum, as a share of that maximum, basis points.

    Parameters
    ----------
    prices : float64 [..., T], positive, equally spaced in time; T >= 1

    Returns
    -------
    float64 [...], 0 for a path that never falls; NaN where a price is NaN
    """
    peaks = np.maximum.accumulate(prices, axis=-1)
    return np.asarray(BP * np.max(1.0 - prices / peaks, axis=-1))


def drawdown_duration(prices: Float64) -> Float64:
    """The longest time below an earlier maximum, in steps of the sampling.

    A drawdown that has not ended at the last sample counts as long as it has lasted.

    Parameters
    ----------
    prices : float64 [..., T], equally spaced in time; T >= 1

    Returns
    -------
    float64 [...], 0 for a path that never falls
    """
    below = prices < np.maximum.accumulate(prices, axis=-1)
    steps = np.arange(prices.shape[-1])
    last_peak = np.maximum.accumulate(np.where(below, 0, steps), axis=-1)
    return np.asarray(np.max(np.where(below, steps - last_peak, 0), axis=-1), np.float64)
