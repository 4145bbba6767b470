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
