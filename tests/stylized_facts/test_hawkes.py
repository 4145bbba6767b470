"""Compound Hawkes as writer of order flow: what it was fitted to, what tilts and shocks do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.catalogue import load_profile
from model.errors import CheckpointError, RecordingError
from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording, Side
from model.order_flow import MarketView, OrderFlowModel, Proposals, Tilts
from model.profile import AssetProfile
from stylized_facts.baselines import CompoundHawkes, HawkesSettings
from stylized_facts.baselines.hawkes_fit import Parameters, stabilised
from stylized_facts.baselines.hawkes_simulation import spectral_radius
from stylized_facts.baselines.marks import Marks, draw_offset, draw_size, quantile_table
from stylized_facts.baselines.streams import KINDS, STREAMS, Kind, stream_and_offset, stream_events
from stylized_facts.baselines.time_of_day import TimeOfDay

MID = 10_000
SPREADS = np.array([1, 2, 4, 8])


@pytest.fixture(scope="module")
def profile() -> AssetProfile:
    """Any profile: the model reads its name alone."""
    return AssetProfile(
        asset="TOY", tick_size=0.01, price_ticks=MID, spread_ticks=4, spread_pmf=[0, 0, 0, 1],
        liquidity=1, events_per_s=5, volume_per_s=100, volatility_bps=2, shape_occupied=[1, 0.5],
        shape_size=[100, 100], order_size_quantiles=[1, 100, 200],
    )  # fmt: skip


@pytest.fixture(scope="module")
def toy() -> CompoundHawkes:
    """A model of known parameters with a little of everything: memory, spread, time of day."""
    alpha = np.full((KINDS, STREAMS, 2), 0.015)
    alpha[Kind.LO_INSPREAD, 2 * Kind.MO] = 0.2  # a buy is followed by a bid inside the spread
    alpha[Kind.MO, 2 * Kind.MO, 0] = 0.15
    return CompoundHawkes(
        asset="TOY",
        settings=HawkesSettings(fastest_s=0.01, slowest_s=2.0, decays=2, spread_drives="all"),
        parameters=Parameters(
            betas=[100.0, 0.5], mu=[0.5, 0.4, 0.3, 0.3, 0.2, 0.3], alpha=alpha.tolist(),
            rates=[0.8, 0.7, 0.6, 0.6, 0.5, 0.6], mean_spread=4.0, low_spread=1.0, high_spread=8.0,
            spread_exponents=[0.0, 0.0, 0.0, 0.0, -0.8, 0.7], spread_exposures=[1.0] * KINDS,
            fitted_spectral_radius=0.5, spectral_radius_interval=(0.4, 0.6),
            branching_errors=np.zeros((KINDS, STREAMS)).tolist(), inspread_kept=1.0, all_kept=1.0,
        ),
        time_of_day=TimeOfDay(start_ns=0, width_ns=60 * NS_PER_S, factors=[1.0]),
        marks=Marks(
            sizes=[[10, 20, 100, 100]] * KINDS,
            offsets=[[1, 2, 3], [1, 2], [0], [0], [0, 0, 1], [1]],
            improvements=[[1, 1, 2], [1, 2, 5]], spread_edges=[6], takes_touch=0.6,
        ),
    )  # fmt: skip


@dataclasses.dataclass
class Drive:
    """What `drive` wrote: arrays [steps, B]."""

    dt_ns: np.ndarray
    stream: np.ndarray
    recordings: list[Recording]


def drive(
    model: OrderFlowModel, profile: AssetProfile, paths: np.ndarray, steps: int,
    tilts: Tilts | None = None, start_ns: int = 0,
) -> Drive:  # fmt: skip
    """Execute every proposal as it is; the spread follows a rule of path and draw alone."""
    rows = len(paths)
    view, out = MarketView.empty(rows), Proposals.empty(rows)
    tilts = Tilts.neutral(rows) if tilts is None else tilts
    view.time_ns[:] = start_ns
    view.bid_size[:] = view.ask_size[:] = 150
    session = model.start(paths, 7, profile, view)
    columns: dict[str, list[np.ndarray]] = {name: [] for name in (
        "time_ns", "action", "side", "price_ticks", "size", "bid_ticks", "ask_ticks", "dt",
        "stream",
    )}  # fmt: skip
    for step in range(steps):
        spread = SPREADS[(paths * 7 + step * (step // 5 + paths)) % len(SPREADS)]
        view.bid_ticks[:], view.ask_ticks[:] = MID, MID + spread
        session.propose(view, tilts, out)
        view.last_bid_ticks[:], view.last_ask_ticks[:] = view.bid_ticks, view.ask_ticks
        view.last_action[:], view.last_side[:] = out.action, out.side
        view.last_price_ticks[:], view.last_size[:] = out.price_ticks, out.size
        view.fresh[:] = True
        view.draw += 1
        view.time_ns += np.maximum(1, (out.dt_ns / tilts.rate).astype(np.int64))
        stream = [
            stream_and_offset(*event)[0]
            for event in zip(
                out.action, out.side, out.price_ticks, view.bid_ticks, view.ask_ticks, strict=True
            )
        ]
        for name, values in (
            ("time_ns", view.time_ns), ("action", out.action), ("side", out.side),
            ("price_ticks", out.price_ticks), ("size", out.size), ("bid_ticks", view.bid_ticks),
            ("ask_ticks", view.ask_ticks), ("dt", out.dt_ns), ("stream", np.array(stream)),
        ):  # fmt: skip
            columns[name].append(values.copy())
    table = {name: np.stack(values) for name, values in columns.items()}
    return Drive(
        table["dt"], table["stream"], [_recording(table, b, start_ns) for b in range(rows)]
    )


def _recording(table: dict[str, np.ndarray], b: int, start_ns: int) -> Recording:
    """One path, opened by an event at the start, since a window's first event is not counted."""

    def opened(name: str) -> np.ndarray:
        return np.concatenate((table[name][:1, b], table[name][:, b]))

    time_ns = opened("time_ns")
    time_ns[0] = start_ns
    bid, ask = (np.append(opened(name)[1:], MID) for name in ("bid_ticks", "ask_ticks"))
    events = Events(
        time_ns, opened("action"), opened("side"), opened("price_ticks"), opened("size"),
        np.full(len(time_ns), NO_ORDER), EventsMeta("TOY"),
    )  # fmt: skip
    size = np.full(len(bid), 150)
    return Recording(events, Quotes(bid, ask, size, size))


