"""Distances against scipy and against samples whose distance is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stylized_facts.distances import (
    Tails,
    curve_distance,
    distance,
    distances_for,
    ks_distance,
    mean_known,
    median_known,
    over,
    quantile_edges,
    rank_distance,
    tail_distance,
    total_variation,
    wasserstein_distance,
)
from stylized_facts.quantities import QUANTITIES

RNG = np.random.default_rng(0)


RETURNS = Tails((0.99, 0.995, 0.999), lower=True, logarithm=True)


def test_ks_and_w1_are_those_of_scipy():
    x, y = RNG.standard_normal(500), 0.3 + 2 * RNG.standard_normal(700)
    assert ks_distance(x, y) == pytest.approx(stats.ks_2samp(x, y).statistic)
    expected = stats.wasserstein_distance((x - x.mean()) / x.std(), (y - x.mean()) / x.std())
    assert wasserstein_distance(x, y) == pytest.approx(expected)


def test_w1_is_in_real_units():
    x = RNG.standard_normal(2_000)
    assert wasserstein_distance(x, x + 3 * x.std()) == pytest.approx(3.0)
    # a model twenty times too wide is not forgiven for its own width
    assert wasserstein_distance(x, 20 * x) > 10


def test_total_variation_of_known_masses():
    edges = np.array([0.5])
    real, other = np.array([0.0] * 8 + [1.0] * 2), np.array([0.0] * 5 + [1.0] * 5)
    assert total_variation(real, other, edges) == pytest.approx(0.3)
    assert total_variation(real, real, quantile_edges(real)) == 0.0
    assert total_variation(real, np.array([9.0]), np.array([5.0])) == 1.0


@pytest.mark.parametrize("name", ["K-S", "W1", "W1 rank", "TV", "tail"])
def test_empty_is_nan_and_constant_is_told(name):
    x, none = np.ones(10), np.empty(0)
    assert np.isnan(distance(name, x, none, None, RETURNS))
    assert np.isnan(distance(name, none, x, None, RETURNS))
    if name == "tail":  # a constant above 0 has no lower tail
        assert np.isnan(distance(name, x, x, None, RETURNS))
        return
    assert distance(name, x, x, None, RETURNS) == 0.0
    far = np.inf if name.startswith("W1") else 1.0
    assert distance(name, x, x + 1, None, RETURNS) == far


def test_rank_distance_is_blind_to_the_size_of_an_outlier():
    x = RNG.standard_normal(1_000)
    near, far = np.append(x, 10.0), np.append(x, 1e9)
    assert rank_distance(x, near) == pytest.approx(rank_distance(x, far))
    assert wasserstein_distance(x, far) > 1e5
    # everything beyond the greatest real value: from the mean rank 1/2 to 1, in sds of a uniform
    assert rank_distance(x, x + 100) == pytest.approx(0.5 * np.sqrt(12), rel=0.01)


def test_tail_distance_of_a_scaled_sample_is_the_log_of_the_factor():
    x = RNG.standard_t(4, 50_000)
    assert tail_distance(x, 2 * x, RETURNS) == pytest.approx(np.log(2))
    assert tail_distance(x, x + 0.0, RETURNS) == 0.0
    assert tail_distance(x, np.zeros(100), RETURNS) == np.inf


def test_tails_take_the_levels_that_the_sample_can_show():
    returns, times = QUANTITIES["log_return_1s"], QUANTITIES["interarrival"]
    assert Tails.of(returns, 999).levels == ()
    assert Tails.of(returns, 2_000).levels == (0.99, 0.995)
    assert Tails.of(returns, 20_000).all_levels == pytest.approx(
        [0.99, 0.995, 0.999, 0.01, 0.005, 0.001]
    )
    assert (Tails.of(times, 20_000).lower, Tails.of(times, 20_000).logarithm) == (True, False)
    assert not Tails.of(QUANTITIES["order_size"], 20_000).lower
    assert Tails.of(QUANTITIES["imbalance"], 20_000).levels == ()


def test_ranks_are_for_returns_and_tails_not_for_what_is_bounded():
    assert "W1 rank" in distances_for(QUANTITIES["log_return_10s"])
    assert "W1 rank" not in distances_for(QUANTITIES["order_size"])
    assert "tail" not in distances_for(QUANTITIES["imbalance"])
    assert distances_for(QUANTITIES["spread"]) == ("K-S", "W1", "TV", "tail")


def test_curves_are_compared_where_both_are_known():
    gap = curve_distance(np.array([[0.5, 0.2, np.nan]]), np.array([[0.1, 0.4, 0.3]]))
    assert gap == pytest.approx([0.3])
    assert np.isnan(curve_distance(np.array([[np.nan]]), np.array([[1.0]])))[0]


def test_small_arithmetic():
    assert over(0.0, 0.0) == 0.0
    assert over(1.0, 0.0) == np.inf
    assert np.isnan(over(np.nan, 0.0))
    assert np.isnan(mean_known(np.array([np.nan])))
    assert mean_known(np.array([np.nan, 2.0])) == 2.0
    assert np.isnan(median_known(np.empty(0)))
