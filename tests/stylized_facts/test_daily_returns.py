"""The estimators on daily closes of the S&P 500 and of NASDAQ, 1999-2018, as `arch` ships them."""

from __future__ import annotations

import numpy as np
import pytest
from arch.data import nasdaq, sp500

from stylized_facts.facts.aggregation import distance_to_normal
from stylized_facts.facts.arch_lm import arch_lm
from stylized_facts.facts.asymmetry import weighted_skew
from stylized_facts.facts.autocorrelation import autocorrelation
from stylized_facts.facts.dfa import fluctuations, hurst_exponent
from stylized_facts.facts.garch import garch_residuals, gjr_garch
from stylized_facts.facts.hill import hill_index
from stylized_facts.facts.kurtosis import excess_kurtosis
from stylized_facts.facts.leverage import leverage
from stylized_facts.facts.ljung_box import ljung_box, robust_ljung_box
from stylized_facts.facts.long_memory import gph, local_whittle, periodograms
from stylized_facts.facts.robust_kurtosis import robust_excess
from stylized_facts.facts.tail_shape import pareto_shape
from stylized_facts.facts.variance_ratio import variance_ratio
from stylized_facts.quantities import Values

ONE = np.ones((1, 1))


@pytest.fixture(scope="module", params=[sp500, nasdaq], ids=["S&P 500", "NASDAQ"])
def returns(request):
    closes = request.param.load()["Adj Close"].to_numpy()
    found = 100 * np.diff(np.log(closes))
    assert len(found) > 5_000
    return found


def single(x):
    return Values(x, np.array([0, len(x)]))


def test_tails_are_heavy_and_near_the_inverse_cubic_law(returns):
    assert 2.5 < hill_index(returns, 0.025) < 4.5
    assert 0.05 < pareto_shape(returns) < 0.5
    assert excess_kurtosis(returns) > 4
    assert robust_excess(returns, "Moors") > 0.15


def test_quarters_are_nearer_to_normal_than_days(returns):
    longer = returns[: len(returns) // 63 * 63].reshape(-1, 63).sum(1)
    assert excess_kurtosis(longer) < 0.6 * excess_kurtosis(returns)
    assert distance_to_normal(returns) > 0.1


def test_returns_are_not_correlated_but_their_sizes_are_for_months(returns):
    lags = np.array([1, 5, 20, 60])
    assert np.abs(autocorrelation(single(returns), lags).draws(ONE)).max() < 0.1
    memory = autocorrelation(single(np.abs(returns)), lags).draws(ONE)[0]
    assert (memory > 0.08).all()
    assert arch_lm(returns) > 300
    assert ljung_box(returns) > 2 * robust_ljung_box(returns)
    assert variance_ratio(returns, 5) == pytest.approx(0.87, abs=0.06)  # days turn back a little
    assert 0.4 < hurst_exponent(fluctuations(single(returns)), ONE)[0] < 0.55


def test_volatility_is_fractionally_integrated(returns):
    found = periodograms(single(np.abs(returns)))
    assert 0.3 < gph(found, ONE)[0] < 0.75
    assert 0.3 < local_whittle(found, ONE)[0] < 0.75


def test_losses_come_before_volatility(returns):
    early = leverage(single(returns), np.arange(1, 11)).draws(ONE)[0]
    late = leverage(single(returns), -np.arange(1, 11)).draws(ONE)[0]
    assert early.mean() < -0.05
    assert early.mean() < late.mean() - 0.05
    assert weighted_skew(single(returns), ONE)[0] < 0.1


def test_garch_leaves_tails_that_are_lighter_but_heavy(returns):
    residuals, tail, skew = gjr_garch(returns)
    assert 4 < tail < 15
    assert -0.3 < skew < 0
    assert 0 < excess_kurtosis(residuals) < 0.5 * excess_kurtosis(returns)
    assert excess_kurtosis(garch_residuals(returns)) < 0.5 * excess_kurtosis(returns)