def test_marks_keep_atoms_and_bounds(toy: CompoundHawkes) -> None:
    sizes = np.concatenate((np.full(3700, 100), np.arange(1, 6301)))
    table = np.array(quantile_table(sizes, 1000))
    assert (table == 100).mean() == pytest.approx(0.37, abs=0.002)
    packed, levels = toy.marks.packed(), (np.arange(50) + 0.5) / 50
    inside = int(Kind.LO_INSPREAD)
    assert {draw_offset(packed, inside, 2, u) for u in levels} == {1}
    assert {draw_offset(packed, inside, 8, u) for u in levels} == {1, 2, 5}
    clear = np.array([draw_size(packed, int(Kind.MO), 0, 30, 0.5, u) for u in levels])
    assert (clear == 30).mean() == toy.marks.takes_touch
    assert {draw_size(packed, int(Kind.MO), 0, 30, u, 0.99) for u in levels} == {10, 20}
    assert {draw_size(packed, int(Kind.MO), 1, 30, u, 0.0) for u in levels} == {31, 100}
    assert {draw_size(packed, int(Kind.LO_TOP), 0, 30, u, 0.0) for u in levels} == {10, 20, 100}


def test_time_of_day_has_mean_one_and_stops_at_its_range(
    make_events: Callable[..., Events],
) -> None:
    time_ns = np.concatenate((np.arange(0, 60, 0.5), np.arange(60, 120, 0.25))) * NS_PER_S
    events = make_events(*[(int(t), 0, 0, 98, 5) for t in time_ns])
    flat = [np.full(len(events), value) for value in (99, 102, 5, 5)]
    day = TimeOfDay.fit([stream_events(Recording(events, Quotes(*flat)))], 60.0)
    assert day.factors == pytest.approx([2 / 3, 4 / 3], rel=0.02)
    assert day.at(np.array([-1.0, 30.0, 90.0, 500.0])) == pytest.approx(
        [1.0, day.factors[0], day.factors[1], 1.0]
    )


