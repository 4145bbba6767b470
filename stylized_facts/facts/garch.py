"""Conditional heavy tails: kurtosis of returns once a GARCH model has taken out volatility."""

from __future__ import annotations

import warnings

import numpy as np

from model.events import Float64
from stylized_facts.facts.kurtosis import weighted_kurtosis
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample

HORIZON_S = 10
MIN_RETURNS = 200


def garch_residuals(values: Float64) -> Float64:
    """Standardised residuals of a GARCH(1,1), all NaN where it cannot be fitted.

    Gaussian quasi maximum likelihood by `arch`, which is consistent whatever the tails are
    (Bollerslev and Wooldridge, Econometric Reviews 1992).
    """
    from arch import arch_model  # imported where needed: readers of a scorecard never need it

    scale = float(np.std(values)) if len(values) else 0.0
    if scale == 0:
        return np.full(len(values), np.nan)
    garch = arch_model(values / scale, vol="GARCH", p=1, q=1, dist="normal", rescale=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a failed fit is seen by its flag
        fit = garch.fit(disp="off", show_warning=False)
    if fit.convergence_flag != 0:
        return np.full(len(values), np.nan)
    return np.asarray(fit.std_resid, float)


def kurtosis_of_residuals(sample: MarketSample, weights: Float64) -> Float64:
    """Excess kurtosis of the residuals of non-overlapping 10-second log returns.

    One model is fitted to all windows, each about its own mean, one after the other: the few
    returns after a border see the volatility of the window before. The fit is not redone for the
    resamples, only its residuals are drawn anew.
    """
    returns = log_returns(sample, HORIZON_S, HORIZON_S)
    size = np.diff(returns.offsets)
    total = np.bincount(returns.window, returns.values, len(size))
    centred = returns.values - (total / np.maximum(size, 1))[returns.window]
    residuals = garch_residuals(centred)
    if not np.isfinite(residuals).all():
        return np.full(len(weights), np.nan)
    return weighted_kurtosis(Values(residuals, returns.offsets), weights)
