"""Conditional heavy tails: what is left of them once a GARCH model has taken out volatility."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, centred, vertex
from stylized_facts.facts.hill import count_tail, weighted_hill
from stylized_facts.facts.kurtosis import weighted_kurtosis
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered

HORIZON_S = 10
MIN_RETURNS = 200
MIN_TAIL = 400
TAILS = (2.05, 100.0)  # limits of the degrees of freedom, those of arch less a little
LOG_TAILS = np.linspace(np.log(TAILS[0]), np.log(TAILS[1]), 40)


def garch_residuals(values: Float64) -> Float64:
    """Standardised residuals of a GARCH(1,1), all NaN where it cannot be fitted.

    Gaussian quasi maximum likelihood by `arch`, which is consistent whatever the tails are
    (Bollerslev and Wooldridge, Econometric Reviews 1992).
    """
    fit = _fitted(values, o=0, dist="normal")
    return np.full(len(values), np.nan) if fit is None else np.asarray(fit.std_resid, float)


def gjr_garch(values: Float64) -> tuple[Float64, float, float]:
    """Residuals, degrees of freedom and skew of a GJR-GARCH(1,1) with skewed Student innovations.

    Maximum likelihood by `arch` (Glosten, Jagannathan and Runkle, Journal of Finance 1993; Hansen,
    International Economic Review 1994). All NaN where it cannot be fitted.
    """
    fit = _fitted(values, o=1, dist="skewt")
    if fit is None:
        return np.full(len(values), np.nan), float("nan"), float("nan")
    tail = float(fit.params["eta"])  # called eta by arch, nu in the literature
    return np.asarray(fit.std_resid, float), tail, float(fit.params["lambda"])


def _fitted(values: Float64, o: int, dist: Literal["normal", "skewt"]) -> Any:
    from arch import arch_model  # imported where needed: readers of a scorecard never need it

    scale = float(np.std(values)) if len(values) else 0.0
    if scale == 0:
        return None
    garch = arch_model(values / scale, vol="GARCH", p=1, o=o, q=1, dist=dist, rescale=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a failed fit is seen by its flag
        fit = garch.fit(disp="off", show_warning=False)
    return fit if fit.convergence_flag == 0 else None


@remembered
def _returns(sample: MarketSample) -> Values:
    return centred(log_returns(sample, HORIZON_S, HORIZON_S))


@remembered
def _plain_residuals(sample: MarketSample) -> Float64:
    return garch_residuals(_returns(sample).values)


@remembered
def _gjr_residuals(sample: MarketSample) -> tuple[Float64, float, float]:
    return gjr_garch(_returns(sample).values)


def kurtosis_of_residuals(sample: MarketSample, weights: Float64) -> Float64:
    """Excess kurtosis of the residuals of non-overlapping 10-second log returns.

    One model is fitted to all windows, each about its own mean, one after the other: the few
    returns after a border see the volatility of the window before. The fit is not redone for the
    resamples, only its residuals are drawn anew.
    """
    residuals = _plain_residuals(sample)
    if not np.isfinite(residuals).all():
        return np.full(len(weights), np.nan)
    return weighted_kurtosis(Values(residuals, _returns(sample).offsets), weights)


def hill_of_residuals(sample: MarketSample, weights: Float64) -> Float64:
    """Hill index, 5% tail, of the residuals of the GJR-GARCH; drawn anew, not fitted anew."""
    residuals, _, _ = _gjr_residuals(sample)
    if not np.isfinite(residuals).all():
        return np.full(len(weights), np.nan)
    return weighted_hill(Values(residuals, _returns(sample).offsets), weights)


def degrees_of_freedom(sample: MarketSample, weights: Float64) -> Float64:
    """Degrees of freedom of the innovations of the GJR-GARCH.

    The whole sample by maximum likelihood; for resamples the likelihood of the residuals drawn
    anew, with volatility and skew as fitted. NaN where it is greatest at 2.05 or at 100.
    """
    residuals, tail, skew = _gjr_residuals(sample)
    if not np.isfinite(tail):
        return np.full(len(weights), np.nan)
    found = np.exp(vertex(LOG_TAILS, weights @ _tail_likelihood(sample, skew)))
    found[(weights == 1).all(1)] = tail if TAILS[0] < tail < TAILS[1] else np.nan
    return np.asarray(found)


@remembered
def _tail_likelihood(sample: MarketSample, skew: float) -> Float64:
    """Minus log likelihood of the residuals of each window on the grid of tails, float64 [W, G]."""
    from arch.univariate import SkewStudent

    residuals, _, _ = _gjr_residuals(sample)
    window, law, ones = _returns(sample).window, SkewStudent(), np.ones(len(residuals))
    columns = [
        np.bincount(
            window,
            -law.loglikelihood(np.array([tail, skew]), residuals, ones, individual=True),
            len(sample),
        )
        for tail in np.exp(LOG_TAILS)
    ]
    return np.stack(columns, axis=1)


FACTS = (
    Fact("garch_residual_kurtosis", "Excess kurtosis of GARCH residuals, 10 s", "",
         kurtosis_of_residuals, count_tail, MIN_RETURNS, code="R10"),
    Fact("gjr_residual_hill", "Hill index of GJR-GARCH residuals, 10 s", "", hill_of_residuals,
         count_tail, MIN_TAIL, code="R10"),
    Fact("gjr_degrees_of_freedom", "Degrees of freedom of GJR-GARCH innovations, 10 s", "",
         degrees_of_freedom, count_tail, MIN_TAIL, code="R10"),
)  # fmt: skip
