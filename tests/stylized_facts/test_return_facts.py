"""Facts of tails, dependence, memory and asymmetry on processes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from arch.univariate import FIGARCH, Normal, ZeroMean
from scipy import stats
from statsmodels.tsa.arima_process import arma_generate_sample

from stylized_facts.bootstrap import window_weights
from stylized_facts.facts import FACTS
from stylized_facts.facts.aggregation import distance_to_normal, ladder_slope
from stylized_facts.facts.asymmetry import medcouple, weighted_skew
from stylized_facts.facts.autocorrelation import autocorrelation, without_level
from stylized_facts.facts.garch import gjr_garch
from stylized_facts.facts.hill import hill_index, one_sign, weighted_hill
from stylized_facts.facts.leverage import LAGS, leverage
from stylized_facts.facts.ljung_box import ljung_box, robust_ljung_box
from stylized_facts.facts.long_memory import gph, local_whittle, periodograms
from stylized_facts.facts.robust_kurtosis import MEASURES, robust_excess
from stylized_facts.facts.tail_shape import pareto_shape
from stylized_facts.facts.variance_ratio import variance_ratio
from stylized_facts.facts.zumbach import zumbach
from stylized_facts.quantities import Values
from tests.stylized_facts.toy_values import (
    ONE,
    curve,
    fractional_noise,
    one,
    ragged,
    repeated,
    single,
)

# tails


def test_pareto_shape_of_student_t_is_one_over_its_index():
    x = np.random.default_rng(1).standard_t(3, 200_000)
    assert pareto_shape(x) == pytest.approx(1 / 3, abs=0.06)
    assert abs(pareto_shape(np.random.default_rng(2).exponential(size=100_000))) < 0.04
    assert np.isnan(pareto_shape(np.zeros(1000)))
    assert np.isnan(pareto_shape(x[:100]))


def test_hill_of_one_sign_sees_only_that_sign():
    rng = np.random.default_rng(3)
    x = np.concatenate((rng.pareto(2.5, 50_000) + 1, -(rng.pareto(5, 50_000) + 1)))
    assert hill_index(one_sign(single(x), 1).values) == pytest.approx(2.5, rel=0.06)
    assert hill_index(one_sign(single(x), -1).values) == pytest.approx(5, rel=0.06)


def test_hill_looks_beyond_the_head_where_a_resample_needs_it():
    rng = np.random.default_rng(4)
    rows = [rng.pareto(3, 400) + 1, 100 * (rng.pareto(3, 400) + 1)]
    only_small = np.array([[3.0, 0.0]])  # its tail lies under all that the other window holds
    found = weighted_hill(ragged(rows), only_small, 0.05)[0]
    assert found == pytest.approx(hill_index(np.tile(rows[0], 3), 0.05))


def test_robust_kurtosis_of_known_laws():
    rng = np.random.default_rng(5)
    normal, heavy = rng.standard_normal(200_000), rng.standard_t(3, 200_000)
    for measure in MEASURES:
        assert abs(robust_excess(normal, measure)) < 0.03, measure
        assert robust_excess(heavy, measure) > 0.1, measure
        assert np.isnan(robust_excess(np.ones(100), measure))
    q = stats.t(3).ppf(np.array([1, 2, 3, 5, 6, 7]) / 8)
    moors = ((q[5] - q[3]) + (q[2] - q[0])) / (q[4] - q[1]) - 1.233
    assert robust_excess(heavy, "Moors") == pytest.approx(moors, abs=0.02)


@pytest.mark.filterwarnings("error")
def test_tails_of_equal_returns_are_not_known():
    """Nothing lies below the quantile of 5% where a tenth of the returns equals it."""
    assert np.isnan(robust_excess(np.repeat([-1.0, 0.0, 0.5, 1.0], [10, 40, 40, 10]), "Hogg"))


def test_ladder_of_independent_returns_falls_with_slope_minus_one():
    h = (1, 10, 30, 60)
    found = ladder_slope(np.array([[6 / x for x in h], [-1, 3, 1, 0.5], [1, -1, -1, 1]]), h)
    assert found[0] == pytest.approx(-1)
    assert found[1] == pytest.approx(-1, abs=0.02)
    assert np.isnan(found[2])


def test_distance_to_normal(market):
    rng = np.random.default_rng(6)
    assert distance_to_normal(rng.standard_normal(100_000)) < 0.01
    assert distance_to_normal(5 + 3 * rng.standard_normal(1_000)) < 0.06
    uniform = rng.uniform(size=100_000)
    levels = (np.arange(100_000) + 0.5) / 100_000
    exact = np.abs(np.sqrt(12) * (levels - 0.5) - stats.norm.ppf(levels)).mean()
    assert distance_to_normal(uniform) == pytest.approx(exact, rel=0.05)
    assert np.isnan(distance_to_normal(np.ones(10)))
    sample = market(rng.standard_t(3, (40, 600)))
    assert one(sample, "distance_to_normal_10s") > one(sample, "distance_to_normal_60s")


# linear dependence


def test_variance_ratio_of_an_ar1():
    x = arma_generate_sample([1, -0.3], [1], 100_000, distrvs=np.random.default_rng(7).normal)
    q = 5
    exact = 1 + 2 * sum((1 - k / q) * 0.3**k for k in range(1, q))
    assert variance_ratio(x, q) == pytest.approx(exact, abs=0.03)
    walk = np.random.default_rng(8).standard_normal(100_000)
    assert variance_ratio(walk, 10) == pytest.approx(1, abs=0.03)


def test_robust_ljung_box_is_not_fooled_by_clustering(garch_returns):
    rows = garch_returns(200, 600, 1)
    plain, robust = ([f(row) for row in rows] for f in (ljung_box, robust_ljung_box))
    assert np.mean(plain) > 13
    assert np.mean(robust) == pytest.approx(10, abs=1.5)
    linear = arma_generate_sample([1, -0.3], [1], 600, distrvs=np.random.default_rng(9).normal)
    assert robust_ljung_box(linear) > 25


# memory of volatility


@pytest.mark.parametrize("d", [0.0, 0.2, 0.4])
def test_fractional_order_of_fractional_noise(d):
    rows = fractional_noise(d, 4_000, np.random.default_rng(10), rows=12)
    found, weights = periodograms(ragged(list(rows))), np.ones((1, 12))
    assert gph(found, weights)[0] == pytest.approx(d, abs=0.05)
    assert local_whittle(found, weights)[0] == pytest.approx(d, abs=0.04)


def test_fractional_order_leaves_out_what_it_cannot_use():
    found = periodograms(ragged([np.ones(500), np.arange(50.0)]))
    assert np.isnan(local_whittle(found, np.ones((1, 2)))).all()


def test_figarch_remembers_longer_than_garch(market, garch_returns):
    figarch = ZeroMean(None, volatility=FIGARCH(truncation=500))
    figarch.distribution = Normal(seed=np.random.default_rng(11))
    simulated = figarch.simulate([0.05, 0.2, 0.5, 0.4], 24_000, burn=2_000)
    long = market(np.asarray(simulated["data"]).reshape(20, 1_200))
    short = market(garch_returns(20, 1_200, 2))
    assert curve(long, "acf_abs_return")[40:].mean() > curve(short, "acf_abs_return")[40:].mean()
    assert one(long, "decay_exponent") < one(short, "decay_exponent")
    assert one(long, "memory_whittle") > 0.15


def test_level_of_each_stretch_is_taken_out(rows):
    loud = np.concatenate((rows[0][:100], 50 * rows[0][100:200]))
    flat = without_level(ragged([loud, rows[1]]), 100)
    np.testing.assert_allclose(np.mean(flat.values[:100] ** 2), 1)
    np.testing.assert_allclose(np.mean(flat.values[100:200] ** 2), 1)
    lag = np.array([1])
    absolute = Values(np.abs(flat.values), flat.offsets)
    raw = autocorrelation(single(np.abs(loud)), lag).draws(ONE)[0, 0]
    assert raw > 0.2
    assert abs(autocorrelation(absolute, lag).draws(np.ones((1, 2)))[0, 0]) < 0.15
    assert (without_level(single(np.zeros(10))).values == 0).all()


def test_gjr_garch_finds_the_innovations():
    rng = np.random.default_rng(12)
    x, variance = np.empty(12_000), 1.0
    for t, z in enumerate(rng.standard_t(5, len(x)) / np.sqrt(5 / 3)):
        x[t] = np.sqrt(variance) * z
        variance = 0.05 + (0.03 + 0.08 * (z < 0)) * x[t] ** 2 + 0.87 * variance
    residuals, tail, skew = gjr_garch(x)
    assert tail == pytest.approx(5, abs=0.8)
    assert abs(skew) < 0.05
    assert hill_index(residuals, 0.025) > hill_index(x, 0.025)
    assert np.isnan(gjr_garch(np.zeros(100))[1])


def test_degrees_of_freedom_of_resamples_are_near_the_fit(market):
    rng = np.random.default_rng(13)
    sample = market(np.repeat(rng.standard_t(4, (40, 60)) / 10, 10, axis=1))
    draws = FACTS["gjr_degrees_of_freedom"].draws(sample, window_weights(40, 50, 0))
    assert draws[0] == pytest.approx(4, abs=1)
    assert np.median(draws[1:]) == pytest.approx(draws[0], abs=0.5)
    assert one(sample, "gjr_residual_hill") == pytest.approx(3.3, abs=1)


# asymmetry


def test_leverage_of_a_process_with_leverage():
    rng = np.random.default_rng(14)
    z = rng.standard_normal((4, 30_000))
    scale = np.ones_like(z)
    scale[:, 1:] = np.where(z[:, :-1] < 0, 1.5, 0.5)
    found = leverage(ragged(list(scale * z)), np.array([-2, -1, 1, 2])).draws(np.ones((1, 4)))[0]
    assert found[2] < -0.1
    assert np.abs(found[[0, 1, 3]]).max() < 0.03
    short = leverage(single(np.arange(10.0)), LAGS).draws(ONE)[0]
    assert np.isnan(short[[0, -1]]).all()


def test_skew_and_medcouple_of_known_laws(rows):
    rng = np.random.default_rng(15)
    x = rng.exponential(size=300_000)
    assert weighted_skew(single(x), ONE)[0] == pytest.approx(2, abs=0.06)
    assert medcouple(x) == pytest.approx(0.333, abs=0.02)  # Brys et al. 2004
    assert abs(medcouple(rng.standard_normal(10_000))) < 0.03
    assert np.isnan(medcouple(np.ones(20)))
    assert np.isnan(weighted_skew(single(np.ones(20)), ONE)[0])
    weights = window_weights(6, 10, 0)
    for value, times in zip(weighted_skew(ragged(rows), weights), weights, strict=True):
        assert value == pytest.approx(stats.skew(np.concatenate(repeated(rows, times))))


def test_zumbach_sees_a_trend_that_makes_volatility():
    rng = np.random.default_rng(16)
    x = np.empty(60_000)
    for start in range(0, len(x), 10):
        trend = abs(x[start - 10 : start].sum()) if start else 0.0
        x[start : start + 10] = (0.5 + 0.3 * trend) * rng.standard_normal(10)
        x[start : start + 10] = np.clip(x[start : start + 10], -4, 4)
    forward, backward = zumbach(single(x))
    assert forward.draws(ONE)[0, 0] > backward.draws(ONE)[0, 0] + 0.02
    forward, backward = zumbach(single(rng.standard_normal(60_000)))
    assert abs(forward.draws(ONE)[0, 0] - backward.draws(ONE)[0, 0]) < 0.04
