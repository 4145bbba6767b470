"""Every estimator on a process whose answer is known, and its weighted form on repeated windows."""

from __future__ import annotations

import numpy as np
import pytest
from arch import arch_model
from statsmodels.tsa.stattools import acf

from model.events import NS_PER_S
from stylized_facts import FACTS
from stylized_facts.bootstrap import interval, window_weights
from stylized_facts.facts.arch_lm import arch_lm
from stylized_facts.facts.autocorrelation import LAGS_S, abs_return_acf, autocorrelation, return_acf
from stylized_facts.facts.decay import decay_exponent
from stylized_facts.facts.fact import by_window
from stylized_facts.facts.garch import garch_residuals
from stylized_facts.facts.hill import hill_index, weighted_hill
from stylized_facts.facts.intraday import intraday_profile
from stylized_facts.facts.kurtosis import excess_kurtosis, weighted_kurtosis
from stylized_facts.facts.ljung_box import ljung_box
from stylized_facts.facts.order_sign import sign_correlation
from tests.stylized_facts.toy_values import one, ragged, repeated

# heavy tails


@pytest.mark.parametrize("index", [2.5, 4.0])
def test_hill_of_a_pareto_law(index):
    x = np.random.default_rng(1).pareto(index, 100_000) + 1
    assert hill_index(x, 0.05) == pytest.approx(index, rel=0.05)
    assert hill_index(-7 * x, 0.05) == pytest.approx(index, rel=0.05)


def test_hill_of_student_t_is_near_its_degrees_of_freedom():
    x = np.random.default_rng(2).standard_t(3, 200_000)
    assert hill_index(x, 0.01) == pytest.approx(3, abs=0.3)
    assert hill_index(x, 0.05) < hill_index(x, 0.01)  # its known bias


def test_hill_of_nothing_is_nan():
    assert np.isnan(hill_index(np.empty(0)))
    assert np.isnan(hill_index(np.zeros(1000)))
    assert np.isnan(hill_index(np.ones(1000)))
    assert np.isnan(hill_index(np.arange(30.0)))  # a tail of one


def test_weighted_hill_is_that_of_repeated_windows(rows):
    weights = window_weights(6, 10, 0)
    found = weighted_hill(ragged(rows), weights, 0.05)
    for value, times in zip(found, weights, strict=True):
        x = np.sort(np.abs(np.concatenate(repeated(rows, times))))[::-1]
        k = int(0.05 * len(x))
        assert value == pytest.approx(1 / np.mean(np.log(x[:k] / x[k])))


def test_kurtosis_of_known_laws():
    rng = np.random.default_rng(3)
    assert excess_kurtosis(rng.laplace(size=400_000)) == pytest.approx(3, abs=0.2)
    assert excess_kurtosis(rng.uniform(size=100_000)) == pytest.approx(-1.2, abs=0.02)
    assert np.isnan(excess_kurtosis(np.ones(10)))
    assert np.isnan(excess_kurtosis(np.array([1.0, 2.0])))


def test_weighted_kurtosis_is_that_of_repeated_windows(rows):
    weights = window_weights(6, 10, 0)
    found = weighted_kurtosis(ragged(rows), weights)
    for value, times in zip(found, weights, strict=True):
        assert value == pytest.approx(excess_kurtosis(np.concatenate(repeated(rows, times))))
    assert np.isnan(weighted_kurtosis(ragged([np.ones(5), np.ones(5)]), weights[:, :2])).all()


def test_kurtosis_fades_with_the_horizon(market):
    rng = np.random.default_rng(4)
    sample = market(rng.standard_t(5, (40, 300)))
    ladder = [one(sample, f"kurtosis_{h}s") for h in (1, 10, 60)]
    assert ladder[0] > 2 > 1.5 > ladder[1]
    assert abs(ladder[2]) < 0.8


# memory


def test_acf_of_an_ar1():
    rng, phi = np.random.default_rng(5), 0.6
    x = np.zeros((8, 20_000))
    noise = rng.standard_normal(x.shape)
    for t in range(1, x.shape[1]):
        x[:, t] = phi * x[:, t - 1] + noise[:, t]
    lags = np.arange(1, 6)
    found = autocorrelation(ragged(list(x)), lags).draws(np.ones((1, 8)))[0]
    np.testing.assert_allclose(found, phi**lags, atol=0.02)


