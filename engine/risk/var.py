"""Value at risk."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from model.events import Float64


def value_at_risk(losses: Float64, level: float) -> Float64:
    """Empirical value at risk: the smallest loss that a share `level` of losses does not exceed.

    The lower quantile (inverse of the empirical distribution), no interpolation: the loss of rank
    ceil(n x level). It never falls as the level rises, VaR(a x losses + b) = a x VaR + b for a > 0.

    Parameters
    ----------
    losses : float64 [..., n], positive is a loss, in any unit; n >= 1
    level : 0 < level < 1, such as 0.99

    Returns
    -------
    float64 [...], in the unit of `losses`; NaN where a loss is NaN
    """
    rank = tail_rank(losses.shape[-1], level)
    ordered = np.partition(losses, (rank - 1, losses.shape[-1] - 1), axis=-1)
    return nan_where(np.isnan(ordered[..., -1]), ordered[..., rank - 1])


def tail_rank(count: int, level: float) -> int:
    """Rank, from 1, of the quantile at `level` among `count` ordered values.

    Raises
    ------
    ValueError
        No values, or a level outside (0, 1).
    """
    if count == 0 or not 0.0 < level < 1.0:
        raise ValueError(f"no quantile at level {level} of {count} values")
    return max(1, math.ceil(count * level - 1e-9))  # 0.95 x 20 is a little over 19 in floats


def nan_where(undefined: npt.NDArray[np.bool_] | np.bool_, values: Any) -> Float64:
    """`values` with NaN where `undefined`."""
    return np.asarray(np.where(undefined, np.nan, values))
