"""Replay, queue-reactive, Markov and returns models: known truths, and what all of them share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.rollout import rollout
from engine.scenario import load_scenario
from engine.spec import RunSpec
from model.errors import CheckpointError, RecordingError, SpecError
from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording, Side
from model.order_flow import MarketView, OrderFlowModel, Proposals, Tilts
from model.profile import AssetProfile
from stylized_facts.baselines import BlockReplay, MarkovChain, QueueReactive, ReturnsModel
from stylized_facts.baselines.contexts import (
    PER_CLASS,
    Contexts,
    class_shares,
    draw_token,
    find,
)
from stylized_facts.baselines.garch import bar_returns_bp
from stylized_facts.baselines.marks import Marks
from stylized_facts.baselines.registry import FITS, fit_baseline, read_fitted
from stylized_facts.baselines.streams import KINDS, Kind
from tests.engine.scripted_flow import OneByOne, same

MID = 10_002
FLOWS = ("replay", "queue-reactive", "markov-1", "markov-5")


@pytest.fixture(scope="module")
def profile() -> AssetProfile:
    return AssetProfile(
        asset="TOY", tick_size=0.01, price_ticks=MID, spread_ticks=4, spread_pmf=[0, 0, 0, 1],
        liquidity=1, events_per_s=5, volume_per_s=100, volatility_bps=2, shape_occupied=[1, 0.5],
        shape_size=[100, 100], order_size_quantiles=[1, 100, 200],
    )  # fmt: skip


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Adds and cancels at random around a touch that stands still; its sizes change."""
    rng, n = np.random.default_rng(0), 4000
    side, cancel = rng.integers(0, 2, n), rng.random(n) < 0.45
    behind = rng.choice([-5, -4, -2, 0, 0, 1, 3], n)  # from the own touch; -4 and -5 cross
    behind = np.where(cancel, np.maximum(behind, 0), behind)
    price = np.where(side == Side.BUY, MID - 2 - behind, MID + 2 + behind)
    events = Events(
        np.cumsum(rng.exponential(0.2 * NS_PER_S, n)).astype(np.int64) + 1,
        np.where(cancel, Action.CANCEL, Action.ADD).astype(np.int8), side.astype(np.int8), price,
        rng.choice([10, 100, 100, 200], n), np.full(n, NO_ORDER), EventsMeta("TOY"),
    )  # fmt: skip
    size = rng.choice([50, 150, 400], (2, n))
    still = np.full(n, MID)
    return Recording(events, Quotes(still - 2, still + 2, size[0], size[1]))


@pytest.fixture(scope="module")
def fitted(recording: Recording, profile: AssetProfile) -> dict[str, OrderFlowModel]:
    models = {name: fit_baseline(name, [recording], profile) for name in FLOWS}
    return {name: model for name, model in models.items() if isinstance(model, OrderFlowModel)}


