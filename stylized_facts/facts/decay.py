"""Slow decay: the exponent of the autocorrelation of absolute returns."""

from __future__ import annotations

import numpy as np

from model.events import Float64, Int64
from stylized_facts.facts.autocorrelation import LAGS_S, abs_return_acf
from stylized_facts.sample import MarketSample

BINS = 8
MIN_BINS = 6  # with a positive mean; fewer: there is no decay to fit


def decay_exponent(curves: Float64, lags: Int64) -> Float64:
    """Exponent b of rho(k) = A k^-b for each curve [R, L], by weighted least squares on log bins.

    Lags are averaged in `BINS` bins of equal width in ln k; ln rho is regressed on mean ln k with
    weights (lags in the bin) x rho^2, the inverse of the variance that equal errors of rho give to
    ln rho (statistics.md, R6). NaN where the first or more than two bins are not positive.
    """
    edges = np.geomspace(lags[0], lags[-1] + 1, BINS + 1)
    member = (np.searchsorted(edges, lags, side="right") - 1)[None, :] == np.arange(BINS)[:, None]
    count = member.sum(1)
    member, count = member[count > 0], count[count > 0]
    x = member @ np.log(lags) / count
    rho = curves @ member.T / count
    positive = rho > 0
    y = np.log(np.where(positive, rho, 1.0))
    weight = np.where(positive, count * rho**2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = weight / weight.sum(1, keepdims=True)
        centred = x - (share @ x)[:, None]
        slope: Float64 = (share * centred * y).sum(1) / (share * centred**2).sum(1)
    enough = positive[:, 0] & (positive.sum(1) >= len(count) - (BINS - MIN_BINS))
    return np.where(enough, -slope, np.nan)


def decay_of_volatility(sample: MarketSample, weights: Float64) -> Float64:
    """Decay exponent of the autocorrelation of absolute 1-second returns, lags 1-60 s."""
    return decay_exponent(abs_return_acf(sample).draws(weights), LAGS_S)
