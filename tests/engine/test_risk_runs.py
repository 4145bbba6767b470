"""Paired paths, risk tables and bands, on ensembles built by hand."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

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
from engine.risk.paths import PairedPaths, last_rows, mids_at, sample_quotes
from engine.scenario import load_scenario
from engine.shocks import ActivityBurst, PriceBands
from model.events import NS_PER_S
from tests.engine.paired_runs import ensemble, noisy, run_of

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
    table = risk_table(run_of(calm, moved), 100)
    assert table.enough("return_mean_bp").startswith(
        "Paths for a standard error of a tenth of the number: Mean return"
    )
    assert table.enough("return_mean_bp").endswith("this run has 64")
    assert table.enough("nothing") == ""
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