def test_acf_of_one_window_is_that_of_statsmodels(rows):
    lags = np.array([1, 3, 10])
    found = autocorrelation(ragged(rows[:1]), lags).draws(np.ones((1, 1)))[0]
    expected = acf(rows[0], nlags=10, result_object=True).acf[lags]
    np.testing.assert_allclose(found, expected)


def test_acf_is_not_taken_where_windows_are_too_short():
    flat = autocorrelation(ragged([np.ones(100), np.arange(30.0)]), np.array([1, 15, 20]))
    found = flat.draws(np.ones((1, 2)))[0]
    assert np.isfinite(found).tolist() == [True, True, False]


def test_acf_does_not_take_levels_for_memory():
    rng = np.random.default_rng(6)
    rows = [10.0 * w + rng.standard_normal(2_000) for w in range(5)]
    found = autocorrelation(ragged(rows), np.array([1, 10])).draws(np.ones((1, 5)))[0]
    assert np.abs(found).max() < 0.05


@pytest.mark.parametrize("exponent", [0.3, 0.8])
def test_decay_of_a_power_law_is_its_exponent(exponent):
    curve = 0.4 * LAGS_S**-exponent
    assert decay_exponent(curve[None], LAGS_S)[0] == pytest.approx(exponent, abs=0.01)


def test_decay_needs_something_to_decay():
    rng = np.random.default_rng(7)
    noise = 0.01 * rng.standard_normal((50, 60))
    assert np.isnan(decay_exponent(noise, LAGS_S, noise=0.04)).all()
    assert np.isnan(decay_exponent(-np.ones((1, 60)), LAGS_S)).all()


def test_order_signs_of_a_markov_chain():
    rng = np.random.default_rng(8)
    rows = [np.cumprod(np.where(rng.random(4_000) < 0.8, 1.0, -1.0)) for _ in range(10)]
    lags = np.arange(1, 6)
    found = sign_correlation(ragged(rows), lags).draws(np.ones((1, 10)))[0]
    np.testing.assert_allclose(found, 0.6**lags, atol=0.03)
    short = sign_correlation(ragged([row[:5] for row in rows]), lags).draws(np.ones((1, 10)))
    assert np.isnan(short).all()


def test_ljung_box_and_arch_lm_of_iid_have_mean_ten():
    rng = np.random.default_rng(9)
    rows = [rng.standard_normal(300) for _ in range(200)]
    assert np.mean([ljung_box(row) for row in rows]) == pytest.approx(10, abs=1.2)
    assert np.mean([arch_lm(row) for row in rows]) == pytest.approx(10, abs=1.2)


@pytest.mark.filterwarnings("error")
def test_arch_lm_of_a_market_that_hardly_moves():
    """A single return: lags that are equal, and nothing to explain where it is among the first."""
    late, early = np.zeros((2, 60))
    late[50], early[0] = 1.0, 1.0
    assert arch_lm(late) < 1.0
    assert np.isnan(arch_lm(early))


def test_statistics_by_window_leave_out_what_they_cannot_use():
    rows = [np.arange(10.0), np.ones(10), np.arange(3.0), np.full(10, np.nan)]
    mean = by_window(ragged(rows[:3]), lambda x: float(x.max()), 5)
    assert mean.draws(np.ones((1, 3)))[0, 0] == 9.0
    assert np.isnan(mean.draws(np.array([[0.0, 1.0, 1.0]]))[0, 0])


# volatility


def test_garch_clusters_and_iid_does_not(market, garch_returns):
    clustered = market(garch_returns(30, 600, 0))
    plain = market(np.random.default_rng(10).standard_normal((30, 600)))
    weights = window_weights(30, 100, 0)
    for lag in (1, 5, 10):
        low, _ = interval(FACTS[f"acf_abs_return_{lag}s"].draws(clustered, weights))
        assert low > 0.02
        low, high = interval(FACTS[f"acf_abs_return_{lag}s"].draws(plain, weights))
        assert low - 0.01 < 0 < high + 0.01
    assert one(clustered, "arch_lm") > 30
    assert one(plain, "arch_lm") == pytest.approx(10, abs=3)
    assert np.isfinite(one(clustered, "decay_exponent"))
    assert np.isnan(one(plain, "decay_exponent"))
    for sample in (clustered, plain):
        assert abs(one(sample, "acf_return_1s")) < 0.03


