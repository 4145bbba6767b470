"""Risk measures: closed forms, small samples by hand, invariants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from engine.risk import (
    Estimate,
    bootstrap_draws,
    bootstrap_interval,
    expected_shortfall,
    following_mean,
    interval,
    max_drawdown_bp,
    median_time,
    paired_bootstrap,
    quantile_bands,
    realised_volatility_bp,
    recovery_times,
    shortfall_bp,
    time_mean,
    unfilled_share,
    usual_depth,
    value_at_risk,
)
from model.events import Float64, Side
from tests.engine.paired_runs import PROFILE

losses_of_any_size = arrays(
    np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6, allow_nan=False)
)
levels = st.floats(0.01, 0.995)


# Value at risk and expected shortfall


def test_small_sample_by_hand() -> None:
    losses = np.arange(1.0, 21.0)  # 1 .. 20
    assert value_at_risk(losses, 0.95) == 19.0
    assert expected_shortfall(losses, 0.95) == pytest.approx(20.0)
    assert value_at_risk(losses, 0.90) == 18.0
    assert expected_shortfall(losses, 0.90) == pytest.approx(19.5)
    # 0.93 x 20 = 18.6: the worst 1.4 losses, one whole and 0.4 of the next
    assert value_at_risk(losses, 0.93) == 19.0
    assert expected_shortfall(losses, 0.93) == pytest.approx((20 + 0.4 * 19) / 1.4)


def test_normal_sample_meets_the_closed_form() -> None:
    losses = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    for level in (0.95, 0.99):
        z = stats.norm.ppf(level)
        assert value_at_risk(losses, level) == pytest.approx(z, abs=1e-3)
        expected = stats.norm.pdf(z) / (1 - level)
        assert expected_shortfall(losses, level) == pytest.approx(expected, abs=1e-3)


@given(losses=losses_of_any_size, level=levels, higher=levels)
def test_shortfall_is_at_least_the_value_at_risk_and_both_rise(
    losses: Float64, level: float, higher: float
) -> None:
    assume(level <= higher)
    slack = 1e-9 * (1 + np.abs(losses).max())
    assert expected_shortfall(losses, level) >= value_at_risk(losses, level)
    assert value_at_risk(losses, higher) >= value_at_risk(losses, level)
    assert expected_shortfall(losses, higher) >= expected_shortfall(losses, level) - slack
    assert expected_shortfall(losses, level) <= losses.max() + slack


@given(
    losses=losses_of_any_size,
    level=levels,
    scale=st.floats(0.01, 100),
    shift=st.floats(-1e4, 1e4),
)
def test_positive_homogeneity_and_translation(
    losses: Float64, level: float, scale: float, shift: float
) -> None:
    slack = 1e-9 * (1 + np.abs(losses).max() * scale + abs(shift))
    for measure in (value_at_risk, expected_shortfall):
        moved = measure(scale * losses + shift, level)
        assert moved == pytest.approx(scale * measure(losses, level) + shift, abs=slack)


@given(
    pairs=arrays(np.float64, (2, 25), elements=st.floats(-1e3, 1e3)), level=st.floats(0.05, 0.95)
)
def test_shortfall_is_subadditive(pairs: Float64, level: float) -> None:
    whole = expected_shortfall(pairs.sum(axis=0), level)
    assert whole <= expected_shortfall(pairs, level).sum() + 1e-6


def test_batches_nan_and_levels() -> None:
    losses = np.array([[3.0, 1.0, 2.0], [1.0, np.nan, 2.0]])
    for measure in (value_at_risk, expected_shortfall):
        first, second = measure(losses, 0.5)
        assert first == measure(losses[0], 0.5)
        assert np.isnan(second)
        for level in (0.0, 1.0):
            with pytest.raises(ValueError, match="no quantile at level"):
                measure(losses, level)
        with pytest.raises(ValueError, match="of 0 values"):
            measure(np.zeros(0), 0.5)


# Path measures


def test_drawdown() -> None:
    prices = np.array([[100.0, 110.0, 99.0, 120.0, 114.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    np.testing.assert_allclose(max_drawdown_bp(prices), [1_000.0, 0.0])
    assert np.isnan(max_drawdown_bp(np.array([1.0, np.nan, 2.0])))


@given(prices=arrays(np.float64, 30, elements=st.floats(1.0, 1e4)), scale=st.floats(0.1, 10))
def test_drawdown_has_no_unit_and_covers_the_fall_from_start_to_end(
    prices: Float64, scale: float
) -> None:
    drawdown = float(max_drawdown_bp(prices))
    assert 0.0 <= drawdown < 1e4
    assert max_drawdown_bp(scale * prices) == pytest.approx(drawdown, abs=1e-6)
    assert drawdown >= 1e4 * (1 - prices[-1] / prices[0]) - 1e-9


def test_realised_volatility() -> None:
    prices = np.exp(np.array([0.0, 1e-3, 0.0, 1e-3]))
    assert realised_volatility_bp(prices) == pytest.approx(10.0)
    assert np.isnan(realised_volatility_bp(np.ones((2, 1)))).all()
    walk = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 5e-4, (50, 20_000)), axis=1))
    np.testing.assert_allclose(realised_volatility_bp(walk), 5.0, rtol=0.03)


# Recovery


def test_recovery_with_censoring() -> None:
    values = np.array(
        [
            [9.0, 9.0, 1.0, 9.0, 9.0],
            [1.0, 9.0, 9.0, 9.0, 9.0],
            [9.0, 9.0, 9.0, 9.0, 1.0],
            [9.0, 9.0, 9.0, 9.0, 9.0],
            [np.nan] * 5,
        ]
    )
    steps, observed = recovery_times(values, -np.inf, 1.0)
    np.testing.assert_array_equal(steps, [2, 0, 4, 4, 4])
    np.testing.assert_array_equal(observed, [True, True, True, False, False])
    twin = np.array([9.0, 0.0, 0.0, 9.0, 0.0])
    assert recovery_times(values[:1], twin - 1, twin + 1)[0] == 0.0


def test_following_mean() -> None:
    values = np.array([[1.0, 2.0, 3.0, 10.0]])
    np.testing.assert_allclose(following_mean(values, 2), [[1.5, 2.5, 6.5]])
    np.testing.assert_allclose(following_mean(values, 1), values)
    with pytest.raises(ValueError, match="does not fit"):
        following_mean(values, 5)


def test_median_time_without_censoring_is_the_sample_median() -> None:
    times = np.array([5.0, 1.0, 2.0, 4.0, 3.0])
    assert median_time(times, np.ones(5, bool)).value == 3.0
    assert median_time(times[:4], np.ones(4, bool)).value == 2.0


def test_median_time_with_censoring() -> None:
    # Kaplan and Meier by hand: S(1) = 4/5, S(2) = 4/5 x 2/3, S(4) = 4/5 x 2/3 x 0
    times = np.array([1.0, 1.5, 2.0, 3.0, 4.0])
    observed = np.array([True, False, True, False, True])
    curve = SurvfuncRight(times, observed.astype(int))
    np.testing.assert_allclose(curve.surv_prob, [0.8, 0.8 * 2 / 3, 0.0])
    assert median_time(times, observed).value == 4.0
    late = median_time(np.array([1.0, 9.0, 9.0, 9.0]), np.array([True, False, False, False]))
    assert math.isnan(late.value)
    assert math.isnan(late.upper)
    never = median_time(np.full(3, 9.0), np.zeros(3, bool))
    assert all(math.isnan(part) for part in never)
    assert median_time(np.zeros(3), np.ones(3, bool)) == (0.0, 0.0, 0.0)


@given(
    times=arrays(np.float64, 30, elements=st.integers(0, 20).map(float)),
    observed=arrays(np.bool_, 30),
)
def test_median_time_lies_in_its_interval(times: Float64, observed: np.ndarray) -> None:
    median, lower, upper = median_time(times, observed)
    if not math.isnan(median):
        assert lower <= median
        assert math.isnan(upper) or median <= upper


def test_median_time_interval_covers() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        times = rng.exponential(10.0, 80)
        found = median_time(np.minimum(times, 15.0), times < 15.0)
        hits += found.lower <= 10.0 * math.log(2) <= found.upper
    assert hits >= 180


# Cost of a liquidation, liquidity


def test_shortfall() -> None:
    filled, paid = np.array([10.0, 0.0]), np.array([990.0, 0.0])  # 10 shares at 99
    arrival = np.array([100.0, 100.0])
    cost = shortfall_bp(Side.SELL, filled, paid, filled * arrival, arrival)
    np.testing.assert_allclose(cost, [100.0, np.nan])
    np.testing.assert_allclose(
        shortfall_bp(Side.BUY, filled, paid, filled * arrival, arrival), [-100.0, np.nan]
    )
    np.testing.assert_allclose(unfilled_share(20.0, filled), [0.5, 1.0])
    assert np.isnan(unfilled_share(0.0, filled)).all()


def test_liquidity() -> None:
    values = np.arange(101.0)[:, None] + np.array([0.0, 1_000.0])
    np.testing.assert_allclose(quantile_bands(values, (0.01, 0.5)), [[1, 1_001], [50, 1_050]])
    assert np.isnan(time_mean(np.zeros((3, 0)))).all()
    assert usual_depth(PROFILE, 0) == 100.0
    assert usual_depth(PROFILE, 1) == 200.0
    assert usual_depth(PROFILE, 3) == 400.0


# Bootstrap


def mean(values: Float64) -> Float64:
    return np.asarray(values.mean(axis=-1))


def test_bootstrap_of_a_mean_meets_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    found = bootstrap_interval(mean, values, resamples=4_000)
    half = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.lower == pytest.approx(values.mean() - half, abs=0.02)
    assert found.upper == pytest.approx(values.mean() + half, abs=0.02)


def test_bootstrap_is_seeded_and_pairs_stay_together() -> None:
    values = np.random.default_rng(2).normal(size=(50, 3))
    total = lambda sample: sample.sum(axis=(1, 2))  # noqa: E731
    first = bootstrap_draws(total, values, resamples=70, seed=4)
    np.testing.assert_array_equal(first, bootstrap_draws(total, values, resamples=70, seed=4))
    assert (first != bootstrap_draws(total, values, resamples=70, seed=5)).any()
    base = values[:, 0]
    effect = paired_bootstrap(mean, base, base + 2.0).effect
    assert effect == pytest.approx((2.0, 2.0, 2.0))  # common noise cancels in pairs


def test_bootstrap_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).normal(size=40)
    whole = bootstrap_draws(mean, values, resamples=30)
    monkeypatch.setattr("engine.risk.bootstrap._CHUNK", 40 * 7)
    np.testing.assert_array_equal(bootstrap_draws(mean, values, resamples=30), whole)


def test_intervals() -> None:
    draws = np.append(np.linspace(0.0, 100.0, 1_001), np.nan)
    assert interval(40.0, draws, 0.9) == pytest.approx((40.0, 5.0, 95.0))
    assert interval(40.0, draws, 0.9, "basic") == pytest.approx((40.0, -15.0, 75.0))
    lone = bootstrap_interval(mean, np.array([3.0]))
    assert lone.value == 3.0
    assert math.isnan(lone.lower)
    assert Estimate.of(lone) == Estimate(value=3.0)
