"""Risk tables, bands and what the shocks achieved, on ensembles built by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine.ensemble import PathEnsemble
from engine.risk import (
    Bands,
    Estimate,
    RiskTable,
    bands,
    requested_against_achieved,
    risk_table,
    value_at_risk,
    variance_reduction,
)
from engine.risk.achieved import agrees
from engine.risk.injected import parent_fills, sent_by
from engine.risk.paths import PairedPaths, last_rows, mids_at, sample_quotes
from engine.risk.quantity import ratio_of_ratios
from engine.scenario import Scenario, load_scenario
from engine.shocks import (
    ActivityBurst,
    Liquidation,
    LiquidityWithdrawal,
    OrderFlowImbalance,
    PriceBands,
    Shock,
)
from engine.spec import RunSpec
from model.events import NS_PER_S, Action, EventsMeta, Side
from model.profile import AssetProfile

PROFILE = AssetProfile(
    asset="TEST",
    tick_size=0.01,
    price_ticks=10_000,
    spread_ticks=2.0,
    spread_pmf=[0.5, 0.5],
    liquidity=1,
    events_per_s=7.0,
    volume_per_s=10.0,
    volatility_bps=3.0,
    shape_occupied=[1.0, 0.5],
    shape_size=[100.0, 200.0],
    order_size_quantiles=[1.0, 100.0, 500.0],
)


@dataclass(frozen=True)
class Run:
    spec: RunSpec
    profile: AssetProfile
    baseline: PathEnsemble
    shocked: PathEnsemble


def ensemble(count: int, horizon_s: float, **columns: object) -> PathEnsemble:
    """Paths with the given columns, each [P, n]; what is left out is constant."""
    times = np.asarray(columns.pop("time_s"), float)
    times = np.broadcast_to(times, (count, times.shape[-1]))
    rows = times.shape[1]
    defaults = {
        "action": 0, "side": 0, "price_ticks": 9_999, "size": 10, "origin": 0, "traded_size": 0,
        "traded_value": 0.0, "bid_ticks": 9_999, "ask_ticks": 10_001, "bid_size": 50,
        "ask_size": 60,
    }  # fmt: skip
    parent = columns.pop("parent", None)
    small = ("action", "side", "origin")
    flat = {}
    for name, default in defaults.items():
        kind = np.int8 if name in small else type(default)
        value = np.asarray(columns.pop(name, default)).astype(kind)
        flat[name] = np.ascontiguousarray(np.broadcast_to(value, (count, rows))).ravel()
    more = {} if parent is None else {"parent": np.tile(np.int16(parent), count)}
    assert not columns
    return PathEnsemble(
        meta=EventsMeta("TEST"),
        paths=np.arange(count),
        offsets=np.arange(count + 1) * rows,
        time_ns=np.rint(times * NS_PER_S).astype(np.int64).ravel(),
        start_bid_ticks=np.full(count, 9_999),
        start_ask_ticks=np.full(count, 10_001),
        start_bid_size=np.full(count, 50),
        start_ask_size=np.full(count, 60),
        end_ns=np.full(count, round(horizon_s * NS_PER_S)),
        counters={},
        **flat,
        **more,
    )


def run_of(
    baseline: PathEnsemble, shocked: PathEnsemble, *shocks: Shock, intensity: float = 1.0
) -> Run:
    scenario = Scenario(name="test", title="t", description="d", shocks=shocks)
    spec = RunSpec(
        asset="TEST", scenario=scenario, paths=len(baseline), horizon_s=300.0, intensity=intensity
    )
    return Run(spec, PROFILE, baseline, shocked)


def noisy(count: int, seed: int, events: int = 900) -> PathEnsemble:
    """A random walk of the mid with random flow, 300 s."""
    rng = np.random.default_rng(seed)
    shape = (count, events)
    mid = 10_000 + np.cumsum(rng.integers(-1, 2, shape), axis=1)
    half = rng.integers(1, 4, shape)
    traded = np.where(rng.random(shape) < 0.1, rng.integers(1, 50, shape), 0)
    return ensemble(
        count, 300.0, time_s=np.sort(rng.uniform(0, 300, shape), axis=1),
        action=rng.random(shape) < 0.4, side=rng.integers(0, 2, shape), traded_size=traded,
        traded_value=traded * mid, bid_ticks=mid - half, ask_ticks=mid + half,
        bid_size=rng.integers(1, 200, shape), ask_size=rng.integers(1, 200, shape),
    )  # fmt: skip


# Paths


def test_sampling_agrees_with_the_ensemble() -> None:
    paths = noisy(5, 0)
    grid = np.arange(0, 301) * NS_PER_S
    sample = sample_quotes(paths, grid)
    np.testing.assert_array_equal(sample.mid_ticks, paths.on_grid("mid_ticks", NS_PER_S))
    np.testing.assert_array_equal(sample.spread_ticks, paths.on_grid("spread_ticks", NS_PER_S))
    depth = paths.on_grid("bid_size", NS_PER_S) + paths.on_grid("ask_size", NS_PER_S)
    np.testing.assert_array_equal(sample.touch_depth, depth)


def test_rows_before_and_at_a_time() -> None:
    paths = ensemble(2, 10.0, time_s=[1.0, 2.0, 2.0, 3.0], bid_ticks=[1, 2, 3, 4], ask_ticks=9)
    who, when = np.array([0, 1, 1, 0]), np.array([2, 2, 0, 9]) * NS_PER_S
    np.testing.assert_array_equal(last_rows(paths, who, when), [2, 6, 3, 3])
    np.testing.assert_array_equal(last_rows(paths, who, when, before=True), [0, 4, 3, 3])
    rows = last_rows(paths, who, when)
    np.testing.assert_array_equal(mids_at(paths, who, rows), [6.0, 6.0, 10_000.0, 6.5])


def test_arms_must_hold_the_same_paths() -> None:
    one = noisy(3, 0)
    with pytest.raises(ValueError, match="same paths"):
        PairedPaths(run_of(one, replace(one, paths=one.paths[::-1])))


# What the shocks achieved

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


# Tables and bands


def test_same_arms_have_no_effect() -> None:
    one = noisy(30, 0)
    table = risk_table(run_of(one, one), 200)
    for row in table.rows:
        assert row.effect == Estimate(value=0.0, lower=0.0, upper=0.0)
        assert row.unshocked == row.shocked
    assert [row.measure for row in table.rows] == [
        "return_mean_bp", "var_95_bp", "var_99_bp", "es_95_bp", "es_99_bp", "drawdown_bp",
        "drawdown_duration_s", "volatility_bp", "bipower_bp", "tail_dependence", "spread_ticks",
        "touch_depth", "amihud", "kyle_lambda",
    ]  # fmt: skip
    assert table.tail is not None
    assert table.tail.note.startswith("No tail was fitted: 30 paths; 200 leave 20 losses")
    assert table.reading.startswith("Every number is conditional on the scenario")
    assert requested_against_achieved(run_of(one, one)) == ()


def test_table_of_a_shock() -> None:
    run = run_of(noisy(40, 0), noisy(40, 1), load_scenario("flash_crash").shocks[0])
    table = risk_table(run, 200)
    assert RiskTable.model_validate_json(table.model_dump_json()) == table
    frame = table.to_frame()
    assert list(frame["measure"]) == [row.measure for row in table.rows]
    assert frame.loc[frame["measure"] == "spread_ticks", "effect_lower"].notna().all()
    returns, arms = PairedPaths(run).returns_bp, PairedPaths(run).arms
    var = table["var_95_bp"]
    assert var.shocked is not None
    assert var.shocked.value == value_at_risk(-returns[1], 0.95)
    assert "take more paths" in var.warning
    spread = table["spread_ticks_shock"]
    assert spread.effect is not None
    assert spread.effect.value == pytest.approx(
        arms[1].spread_ticks[:, 60:150].mean() - arms[0].spread_ticks[:, 60:150].mean()
    )
    for row in table.rows:
        assert row.definition
        assert row.unit
        for estimate in (row.unshocked, row.shocked, row.effect):
            if estimate and None not in (estimate.lower, estimate.value, estimate.upper):
                assert estimate.lower <= estimate.value <= estimate.upper, row  # type: ignore[operator]
    with pytest.raises(KeyError):
        table["nothing"]


def test_what_pairs_save_and_how_many_are_enough() -> None:
    calm, own = noisy(64, 0), noisy(64, 1)
    up = np.repeat(np.arange(64) % 3, 900)
    moved = replace(calm, bid_ticks=calm.bid_ticks + up, ask_ticks=calm.ask_ticks + up)
    row = risk_table(run_of(calm, moved), 400)["return_mean_bp"]
    returns = PairedPaths(run_of(calm, moved)).returns_bp
    assert row.variance_reduction == pytest.approx(variance_reduction(*returns), rel=0.3)
    assert row.variance_reduction > 100
    assert row.paths_needed is not None
    assert row.paths_needed.paths == (16, 32, 64)
    error = np.std(returns[1] - returns[0]) / 8
    assert row.paths_needed.standard_errors[-1] == pytest.approx(error, rel=0.2)
    apart = risk_table(run_of(calm, own), 400)["return_mean_bp"].variance_reduction
    assert apart == pytest.approx(1.0, abs=0.4)


def test_impact_is_measured_in_each_arm() -> None:
    """A buy of 100 in each interval moves the mid by 4 ticks, a sale by as much down."""
    times = np.arange(5.0, 300.0, 10.0)
    buys = np.random.default_rng(0).random((6, 30)) < 0.5
    mid = 10_000 + np.cumsum(np.where(buys, 4, -4), axis=1)
    traded = ensemble(6, 300.0, time_s=times, side=~buys, traded_size=100,
                      traded_value=100 * mid, bid_ticks=mid - 1, ask_ticks=mid + 1)  # fmt: skip
    table = risk_table(run_of(ensemble(6, 300.0, time_s=times), traded), 50)
    slope, ratio = table["kyle_lambda"], table["amihud"]
    assert slope.shocked is not None
    assert slope.shocked.value == pytest.approx(4.0)
    assert slope.unshocked == Estimate(value=None)
    assert ratio.n == 0, "nothing trades in the other arm"
    both = risk_table(run_of(traded, traded), 50)
    assert both["kyle_lambda"].shocked is not None
    assert both["kyle_lambda"].shocked.value == pytest.approx(4.0)
    assert both["amihud"].shocked is not None
    assert both["amihud"].shocked.value == pytest.approx(1e6 * 4.0 / (0.01 * 1e6), rel=0.02)
    assert both["amihud"].unit == "bp a million USD"


def test_a_tail_is_fitted_where_there_are_paths_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.risk.tail_rows.GPD_RESAMPLES", 6)
    table = risk_table(run_of(noisy(240, 0, 100), noisy(240, 1, 100)), 20)
    assert table.tail is not None
    assert [fit.threshold_level for fit in table.tail.shocked] == [0.8, 0.85, 0.9]
    row = table["es_99_gpd_bp"]
    assert row.shocked is not None
    assert row.shocked.value == table.tail.shocked[-1].es
    assert "the shape of the shocked tail goes from" in row.warning
    assert RiskTable.model_validate_json(table.model_dump_json()) == table


def test_rows_of_price_bands() -> None:
    shocked = noisy(40, 1)
    shocked.by_path.update(limit_states=np.arange(40) % 2, pauses=np.zeros(40))
    table = risk_table(run_of(noisy(40, 0), shocked, PriceBands(start_s=0, duration_s=9)), 20)
    limit, pause = (table[f"paths_with_{key}"].shocked for key in ("limit_states", "pauses"))
    assert limit is not None
    assert limit.value == 0.5
    assert pause is not None
    assert pause.upper is not None
    assert (pause.lower, pause.value) == (0.0, 0.0)
    assert 0.05 < pause.upper < 0.1


def test_recovery_rows() -> None:
    shock = ActivityBurst(start_s=60, duration_s=60, factor=2)
    seconds = np.arange(1.0, 300.0)
    rng = np.random.default_rng(0)
    usual = 10_001 + rng.integers(0, 2, (20, 299))
    wide = usual + np.where(seconds < 150, 10, 0)  # back to usual at 150 s
    calm = ensemble(20, 300.0, time_s=seconds, ask_ticks=usual)
    table = risk_table(run_of(calm, ensemble(20, 300.0, time_s=seconds, ask_ticks=wide), shock), 20)
    half = table["spread_half_life_s"].shocked
    assert half is not None
    assert half.value is not None
    assert 29 <= half.value <= 31
    assert "no mean excess" in table["depth_half_life_s"].warning
    spread = table["spread_recovery_s"]
    assert spread.shocked is not None
    assert spread.shocked.value is not None
    assert 28 <= spread.shocked.value <= 31
    assert spread.unshocked is not None
    assert spread.unshocked.value == 0.0
    stays = ensemble(20, 300.0, time_s=seconds, ask_ticks=usual + 10)
    censored = risk_table(run_of(calm, stays, shock), 20)["spread_recovery_s"]
    assert censored.shocked == Estimate(value=None)
    assert censored.warning == "20 of 20 shocked paths had not recovered 171 s after the shock"
    assert "spread_recovery_s" not in [
        row.measure for row in risk_table(run_of(calm, stays, shock, intensity=0.0), 20).rows
    ]


def test_paths_that_were_cut_shorten_the_horizon_for_all() -> None:
    one = noisy(4, 0)
    cut = replace(one, end_ns=np.array([300, 300, 200, 300]) * NS_PER_S)
    run = run_of(one, cut, ActivityBurst(start_s=190, duration_s=20, factor=2))
    table = risk_table(run, 20)
    assert (table.horizon_s, table.cut_paths) == (200.0, 1)
    assert bands(run).time_s[-1] == 200.0
    (row,) = requested_against_achieved(run, 20)
    assert row.note == "the paths end before the window does"


@pytest.mark.parametrize("count", [1, 2])
def test_few_paths_and_no_events(count: int) -> None:
    still = ensemble(count, 300.0, time_s=np.zeros(0))
    run = run_of(still, still, *load_scenario("flash_crash").shocks)
    table = risk_table(run, 20)
    assert table["return_mean_bp"].shocked is not None
    assert table["return_mean_bp"].shocked.value == 0.0
    assert table["liquidation_cost_bp"].warning == "not defined on any path"
    assert len(requested_against_achieved(run, 20)) == 7
    bands(run)


def test_bands() -> None:
    run = run_of(noisy(40, 0), noisy(40, 1), ActivityBurst(start_s=60, duration_s=60, factor=2))
    found = bands(run)
    assert Bands.model_validate_json(found.model_dump_json()) == found
    assert found.windows_s == ((60.0, 120.0),)
    assert len(found.time_s) == 301
    shocked = np.array(found.shocked.mid_return_bp)
    assert shocked.shape == (7, 301)
    assert (np.diff(shocked, axis=0) >= 0).all()
    assert (shocked[:, 0] == 0).all()
    mid = run.shocked.on_grid("mid_ticks", NS_PER_S)
    np.testing.assert_allclose(shocked[3], np.median(1e4 * (mid / 10_000 - 1), axis=0))
    np.testing.assert_allclose(found.shocked.loss_bp, -1e4 * (mid[:, -1] / 10_000 - 1))
    first = run.baseline.on_grid("mid_ticks", NS_PER_S)[0]
    np.testing.assert_allclose(found.unshocked.sample_mid_return_bp[0], 1e4 * (first / 10_000 - 1))


def test_all_of_it_is_quick() -> None:
    run = run_of(noisy(64, 0, 5_000), noisy(64, 1, 5_000), *load_scenario("flash_crash").shocks)
    begin = time.process_time()
    risk_table(run)
    requested_against_achieved(run)
    bands(run)
    assert time.process_time() - begin < 2.0
