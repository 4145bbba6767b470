"""Zero intelligence: the rates that it was given, and those that it finds again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.catalogue import load_profile
from model.errors import CheckpointError, RecordingError
from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording, Side
from model.order_flow import MarketView, Proposals, Tilts
from model.profile import AssetProfile
from stylized_facts.baselines import ZeroIntelligence

BID, ASK, TOUCH = 10_000, 10_004, 200


@pytest.fixture(scope="module")
def profile() -> AssetProfile:
    """Behind each touch rest 300 shares on average."""
    return AssetProfile(
        asset="TOY", tick_size=0.01, price_ticks=BID, spread_ticks=4, spread_pmf=[0, 0, 0, 1],
        liquidity=1, events_per_s=5, volume_per_s=100, volatility_bps=2,
        shape_occupied=[1, 1, 0.5, 0.5], shape_size=[200, 100, 200, 200],
        order_size_quantiles=[1, 100, 200],
    )  # fmt: skip


@pytest.fixture(scope="module")
def toy() -> ZeroIntelligence:
    """A side has 2 limit orders a second, 0.5 market orders, 1 cancel at the touch, 1 behind it."""
    return ZeroIntelligence(
        asset="TOY", limit_rate=2.0, market_rate=0.5, touch_cancel_rate=1.0 / TOUCH,
        deep_cancel_rate=1.0, sizes=[[50, 100, 100, 150]] * 4,
        distances=[[1, 4, 4, 6], [0, 0, 0, 1], [0], [1, 2, 3]],
    )  # fmt: skip


def still_market(rows: int) -> MarketView:
    """Markets that do not move."""
    view = MarketView.empty(rows)
    view.bid_ticks[:], view.ask_ticks[:] = BID, ASK
    view.bid_size[:] = view.ask_size[:] = TOUCH
    return view


def propose(
    model: ZeroIntelligence, profile: AssetProfile, paths: np.ndarray,
    tilts: Tilts | None = None, draws: int = 1,
) -> list[Proposals]:  # fmt: skip
    """Several proposals of each path in a market that stays as it is."""
    view = still_market(len(paths))
    session = model.start(paths, 5, profile, view)
    written = []
    for _ in range(draws):
        out = Proposals.empty(len(paths))
        session.propose(view, tilts or Tilts.neutral(len(paths)), out)
        view.draw += 1
        written.append(out)
    return written


def test_rates_are_those_given(toy: ZeroIntelligence, profile: AssetProfile) -> None:
    rows = 20_000
    (out,) = propose(toy, profile, np.arange(rows))
    total = 2 * (2.0 + 0.5 + 1.0 + 1.0)
    assert rows / (out.dt_ns.sum() / NS_PER_S) == pytest.approx(total, rel=0.03)
    buy, cancel = out.side == Side.BUY, out.action == Action.CANCEL
    assert buy.mean() == pytest.approx(0.5, abs=0.015)
    assert cancel.mean() == pytest.approx(4.0 / total, abs=0.015)
    touch = cancel & (out.price_ticks == np.where(buy, BID, ASK))
    assert touch.mean() == pytest.approx(2.0 / total, abs=0.015)
    distance = np.where(buy, ASK - out.price_ticks, out.price_ticks - BID)[~cancel]
    for ticks, rate in zip(range(1, 7), toy.limit_rates(6), strict=True):
        assert (distance == ticks).mean() * 5.0 == pytest.approx(2 * rate, abs=0.08)
    assert (distance <= 0).mean() * 5.0 == pytest.approx(2 * 0.5, abs=0.08)


def test_cancels_follow_what_rests(toy: ZeroIntelligence, profile: AssetProfile) -> None:
    rows = 10_000
    view, out = still_market(rows), Proposals.empty(rows)
    view.bid_size[:] = 0
    session = toy.start(np.arange(rows), 1, profile, view)
    view.fresh[:], view.last_side[:] = True, Side.SELL
    view.last_size[:] = 300  # doubles what rests behind the ask
    session.propose(view, Tilts.neutral(rows), out)
    cancel, sell = out.action == Action.CANCEL, out.side == Side.SELL
    at_ask = cancel & sell & (out.price_ticks == ASK)
    assert not (cancel & ~sell & (out.price_ticks == BID)).any()
    assert (cancel & sell & ~at_ask).sum() / at_ask.sum() == pytest.approx(2.0, rel=0.15)


def test_pressure_tilts_sides_and_nothing_else(
    toy: ZeroIntelligence, profile: AssetProfile
) -> None:
    tilts = Tilts.neutral(20_000)
    tilts.pressure_log_odds[:] = np.log(3.0)
    (plain,), (tilted,) = (propose(toy, profile, np.arange(20_000), t) for t in (None, tilts))
    assert np.array_equal(plain.dt_ns, tilted.dt_ns)
    assert np.array_equal(plain.action, tilted.action)
    for action, odds in ((Action.ADD, 3.0), (Action.CANCEL, 1 / 3)):
        side = tilted.side[tilted.action == action]
        found = (side == Side.BUY).sum() / (side == Side.SELL).sum()
        assert found == pytest.approx(odds, rel=0.1)


def test_a_path_is_the_same_alone_and_in_a_batch(
    toy: ZeroIntelligence, profile: AssetProfile
) -> None:
    together = propose(toy, profile, np.arange(1024) % 7, draws=5)  # the loop over threads
    alone = propose(toy, profile, np.array([3]), draws=5)
    for many, one in zip(together, alone, strict=True):
        for name in ("dt_ns", "action", "side", "price_ticks", "size"):
            assert (getattr(many, name)[3::7] == getattr(one, name)[0]).all()


def test_fit_finds_the_rates_of_a_recording(
    toy: ZeroIntelligence, profile: AssetProfile, tmp_path: Path
) -> None:
    written = propose(toy, profile, np.array([0]), draws=20_001)
    columns = {
        name: np.array([getattr(one, name)[0] for one in written])
        for name in ("dt_ns", "action", "side", "price_ticks", "size")
    }
    n = len(written)
    events = Events(
        np.cumsum(columns["dt_ns"]), columns["action"].astype(np.int8),
        columns["side"].astype(np.int8), columns["price_ticks"], columns["size"],
        np.full(n, NO_ORDER), EventsMeta("TOY"),
    )  # fmt: skip
    flat = [np.full(n, value) for value in (BID, ASK, TOUCH, TOUCH)]
    fitted = ZeroIntelligence.fit([Recording(events, Quotes(*flat))], profile)
    assert fitted.limit_rate == pytest.approx(toy.limit_rate, rel=0.05)
    assert fitted.market_rate == pytest.approx(toy.market_rate, rel=0.1)
    assert fitted.touch_cancel_rate == pytest.approx(toy.touch_cancel_rate, rel=0.1)
    assert fitted.deep_cancel_rate == pytest.approx(toy.deep_cancel_rate, rel=0.1)
    assert fitted.limit_rates(6) == pytest.approx(toy.limit_rates(6), abs=0.06)
    fitted.write(tmp_path / "zi.json")
    assert ZeroIntelligence.read(tmp_path / "zi.json") == fitted
    assert (tmp_path / "zi.json").stat().st_size < 300_000
    with pytest.raises(RecordingError, match="at least 1000"):
        ZeroIntelligence.fit([Recording(events, Quotes(*flat)).slice(0, 100)], profile)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "zi.json"
    path.write_text('{"asset": "TOY", "limit_rate": -1}')
    with pytest.raises(CheckpointError, match="zi.json: not a fitted ZeroIntelligence"):
        ZeroIntelligence.read(path)


def test_closed_loop_on_amzn_keeps_the_rate(amzn: Recording) -> None:
    from engine.seeding import seed_from_profile
    from engine.simulator import MarketSimulator

    hour = 3600 * NS_PER_S
    train = amzn.between(11 * hour, int(11.75 * hour))
    profile = load_profile("AMZN")
    model, paths = ZeroIntelligence.fit([train], profile), np.arange(8)
    simulator = MarketSimulator(
        [seed_from_profile(profile, int(path), 1) for path in paths], paths, 1, amzn.events.meta,
        horizon_ns=60 * NS_PER_S, max_events=5000, burn_in_events=100,
    )  # fmt: skip
    session, out = model.start(paths, 1, profile, simulator.view), Proposals.empty(len(paths))
    while not simulator.done:
        session.propose(simulator.view, simulator.tilts(), out)
        simulator.step(out)
    real = (train.events.action != Action.PRINT).sum() / (0.75 * 3600)
    rate = len(simulator.ensemble(paths).time_ns) / 60 / len(paths)
    assert 0.7 < rate / real < 1.4
