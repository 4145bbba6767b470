"""Was the forecast tail right? Tests of value at risk and expected shortfall on what happened."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import xlogy
from scipy.stats import binom, binomtest, chi2

from model.events import Float64
from model.order_flow import Bools


class Backtest(NamedTuple):
    """A test: its statistic, and the probability of one as extreme if the forecast is right."""

    statistic: float
    p_value: float


def kupiec(hits: Bools, level: float) -> Backtest:
    """Is the number of losses beyond VaR as it should be?

    Kupiec (J. Derivatives 3, 1995): likelihood ratio of the share of hits against 1 - level,
    chi-squared with one degree of freedom.

    Parameters
    ----------
    hits : bool [n], whether the loss of a period was beyond its forecast VaR
    level : of the VaR, such as 0.99
    """
    n, x, p = len(hits), int(np.sum(hits)), 1.0 - level
    found = x / n
    ratio = 2.0 * (_likelihood(n - x, x, found) - _likelihood(n - x, x, p))
    return Backtest(float(ratio), float(chi2.sf(ratio, 1)))


def exact_count(hits: Bools, level: float) -> Backtest:
    """`kupiec`'s question by the exact two-sided binomial test; its statistic is the count."""
    count = int(np.sum(hits))
    return Backtest(float(count), float(binomtest(count, len(hits), 1.0 - level).pvalue))


@lru_cache
def kupiec_power(n: int, level: float, share: float, size: float = 0.05) -> float:
    """How often `kupiec` rejects at `size` if losses are beyond VaR with probability `share`.

    With `share` = 1 - level it is the test's real size. Exact: a sum over all counts of n periods.
    """
    counts = np.arange(n + 1)
    hits = np.arange(n)[None, :] < counts[:, None]
    rejected = np.array([kupiec(row, level).p_value < size for row in hits])
    return float(binom.pmf(counts, n, share)[rejected].sum())


def christoffersen(hits: Bools, level: float) -> Backtest:
    """Are there as many hits as there should be, and do they come independently?

    Christoffersen (International Economic Review 39, 1998): Kupiec's ratio plus that of hits which
    depend on the hit before against hits which do not, chi-squared with two degrees of freedom.

    Parameters
    ----------
    hits : bool [n], in time order
    level : of the VaR
    """
    before, after = np.asarray(hits[:-1], np.int64), np.asarray(hits[1:], np.int64)
    counts = np.zeros((2, 2))
    np.add.at(counts, (before, after), 1)
    rows = counts.sum(axis=1)
    share = np.divide(counts[:, 1], rows, out=np.zeros(2), where=rows > 0)
    pooled = counts[:, 1].sum() / max(1.0, rows.sum())
    dependent = sum(_likelihood(counts[i, 0], counts[i, 1], share[i]) for i in range(2))
    independent = _likelihood(counts[:, 0].sum(), counts[:, 1].sum(), pooled)
    ratio = 2.0 * (dependent - independent) + kupiec(hits, level).statistic
    return Backtest(float(ratio), float(chi2.sf(ratio, 2)))


def _likelihood(misses: float, hits: float, p: float) -> float:
    return float(xlogy(misses, 1.0 - p) + xlogy(hits, p))


def acerbi_szekely(
    losses: Float64,
    var: Float64,
    es: Float64,
    simulated: Float64,
    level: float,
    simulated_var: Float64 | None = None,
    simulated_es: Float64 | None = None,
) -> Backtest:
    """Are the losses beyond VaR as large as the expected shortfall says?

    Acerbi and Szekely (Risk, December 2014), second test: Z = 1 - sum(loss x hit / ((1 - level) n
    ES)), 0 on average if the forecast is right, below 0 if it is too small. The p-value is the
    share of simulated losses of the forecast that give a Z as low.

    Parameters
    ----------
    losses : float64 [n], what happened
    var, es : float64 [n], forecast for each period
    simulated : float64 [m, n], m draws of all periods from the forecast distributions
    level : of both
    simulated_var, simulated_es : float64 [m, n], forecasts that the draws are held against, where
        they differ from `var` and `es`: a forecast made from few paths must not contain the draw
    """
    statistic = _z2(losses, var, es, level)
    under_forecast = _z2(
        simulated,
        var if simulated_var is None else simulated_var,
        es if simulated_es is None else simulated_es,
        level,
    )
    return Backtest(float(statistic), float(np.mean(under_forecast <= statistic)))


def _z2(losses: Float64, var: Float64, es: Float64, level: float) -> Float64:
    beyond = np.where(losses > var, losses / es, 0.0)
    return np.asarray(1.0 - beyond.sum(axis=-1) / ((1.0 - level) * losses.shape[-1]))