def drive(
    model: OrderFlowModel, profile: AssetProfile, paths: np.ndarray, steps: int,
    tilts: Tilts | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Execute every proposal; the sizes at the touch follow a rule of path and draw alone."""
    rows = len(paths)
    view, out = MarketView.empty(rows), Proposals.empty(rows)
    view.bid_ticks[:], view.ask_ticks[:] = MID - 2, MID + 2
    view.last_bid_ticks[:], view.last_ask_ticks[:] = MID - 2, MID + 2
    view.bid_size[:] = view.ask_size[:] = 150
    session = model.start(paths, 7, profile, view)
    names = ("dt_ns", "action", "side", "price_ticks", "size")
    columns: dict[str, list[np.ndarray]] = {name: [] for name in (*names, "bid", "ask")}
    for step in range(steps):
        session.propose(view, tilts or Tilts.neutral(rows), out)
        for name in names:
            columns[name].append(getattr(out, name).copy())
        columns["bid"].append(view.bid_size.copy())
        columns["ask"].append(view.ask_size.copy())
        view.last_dt_ns[:] = out.dt_ns
        view.last_action[:], view.last_side[:] = out.action, out.side
        view.last_price_ticks[:], view.last_size[:] = out.price_ticks, out.size
        view.time_ns += out.dt_ns
        view.draw += 1
        view.fresh[:] = True
        view.bid_size[:] = np.array([50, 150, 400])[(paths + step) % 3]
        view.ask_size[:] = np.array([50, 150, 400])[(paths * 2 + step // 2) % 3]
    return {name: np.stack(values) for name, values in columns.items()}


@pytest.mark.parametrize("name", FLOWS)
def test_a_path_is_the_same_alone_and_in_a_batch(
    fitted: dict[str, OrderFlowModel], profile: AssetProfile, name: str
) -> None:
    together = drive(fitted[name], profile, np.arange(6), 40)
    alone = drive(fitted[name], profile, np.array([4]), 40)
    for column in ("dt_ns", "action", "side", "price_ticks", "size"):
        assert np.array_equal(together[column][:, 4], alone[column][:, 0])
    assert len(np.unique(together["dt_ns"][0])) > 3


@pytest.mark.parametrize("name", FLOWS)
def test_many_moves_in_one_call_change_nothing(
    fitted: dict[str, OrderFlowModel], profile: AssetProfile, name: str
) -> None:
    """As `engine.fused` plays it, and move by move, a burst of activity included."""
    burst = load_scenario("activity_burst")
    spec = RunSpec(asset="AMZN", scenario=burst, paths=9, horizon_s=90.0, burn_in_events=5)
    model = fitted[name]
    fused, one_by_one = (rollout(one, profile, spec) for one in (model, OneByOne(model)))
    assert fused.timing["book"] == 0.0 < one_by_one.timing["book"]
    assert len(fused.shocked.time_ns) > len(fused.baseline.time_ns)
    same(fused.baseline, one_by_one.baseline)
    same(fused.shocked, one_by_one.shocked)


@pytest.mark.parametrize("name", FLOWS)
def test_flow_has_the_rate_and_the_mix_of_training(
    fitted: dict[str, OrderFlowModel], recording: Recording, profile: AssetProfile, name: str
) -> None:
    written = drive(fitted[name], profile, np.arange(60), 100)
    assert written["dt_ns"].mean() / NS_PER_S == pytest.approx(0.2, rel=0.08)
    cancels = written["action"] == Action.CANCEL
    assert cancels.mean() == pytest.approx((recording.events.action == 1).mean(), abs=0.03)
    buy = written["side"] == Side.BUY
    assert buy.mean() == pytest.approx(0.5, abs=0.03)
    behind = np.where(buy, MID - 2 - written["price_ticks"], written["price_ticks"] - MID - 2)
    assert (behind[~cancels] <= -4).mean() == pytest.approx(2 / 7, abs=0.04)
    assert (behind[~cancels] == -2).mean() == pytest.approx(1 / 7, abs=0.04)
    assert behind[cancels].min() >= 0


@pytest.mark.parametrize("name", FLOWS)
def test_pressure_multiplies_the_odds_of_a_buy(
    fitted: dict[str, OrderFlowModel], profile: AssetProfile, name: str
) -> None:
    rows = 6000
    tilts = Tilts.neutral(rows)
    tilts.pressure_log_odds[:] = np.log(3.0)
    plain = drive(fitted[name], profile, np.arange(rows), 1)
    tilted = drive(fitted[name], profile, np.arange(rows), 1, tilts)
    assert np.array_equal(plain["dt_ns"], tilted["dt_ns"]) or name.startswith("markov")
    assert np.array_equal(plain["action"], tilted["action"])
    for action, expected in ((Action.ADD, 3.0), (Action.CANCEL, 1 / 3)):
        side = tilted["side"][tilted["action"] == action]
        odds = (side == Side.BUY).sum() / (side == Side.SELL).sum()
        assert np.log(odds) == pytest.approx(np.log(expected), abs=0.2)


@pytest.mark.parametrize("name", [*FLOWS, "gjr-garch"])
def test_files_are_read_back_by_their_kind(
    recording: Recording, profile: AssetProfile, tmp_path: Path, name: str
) -> None:
    returns = ReturnsModel(
        asset="TOY", volatility="gjr-garch", bar_s=10, parameters={"omega": 1.0}, variances=[1.0]
    )  # fmt: skip
    model = returns if name == "gjr-garch" else fit_baseline(name, [recording], profile)
    path = tmp_path / "fitted.json"
    model.write(path)
    assert read_fitted(path) == model
    assert type(model).read(path) == model
    path.write_text('{"kind": "zero"}')
    with pytest.raises(CheckpointError, match=r"fitted.json: not a fitted"):
        read_fitted(path)


@pytest.mark.parametrize("name", sorted(FITS))
def test_too_little_data_is_one_clear_line(
    recording: Recording, profile: AssetProfile, name: str
) -> None:
    with pytest.raises(RecordingError, match="at least"):
        fit_baseline(name, [recording.slice(0, 300)], profile)
    with pytest.raises(RecordingError, match="quotes"):
        fit_baseline(name, [Recording(recording.events)], profile)


def test_an_unknown_baseline_is_refused(recording: Recording, profile: AssetProfile) -> None:
    with pytest.raises(SpecError, match="not known: use hawkes"):
        fit_baseline("arima", [recording], profile)


def test_a_replay_is_the_recording_shifted(recording: Recording, profile: AssetProfile) -> None:
    moved = BlockReplay.fit([recording], profile, block_s=20.0)
    shift = 500
    view, out = MarketView.empty(1), Proposals.empty(1)
    view.bid_ticks[:], view.ask_ticks[:] = MID - 2 + shift, MID + 2 + shift
    session = moved.start(np.array([3]), 1, profile, view)
    prices, times = [], []
    for _ in range(60):
        session.propose(view, Tilts.neutral(1), out)
        view.time_ns += out.dt_ns
        view.draw += 1
        prices.append(int(out.price_ticks[0]))
        times.append(int(view.time_ns[0]))
    wanted = recording.events.price_ticks[1:] + shift
    rows = [r for r in range(len(wanted) - 60) if wanted[r : r + 60].tolist() == prices]
    assert len(rows) == 1
    real = recording.events.time_ns[1:][rows[0] : rows[0] + 60]
    assert np.diff(times) == pytest.approx(np.diff(real), abs=1)


def test_a_replay_says_the_same_event_again_where_a_shock_interrupts(
    recording: Recording, profile: AssetProfile
) -> None:
    view, out = MarketView.empty(1), Proposals.empty(1)
    view.bid_ticks[:], view.ask_ticks[:] = MID - 2, MID + 2
    session = BlockReplay.fit([recording], profile).start(np.array([0]), 1, profile, view)
    session.propose(view, Tilts.neutral(1), out)
    first = (int(out.dt_ns[0]), int(out.price_ticks[0]))
    view.time_ns += first[0] // 4  # an order of a shock; the draw is not spent
    session.propose(view, Tilts.neutral(1), out)
    assert (out.dt_ns[0], out.price_ticks[0]) == first, "the engine subtracts what was waited"


def test_queue_reactive_rates_are_found_again(profile: AssetProfile) -> None:
    rates = np.full((KINDS, 1, 3), 0.3)
    rates[Kind.CO_TOP, 0] = [0.1, 0.5, 2.0]  # a longer queue is cancelled more
    rates[Kind.MO, 0] = [1.5, 0.4, 0.1]  # and a short one traded away
    truth = QueueReactive(
        asset="TOY", unit=100.0, queue_edges=[0.0, 1.0, 3.0], spread_edges=[],
        rates=rates.tolist(),
        marks=Marks(
            sizes=[[100]] * KINDS, offsets=[[1], [1], [0], [0], [0], [1]], improvements=[[1]],
            spread_edges=[], takes_touch=0.0,
        ),
    )  # fmt: skip
    written = drive(truth, profile, np.arange(12), 2500)
    windows = []
    for b in range(12):
        column = {name: values[:, b] for name, values in written.items()}
        n = len(column["side"])
        opened = {name: np.append(values[:1], values) for name, values in column.items()}
        time_ns = np.append(0, np.cumsum(column["dt_ns"]))
        still = np.full(n + 1, MID)
        events = Events(
            time_ns, opened["action"], opened["side"], opened["price_ticks"], opened["size"],
            np.full(n + 1, NO_ORDER), EventsMeta("TOY"),
        )  # fmt: skip
        after = {side: np.append(column[side], column[side][-1:]) for side in ("bid", "ask")}
        windows.append(Recording(events, Quotes(still - 2, still + 2, after["bid"], after["ask"])))
    found = QueueReactive.fit(windows, profile)
    assert found.unit == pytest.approx(100.0, rel=0.3)  # aggressive orders take less than 100
    edges = np.array(found.queue_edges) * found.unit
    for size, state in ((50, 0), (150, 1), (400, 2)):
        own = int(np.searchsorted(edges, size, side="right")) - 1
        column = np.array(found.rates)[:, -1, own]
        assert column[[Kind.CO_TOP, Kind.MO, Kind.LO_TOP]] == pytest.approx(
            rates[[Kind.CO_TOP, Kind.MO, Kind.LO_TOP], 0, state], rel=0.15, abs=0.03
        )


def test_queue_reactive_leaves_out_what_cannot_happen(
    fitted: dict[str, OrderFlowModel], profile: AssetProfile
) -> None:
    rows = 2000
    view, out = MarketView.empty(rows), Proposals.empty(rows)
    view.bid_ticks[:], view.ask_ticks[:], view.ask_size[:] = MID, MID + 1, 100  # no bid
    fitted["queue-reactive"].start(np.arange(rows), 1, profile, view).propose(
        view, Tilts.neutral(rows), out
    )
    buy, cancel = out.side == Side.BUY, out.action == Action.CANCEL
    assert not (cancel & buy).any()
    assert not (~cancel & ~buy & (out.price_ticks <= MID)).any()
    assert (~cancel & buy & (out.price_ticks == MID)).any()


def test_contexts_against_counting_by_hand() -> None:
    rng = np.random.default_rng(1)
    tokens = rng.choice([3, 7, PER_CLASS + 1, 2 * PER_CLASS, 3 * PER_CLASS + 5], 400)
    windows = [tokens[:250], tokens[250:]]
    contexts = Contexts.of(windows, 3)
    after: dict[tuple[int, ...], Counter[int]] = {}
    for window in windows:
        for end in range(len(window)):
            for k in range(min(end, 3) + 1):
                past = tuple(int(token) for token in window[end - k : end])
                after.setdefault(past, Counter())[int(window[end])] += 1

    def by_hand(past: tuple[int, ...], token: int) -> float:
        if past not in after:
            return by_hand(past[1:], token)
        seen = after[past]
        kept = seen.total() / (seen.total() + len(seen)) if past else 1.0
        own = kept * seen[token] / seen.total()
        return own + ((1 - kept) * by_hand(past[1:], token) if past else 0.0)

    rows, weight, shares = np.empty(4, np.int64), np.empty(4), np.empty(4)
    for past in [tuple(tokens[i : i + 3].tolist()) for i in range(20)] + [(99, 3, 7), (99, 98, 97)]:
        found = find(contexts, np.array(past[::-1]), 3, rows, weight)
        class_shares(contexts, rows, weight, found, shares)
        assert weight[:found].sum() == pytest.approx(1.0)
        for class_ in range(4):
            own = [t for t in set(tokens.tolist()) if t // PER_CLASS == class_]
            assert shares[class_] == pytest.approx(sum(by_hand(past, t) for t in own))
    grid = (np.arange(200) + 0.5) / 200
    past = tuple(tokens[:3].tolist())
    found = find(contexts, np.array(past[::-1]), 3, rows, weight)
    class_shares(contexts, rows, weight, found, shares)
    drawn = [
        draw_token(contexts, rows, weight, found, 0, shares[0], u, v) for u in grid for v in grid
    ]
    assert np.mean(np.array(drawn) == 3) == pytest.approx(by_hand(past, 3) / shares[0], abs=0.01)


def test_an_order_1_chain_is_found_and_history_is_read(profile: AssetProfile) -> None:
    """Every buy is followed by a sell: the chain writes on from where the history ends."""
    n = 1200
    side = (np.arange(n) % 2).astype(np.int8)
    rng = np.random.default_rng(2)
    bid, behind = np.full(n, MID - 2), rng.choice([0, 1, 3, 6], n)
    events = Events(
        10**8 * np.arange(1, n + 1), np.zeros(n, np.int8), side,
        np.where(side == 0, MID - 2 - behind, MID + 2 + behind), np.full(n, 100),
        np.full(n, NO_ORDER), EventsMeta("TOY"),
    )  # fmt: skip
    size = np.full(n, 150)
    recording = Recording(events, Quotes(bid, bid + 4, size, size))
    model = MarkovChain.fit([recording], profile, 1)
    rows = 400
    view, out = MarketView.empty(rows), Proposals.empty(rows)
    view.bid_ticks[:], view.ask_ticks[:] = MID - 2, MID + 2
    view.bid_size[:] = view.ask_size[:] = 150
    history = [recording.slice(0, 500 + b % 2) for b in range(rows)]  # ends on a sell, or a buy
    model.start(np.arange(rows), 1, profile, view, history).propose(view, Tilts.neutral(rows), out)
    turned = out.side == (500 + np.arange(rows)) % 2
    assert turned.mean() > 0.97  # the rest is what the interpolation gives to the empty context


def test_garch_is_found_again_and_simulated(profile: AssetProfile) -> None:
    truth = ReturnsModel(
        asset="TOY", volatility="gjr-garch", bar_s=10.0, variances=[20.0],
        parameters={
            "omega": 1.0, "alpha[1]": 0.05, "gamma[1]": 0.1, "beta[1]": 0.85, "eta": 6.0,
            "lambda": 0.0,
        },
    )  # fmt: skip
    fine = profile.model_copy(update={"price_ticks": 10**7})
    sample = truth.sample(fine, 1, 60_000.0, seed=1)
    path = Recording(sample.events, sample.quotes)
    assert bar_returns_bp(path, 10.0) == pytest.approx(truth.simulate(1, 6000, 1)[0, 1:], abs=0.01)
    found = ReturnsModel.fit([path], fine)
    assert found.parameters["beta[1]"] == pytest.approx(0.85, abs=0.06)
    assert found.parameters["eta"] == pytest.approx(6.0, rel=0.3)
    assert np.mean(found.variances) == pytest.approx(20.0, rel=0.25)
    again = found.simulate(200, 30, seed=3)
    assert again.var() == pytest.approx(20.0, rel=0.35)
    assert np.array_equal(again[:5], found.simulate(5, 30, seed=3))
    slow = ReturnsModel.fit([path], fine, "figarch")
    assert 0.0 < slow.parameters["d"] < 1.0
