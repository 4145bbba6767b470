"""Volatility without the jumps."""

from __future__ import annotations

import numpy as np

from engine.risk.drawdown import BP
from engine.risk.realised_volatility import realised_volatility_bp
from model.events import Float64


def bipower_volatility_bp(prices: Float64) -> Float64:
    """Root of the mean bipower variation of log returns, basis points a step.

    Barndorff-Nielsen and Shephard (J. Financial Econometrics 2, 2004): pi/2 times the mean of
    |r_i| |r_i-1|, which single jumps do not move in the limit.

    Parameters
    ----------
    prices : float64 [..., T], positive, equally spaced in time

    Returns
    -------
    float64 [...], bp a step; NaN for fewer than three prices
    """
    if prices.shape[-1] < 3:
        return np.full(prices.shape[:-1], np.nan)
    returns = np.abs(np.diff(np.log(prices), axis=-1))
    return np.asarray(
        BP * np.sqrt(0.5 * np.pi * np.mean(returns[..., 1:] * returns[..., :-1], axis=-1))
    )


def jump_share(prices: Float64) -> Float64:
    """Share of the realised variance that jumps make: 1 - bipower / realised, at least 0."""
    realised = realised_volatility_bp(prices) ** 2
    smooth = bipower_volatility_bp(prices) ** 2
    share = np.full(np.shape(realised), np.nan)
    np.divide(realised - smooth, realised, out=share, where=realised > 0.0)
    return np.asarray(np.maximum(share, 0.0))
