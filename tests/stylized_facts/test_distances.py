"""Distances against scipy, and their resampled twins against distances of resampled rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stylized_facts.bootstrap import window_weights
from stylized_facts.distances import (
    GridCdf,
    curve_distance,
    distance,
    ks_distance,
    mean_known,
    median_known,
    over,
    pooled_grid,
    quantile_edges,
    resampled_distance,
    total_variation,
    wasserstein_distance,
)
from stylized_facts.quantities import Values

RNG = np.random.default_rng(0)


def ragged(rows):
    return Values(np.concatenate(rows), np.cumsum([0] + [len(row) for row in rows]))


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


@pytest.mark.parametrize("name", ["K-S", "W1", "TV"])
def test_empty_is_nan_and_constant_is_told(name):
    x, none = np.ones(10), np.empty(0)
    assert np.isnan(distance(name, x, none))
    assert np.isnan(distance(name, none, x))
    assert distance(name, x, x) == 0.0
    assert distance(name, x, x + 1) == (np.inf if name == "W1" else 1.0)


@pytest.mark.parametrize("name", ["K-S", "W1", "TV"])
@pytest.mark.parametrize("kind", ["heavy", "discrete", "atom"])
def test_resampled_distance_is_the_distance_of_resampled_rows(name, kind):
    rng = np.random.default_rng(3)

    def draw(n, shift):
        if kind == "heavy":
            return rng.standard_t(3, n) + shift
        if kind == "discrete":
            return rng.geometric(0.2 - 0.1 * shift, n).astype(float)
        return np.where(rng.random(n) < 0.6, 0.0, rng.standard_normal(n) + shift)

    real = [draw(int(n), 0.0) for n in rng.integers(300, 900, 6)]
    other = [draw(int(n), 0.4) for n in rng.integers(300, 900, 9)]
    a, b = ragged(real), ragged(other)
    grid = pooled_grid([a.values, b.values])
    assert len(grid) <= 1600
    wa, wb = window_weights(6, 5, 0), window_weights(9, 5, 1)
    found = resampled_distance(name, GridCdf.of(a, grid), GridCdf.of(b, grid), wa, wb)
    edges = quantile_edges(a.values)
    for r in range(6):
        rows = [x for x, times in zip(real, wa[r], strict=True) for _ in range(int(times))]
        others = [x for x, times in zip(other, wb[r], strict=True) for _ in range(int(times))]
        x, y = np.concatenate(rows), np.concatenate(others)
        if name == "K-S":
            assert found[r] == pytest.approx(ks_distance(x, y), abs=2.5e-3)
        elif name == "TV":
            assert found[r] == pytest.approx(total_variation(x, y, edges), abs=0.02)
        else:
            exact = stats.wasserstein_distance(x, y) / a.values.std()
            assert found[r] == pytest.approx(exact, rel=0.01)


def test_windows_without_values_give_nan():
    a = ragged([np.empty(0), np.arange(5.0)])
    cdf = GridCdf.of(a, pooled_grid([a.values]))
    found = resampled_distance("K-S", cdf, cdf, np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]]))
    assert np.isnan(found).all()


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
