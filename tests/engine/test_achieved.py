"""What shocks achieved, on ensembles built by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.risk import Estimate, requested_against_achieved, risk_table
from engine.risk.achieved import agrees
from engine.risk.injected import parent_fills, sent_by
from engine.risk.quantity import ratio_of_ratios
from engine.shocks import ActivityBurst, Liquidation, LiquidityWithdrawal, OrderFlowImbalance
from model.events import NS_PER_S, Action, Side
from tests.engine.paired_runs import Run, ensemble, run_of

SALE = Liquidation(start_s=60, duration_s=60, side="sell", share=0.5, slices=3)  # 100 shares each


def sale_run() -> Run:
    """Two paths; slices at 60, 80, 100 s fill 100 at 9,990, 100 at 9,980 and nothing."""
    times = [10.0, 60.0, 80.0, 90.0]
    calm = ensemble(2, 300.0, time_s=times, traded_size=[0, 0, 0, 50], bid_ticks=9_989,
                    ask_ticks=[9_991, 9_991, 9_991, 9_991])  # fmt: skip
    sold = ensemble(
        2, 300.0, time_s=times, origin=[0, 1, 1, 0], action=Action.ADD, side=Side.SELL,
        size=100, traded_size=[0, 100, 100, 50],
        traded_value=[0.0, 999_000.0, 998_000.0, 499_000.0],
        bid_ticks=[9_989, 9_979, 9_969, 9_969], ask_ticks=[9_991, 9_991, 9_971, 9_971],
    )  # fmt: skip
    return run_of(calm, sold, SALE)


def test_fills_of_a_parent_order() -> None:
    run = sale_run()
    np.testing.assert_array_equal(np.flatnonzero(sent_by(run.shocked, 0)), [1, 2, 5, 6])
    start, end = 60 * NS_PER_S, 300 * NS_PER_S
    fills = parent_fills(run.shocked, run.baseline, 0, 300.0, start, end)
    assert fills.requested == 300.0
    np.testing.assert_array_equal(fills.filled, [200.0, 200.0])
    np.testing.assert_array_equal(fills.arrival_ticks, [9_990.0, 9_990.0])
    table = risk_table(run, 50)
    # 100 shares at the arrival mid and 100 ten ticks lower: 5 ticks a share of 9,990
    cost = table["liquidation_cost_bp"].shocked
    assert cost is not None
    assert cost.value == pytest.approx(1e4 * 5 / 9_990)
    unfilled = table["liquidation_unfilled"].shocked
    assert unfilled is not None
    assert unfilled.value == pytest.approx(1 / 3)
    twin = table["liquidation_twin_cost_bp"].shocked
    assert twin == cost  # the twin stays at the arrival mid
    executed, participation = requested_against_achieved(run, 50)
    assert executed.asked == 0.5
    assert executed.achieved.value == pytest.approx(1 / 3)
    assert executed.agrees is False
    assert participation.achieved.value == pytest.approx(200 / 250)
    assert participation.agrees is None


def test_orders_of_two_parents_at_one_time() -> None:
    second = Liquidation(start_s=60, duration_s=60, side="buy", share=0.1, slices=1)
    both = ensemble(1, 300.0, time_s=[60.0, 60.0, 80.0], origin=1, side=[1, 0, 1],
                    traded_size=[100, 60, 100], traded_value=[1e6, 6e5, 1e6],
                    parent=[0, 1, 0])  # fmt: skip
    run = run_of(ensemble(1, 300.0, time_s=[1.0]), both, SALE, second)
    for parent, filled in ((0, 200.0), (1, 60.0)):
        found = parent_fills(both, run.baseline, parent, 300.0, 60 * NS_PER_S, 300 * NS_PER_S)
        assert found.filled == [filled]
    keys = [row.measure for row in risk_table(run, 10).rows]
    assert "liquidation_0_cost_bp" in keys
    assert "liquidation_1_unfilled" in keys


def test_withdrawal_achieved() -> None:
    shock = LiquidityWithdrawal(
        start_s=60, duration_s=60, share=0.5, distance_spreads=0.5, limit_keep=0.5
    )  # reaches 1 tick: 200 shares on each side
    calm = ensemble(2, 300.0, time_s=np.linspace(50, 130, 9))
    left = ensemble(
        2, 300.0, time_s=[60.0, 60.0, 80.0, 90.0, 100.0], action=[1, 1, 0, 0, 0],
        side=[0, 1, 0, 0, 0], origin=[1, 1, 0, 0, 0], size=[90, 110, 5, 5, 5],
    )  # fmt: skip
    left = replace(left, accounts=np.tile([20_000.0, 400.0, 200.0, 2.0], (2, 1, 1)))
    removed, orders = requested_against_achieved(run_of(calm, left, shock), 50)
    assert removed.achieved == Estimate(value=0.5, lower=0.5, upper=0.5)
    assert removed.agrees is True
    assert orders.achieved.value == pytest.approx(3 / 6)
    assert orders.asked == 0.5


def test_imbalance_and_burst_achieved() -> None:
    times = np.linspace(60.0, 119.0, 60)
    side = np.arange(60) % 2
    calm = ensemble(3, 300.0, time_s=times, side=side)
    tilted = ensemble(3, 300.0, time_s=times, side=np.arange(60) % 4 > 0)
    lean = OrderFlowImbalance(start_s=60, duration_s=60, direction="sell", factor=3)
    adds, cancels = requested_against_achieved(run_of(calm, tilted, lean), 50)
    assert adds.achieved.value == pytest.approx(3.0)
    assert adds.agrees is True
    assert cancels.asked is None
    assert cancels.achieved.value is None  # there are none
    burst = ActivityBurst(start_s=60, duration_s=60, factor=4, ramp_s=15)
    fast = ensemble(3, 300.0, time_s=np.linspace(60.0, 119.75, 240))
    (events,) = requested_against_achieved(run_of(calm, fast, burst, intensity=0.5), 50)
    assert events.asked == pytest.approx(2.0)
    assert events.achieved.value == pytest.approx(4.0, rel=0.05)
    assert events.agrees is False
    assert events.note == ""
    rows = requested_against_achieved(run_of(calm, fast, burst, lean), 10)
    assert {row.note for row in rows} == {"other shocks act in the same window"}


def test_agreement() -> None:
    assert agrees(2.0, Estimate(value=2.19)) is True
    assert agrees(2.0, Estimate(value=2.5, lower=1.9, upper=3.0)) is True
    assert agrees(2.0, Estimate(value=2.5, lower=2.3, upper=3.0)) is False
    assert agrees(None, Estimate(value=2.5)) is None
    assert agrees(2.0, Estimate(value=1.0), "at most") is True
    assert agrees(2.0, Estimate(value=1.0), "at least") is False
    assert agrees(2.0, Estimate(value=None)) is None
    ones = np.ones((1, 2))
    assert ratio_of_ratios(3 * ones, ones, ones, ones) == [3.0]
    assert np.isnan(ratio_of_ratios(ones, 0 * ones, ones, ones))
