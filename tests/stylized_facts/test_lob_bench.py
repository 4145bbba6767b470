"""LOB-Bench features by hand, and its two normalisations."""

from __future__ import annotations

import numpy as np
import pytest

from model.events import NS_PER_S, Events, EventsMeta, Quotes, Recording
from stylized_facts import MarketSample, scorecard
from stylized_facts.lob_bench import FEATURES, LobBench


@pytest.fixture(scope="module")
def tape() -> MarketSample:
    """An add, an improving bid, its cancel, a buy that takes the ask, and what it leaves."""
    rows = [  # ms, action, side, price, size, id -> bid, ask, bid size, ask size
        (0, 0, 0, 98, 3, 1, 99, 101, 10, 20),
        (500, 0, 0, 100, 5, 2, 100, 101, 5, 20),
        (1500, 1, 0, 100, 5, 2, 99, 101, 10, 20),
        (2000, 0, 1, 104, 7, 3, 99, 101, 10, 20),
        (2000, 0, 0, 101, 20, 4, 99, 103, 10, 30),
    ]
    columns = np.array(rows, np.int64).T
    events = Events(
        columns[0] * (NS_PER_S // 1000), columns[1].astype(np.int8), columns[2].astype(np.int8),
        *columns[3:6], EventsMeta("TOY"),
    )  # fmt: skip
    start = Quotes(*(np.array([x]) for x in (99, 101, 10, 20)))
    return MarketSample.from_recordings(
        [Recording(events, Quotes(*columns[6:]))], "Tape", spans=[(0, 3 * NS_PER_S)], starts=start
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("spread", [2, 1, 2, 2, 4]),
        ("orderbook_imbalance", [-1 / 3, -0.6, -1 / 3, -1 / 3, -0.5]),
        ("log_inter_arrival_time", np.log([500, 1000, 500, 1e-9])),
        ("log_time_to_cancel", [0.0]),  # one second
        ("ask_volume_touch", [20, 20, 20, 20, 30]),
        ("bid_volume_touch", [10, 5, 10, 10, 10]),
        ("limit_bid_order_depth", [2.0, 0.5]),
        ("limit_ask_order_depth", [4.0]),
        ("bid_cancellation_depth", []),  # the mid has fallen to the price that was cancelled
        ("vol_per_min", [1200.0]),
        ("ask_volume", []),
        ("ofi", []),
    ],
)
def test_features_by_hand(tape, name, values):
    assert FEATURES[name].extract(tape) == pytest.approx(np.array(values, float))


def test_order_flow_imbalance_is_a_mean_over_a_hundred_events():
    n = 250
    size = 10 + np.arange(n)  # the bid grows by 1 at every event: imbalance 1
    flat = np.full(n, 100)
    events = Events(
        NS_PER_S * np.arange(n), np.zeros(n, np.int8), np.zeros(n, np.int8), flat - 1,
        np.ones(n, np.int64), np.full(n, -1), EventsMeta("TOY"),
    )  # fmt: skip
    quotes = Quotes(flat - 1, flat + 1, size, flat)
    sample = MarketSample.from_recordings([Recording(events, quotes)], "Grows")
    assert FEATURES["ofi"].extract(sample) == pytest.approx(np.ones(249 - 100))
    assert len(FEATURES["ofi_stay"].extract(sample)) == 249 - 101
    assert len(FEATURES["ofi_up"].extract(sample)) == 0


def test_scores_and_what_they_forgive(market):
    rng = np.random.default_rng(0)
    real = market(rng.standard_normal((8, 120)), label="Real")
    card = scorecard(real, {"Copy": real, "Wide": market(rng.standard_normal((8, 120)), spread=40)})
    bench = card.lob_bench
    assert bench is not None
    assert bench.features["spread"]["l1_pooled"] == {"Copy": 0.0, "Wide": 1.0}
    # half the pooled values lie 38 ticks away: their sd is 19, so the pooled distance saturates
    assert bench.features["spread"]["wasserstein_pooled"]["Wide"] == pytest.approx(2.0, rel=0.01)
    assert bench.features["spread"]["wasserstein_real"]["Wide"] == np.inf
    assert bench.aggregates["l1_real"]["Copy"] == {"mean": 0.0, "median": 0.0, "iqm": 0.0}
    assert "needs 10 recorded levels" in bench.left_out["ask_volume"]
    assert len(bench.features) + len(bench.left_out) == len(FEATURES) == 21
    assert LobBench.model_validate_json(bench.model_dump_json()).left_out == bench.left_out
