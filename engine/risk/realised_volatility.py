"""Realised volatility."""

from __future__ import annotations

import numpy as np

from engine.risk.drawdown import BP
from model.events import Float64


def realised_volatility_bp(prices: Float64) -> Float64:
    """Root mean square of the log returns from one sample to the next, basis points a step.

    No mean is taken out: over a few minutes it is not known. Multiply by the square root of the
    number of steps for the volatility over a longer time.

    Parameters
    ----------
    prices : float64 [..., T], positive, equally spaced in time

    Returns
    -------
    float64 [...], bp a step; NaN where a price is NaN, and for fewer than two prices
    """
    if prices.shape[-1] < 2:
        return np.full(prices.shape[:-1], np.nan)
    returns = np.diff(np.log(prices), axis=-1)
    return np.asarray(BP * np.sqrt(np.mean(returns**2, axis=-1)))