def test_a_model_fitted_to_its_own_flow_finds_itself(
    toy: CompoundHawkes, profile: AssetProfile, tmp_path: Path
) -> None:
    windows = drive(toy, profile, np.arange(24), 2500).recordings
    fitted = CompoundHawkes.fit(windows, profile, toy.settings)
    truth, found = toy.parameters, fitted.parameters
    assert found.spread_exponents == pytest.approx(truth.spread_exponents, abs=0.1)
    level = (found.mean_spread / truth.mean_spread) ** np.array(truth.spread_exponents)
    assert found.mu == pytest.approx(truth.mu * level, rel=0.25)
    level[: Kind.LO_INSPREAD] = 1.0  # elsewhere the spread drives the baseline alone
    excited = np.sum(found.alpha, axis=2) / level[:, None]
    assert excited == pytest.approx(np.sum(truth.alpha, axis=2), abs=0.05)
    assert fitted.branching_ratio < 0.8
    good = fitted.goodness_of_fit(windows)
    assert good.ks_together < 0.01
    assert good.gain > 0.1
    fitted.write(tmp_path / "hawkes.json")
    assert CompoundHawkes.read(tmp_path / "hawkes.json") == fitted
    assert (tmp_path / "hawkes.json").stat().st_size < 300_000


def test_an_explosive_fit_is_scaled_back(profile: AssetProfile, toy: CompoundHawkes) -> None:
    windows = drive(toy, profile, np.arange(4), 500).recordings
    settings = toy.settings.model_copy(update={"max_spectral_radius": 0.2})
    scaled = CompoundHawkes.fit(windows, profile, settings)
    assert scaled.parameters.fitted_spectral_radius > 0.3
    assert scaled.parameters.widest_spectral_radius() == pytest.approx(0.2)
    assert scaled.parameters.inspread_kept == 0.0
    assert min(scaled.parameters.mu) > 0


def test_an_open_spread_does_not_explode(toy: CompoundHawkes) -> None:
    """In-spread orders that excite each other: harmless at one tick, not while there is room."""
    alpha = np.array(toy.parameters.alpha)
    alpha[Kind.LO_INSPREAD, 2 * Kind.LO_INSPREAD :] = 0.4
    wild = toy.parameters.model_copy(
        update={"alpha": alpha.tolist(), "spread_exposures": [1.0] * 5 + [0.1]}
    )
    assert spectral_radius(wild.branching()) < 0.6
    assert wild.widest_spectral_radius() > 1.5
    tame = stabilised(wild, np.ones(KINDS), 0.9)
    assert tame.widest_spectral_radius() == pytest.approx(0.9)
    assert tame.all_kept == 1.0
    assert 0.0 < tame.inspread_kept < 0.9
    assert tame.alpha[Kind.MO][2 * Kind.MO] == wild.alpha[Kind.MO][2 * Kind.MO]
    rates = np.repeat(tame.rates, 2)
    mean = np.repeat(tame.mu, 2) + tame.branching() @ rates
    assert mean == pytest.approx(rates)  # what excitation loses the baseline gains


def test_a_path_is_the_same_alone_and_in_a_batch(
    toy: CompoundHawkes, profile: AssetProfile
) -> None:
    together = drive(toy, profile, np.arange(5), 60)
    alone = drive(toy, profile, np.array([3]), 60)
    assert np.array_equal(together.dt_ns[:, 3], alone.dt_ns[:, 0])
    assert np.array_equal(together.stream[:, 3], alone.stream[:, 0])
    many = drive(toy, profile, np.arange(1024) % 5, 20)  # the loop over threads
    assert np.array_equal(many.stream[:, :5], together.stream[:20])
    assert np.array_equal(many.dt_ns[:, 1018], together.dt_ns[:20, 3])


