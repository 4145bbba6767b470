"""A power law through binned means, for many resamples at once."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import vertex

EXPONENTS = np.linspace(-0.5, 2.0, 126)
MIN_BINS = 4


def power_fit(x: Float64, totals: Float64, numbers: Float64, least: int) -> tuple[Float64, Float64]:
    """Exponent and factor of y = c x^p by weighted non-linear least squares.

    The factor is known for every exponent, so that only p is searched for.

    Parameters
    ----------
    x : [B], places of the bins
    totals, numbers : [R, B], sum of y in each bin and number of values
    least : bins with fewer values are left out

    Returns
    -------
    tuple
        p and c, float64 [R]; NaN where fewer than four bins count, or p is outside -0.5..2.
    """
    share = np.where(numbers >= least, numbers, 0.0)
    mean = totals / np.maximum(numbers, 1)
    power = x[None, :] ** EXPONENTS[:, None]
    cross = (share * mean) @ power.T
    squares = share @ (power**2).T
    with np.errstate(invalid="ignore", divide="ignore"):
        # residual sum of squares less what does not depend on p, for the best factor of each p
        found = vertex(EXPONENTS, -(cross**2) / squares)
        at = x[None, :] ** found[:, None]
        factor = (share * mean * at).sum(1) / (share * at**2).sum(1)
    known = (share > 0).sum(1) >= MIN_BINS
    return np.where(known, found, np.nan), np.where(known, factor, np.nan)
