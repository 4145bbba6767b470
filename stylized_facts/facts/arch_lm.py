"""Volatility clustering: Engle's Lagrange multiplier test for ARCH effects."""

from __future__ import annotations

import warnings

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, by_window
from stylized_facts.facts.levels import MIN_SECONDS, count_seconds
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample, remembered

LAGS = 10
SHORTEST = 60  # 1-second returns in a window


def arch_lm(values: Float64) -> float:
    """Sample size times R^2 of squares on 10 of their lags; chi-square with 10 degrees if no ARCH.

    Engle, Econometrica 1982. NaN where all squares but the first ten are equal.
    """
    from statsmodels.stats.diagnostic import (
        het_arch,
    )  # imported where needed: readers of a scorecard never need it
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning

    centred = values - values.mean()
    if np.ptp(centred[LAGS:] ** 2) == 0.0:
        return float("nan")
    with warnings.catch_warnings():  # R^2 is the same whichever of equal lags is left out
        warnings.simplefilter("ignore", SingularMatrixWarning)
        return float(het_arch(centred, nlags=LAGS, result_object=True).lm)


@remembered
def _by_window(sample: MarketSample) -> WindowRatio:
    return by_window(log_returns(sample, 1), arch_lm, SHORTEST)


def mean_arch_lm(sample: MarketSample, weights: Float64) -> Float64:
    """Mean over windows of the statistic of their 1-second log returns; grows with their length."""
    return _by_window(sample).draws(weights)[:, 0]


FACTS = (
    Fact("arch_lm", "ARCH-LM (10), mean over windows", "", mean_arch_lm, count_seconds,
         MIN_SECONDS, code="R5"),
)  # fmt: skip
