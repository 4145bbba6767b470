"""Shocks compile to the rows that were asked for, and to none at intensity 0."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.risk.achieved import _QUANTITIES
from engine.shocks import (
    SHOCKS,
    ActivityBurst,
    Anchor,
    BookOperation,
    CancelWave,
    DepthRemoval,
    FatFinger,
    InformedTrader,
    Layering,
    Liquidation,
    LiquidityTier,
    LiquidityWithdrawal,
    MessageThrottle,
    OneSidedMarket,
    OrderFlowImbalance,
    PriceBands,
    PriceGap,
    QuoteStuffing,
    RecordedSegment,
    Reweighting,
    ShockModel,
    ShockPlan,
    SizeInflation,
    SpreadWipe,
    StopLossCascade,
    TickSize,
    Tilt,
    TradingHalt,
    Trigger,
    Volatility,
)
from engine.shocks.plan import MARKET
from model.errors import ScenarioError
from model.events import NS_PER_S, Side
from tests.engine.test_scenario import PROFILE

LIQUIDATION = Liquidation(start_s=60, duration_s=60, side="sell", share=0.2, slices=7)
WITHDRAWAL = LiquidityWithdrawal(
    start_s=60, duration_s=60, share=0.4, distance_spreads=3, limit_keep=0.25, repeat=3
)
IMBALANCE = OrderFlowImbalance(start_s=60, duration_s=60, direction="sell", factor=3, ramp_s=5)
BURST = ActivityBurst(start_s=60, duration_s=20, factor=10)
WHEN: dict[str, float] = {"start_s": 60, "duration_s": 60}
ALL: list[ShockModel] = [
    LIQUIDATION,
    WITHDRAWAL,
    IMBALANCE,
    BURST,
    CancelWave(**WHEN, factor=3, sides="buy"),
    DepthRemoval(**WHEN, share=0.5, distance_bps=10),
    FatFinger(**WHEN, side="sell", touches=20),
    InformedTrader(**WHEN, value_bps=-20, looks=10),
    Layering(**WHEN, side="buy", touches=3),
    LiquidityTier(**WHEN, size=0.5, rate=0.5),
    MessageThrottle(**WHEN, share=0.5),
    OneSidedMarket(**WHEN, side="buy", limit_keep=0.3),
    PriceBands(**WHEN),
    PriceGap(**WHEN, gap_bps=-100),
    QuoteStuffing(**WHEN, messages_per_s=10),
    Reweighting(**WHEN, cancel=2.0, deeper=1.1),
    SizeInflation(**WHEN, factor=3),
    SpreadWipe(**WHEN, spreads=3),
    StopLossCascade(**WHEN, count=5, share=0.5, distance_bps=10, step_bps=2),
    TickSize(**WHEN, factor=5),
    TradingHalt(**WHEN),
    Volatility(**WHEN, depth=3, crossing=0.1),
]


def size_of(plan: ShockPlan) -> int:
    return sum(len(getattr(plan, field.name)) for field in fields(plan))


@pytest.mark.parametrize("shock", ALL, ids=lambda shock: shock.kind)
def test_intensity_zero_is_the_empty_plan(shock: ShockModel) -> None:
    assert size_of(shock.compile(0.0, PROFILE, 300.0)) == 0
    assert shock.describe(0.0, PROFILE) == "Does nothing (intensity 0)."


@pytest.mark.parametrize("shock", ALL, ids=lambda shock: shock.kind)
def test_columns_have_the_types_and_lengths_of_the_plan(shock: ShockModel) -> None:
    plan, empty = shock.compile(1.0, PROFILE, 300.0), ShockPlan.empty()
    for prefix in ("tilt_", "order_", "op_", "trigger_"):
        columns = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name.startswith(prefix)}
        assert len({len(column) for column in columns.values()}) == 1
        for name, column in columns.items():
            assert column.dtype == getattr(empty, name).dtype, name


@pytest.mark.parametrize("shock", ALL, ids=lambda shock: shock.kind)
def test_window_beyond_the_horizon_is_refused(shock: ShockModel) -> None:
    end = shock.window_s[1]
    shock.compile(1.0, PROFILE, end)
    message = (
        rf"window 60 to {end:g} s ends after the horizon of 70 s; choose a horizon of at least"
    )
    with pytest.raises(ScenarioError, match=message):
        shock.compile(1.0, PROFILE, 70.0)


@pytest.mark.parametrize("shock", ALL, ids=lambda shock: shock.kind)
@pytest.mark.parametrize("intensity", [-0.1, 10.5, math.nan])
def test_absurd_intensity_is_refused(shock: ShockModel, intensity: float) -> None:
    with pytest.raises(ScenarioError, match=r"intensity .* is out of range; choose 0 to"):
        shock.compile(intensity, PROFILE, 300.0)


def test_every_kind_is_registered() -> None:
    found = {shock.kind: type(shock) for shock in ALL}  # type: ignore[attr-defined]
    assert found | {"recorded_segment": RecordedSegment} == SHOCKS
    assert set(_QUANTITIES) == set(SHOCKS.values()), "what a shock achieved is measured"


def test_liquidation_rows() -> None:
    plan = LIQUIDATION.compile(1.0, PROFILE, 300.0)
    assert plan.order_size.sum() == 480  # 0.2 x 40 shares/s x 60 s
    assert plan.order_size.max() - plan.order_size.min() <= 1
    np.testing.assert_array_equal(
        plan.order_time_ns, [round((60 + k * 60 / 7) * NS_PER_S) for k in range(7)]
    )
    assert set(plan.order_side) == {Side.SELL}
    assert set(plan.order_through_ticks) == {MARKET}
    assert not plan.order_rests.any()
    assert len(plan.tilt_kind) == len(plan.op_kind) == 0
    assert LIQUIDATION.describe(1.0, PROFILE) == (
        "Sells 480 shares (0.2 of the volume usually traded in the window) in 7 market orders"
        " from 60 s to 120 s."
    )
    coins = PROFILE.model_copy(update={"size_unit": "lots of 1e-4 BTC"})
    assert LIQUIDATION.describe(1.0, coins).startswith("Sells 480 lots of 1e-4 BTC (0.2 of")


@given(
    share=st.floats(0.001, 1.0),
    intensity=st.floats(0.01, 10.0),
    slices=st.integers(1, 500),
    duration_s=st.floats(0.5, 200.0),
)
def test_slices_add_up(share: float, intensity: float, slices: int, duration_s: float) -> None:
    shock = Liquidation(start_s=0, duration_s=duration_s, side="buy", share=share, slices=slices)
    plan = shock.compile(intensity, PROFILE, 300.0)
    assert plan.order_size.sum() == round(min(1.0, share * intensity) * 40.0 * duration_s)
    assert (plan.order_size > 0).all()
    assert len(plan.order_size) <= slices
    assert (np.diff(plan.order_time_ns) >= 0).all()
    assert (plan.order_time_ns < duration_s * NS_PER_S).all()


def test_withdrawal_rows() -> None:
    plan = WITHDRAWAL.compile(2.0, PROFILE, 300.0)
    assert set(plan.op_kind) == {BookOperation.WITHDRAW}
    np.testing.assert_array_equal(plan.op_time_ns, np.array([60, 80, 100]) * NS_PER_S)
    np.testing.assert_array_equal(plan.op_side, [2, 2, 2])
    np.testing.assert_array_equal(plan.op_distance_ticks, [33, 33, 33])
    np.testing.assert_allclose(plan.op_share, 0.8)
    assert list(plan.tilt_kind) == [Tilt.KEEP_LIMIT_BUY, Tilt.KEEP_LIMIT_SELL]
    np.testing.assert_allclose(np.exp(plan.tilt_value), 0.25**2)
    np.testing.assert_allclose(WITHDRAWAL.compile(10.0, PROFILE, 300.0).op_share, 1.0)
    assert WITHDRAWAL.describe(1.0, PROFILE) == (
        "Takes away 0.4 of the size resting within 33 ticks of the touch on both sides at 60 s and"
        " every 20 s after that; lets 0.25 of new limit orders through from 60 s to 120 s."
    )


def test_withdrawal_of_one_side_only() -> None:
    shock = LiquidityWithdrawal(start_s=1, duration_s=1, share=0.5, sides="sell")
    plan = shock.compile(1.0, PROFILE, 300.0)
    assert list(plan.op_side) == [Side.SELL]
    assert len(plan.tilt_kind) == 0


def test_thinning_alone() -> None:
    shock = LiquidityWithdrawal(start_s=1, duration_s=1, share=0, limit_keep=0.5)
    plan = shock.compile(1.0, PROFILE, 300.0)
    assert len(plan.op_kind) == 0
    assert len(plan.tilt_kind) == 2
    assert shock.describe(1.0, PROFILE).startswith("Lets 0.5 of new limit orders through")


@pytest.mark.parametrize(("direction", "sign"), [("buy", 1.0), ("sell", -1.0)])
def test_imbalance_rows(direction: Any, sign: float) -> None:
    shock = OrderFlowImbalance(start_s=60, duration_s=60, direction=direction, factor=3, ramp_s=5)
    plan = shock.compile(0.5, PROFILE, 300.0)
    assert list(plan.tilt_kind) == [Tilt.PRESSURE]
    np.testing.assert_allclose(plan.tilt_value, sign * 0.5 * math.log(3))
    assert (plan.tilt_start_ns, plan.tilt_end_ns) == (60 * NS_PER_S, 120 * NS_PER_S)
    assert plan.tilt_ramp_ns == 5 * NS_PER_S
    assert shock.plateau_s == (65.0, 115.0)
    assert f"odds of {direction} pressure by 1.73" in shock.describe(0.5, PROFILE)


def test_burst_rows() -> None:
    plan = BURST.compile(2.0, PROFILE, 300.0)
    assert list(plan.tilt_kind) == [Tilt.RATE]
    np.testing.assert_allclose(np.exp(plan.tilt_value), 100.0)
    assert "by 10 (usually 7) from 60 s to 80 s." in BURST.describe(1.0, PROFILE)
    assert BURST.max_intensity == pytest.approx(2.0)
    drought = ActivityBurst(start_s=0, duration_s=1, factor=0.1)
    np.testing.assert_allclose(np.exp(drought.compile(1.0, PROFILE, 9.0).tilt_value), 0.1)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (ActivityBurst, {"factor": 10, "ramp_s": 10}, "less than half of duration_s"),
        (ActivityBurst, {"factor": 0}, "greater than or equal to 0.01"),
        (ActivityBurst, {"factor": math.inf}, "finite number"),
        (ActivityBurst, {"factor": "10"}, "valid number"),
        (OrderFlowImbalance, {"factor": 0.5, "direction": "buy"}, "greater than or equal to 1"),
        (LiquidityWithdrawal, {"share": 0.5, "limit_keep": 0}, "greater than 0"),
        (LiquidityWithdrawal, {"share": 0}, "do nothing"),
        (Liquidation, {"side": "sell", "share": 0, "slices": 3}, "greater than 0"),
        (Liquidation, {"side": "sell", "share": 0.1, "slices": 0}, "greater than or equal to 1"),
        (Liquidation, {"side": "sell", "share": True, "slices": 3}, "valid number"),
    ],
)
def test_settings_are_checked(kind: type[ShockModel], values: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        kind(start_s=1, duration_s=20, **values)


def test_schedules_of_a_liquidation() -> None:
    def rows(**settings: Any) -> ShockPlan:
        shock = Liquidation(start_s=60, duration_s=60, side="sell", share=0.5, **settings)
        return shock.compile(1.0, PROFILE, 300.0)

    at_once = rows(schedule="market", slices=1)
    assert (list(at_once.order_time_ns), list(at_once.order_size)) == ([60 * NS_PER_S], [1200])
    rising = rows(schedule="vwap", slices=10).order_size
    assert rising.sum() == 1200
    assert (np.diff(rising) >= 0).all()
    assert rising[-1] > 3 * rising[0]
    limited = rows(slices=2, limit_bps=100)
    assert list(limited.order_through_ticks) == [-220, -220]
    assert set(limited.order_anchor) == {Anchor.FIRST}
    pov = rows(schedule="pov", participation=0.2, slices=6)
    assert len(pov.order_size) == 0
    assert (pov.trigger_kind, pov.trigger_size, pov.trigger_share) == (
        Trigger.PARTICIPATION, 1200, 0.2
    )  # fmt: skip
    assert pov.trigger_interval_ns == 10 * NS_PER_S
    for settings, message in (
        ({"schedule": "pov", "slices": 6}, "participation belongs to schedule: pov"),
        ({"schedule": "market", "slices": 6}, "schedule: market sends one order"),
        ({"schedule": "vwap", "slices": 6, "volume_curve": [0.0]}, "volume_curve must hold"),
    ):
        with pytest.raises(ValidationError, match=message):
            rows(**settings)


def test_a_cancel_wave_leaves_new_orders_and_the_other_side_alone() -> None:
    plan = CancelWave(**WHEN, factor=3, sides="buy").compile(1.0, PROFILE, 300.0)
    value = dict(zip(plan.tilt_kind, np.exp(plan.tilt_value), strict=True))
    assert value.pop(Tilt.RATE) == pytest.approx(3.0)
    assert set(value) == {
        Tilt.KEEP_LIMIT_BUY, Tilt.KEEP_LIMIT_SELL, Tilt.KEEP_AGGRESSIVE_BUY,
        Tilt.KEEP_AGGRESSIVE_SELL, Tilt.KEEP_CANCEL_SELL,
    }  # fmt: skip
    assert list(value.values()) == pytest.approx([1 / 3] * 5)


def test_a_coarser_tick_ends_with_its_window() -> None:
    plan = TickSize(**WHEN, factor=5).compile(1.0, PROFILE, 300.0)
    assert list(plan.op_kind) == [BookOperation.GRID] * 2
    assert list(plan.op_distance_ticks) == [5, 1]
    np.testing.assert_array_equal(plan.op_time_ns, np.array([60, 120]) * NS_PER_S)


def test_intensity_makes_bands_narrower_and_throttles_tighter() -> None:
    bands = PriceBands(**WHEN)
    assert bands.compile(2.0, PROFILE, 300.0).trigger_share == pytest.approx(0.025)
    assert MessageThrottle(**WHEN, share=2.0).most_per_s(2.0, PROFILE) == 7


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Volatility, {}, "do nothing"),
        (Reweighting, {}, "does nothing"),
        (StopLossCascade, {"count": 0, "share": 1, "distance_bps": 1, "step_bps": 1}, "greater"),
        (QuoteStuffing, {"messages_per_s": -1}, "greater than 0"),
        (PriceGap, {"gap_bps": -20_000}, "greater than or equal to -9000"),
        (TickSize, {"factor": 1}, "greater than or equal to 2"),
        (TradingHalt, {"intensity": 0}, "greater than 0"),
    ],
)
def test_settings_of_the_catalogue_are_checked(
    kind: type[ShockModel], values: Any, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        kind(start_s=1, duration_s=20, **values)
