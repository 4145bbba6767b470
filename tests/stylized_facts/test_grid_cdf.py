"""Distances of resampled windows on the grid against distances of resampled rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stylized_facts.bootstrap import window_weights
from stylized_facts.distances import (
    Tails,
    ks_distance,
    mid_rank,
    quantile_edges,
    tail_distance,
    total_variation,
)
from stylized_facts.grid_cdf import GridCdf, pooled_grid, resampled_distance
from tests.stylized_facts.toy_values import ragged


@pytest.mark.parametrize("name", ["K-S", "W1", "W1 rank", "TV", "tail"])
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
    edges = quantile_edges(np.concatenate([draw(900, 0.2)] * 2))
    grid = pooled_grid([a.values, b.values], edges)
    assert len(grid) <= 3300
    wa, wb = window_weights(6, 5, 0), window_weights(9, 5, 1)
    tails = Tails((0.99,), lower=kind == "heavy", logarithm=kind == "heavy")
    found = resampled_distance(
        name, GridCdf.of(a, grid), GridCdf.of(b, grid), wa, wb, edges, tails
    )  # fmt: skip
    for r in range(6):
        rows = [x for x, times in zip(real, wa[r], strict=True) for _ in range(int(times))]
        others = [x for x, times in zip(other, wb[r], strict=True) for _ in range(int(times))]
        x, y = np.concatenate(rows), np.concatenate(others)
        if name == "K-S":
            assert found[r] == pytest.approx(ks_distance(x, y), abs=2.5e-3)
        elif name == "TV":
            assert found[r] == pytest.approx(total_variation(x, y, edges), abs=1e-9)
        elif name == "W1 rank":
            ordered = np.sort(a.values)
            ranks = mid_rank(ordered, x), mid_rank(ordered, y)
            exact = stats.wasserstein_distance(*ranks) / mid_rank(ordered, ordered).std()
            assert found[r] == pytest.approx(exact, rel=0.02, abs=2e-3)
        elif name == "tail":
            assert found[r] == pytest.approx(tail_distance(x, y, tails), rel=0.05, abs=0.01)
        else:
            exact = stats.wasserstein_distance(x, y) / a.values.std()
            assert found[r] == pytest.approx(exact, rel=0.01)


def test_windows_without_values_give_nan():
    a = ragged([np.empty(0), np.arange(5.0)])
    cdf = GridCdf.of(a, pooled_grid([a.values]))
    found = resampled_distance("K-S", cdf, cdf, np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]]))
    assert np.isnan(found).all()


def test_bins_without_edges_have_equal_shares_of_the_real_sample():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(4_000), rng.standard_normal(4_000) + 1
    a, b = ragged([x]), ragged([y])
    grid = pooled_grid([x, y])
    one = np.ones((1, 1))
    found = resampled_distance("TV", GridCdf.of(a, grid), GridCdf.of(b, grid), one, one)
    assert found[0] == pytest.approx(total_variation(x, y, quantile_edges(x)), abs=0.01)


def test_a_long_sample_is_thinned_with_its_tails_kept():
    x = np.random.default_rng(2).standard_t(3, 200_000)
    grid = pooled_grid([x])
    assert len(grid) <= 3200
    assert {x.min(), x.max()} <= set(grid)
    cdf = GridCdf.of(ragged([x]), grid)
    levels = np.array([0.001, 0.5, 0.999])
    found = cdf.quantiles(np.ones((1, 1)), levels)[0]
    assert found == pytest.approx(np.quantile(x, levels), rel=0.02, abs=0.01)


def test_the_coarse_grid_gives_nearly_the_same_ks():
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal(20_000), 1.3 * rng.standard_normal(20_000)
    grid = pooled_grid([x, y])
    a, b = (GridCdf.of(ragged([z]), grid).coarse(400) for z in (x, y))
    assert len(a.grid) <= 800
    one = np.ones((1, 1))
    found = resampled_distance("K-S", a, b, one, one)[0]
    assert found == pytest.approx(ks_distance(x, y), abs=0.01)
