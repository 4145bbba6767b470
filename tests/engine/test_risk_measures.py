"""Measures of tails, liquidity and error: closed forms, invariants, and tests of their size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats

from engine.risk.backtests import acerbi_szekely, christoffersen, kupiec
from engine.risk.bipower import bipower_volatility_bp, jump_share
from engine.risk.drawdown import drawdown_duration, max_drawdown_bp
from engine.risk.expected_shortfall import expected_shortfall
from engine.risk.gpd_tail import gpd_tail, threshold_scan
from engine.risk.how_many_paths import MOST_PATHS, how_many_paths, paths_for_a_tenth
from engine.risk.price_impact import amihud, impact_moments, impact_slope, kyle_lambda
from engine.risk.proportion import share_of_paths
from engine.risk.realised_volatility import realised_volatility_bp
from engine.risk.recovery import half_life, half_life_interval
from engine.risk.tail_dependence import tail_dependence
from engine.risk.var import value_at_risk
from engine.risk.variance_reduction import variance_reduction

RNG = np.random.default_rng(7)
LOSSES = npst.arrays(np.float64, st.integers(1, 60), elements=st.floats(-100, 100))


@given(LOSSES, st.floats(0.05, 0.98), st.floats(0.0, 0.9), st.floats(0.1, 5.0), st.floats(-9, 9))
@settings(max_examples=60, deadline=None)
def test_var_and_es_are_ordered_and_scale(
    losses: np.ndarray, level: float, more: float, factor: float, shift: float
) -> None:
    higher = level + more * (0.99 - level)
    var, es = value_at_risk(losses, level), expected_shortfall(losses, level)
    assert es >= var - 1e-9
    assert value_at_risk(losses, higher) >= var - 1e-9
    assert expected_shortfall(losses, higher) >= es - 1e-9
    moved = expected_shortfall(factor * losses + shift, level)
    assert moved == pytest.approx(factor * es + shift, abs=1e-6)


def test_a_pareto_tail_is_found_again() -> None:
    shape, scale = 0.3, 2.0
    sample = stats.genpareto(shape, 0.0, scale).rvs(20_000, random_state=RNG)
    fit = gpd_tail(sample, 0.99)
    assert fit is not None
    assert fit.shape == pytest.approx(shape, abs=0.06)
    var = scale / shape * (0.01**-shape - 1)
    assert fit.var == pytest.approx(var, rel=0.03)
    assert fit.es == pytest.approx((var + scale) / (1 - shape), rel=0.08)
    assert fit.quantile_error < 0.03
    scan = threshold_scan(sample, 0.99)
    assert [one.threshold_level for one in scan] == [0.8, 0.85, 0.9, 0.925, 0.95]
    assert np.ptp([one.shape for one in scan]) < 0.15
    exponential = gpd_tail(RNG.exponential(1.0, 20_000), 0.99)
    assert exponential is not None
    assert exponential.var == pytest.approx(-math.log(0.01), rel=0.03)


@given(st.floats(0.01, 100.0))
@settings(max_examples=10, deadline=None)
def test_a_fitted_tail_is_homogeneous(factor: float) -> None:
    sample = np.random.default_rng(1).standard_t(4, 500)
    one, other = gpd_tail(sample, 0.95), gpd_tail(factor * sample, 0.95)
    assert one is not None
    assert other is not None
    assert one.es is not None
    assert other.var == pytest.approx(factor * one.var, rel=1e-3)
    assert other.es == pytest.approx(factor * one.es, rel=1e-3)
    assert one.es >= one.var


def test_too_small_a_tail_has_no_fit() -> None:
    assert gpd_tail(RNG.normal(size=100), 0.99) is None
    assert gpd_tail(np.repeat([0.0, 1.0], [900, 100]), 0.99, 0.9) is None
    with pytest.raises(ValueError, match="must lie between"):
        gpd_tail(RNG.normal(size=100), 0.9, 0.95)


def test_drawdown_duration() -> None:
    prices = np.array([[1.0, 2.0, 1.5, 1.8, 2.0, 1.9, 1.9, 1.9], [1, 2, 3, 4, 5, 6, 7, 8.0]])
    assert drawdown_duration(prices).tolist() == [3.0, 0.0]
    assert max_drawdown_bp(prices)[0] == pytest.approx(2_500)


def test_bipower_ignores_a_jump() -> None:
    returns = RNG.normal(0.0, 1e-4, (200, 2_000))
    smooth = 100 * np.exp(np.cumsum(returns, axis=1))
    returns[:, 1_000] += 0.02
    jumped = 100 * np.exp(np.cumsum(returns, axis=1))
    assert bipower_volatility_bp(smooth).mean() == pytest.approx(1.0, rel=0.01)
    # One jump leaves two products of the size of the jump: some of it stays in a finite sample.
    left = bipower_volatility_bp(jumped).mean() - 1.0
    assert left < 0.1 * (realised_volatility_bp(jumped).mean() - 1.0)
    assert jump_share(jumped).mean() > 0.9
    assert jump_share(smooth).mean() < 0.05
    assert np.isnan(bipower_volatility_bp(np.ones((1, 2)))).all()


def test_amihud_is_the_move_over_the_value() -> None:
    prices = np.array([[100.0, 101.0, 101.0, 100.0], [100.0, 100.0, 100.0, 100.0]])
    values = np.array([[1e6, 0.0, 2e6], [0.0, 0.0, 0.0]])
    expected = (100 + 0.5 * 1e4 / 101) / 2
    assert amihud(prices, values)[0] == pytest.approx(expected)
    assert np.isnan(amihud(prices, values)[1])


def test_kyle_lambda_is_found_again() -> None:
    volume = RNG.normal(0.0, 100.0, (20, 200))
    change = 0.03 * volume + RNG.normal(0.0, 1.0, volume.shape)
    prices = 1_000 + np.concatenate([np.zeros((20, 1)), np.cumsum(change, axis=1)], axis=1)
    found = kyle_lambda(prices, volume)
    assert found.value == pytest.approx(0.03, abs=0.002)
    assert found.lower < 0.03 < found.upper
    assert np.isnan(kyle_lambda(prices, 0 * volume).value)


@given(st.integers(1, 400), st.floats(0.0, 1.0))
def test_wilson_stays_inside(paths: int, share: float) -> None:
    events = round(share * paths)
    found = share_of_paths(events, paths)
    assert 0.0 <= found.lower <= found.value <= found.upper <= 1.0
    assert found.upper - found.lower > 0.0


def test_wilson_known_value() -> None:
    assert share_of_paths(0, 10).upper == pytest.approx(0.2775, abs=1e-4)
    with pytest.raises(ValueError, match="3 of 2 paths"):
        share_of_paths(3, 2)


def test_tail_dependence_of_known_cases() -> None:
    x, y = RNG.normal(size=(2, 40_000))
    assert tail_dependence(x, 3 * x + 1, 0.95) == pytest.approx(1.0, abs=0.01)
    assert tail_dependence(x, y, 0.95) == pytest.approx(0.0, abs=0.03)
    assert tail_dependence(x, -x, 0.6) < 0.0
    shared = stats.multivariate_t(np.zeros(2), [[1, 0.7], [0.7, 1]], df=3).rvs(
        40_000, random_state=RNG
    )
    expected = 2 * stats.t.sf(math.sqrt(4 * 0.3 / 1.7), 4)
    assert tail_dependence(*shared.T, 0.98) == pytest.approx(expected, abs=0.08)


def test_backtests_have_their_size_and_see_a_wrong_forecast() -> None:
    rejected = np.zeros(3)
    for _ in range(400):
        losses = RNG.normal(size=500)
        hits = losses > stats.norm.ppf(0.95)
        rejected += [kupiec(hits, 0.95).p_value < 0.05, christoffersen(hits, 0.95).p_value < 0.05,
                     kupiec(hits, 0.90).p_value < 0.05]  # fmt: skip
    assert 0.01 <= rejected[0] / 400 <= 0.10
    assert 0.01 <= rejected[1] / 400 <= 0.10
    assert rejected[2] / 400 > 0.9
    clustered = np.repeat(RNG.random(50) < 0.05, 10)
    assert kupiec(clustered, 1 - clustered.mean()).statistic == pytest.approx(0.0, abs=1e-9)
    assert christoffersen(clustered, 1 - clustered.mean()).p_value < 1e-3


def test_kupiec_by_hand() -> None:
    hits = np.arange(250) < 6
    ratio = -2 * math.log(0.99**244 * 0.01**6 / ((244 / 250) ** 244 * (6 / 250) ** 6))
    assert kupiec(hits, 0.99).statistic == pytest.approx(ratio)
    assert np.isfinite(kupiec(np.zeros(250, bool), 0.99).statistic)


def test_expected_shortfall_backtest() -> None:
    level, n = 0.95, 500
    var, es = stats.norm.ppf(level), stats.norm.pdf(stats.norm.ppf(level)) / (1 - level)
    simulated = RNG.normal(size=(2_000, n))
    forecast = np.full(n, var), np.full(n, es)
    right = acerbi_szekely(RNG.normal(size=n), *forecast, simulated, level)
    wrong = acerbi_szekely(2.0 * RNG.normal(size=n), *forecast, simulated, level)
    assert right.p_value > 0.01
    assert wrong.statistic < -1.0
    assert wrong.p_value < 0.001


def test_half_life() -> None:
    time = np.arange(60.0)
    excess = 8.0 * 2.0 ** (-time / 10.0) + RNG.normal(0.0, 0.05, (200, 60))
    assert half_life(excess) == pytest.approx(10.0, abs=0.3)
    assert math.isnan(half_life(-excess))
    assert math.isnan(half_life(np.ones((3, 5))))


def test_half_life_has_an_interval_over_paths() -> None:
    time = np.arange(60.0)
    excess = 8.0 * 2.0 ** (-time / 10.0) + RNG.normal(0.0, 2.0, (100, 60))
    found, defined = half_life_interval(excess, 300)
    assert defined == 1.0
    assert found.lower < 10.0 < found.upper
    assert found.upper - found.lower < 5.0
    nothing, defined = half_life_interval(-excess, 50)
    assert defined == 0.0
    assert math.isnan(nothing.value)


def test_slope_from_sums_is_that_of_the_regression() -> None:
    volume = RNG.normal(0.0, 50.0, (6, 40)) + 5.0
    prices = np.cumsum(0.2 * np.pad(volume, ((0, 0), (1, 0))), axis=1)
    prices += RNG.normal(0.0, 3.0, prices.shape)
    slope = impact_slope(impact_moments(prices, volume)[None])
    assert slope == pytest.approx(kyle_lambda(prices, volume).value)
    assert np.isnan(impact_slope(impact_moments(prices, np.ones((6, 40)))[None]))


def test_paths_for_a_tenth_of_the_number() -> None:
    spread = lambda a, b: b.mean(axis=-1) - a.mean(axis=-1)  # noqa: E731
    base = RNG.normal(0.0, 3.0, 400)
    pair = base, base + RNG.normal(1.0, 2.0, 400)
    found = paths_for_a_tenth(spread, *pair)
    assert found is not None
    assert found.wanted_error == pytest.approx(0.1 * abs(spread(*pair)))
    assert found.recommended == pytest.approx((2.0 / found.wanted_error) ** 2, rel=0.3)
    null = paths_for_a_tenth(spread, base, base + RNG.normal(0.0, 2.0, 400) * 1e-9)
    assert null is not None
    assert null.recommended <= MOST_PATHS
    assert paths_for_a_tenth(spread, base, base) is None
    assert paths_for_a_tenth(spread, base[:3], pair[1][:3]) is None


def test_error_falls_with_the_root_of_the_paths() -> None:
    sample = RNG.normal(0.0, 3.0, 400)
    found = how_many_paths(lambda x: x.mean(axis=-1), sample, wanted_error=0.1)
    assert found.paths == (100, 200, 400)
    assert found.standard_errors == pytest.approx([0.3, 0.212, 0.15], rel=0.15)
    assert found.recommended == pytest.approx(900, rel=0.25)
    with pytest.raises(ValueError, match="at least four paths"):
        how_many_paths(lambda x: x.mean(axis=-1), sample[:3], wanted_error=0.1)


def test_variance_reduction() -> None:
    common, own = RNG.normal(size=(2, 5_000))
    assert variance_reduction(common, common + 0.5 * own) == pytest.approx(9.0, rel=0.1)
    assert variance_reduction(common, own) == pytest.approx(1.0, rel=0.1)
    assert variance_reduction(common, common + 2.0) > 1e9
