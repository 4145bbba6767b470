"""No linear autocorrelation of returns: the Ljung-Box statistic."""

from __future__ import annotations

from model.events import Float64
from stylized_facts.facts.fact import by_window
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample

LAGS = 10
SHORTEST = 60  # 1-second returns in a window


def ljung_box(values: Float64) -> float:
    """Q(10) = n (n + 2) sum rho_k^2 / (n - k); chi-square with 10 degrees (mean 10) if iid."""
    from statsmodels.stats.diagnostic import (
        acorr_ljungbox,
    )  # imported where needed: readers of a scorecard never need it

    return float(acorr_ljungbox(values, lags=[LAGS])["lb_stat"].iloc[0])


def mean_ljung_box(sample: MarketSample, weights: Float64) -> Float64:
    """Mean over windows of Q(10) of their 1-second log returns; grows with the window's length."""
    return by_window(log_returns(sample, 1), ljung_box, SHORTEST).draws(weights)[:, 0]
