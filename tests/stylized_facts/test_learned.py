"""Learned checks on samples that are the same, different, useless or copied."""

from __future__ import annotations

import numpy as np
import pytest

from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording
from stylized_facts import MarketSample, scorecard
from stylized_facts.discriminator import halves_apart, separation
from stylized_facts.memorisation import SHARE, TrainingRuns
from stylized_facts.predictive import forecasts
from stylized_facts.sequences import SUMMARY, event_runs, summaries


def flow(seed, windows=20, seconds=180, follow=0.0, sizes=(1, 2, 5), label="Flow"):
    """A random order every half second about a mid that drifts with the imbalance by `follow`."""
    rng = np.random.default_rng(seed)
    recordings = []
    for _ in range(windows):
        n = 2 * seconds
        pressure = np.repeat(rng.choice([-1.0, 1.0], n // 20), 20)
        step = rng.choice([-1, 0, 1], n) + np.rint(follow * pressure)
        mid = 10_000 + np.cumsum(step).astype(np.int64)
        side = rng.integers(0, 2, n).astype(np.int8)
        depth = 1 + rng.geometric(0.3, n)
        events = Events(
            time_ns=NS_PER_S // 2 * (1 + np.arange(n)) - rng.integers(0, NS_PER_S // 4, n),
            action=np.where(rng.random(n) < 0.4, Action.CANCEL, Action.ADD).astype(np.int8),
            side=side,
            price_ticks=np.where(side == 0, mid - depth, mid + depth),
            size=rng.choice(sizes, n),
            order_id=np.full(n, NO_ORDER),
            meta=EventsMeta("TOY"),
        )
        bid = 50 + (40 * pressure).astype(np.int64)
        recordings.append(Recording(events, Quotes(mid - 1, mid + 1, bid, 100 - bid)))
    return MarketSample.from_recordings(recordings, label)


@pytest.fixture(scope="module")
def real():
    return flow(0, label="Real")


def test_summaries_by_hand(real):
    found, window = summaries(real)
    assert found.shape == (20 * 5, len(SUMMARY))  # the last half-minute is not whole
    assert (np.bincount(window) == 5).all()
    first = (real.window == 3) & (real.events.time_ns - real.start_ns[3] < 30 * NS_PER_S)
    column = dict(zip(SUMMARY, found[15], strict=True))
    assert column["events"] == pytest.approx(np.log1p(first.sum()))
    assert column["buys"] == pytest.approx((real.events.side[first] == 0).mean())
    assert column["log spread"] == pytest.approx(np.log(2))
    moved = np.diff(np.log(real.grid.mid_ticks[real.grid.offsets[3] :][:30])) * 1e4
    assert column["volatility"] == pytest.approx(np.log1p(np.sqrt((moved**2).mean())))


def test_runs_stay_in_their_window_and_begin_where_they_should(real):
    runs, window = event_runs(real, 32, 10_000, 32)
    assert runs.shape == (20 * (359 // 32), 32 * 6)
    assert (np.bincount(window) == 359 // 32).all()
    assert (runs[1].reshape(32, 6)[:, 1] == (real.events.side[32:64] == 0)).all()
    assert len(event_runs(real, 32, 7, 32)[0]) == 7
    assert len(event_runs(real, 16, 10**6, 1)[0]) == 20 * (359 - 15)


@pytest.mark.parametrize("kind", ["logistic", "network"])
def test_a_discriminator_tells_what_differs_and_nothing_else(real, kind):
    same = separation(kind, real, flow(1), 0)
    assert 0.4 < same.auc < 0.6
    assert separation(kind, real, flow(2, sizes=(10, 20, 50)), 0).auc > 0.95
    assert 0.35 < halves_apart(kind, real, 0).auc < 0.65
    low, high = np.quantile(same.draws[1:], (0.025, 0.975))
    assert low < 0.5 < high
    with pytest.raises(ValueError, match="split by time"):
        separation(kind, real, flow(3, windows=1, seconds=60), 0)


def test_a_forecaster_learns_from_flow_that_teaches():
    market = flow(4, follow=0.8)
    own = forecasts(market, market, 0)
    assert own.score < 0.85  # imbalance tells where the mid goes
    good = forecasts(flow(5, follow=0.8), market, 0).ratio_to(own, 0)
    useless = forecasts(flow(6), market, 0).ratio_to(own, 0)
    assert good[0] == pytest.approx(1, abs=0.1)
    assert useless[0] > 1.2
    assert np.quantile(useless[1:], 0.025) > 1.1


def test_copies_are_nearer_than_real_windows_are(real):
    runs = TrainingRuns(flow(7))
    ones = np.ones((1, 20))
    own = runs.nearest(real)
    threshold = own.threshold(ones)
    assert threshold[0] == pytest.approx(np.quantile(own.distance, SHARE), rel=0.02)
    assert own.share_below(threshold, ones)[0] == pytest.approx(SHARE, abs=0.005)
    assert runs.nearest(flow(8)).share_below(threshold, ones)[0] < 0.05
    assert runs.nearest(flow(7)).share_below(threshold, ones)[0] == 1.0
    with pytest.raises(ValueError, match="runs of 16"):
        TrainingRuns(flow(9, windows=1, seconds=20))


def test_rows_of_a_card(real):
    training = flow(7, label="Training")
    models = {"Copy": training, "Wrong": flow(11, sizes=(10, 20, 50))}
    card = scorecard(real, models, resamples=20, training=training, learned=True)
    tell = card.row("discriminator_network", "AUC")
    assert (tell.verdict["Copy"], tell.verdict["Wrong"]) == ("match", "miss")
    assert tell.distance["Wrong"] == pytest.approx(2 * tell.values["Wrong"] - 1)
    memory = card.row("memorisation", "memorisation")
    assert memory.values["Copy"] == 1.0
    assert (memory.verdict["Wrong"], memory.verdict["Copy"]) == ("match", "miss")
    assert card.row("predictive_mid_10s", "predictive").verdict["Copy"] in ("match", "close")
    assert card.row("order_size", "TV").verdict["Wrong"] == "miss"