def test_iid_shows_no_fact(market):
    sample = market(np.random.default_rng(11).standard_normal((30, 600)))
    weights = window_weights(30, 200, 0)
    for key in ("kurtosis_1s", "kurtosis_10s", "acf_return_1s", "garch_residual_kurtosis"):
        low, high = interval(FACTS[key].draws(sample, weights))
        assert low - 0.1 < 0 < high + 0.1, key
    assert one(sample, "ljung_box") == pytest.approx(10, abs=3)
    assert one(sample, "zero_return_share") < 0.01


def test_garch_takes_the_volatility_out():
    simulated = arch_model(None, mean="Zero", vol="GARCH", dist="normal").simulate(
        np.array([0.05, 0.3, 0.65]), 5_000, initial_value_vol=1.0
    )
    x = simulated["data"].to_numpy()
    assert excess_kurtosis(x) > 1
    assert abs(excess_kurtosis(garch_residuals(x))) < 0.5
    assert np.isnan(garch_residuals(np.zeros(100))).all()


def test_conditional_tails_stay_heavy(market):
    rng = np.random.default_rng(12)
    tens = rng.standard_t(4, (40, 30))
    returns = np.repeat(tens / 10, 10, axis=1)
    assert one(market(returns), "garch_residual_kurtosis") > 2


# levels and guards


def test_levels_of_a_plain_market(market):
    sample = market(np.zeros((5, 100)), spread=4)
    assert one(sample, "mean_spread") == 4.0
    assert one(sample, "event_rate") == pytest.approx(1.0)
    assert one(sample, "mean_interarrival") == pytest.approx(1.0)
    assert one(sample, "zero_return_share") == 1.0
    assert one(sample, "aggressive_share") == 0.0
    assert one(sample, "cancel_share") == 0.0
    assert one(sample, "realised_volatility_10s") == 0.0
    assert one(sample, "mean_touch_volume") == pytest.approx(300, rel=0.05)


def test_realised_volatility(market):
    sample = market(np.random.default_rng(13).standard_normal((30, 600)))
    assert one(sample, "realised_volatility_10s") == pytest.approx(np.sqrt(10), rel=0.05)


def test_small_samples_give_nan_not_a_number_that_means_nothing(market):
    sample = market(np.random.default_rng(14).standard_normal((1, 100)))
    for key, fact in FACTS.items():
        value = one(sample, key)
        assert np.isnan(value) == (fact.count(sample) < fact.minimum), key


def test_constant_prices_break_nothing(market):
    sample = market(np.zeros((6, 600)))
    for key in ("kurtosis_1s", "hill_10s", "arch_lm", "ljung_box", "decay_exponent",
                "acf_return_1s", "garch_residual_kurtosis"):  # fmt: skip
        assert np.isnan(one(sample, key)), key


def test_curves_have_a_band_for_each_lag(market, garch_returns):
    sample = market(garch_returns(10, 200, 1))
    weights = window_weights(10, 20, 0)
    assert abs_return_acf(sample).draws(weights).shape == (21, 60)
    assert return_acf(sample, horizon_s=10, lags=np.arange(1, 6)).draws(weights).shape == (21, 5)


def test_day_in_five_minute_bins(market):
    sample = market(np.random.default_rng(15).standard_normal((2, 900)), spread=6)
    rows = intraday_profile(sample, 300 * NS_PER_S, 1000 * NS_PER_S)
    assert rows[:, 0].tolist() == [300, 600]  # the toy windows run from 0 to 900 s
    np.testing.assert_allclose(rows[:, 1], 1.0, atol=0.01)
    np.testing.assert_allclose(rows[:, 2], 6.0)
    np.testing.assert_allclose(rows[:, 3], np.sqrt(10), rtol=0.2)
    assert len(intraday_profile(sample, 34_200 * NS_PER_S, 57_600 * NS_PER_S)) == 0


def test_facts_have_distinct_labels():
    assert len({fact.label for fact in FACTS.values()}) == len(FACTS)
