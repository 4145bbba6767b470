"""Expected shortfall."""

from __future__ import annotations

import numpy as np

from engine.risk.var import nan_where, tail_rank
from model.events import Float64


def expected_shortfall(losses: Float64, level: float) -> Float64:
    """Empirical expected shortfall: the mean of the worst (1 - level) of the sample.

    The average of `value_at_risk` over all levels above `level` (Acerbi and Tasche, J. Banking &
    Finance 26, 2002): the loss at the quantile itself counts with the share of its weight that
    lies beyond the level. So it is never below the value at risk at the same level, coherent, and
    never falls as the level rises.

    Parameters
    ----------
    losses : float64 [..., n], positive is a loss, in any unit; n >= 1
    level : 0 < level < 1, such as 0.99

    Returns
    -------
    float64 [...], in the unit of `losses`; NaN where a loss is NaN
    """
    count = losses.shape[-1]
    rank = tail_rank(count, level)
    ordered = np.partition(losses, (rank - 1, count - 1), axis=-1)
    quantile = ordered[..., rank - 1]
    # Excess over the quantile: exact where all losses are equal, and never negative.
    excess = np.sum(ordered[..., rank - 1 :] - quantile[..., None], axis=-1)
    return nan_where(np.isnan(ordered[..., -1]), quantile + excess / (count * (1.0 - level)))