def test_pressure_tilts_sides_and_nothing_else(toy: CompoundHawkes, profile: AssetProfile) -> None:
    rows = 4000
    tilts = Tilts.neutral(rows)
    tilts.pressure_log_odds[:] = np.log(3.0)
    plain = drive(toy, profile, np.arange(rows), 2)
    tilted = drive(toy, profile, np.arange(rows), 2, tilts)
    assert np.array_equal(plain.dt_ns[0], tilted.dt_ns[0])
    assert np.array_equal(plain.stream[0] // 2, tilted.stream[0] // 2)
    for kind in (Kind.LO_DEEP, Kind.CO_DEEP, Kind.MO):
        side = tilted.stream[0][tilted.stream[0] // 2 == kind] % 2
        odds = (side == Side.BUY).sum() / (side == Side.SELL).sum()
        expected = 1 / 3 if kind == Kind.CO_DEEP else 3.0
        assert np.log(odds) == pytest.approx(np.log(expected), abs=0.25)


def test_a_rate_tilt_speeds_up_the_clock_and_leaves_the_flow_alone(
    toy: CompoundHawkes, profile: AssetProfile
) -> None:
    fast = Tilts.neutral(8)
    fast.rate[:] = 10.0
    plain, tilted = (drive(toy, profile, np.arange(8), 300, t) for t in (None, fast))
    assert np.array_equal(plain.stream, tilted.stream)
    assert np.array_equal(plain.dt_ns, tilted.dt_ns)


def test_history_sets_the_excitation(toy: CompoundHawkes, profile: AssetProfile) -> None:
    history = drive(toy, profile, np.arange(2), 400).recordings
    window = stream_events(history[1])
    view = MarketView.empty(2)
    view.bid_ticks[:], view.ask_ticks[:] = MID, MID + 4
    view.time_ns[:] = [r.events.time_ns[-1] + 10**8 for r in history]
    session = toy.start(np.arange(2), 1, profile, view, history)
    law = toy.parameters.law()
    age = view.time_ns[1] / NS_PER_S - window.time_s
    decayed = law.betas * np.exp(-np.outer(age, law.betas))
    expected = np.einsum("inm,nm->mi", law.alpha[:, window.stream], decayed)
    assert session.flow.state.excitation[1] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_what_cannot_happen_is_not_proposed(toy: CompoundHawkes, profile: AssetProfile) -> None:
    rows = 3000
    view, out = MarketView.empty(rows), Proposals.empty(rows)
    view.bid_ticks[:], view.ask_ticks[:] = MID, MID + 1  # no room inside, and nothing on the bid
    view.ask_size[:] = 100
    toy.start(np.arange(rows), 1, profile, view).propose(view, Tilts.neutral(rows), out)
    cancels, adds = out.action == Action.CANCEL, out.action == Action.ADD
    assert not (cancels & (out.side == Side.BUY)).any()
    assert not (adds & (out.side == Side.SELL) & (out.price_ticks <= MID)).any()
    assert (adds & (out.side == Side.BUY) & (out.price_ticks == MID + 1)).any()
    assert (adds & (out.side == Side.BUY) & (out.price_ticks == MID)).any()


def test_errors_are_one_clear_line(
    toy: CompoundHawkes, profile: AssetProfile, tmp_path: Path
) -> None:
    few = drive(toy, profile, np.array([0]), 50).recordings
    with pytest.raises(RecordingError, match="50 events; give it at least 1000"):
        CompoundHawkes.fit(few, profile)
    path = tmp_path / "hawkes.json"
    with pytest.raises(CheckpointError, match="cannot be read"):
        CompoundHawkes.read(path)
    path.write_text('{"asset": "TOY"}')
    with pytest.raises(
        CheckpointError, match=r"hawkes.json: not a fitted CompoundHawkes \(settings"
    ):
        CompoundHawkes.read(path)
    broken = toy.model_dump(mode="json")
    broken["parameters"]["mu"] = [1.0]
    with pytest.raises(ValueError, match="6 entries"):
        CompoundHawkes.model_validate(broken)
    with pytest.raises(CheckpointError, match="cannot be written"):
        toy.write(tmp_path / "missing" / "hawkes.json")


def test_closed_loop_on_amzn_keeps_rate_and_spread(amzn: Recording) -> None:
    from engine.seeding import seed_from_profile
    from engine.simulator import MarketSimulator

    hour = 3600 * NS_PER_S
    train = amzn.between(11 * hour, int(11.75 * hour))
    profile = load_profile("AMZN")
    model = CompoundHawkes.fit([train], profile, HawkesSettings(decays=4))
    assert model.branching_ratio < 0.99
    assert model.goodness_of_fit([train]).gain > 2.5
    paths, horizon_s = np.arange(16), 60.0
    simulator = MarketSimulator(
        [seed_from_profile(profile, int(path), 1) for path in paths], paths, 1, amzn.events.meta,
        horizon_ns=int(horizon_s * NS_PER_S), max_events=5000, burn_in_events=100,
    )  # fmt: skip
    session, out = model.start(paths, 1, profile, simulator.view), Proposals.empty(len(paths))
    while not simulator.done:
        session.propose(simulator.view, simulator.tilts(), out)
        simulator.step(out)
    written = simulator.ensemble(paths)
    real_rate = (train.events.action != Action.PRINT).sum() / (0.75 * 3600)
    rate = len(written.time_ns) / horizon_s / len(paths)
    assert 0.5 < rate / real_rate < 2.0
    spread = np.median(written.on_grid("spread_ticks", NS_PER_S))
    assert train.quotes is not None
    assert 0.6 < spread / np.median(train.quotes.ask_ticks - train.quotes.bid_ticks) < 1.6
    assert written.counters["out_of_range"] == 0


def test_orders_of_a_shock_do_not_speed_up_forgetting(
    toy: CompoundHawkes, profile: AssetProfile
) -> None:
    """Orders that interrupt a wait add their excitation, and the old one decays by time alone."""
    view, out = MarketView.empty(1), Proposals.empty(1)
    view.bid_ticks[:], view.ask_ticks[:] = MID, MID + 4
    view.last_bid_ticks[:], view.last_ask_ticks[:] = MID, MID + 4
    view.bid_size[:] = view.ask_size[:] = 150
    session = toy.start(np.array([0]), 3, profile, view)
    law, jumps = toy.parameters.law(), session.flow.law.jumps
    expected, began = session.flow.state.excitation[0].copy(), 0
    view.last_action[:], view.last_side[:], view.last_price_ticks[:] = 0, 0, MID - 1
    for step in range(400):
        session.propose(view, Tilts.neutral(1), out)
        before, due = int(view.time_ns[0]), began + int(out.dt_ns[0])
        interrupts = step % 4 and due - before > 4
        view.time_ns[:] = (before + due) // 2 if interrupts else due
        view.fresh[:] = True
        if not interrupts:
            view.draw += 1
            began = int(view.time_ns[0])
        expected *= np.exp(-law.betas * (view.time_ns[0] - before) / NS_PER_S)[:, None]
        expected += jumps[2 * Kind.LO_DEEP]
    session.propose(view, Tilts.neutral(1), out)
    assert session.flow.state.excitation[0] == pytest.approx(expected, rel=1e-4)


def test_interrupting_a_wait_leaves_its_time_alone(
    toy: CompoundHawkes, profile: AssetProfile
) -> None:
    """Something that changes nothing, halfway: the event comes when it would have come."""
    rows = 500
    whole = drive(toy, profile, np.arange(rows), 1).dt_ns[0]
    view, out = MarketView.empty(rows), Proposals.empty(rows)
    view.bid_size[:] = view.ask_size[:] = 150
    spread = SPREADS[(np.arange(rows) * 7) % len(SPREADS)]
    view.bid_ticks[:], view.ask_ticks[:] = MID, MID + spread
    session = toy.start(np.arange(rows), 7, profile, view)
    for _ in range(3):
        session.propose(view, Tilts.neutral(rows), out)
        view.time_ns[:] = (view.time_ns + whole) // 2
    assert out.dt_ns == pytest.approx(whole, abs=100)
