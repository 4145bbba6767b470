"""Do two quantities take their extreme values together?"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from model.events import Float64


def tail_dependence(first: Float64, second: Float64, level: float) -> Float64:
    """Dependence in the upper tail: near 1 both are extreme together, near 0 independently.

    Coles, Heffernan and Tawn (Extremes 2, 1999), chi(u) = 2 - log C(u, u) / log u, with ranks over
    n + 1 as uniform margins: 0 for independence, 1 for the same order, below 0 where one is extreme
    when the other is not. As u goes to 1 it becomes the probability that one is beyond its quantile
    given that the other is.

    Parameters
    ----------
    first, second : float64 [..., n], row i of both is the same path; ties share a rank
    level : u, 0 < u < 1

    Returns
    -------
    float64 [...], NaN where no pair lies below both quantiles
    """
    count = first.shape[-1]
    below = (rankdata(first, axis=-1) <= level * (count + 1)) & (
        rankdata(second, axis=-1) <= level * (count + 1)
    )
    joint = below.mean(axis=-1)
    logs = np.full(np.shape(joint), np.nan)
    np.log(joint, out=logs, where=joint > 0.0)
    return np.asarray(np.minimum(1.0, 2.0 - logs / np.log(level)))
