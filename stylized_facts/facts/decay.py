"""Slow decay: the exponent of the autocorrelation of absolute returns."""

from __future__ import annotations

import numpy as np

from model.events import Float64, Int64
from stylized_facts.facts.autocorrelation import LAGS_S, MIN_RETURNS, abs_return_acf
from stylized_facts.facts.fact import Fact
from stylized_facts.facts.levels import count_seconds
from stylized_facts.sample import MarketSample

BINS = 8
MIN_BINS = 4  # with a positive mean; fewer: there is no decay to fit


def decay_exponent(curves: Float64, lags: Int64, noise: float = 0.0) -> Float64:
    """Exponent b of rho(k) = A k^-b for each curve [R, L], by weighted least squares on log bins.

    Lags are averaged in `BINS` bins of equal width in ln k; ln rho is regressed on mean ln k with
    weights (lags in the bin) x rho^2, the inverse of the variance that equal errors of rho give to
    ln rho (statistics.md, R6). Bins that are not positive are left out. NaN where the first bin is
    not above `noise` (there is no clustering whose decay could be told) or fewer than four are
    positive.
    """
    edges = np.geomspace(lags[0], lags[-1] + 1, BINS + 1)
    member = (np.searchsorted(edges, lags, side="right") - 1)[None, :] == np.arange(BINS)[:, None]
    member = member[member.any(1)]
    count = member.sum(1)
    x = member @ np.log(lags) / count
    rho = curves @ member.T / count
    positive = rho > 0
    y = np.log(np.where(positive, rho, 1.0))
    weight = np.where(positive, count * rho**2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = weight / weight.sum(1, keepdims=True)
        centred = x - (share @ x)[:, None]
        slope: Float64 = (share * centred * y).sum(1) / (share * centred**2).sum(1)
    return np.where((rho[:, 0] > noise) & (positive.sum(1) >= MIN_BINS), -slope, np.nan)


def decay_of_volatility(sample: MarketSample, weights: Float64) -> Float64:
    """Decay exponent of the autocorrelation of absolute 1-second returns, lags 1-60 s.

    Defined where the autocorrelation at lag 1 s is more than two standard errors above 0.
    """
    noise = 2 / np.sqrt(max(1, count_seconds(sample)))
    return decay_exponent(abs_return_acf(sample).draws(weights), LAGS_S, noise)


FACTS = (
    Fact("decay_exponent", "Decay exponent of ACF of |return|", "", decay_of_volatility,
         count_seconds, MIN_RETURNS, code="R6"),
)  # fmt: skip
