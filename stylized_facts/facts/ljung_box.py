"""No linear autocorrelation of returns: Ljung-Box, plain and robust against volatility."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, by_window
from stylized_facts.facts.levels import MIN_SECONDS, count_seconds
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample, remembered

LAGS = 10
SHORTEST = 60  # 1-second returns in a window


def ljung_box(values: Float64) -> float:
    """Q(10) = n (n + 2) sum rho_k^2 / (n - k); chi-square with 10 degrees (mean 10) if iid."""
    from statsmodels.stats.diagnostic import (
        acorr_ljungbox,
    )  # imported where needed: readers of a scorecard never need it

    return float(acorr_ljungbox(values, lags=[LAGS])["lb_stat"].iloc[0])


def robust_ljung_box(values: Float64) -> float:
    """Q(10) with each rho_k^2 divided by its variance under changing volatility.

    n (n + 2) sum rho_k^2 / ((n - k) (1 + g_k / s^4)), with g_k the autocovariance of the squared
    returns at lag k and s^2 their variance (Diebold, in: ARCH, ASA Proceedings 1986; Lo and
    MacKinlay 1988). Chi-square with 10 degrees where returns are uncorrelated, though they cluster.
    """
    from statsmodels.tsa.stattools import (
        acovf,
    )  # imported where needed: readers of a scorecard never need it

    n = len(values)
    covariance = acovf(values, fft=True, nlag=LAGS)
    squares = acovf((values - values.mean()) ** 2, fft=True, nlag=LAGS)[1:]
    variance = np.maximum(1 + squares / covariance[0] ** 2, 1 / n)
    rho = covariance[1:] / covariance[0]
    return float(n * (n + 2) * np.sum(rho**2 / variance / (n - np.arange(1, LAGS + 1))))


@remembered
def _by_window(sample: MarketSample, robust: bool) -> WindowRatio:
    return by_window(log_returns(sample, 1), robust_ljung_box if robust else ljung_box, SHORTEST)


def mean_ljung_box(sample: MarketSample, weights: Float64) -> Float64:
    """Mean over windows of Q(10) of their 1-second log returns; grows with the window's length."""
    return _by_window(sample, False).draws(weights)[:, 0]


def mean_robust_ljung_box(sample: MarketSample, weights: Float64) -> Float64:
    """Mean over windows of the robust Q(10) of their 1-second log returns."""
    return _by_window(sample, True).draws(weights)[:, 0]


FACTS = (
    Fact("ljung_box", "Ljung-Box Q(10), mean over windows", "", mean_ljung_box, count_seconds,
         MIN_SECONDS, code="R4"),
    Fact("robust_ljung_box", "Robust Ljung-Box Q(10), mean over windows", "",
         mean_robust_ljung_box, count_seconds, MIN_SECONDS, code="R4"),
)  # fmt: skip
