"""What playing both arms from the same random numbers saves."""

from __future__ import annotations

import math

import numpy as np

from model.events import Float64


def variance_reduction(unshocked: Float64, shocked: Float64) -> float:
    """How many times fewer paths a paired effect needs than one from independent runs.

    Variance of the difference of two independent numbers over that of the difference of pairs:
    (Var a + Var b) / Var(b - a). Of means it is the same whether the rows are paths or bootstrap
    resamples of them; of other statistics (a quantile, a tail mean) take resamples.

    Parameters
    ----------
    unshocked, shocked : float64 [n], row i of both is the same path, or the same resample of paths;
        rows with NaN are left out

    Returns
    -------
    float
        NaN for fewer than two rows, infinite where all pairs agree.
    """
    both = np.isfinite(unshocked) & np.isfinite(shocked)
    if both.sum() < 2:
        return math.nan
    a, b = unshocked[both], shocked[both]
    paired = float(np.var(b - a, ddof=1))
    apart = float(np.var(a, ddof=1) + np.var(b, ddof=1))
    return apart / paired if paired > 0.0 else math.inf
