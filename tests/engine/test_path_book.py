"""The book of a path, rebuilt from its record: the same as the one that the simulator had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.ensemble import PathEnsemble, write_ensemble
from engine.one_path import read_opening, read_path
from engine.opening import OpeningWatch
from engine.path_book import PathBook, path_prices, rebuild_book
from engine.rollout import StressRun, rollout
from engine.scenario import Scenario, load_scenario
from engine.seeding import seed_from_profile
from engine.shocks.plan import ShockPlan
from engine.simulator import MarketSimulator
from engine.spec import RunSpec
from model.errors import FaultlineError
from model.events import NS_PER_S, EventsMeta
from model.order_flow import MarketView, Proposals, Tilts
from model.profile import AssetProfile
from tests.engine.test_rollout import Noise

HORIZON_S = 600


class Slow(Noise):
    """A quarter of the events, so that long scenarios stay cheap."""

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        super().propose(view, tilts, out)
        out.dt_ns[:] *= 4


@pytest.fixture(scope="module")
def profile() -> AssetProfile:
    return AssetProfile(
        asset="TOY", tick_size=0.01, price_ticks=5000, spread_ticks=2.0, spread_pmf=[0.5, 0.5],
        liquidity=1, events_per_s=3.0, volume_per_s=60.0, volatility_bps=3.0,
        shape_occupied=[1.0] * 30, shape_size=[400.0] * 30,
        order_size_quantiles=[1.0, 100.0, 200.0],
        session_start_ns=34_200 * NS_PER_S, session_end_ns=57_600 * NS_PER_S,
    )  # fmt: skip


@pytest.fixture(scope="module")
def calm(profile: AssetProfile) -> StressRun:
    return rollout(Noise(), profile, spec_of(Scenario.none(), paths=3, horizon_s=40))


def spec_of(scenario: Scenario, **changes: object) -> RunSpec:
    spec = RunSpec(asset="TOY", scenario=scenario, paths=1, horizon_s=HORIZON_S, burn_in_events=50)
    return spec.model_copy(update=changes)


def rebuilt(run: StressRun, arm: PathEnsemble, path: int, plan: ShockPlan | None) -> PathBook:
    assert run.opening is not None
    prices = path_prices(arm, path)
    limits = int(prices.min()) - 40, int(prices.max()) + 40
    times = np.linspace(0, int(arm.end_ns[path]), 31).astype(np.int64)
    return rebuild_book(arm, path, run.opening.book(path), times, limits, plan)


# Between them: orders, withdrawals, wiped spreads, shifts, a new grid, halts, bands, stops, orders
# that are taken back, thinned and tilted flow.
@pytest.mark.parametrize(
    "name",
    ["flash_crash", "liquidity_withdrawal", "market_maker_outage", "news_gap", "news_halt",
     "quote_stuffing", "spoofing", "stop_loss_cascade", "tick_reform", "limit_down"],
)  # fmt: skip
def test_the_touch_is_the_recorded_one_after_every_event(name: str, profile: AssetProfile) -> None:
    spec = spec_of(load_scenario(name))
    run = rollout(Slow(), profile, spec)
    plan = spec.scenario.compile(spec.intensity, profile, spec.horizon_s)
    for arm, own in ((run.baseline, None), (run.shocked, plan)):
        assert len(arm.time_ns) > 1000
        book = rebuilt(run, arm, 0, own)
        assert book.mismatches == 0
        last = np.searchsorted(arm.time_ns, book.time_ns, side="right") - 1
        later = last >= 0
        np.testing.assert_array_equal(book.bid_ticks[later], arm.bid_ticks[last[later]])
        np.testing.assert_array_equal(book.ask_size[later], arm.ask_size[last[later]])


def test_a_shock_that_is_not_done_again_is_noticed(profile: AssetProfile) -> None:
    spec = spec_of(load_scenario("liquidity_withdrawal"))
    run = rollout(Slow(), profile, spec)
    assert rebuilt(run, run.shocked, 0, None).mismatches > 0


def test_every_level_is_the_simulators(profile: AssetProfile) -> None:
    seeds = [seed_from_profile(profile, path, 1) for path in range(2)]
    simulator = MarketSimulator(
        seeds, np.arange(2), 1, EventsMeta("TOY"), horizon_ns=60 * NS_PER_S, max_events=5_000,
        burn_in_events=30,
    )  # fmt: skip
    watch = OpeningWatch(simulator, 2)
    flow, proposals = Noise(), Proposals.empty(2)
    flow.start(np.arange(2), 1, profile, simulator.view)
    while not simulator.done:
        flow.propose(simulator.view, simulator.tilts(), proposals)
        simulator.step(proposals)
        watch.look()
    arm = simulator.ensemble(np.arange(2))
    for path in range(2):
        prices = path_prices(arm, path)
        low, high = int(prices.min()) - 60, int(prices.max()) + 60
        end = arm.end_ns[path : path + 1]
        book = rebuild_book(arm, path, watch.books().book(path), end, (low, high))
        left = simulator._books.resting(path)
        near = (left.price_ticks >= low) & (left.price_ticks <= high)
        expected = np.bincount(
            left.price_ticks[near] - low, left.size[near], minlength=high - low + 1
        )
        assert near.sum() > 20
        np.testing.assert_array_equal(book.size[0], expected)


def test_a_path_opens_with_the_book_at_time_0(calm: StressRun) -> None:
    assert calm.opening is not None
    assert len(calm.opening) == 3
    for path in range(3):
        book = calm.opening.book(path)
        bids = book.price_ticks[book.side == 0]
        assert bids.max() == calm.baseline.start_bid_ticks[path]
        at_touch = book.size[(book.side == 0) & (book.price_ticks == bids.max())]
        assert at_touch.sum() == calm.baseline.start_bid_size[path]


@pytest.mark.parametrize("chunks", [1, 2])
def test_one_path_is_read_from_the_files_of_a_run(
    chunks: int, calm: StressRun, tmp_path: Path
) -> None:
    assert calm.opening is not None
    for number in range(chunks):
        end = f"-{number:05d}.parquet" if chunks > 1 else ".parquet"
        write_ensemble(calm.baseline, tmp_path / f"baseline{end}")
        calm.opening.write(tmp_path / f"opening{end}")
    position = 1 + 3 * (chunks - 1)
    arm, own = read_path(tmp_path, "baseline", position)
    assert own == 1
    assert arm.rows(own) == calm.baseline.rows(1)
    book = read_opening(tmp_path, position)
    assert book is not None
    np.testing.assert_array_equal(book.size, calm.opening.book(1).size)
    np.testing.assert_array_equal(book.price_ticks, calm.opening.book(1).price_ticks)
    for wrong in (-1, 3 * chunks):
        with pytest.raises(FaultlineError, match=f"no baseline path {wrong}"):
            read_path(tmp_path, "baseline", wrong)


def test_a_run_without_opening_books_has_none(calm: StressRun, tmp_path: Path) -> None:
    write_ensemble(calm.baseline, tmp_path / "baseline.parquet")
    assert read_opening(tmp_path, 0) is None
    (tmp_path / "opening.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(FaultlineError, match=r"opening\.parquet.*run it again"):
        read_opening(tmp_path, 0)
    (tmp_path / "baseline.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(FaultlineError, match="not a path ensemble"):
        read_path(tmp_path, "baseline", 0)
