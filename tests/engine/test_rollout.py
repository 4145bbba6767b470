"""The closed loop: pairing, batches, cancellation, and what a run without shocks is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.ensemble import read_ensemble, write_ensemble
from engine.rollout import Cancelled, Progress, rollout
from engine.scenario import Scenario
from engine.seeding import seed_from_profile
from engine.spec import RunSpec
from model.errors import FaultlineError, SpecError
from model.events import NS_PER_S, Action, Int64, Recording
from model.order_flow import MarketView, Proposals, Tilts
from model.profile import AssetProfile
from model.randomness import uniforms

COLUMNS = ("time_ns", "action", "side", "price_ticks", "size", "bid_ticks", "ask_ticks", "bid_size")


class Noise:
    """A small zero-intelligence model: everything from the draws, nothing from history."""

    name = "noise"

    def start(
        self,
        paths: Int64,
        seed: int,
        profile: AssetProfile,
        view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> Noise:
        self.paths, self.seed = paths, seed
        return self

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        u = uniforms(self.seed, self.paths, view.draw, np.arange(5))
        out.dt_ns[:] = (-np.log(u[:, 0]) * 0.1 * NS_PER_S).astype(np.int64) + 1
        out.action[:] = u[:, 1] < 0.4
        buy = 1 / (1 + np.exp(-np.where(out.action == 0, 1, -1) * tilts.pressure_log_odds))
        out.side[:] = u[:, 2] >= buy
        behind = (u[:, 3] * 12).astype(np.int64) - 1
        cross = (u[:, 3] > 0.9) & (out.action == Action.ADD)
        touch = np.where(out.side == 0, view.bid_ticks, view.ask_ticks)
        far = np.where(out.side == 0, view.ask_ticks, view.bid_ticks)
        inside = np.where(view.ask_ticks - view.bid_ticks > 1, behind, np.maximum(behind, 0))
        price = touch + np.where(out.side == 0, -inside, inside)
        out.price_ticks[:] = np.where(cross, far, price)
        out.size[:] = 1 + (u[:, 4] * 200).astype(np.int64)
        out.repaired[:] = False


@pytest.fixture(scope="module")
def profile() -> AssetProfile:
    return AssetProfile(
        asset="TOY", tick_size=0.01, price_ticks=5000, spread_ticks=2.0, spread_pmf=[0.5, 0.5],
        liquidity=1, events_per_s=10.0, volume_per_s=60.0, volatility_bps=3.0,
        shape_occupied=[1.0] * 30, shape_size=[400.0] * 30,
        order_size_quantiles=[1.0, 100.0, 200.0],
        session_start_ns=34_200 * NS_PER_S, session_end_ns=57_600 * NS_PER_S,
    )  # fmt: skip


def _scenario(**shock: object) -> Scenario:
    return Scenario.model_validate(
        {"name": "test", "title": "Test", "description": "A test.", "shocks": [shock]}
    )


SELLING = _scenario(
    kind="liquidation", side="sell", share=1.0, start_s=10, duration_s=10, slices=10
)


def _spec(scenario: Scenario, **changes: object) -> RunSpec:
    spec = RunSpec(asset="TOY", scenario=scenario, paths=6, horizon_s=30, burn_in_events=20)
    return spec.model_copy(update=changes)


def test_without_shocks_there_is_one_arm(profile: AssetProfile) -> None:
    run = rollout(Noise(), profile, _spec(Scenario.none()))
    assert run.shocked is run.baseline
    assert (run.baseline.end_ns == 30 * NS_PER_S).all()
    assert run.timing["events"] > 6 * 200


def test_twins_agree_until_the_shock_and_differ_after(profile: AssetProfile) -> None:
    run = rollout(Noise(), profile, _spec(SELLING))
    for p in range(6):
        a, b = run.baseline.rows(p), run.shocked.rows(p)
        before = np.searchsorted(run.baseline.time_ns[a], 10 * NS_PER_S)
        assert before > 50
        for name in COLUMNS:
            one, two = getattr(run.baseline, name)[a], getattr(run.shocked, name)[b]
            np.testing.assert_array_equal(one[:before], two[:before])
    sold = run.shocked.on_grid("mid_ticks", NS_PER_S) - run.baseline.on_grid("mid_ticks", NS_PER_S)
    assert (sold[:, :10] == 0).all()
    assert sold[:, 20].mean() < 0
    assert run.shocked.counters["injected"] > 0
    assert run.baseline.counters["injected"] == 0


def test_intensity_zero_changes_nothing(profile: AssetProfile) -> None:
    run = rollout(Noise(), profile, _spec(SELLING, intensity=0.0))
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(run.baseline, name), getattr(run.shocked, name))


def test_a_path_does_not_depend_on_the_others(profile: AssetProfile) -> None:
    many = rollout(Noise(), profile, _spec(SELLING)).shocked
    few = rollout(Noise(), profile, _spec(SELLING, paths=2)).shocked
    for p in range(2):
        for name in COLUMNS:
            np.testing.assert_array_equal(
                getattr(many, name)[many.rows(p)], getattr(few, name)[few.rows(p)]
            )


def test_same_seed_same_run_other_seed_other_run(profile: AssetProfile) -> None:
    runs = [rollout(Noise(), profile, _spec(SELLING, seed=s)).shocked for s in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0].price_ticks, runs[1].price_ticks)
    assert not np.array_equal(runs[0].price_ticks[:200], runs[2].price_ticks[:200])


def test_progress_and_cancellation(profile: AssetProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.rollout.REPORT_EVERY_S", 0.0)
    seen: list[Progress] = []
    rollout(Noise(), profile, _spec(Scenario.none()), progress=seen.append)
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    calls = iter([False, False, True])
    with pytest.raises(Cancelled):
        rollout(Noise(), profile, _spec(Scenario.none()), cancelled=lambda: next(calls))


def test_wrong_number_of_seeds(profile: AssetProfile) -> None:
    seeds = [seed_from_profile(profile, 0, 1)] * 3
    with pytest.raises(SpecError, match="seeds: 3 given for 6 paths"):
        rollout(Noise(), profile, _spec(Scenario.none()), seeds=seeds)


def test_ensemble_on_disk_and_back(profile: AssetProfile, tmp_path: Path) -> None:
    saved = rollout(Noise(), profile, _spec(SELLING)).shocked
    write_ensemble(saved, tmp_path / "e.parquet")
    loaded = read_ensemble(tmp_path / "e.parquet")
    for name in (
        *COLUMNS, "offsets", "end_ns", "start_ask_ticks", "origin", "traded_value", "parent",
        "accounts",
    ):  # fmt: skip
        np.testing.assert_array_equal(getattr(saved, name), getattr(loaded, name))
    assert loaded.counters == saved.counters
    assert saved.accounts.shape == (6, 1, 4)
    for name, values in saved.by_path.items():
        np.testing.assert_array_equal(loaded.by_path[name], values)
    assert loaded.meta == saved.meta
    (tmp_path / "e.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(FaultlineError, match=r"e\.parquet: not a path ensemble"):
        read_ensemble(tmp_path / "e.parquet")


def test_grid_takes_the_last_quote_before(profile: AssetProfile) -> None:
    paths = rollout(Noise(), profile, _spec(Scenario.none())).baseline
    grid = paths.on_grid("bid_ticks", NS_PER_S)
    rows = paths.rows(2)
    assert grid[2, 0] == paths.start_bid_ticks[2]
    last = np.searchsorted(paths.time_ns[rows], 7 * NS_PER_S, side="right") - 1
    assert grid[2, 7] == paths.bid_ticks[rows][last]
