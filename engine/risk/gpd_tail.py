"""The tail of losses by a generalised Pareto distribution over a threshold."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy import stats

from engine.risk.var import tail_rank
from model.events import Float64

LEAST_EXCESSES = 20
THRESHOLDS = (0.80, 0.85, 0.90, 0.925, 0.95)  # levels at which stability is looked at


class TailFit(BaseModel):
    """Peaks over one threshold, and what they say of VaR and ES at one level.

    `shape` (xi) above 0 is a heavy tail; the expected shortfall is infinite, and None, from 1 on.
    `quantile_error` is the largest distance between fitted and empirical distribution of the
    excesses (Kolmogorov-Smirnov).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float
    threshold_level: float
    excesses: int
    shape: float
    scale: float
    quantile_error: float
    var: float
    es: float | None


def gpd_tail(losses: Float64, level: float, threshold_level: float = 0.9) -> TailFit | None:
    """VaR and ES at `level` from a generalised Pareto fit to losses over a threshold.

    McNeil and Frey (J. Empirical Finance 7, 2000): with N_u of n losses over u,
    VaR = u + scale/shape (((1 - level) n / N_u)^-shape - 1) and
    ES = (VaR + scale - shape u) / (1 - shape); maximum likelihood, location fixed at 0.

    Parameters
    ----------
    losses : float64 [n], positive is a loss
    level : above `threshold_level`, below 1
    threshold_level : share of losses up to the threshold

    Returns
    -------
    TailFit, or None with fewer than 20 excesses, or if all are equal

    Raises
    ------
    ValueError
        `level` does not lie above `threshold_level`.
    """
    if not 0.0 < threshold_level < level < 1.0:
        raise ValueError(f"level {level} must lie between threshold level {threshold_level} and 1")
    ordered = np.sort(losses)
    threshold = float(ordered[tail_rank(len(losses), threshold_level) - 1])
    excesses = ordered[ordered > threshold] - threshold
    count = len(excesses)
    if count < LEAST_EXCESSES or excesses[0] == excesses[-1]:
        return None
    unit = float(excesses.mean())  # the search is not free of units
    shape, _, scale = stats.genpareto.fit(excesses / unit, floc=0.0)
    scale *= unit
    beyond = (1.0 - level) * len(losses) / count
    grown = -np.log(beyond) if abs(shape) < 1e-8 else (beyond**-shape - 1.0) / shape
    var = threshold + scale * grown
    es = (var + scale - shape * threshold) / (1.0 - shape) if shape < 1.0 else None
    error = stats.kstest(excesses, stats.genpareto(shape, 0.0, scale).cdf).statistic
    return TailFit(
        threshold=threshold, threshold_level=threshold_level, excesses=count, shape=float(shape),
        scale=float(scale), quantile_error=float(error), var=float(var),
        es=None if es is None else float(es),
    )  # fmt: skip


def threshold_scan(losses: Float64, level: float) -> tuple[TailFit, ...]:
    """Fits over a range of thresholds below `level`: shape and ES should hardly move."""
    fits = (gpd_tail(losses, level, at) for at in THRESHOLDS if at < level)
    return tuple(fit for fit in fits if fit is not None)
