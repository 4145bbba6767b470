"""Resampling: weights, halves, intervals, and how often an interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest

from stylized_facts.bootstrap import (
    Resampling,
    WindowRatio,
    block_length,
    interval,
    intervals,
    random_halves,
    random_subsets,
    window_weights,
)


def test_weights_draw_as_many_windows_as_there_are():
    weights = window_weights(7, 100, 0)
    assert weights.shape == (101, 7)
    assert (weights[0] == 1).all()
    assert (weights.sum(1) == 7).all()
    assert weights[1:].mean(0) == pytest.approx(np.ones(7), abs=0.4)
    assert (window_weights(7, 100, 0) == weights).all()
    assert (window_weights(7, 100, 1) != weights).any()


def test_halves_are_disjoint_and_equal():
    one, other = random_halves(9, 50, 0)
    assert (one.sum(1) == 4).all()
    assert (other.sum(1) == 4).all()
    assert (one * other).sum() == 0
    assert (random_subsets(9, 3, 50, 0).sum(1) == 3).all()


def test_interval_of_a_mean_holds_the_truth_about_as_often_as_it_says():
    rng, held = np.random.default_rng(1), 0
    for trial in range(200):
        level = rng.standard_normal(30)  # rows of a window share a level: they are not independent
        rows = level[:, None] + rng.standard_normal((30, 50))
        ratio = WindowRatio(rows.sum(1, keepdims=True), np.full((30, 1), 50.0))
        low, high = interval(ratio.draws(window_weights(30, 200, trial))[:, 0])
        held += low <= 0 <= high
    assert 0.88 <= held / 200 <= 0.98


def test_interval_is_moved_to_the_estimate_and_stays_above_its_bound():
    draws = np.concatenate(([0.1], np.linspace(0.2, 0.4, 101)))  # resampling adds 0.2 of noise
    low, high = interval(draws, 0.0)
    assert low == pytest.approx(0.005)
    assert high == pytest.approx(0.195)
    assert interval(draws - 0.1, 0.0)[0] == 0.0


def test_runs_of_windows_are_drawn_together():
    weights = window_weights(400, 50, 0, block=20.0)
    assert (weights.sum(1) == 400).all()
    # neighbours are drawn equally often far more often than when each is drawn alone
    alone = window_weights(400, 50, 0)
    together, apart = ((w[1:, 1:] == w[1:, :-1]).mean() for w in (weights, alone))
    assert together > 0.85 > 0.5 > apart
    assert (window_weights(7, 100, 3, block=1.0) == window_weights(7, 100, 3)).all()


def test_runs_carry_the_variance_of_a_series_with_memory():
    rng = np.random.default_rng(5)
    x = np.zeros(4_000)
    for t, shock in enumerate(rng.standard_normal(4_000)):
        x[t] = 0.9 * x[t - 1] + shock
    spread = [(window_weights(4_000, 300, 1, b)[1:] @ x / 4_000).std() for b in (1.0, 60.0)]
    assert spread[1] == pytest.approx(10 / np.sqrt(4_000), rel=0.35)  # long-run sd 1 / (1 - .9)
    assert spread[0] < 0.5 * spread[1]


def test_block_length_is_one_for_paths_and_longer_where_windows_follow(market):
    rng = np.random.default_rng(0)
    assert block_length(market(rng.standard_normal((40, 60)))) == 1.0
    level = np.repeat(np.exp(rng.standard_normal(6)), 480)
    one = market((level * rng.standard_normal(2_880))[None])
    calm = market(rng.standard_normal((1, 2_880)))
    minute = 60 * 10**9
    assert 3 < block_length(one.windows(minute)) <= 12
    assert block_length(calm.windows(minute)) < 3


def test_few_windows_widen_an_interval():
    draws = np.concatenate(([0.0], np.linspace(-1, 1, 201)))
    low, high = interval(draws, windows=5)
    assert high == pytest.approx(0.95 * 2.776 / 1.96 * np.sqrt(5 / 4), rel=1e-3)
    assert low == pytest.approx(-high)
    assert interval(draws, windows=10**6)[1] == pytest.approx(0.95, rel=1e-4)


def test_interval_without_draws_is_nan():
    assert np.isnan(interval(np.array([1.0]))).all()
    assert np.isnan(interval(np.array([np.nan, 1.0, 2.0]))).all()
    lows, _ = intervals(np.array([[1.0, 1.0], [1.0, np.nan], [1.2, np.nan], [0.8, 1.0]]))
    assert np.isfinite(lows).tolist() == [True, False]


def test_ratio_of_nothing_is_nan():
    ratio = WindowRatio(np.array([[0.0], [2.0]]), np.array([[0.0], [4.0]]))
    assert np.isnan(ratio.draws(np.array([[1.0, 0.0]]))).all()
    assert ratio.draws(np.array([[1.0, 1.0]]))[0, 0] == 0.5


def test_plan_pairs_models_and_matches_the_time_of_a_half():
    plan = Resampling.draw(
        np.full(10, 300.0),
        {"a": np.full(64, 300.0), "b": np.full(64, 300.0), "c": np.full(8, 150)},
        20, 30, 0,
    )  # fmt: skip
    assert (plan.models["a"] == plan.models["b"]).all()
    assert (plan.half.sum(1) == 5).all()
    assert (plan.subsets["a"].sum(1) == 5).all()
    assert (plan.subsets["c"].sum(1) == 8).all()  # 1500 s would take ten of them
    assert plan.resampled("a")


def test_plan_of_too_few_windows_resamples_nothing():
    plan = Resampling.draw(np.full(3, 300.0), {"a": np.full(64, 300.0)}, 20, 30, 0)
    assert plan.real.shape == (1, 3)
    assert plan.half.shape == (0, 3)
    assert not plan.resampled("a")
