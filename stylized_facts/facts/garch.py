"""Conditional heavy tails: kurtosis of returns once a GARCH model has taken out volatility."""

from __future__ import annotations

import warnings

import numpy as np
from arch import arch_model

from model.events import Float64
from stylized_facts.facts.kurtosis import weighted_kurtosis
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample

SHORTEST = 120  # 1-second returns in a window
MOVING = 0.1  # of them that must differ from 0
MOST_WINDOWS = 24  # a fit costs some 30 ms


def garch_residuals(values: Float64) -> Float64:
    """Standardised residuals of a GARCH(1,1) with Student t innovations; empty if it does not fit.

    Bollerslev, Review of Economics and Statistics 1987; maximum likelihood by `arch`.
    """
    scale = float(np.std(values))
    if scale == 0:
        return np.empty(0)
    garch = arch_model(values / scale, vol="GARCH", p=1, q=1, dist="t", rescale=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a failed fit is seen by its flag
        fit = garch.fit(disp="off", show_warning=False)
    residuals = np.asarray(fit.std_resid, float)
    if fit.convergence_flag != 0 or not np.isfinite(residuals).all():
        return np.empty(0)
    return residuals


def residuals_by_window(returns: Values) -> Values:
    """Residuals of a fit to each of at most 24 windows, evenly chosen; none for unfit windows."""
    windows = len(returns.offsets) - 1
    chosen = set(np.linspace(0, windows - 1, min(windows, MOST_WINDOWS)).astype(int).tolist())
    parts = []
    for w in range(windows):
        own = returns.values[returns.offsets[w] : returns.offsets[w + 1]]
        fit = w in chosen and len(own) >= SHORTEST and np.mean(own != 0) >= MOVING
        parts.append(garch_residuals(own) if fit else np.empty(0))
    return Values(np.concatenate(parts), np.cumsum([0] + [len(part) for part in parts]))


def kurtosis_of_residuals(sample: MarketSample, weights: Float64) -> Float64:
    """Excess kurtosis of the residuals of 1-second log returns, pooled over windows."""
    return weighted_kurtosis(residuals_by_window(log_returns(sample, 1)), weights)
