"""Each scored quantity, by hand on a toy book and against processes with a known law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from model.events import NS_PER_S, Quotes, Recording
from stylized_facts import QUANTITIES, MarketSample
from stylized_facts.quantities import CROSSING_DEPTH, from_scale, log_returns, order_signs, to_scale

S = NS_PER_S


@pytest.fixture
def toy(make_events):
    """A window of 5 s that opens with 99/101; its events are named in the test that uses them."""
    events = make_events(
        (0, 0, 0, 99, 10),  # the start: not measured
        (S // 2, 0, 0, 97, 20),  # two ticks behind the bid
        (1 * S, 0, 0, 100, 30),  # improves the bid by one
        (1 * S + S // 4, 2, 1, 100, 9),  # a trade against a hidden order
        (2 * S, 0, 1, 100, 40),  # sells into the bid
        (int(2.5 * S), 0, 1, 105, 50),  # four ticks behind the ask
        (5 * S, 1, 1, 105, 50),
    )
    quotes = Quotes(*np.array(
        [(99, 101, 10, 10), (99, 101, 10, 10), (100, 101, 30, 10), (100, 101, 30, 10),
         (99, 101, 10, 0), (99, 101, 10, 0), (99, 101, 10, 30)]
    ).T)  # fmt: skip
    return MarketSample.from_recordings([Recording(events, quotes)], "toy")


def values(key, sample):
    return QUANTITIES[key].extract(sample).values.tolist()


def test_depth_is_from_the_same_side_before_the_event(toy):
    # the last sell comes when no ask rests: it has no depth
    assert values("depth", toy) == [2.0, -1.0, CROSSING_DEPTH]


def test_sizes_are_of_new_orders(toy):
    assert values("order_size", toy) == [20, 30, 40, 50]


def test_interarrival_passes_over_prints(toy):
    assert values("interarrival", toy) == [0.5, 1.0, 0.5, 2.5]


def test_events_a_second_pass_over_prints(toy):
    assert values("events_per_s", toy) == [1, 1, 2, 0, 0]


def test_touch_on_the_clock(toy):
    assert values("touch_volume", toy) == [20, 40, 10, 10, 10, 40]
    assert values("spread", toy) == [2, 1, 2]  # nothing where a side is empty
    assert values("imbalance", toy) == [0, 0.5, 1, 1, 1, -0.5]


def test_order_signs_are_of_aggressive_orders(toy):
    assert order_signs(toy).values.tolist() == [-1.0]


def test_returns_are_taken_inside_windows(market):
    rng = np.random.default_rng(0)
    returns = rng.standard_normal((3, 200))
    sample = market(returns)
    found = log_returns(sample, 1)
    assert found.offsets.tolist() == [0, 200, 400, 600]
    np.testing.assert_allclose(found.values, returns.ravel(), atol=2e-3)
    tens = log_returns(sample, 10, 10)
    np.testing.assert_allclose(tens.values, returns.reshape(3, 20, 10).sum(2).ravel(), atol=2e-3)


def test_overlapping_returns_are_counted_once(market):
    sample = market(np.ones((2, 300)))
    thirty = QUANTITIES["log_return_30s"]
    found = thirty.extract(sample)
    assert np.diff(found.offsets).tolist() == [91, 91]
    assert found.independent(thirty.overlap) == 20


def test_poisson_arrivals(make_events):
    rng = np.random.default_rng(1)
    rate, recordings = 5.0, []
    for _ in range(8):
        time = np.cumsum(rng.exponential(S / rate, 2_000)).astype(np.int64)
        events = make_events(*((t, 0, 0, 90, 1) for t in time.tolist()))
        touch = np.tile([99, 101, 10, 10], (len(time), 1)).T
        recordings.append(Recording(events, Quotes(*touch)))
    sample = MarketSample.from_recordings(recordings, "Poisson")
    gaps = np.array(values("interarrival", sample))
    assert stats.kstest(gaps, stats.expon(scale=1 / rate).cdf).statistic < 0.015
    counts = np.array(values("events_per_s", sample))
    assert counts.mean() == pytest.approx(rate, rel=0.03)
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("scale", ["linear", "log", "log1p", "signed_log"])
def test_scales_invert(scale):
    x = np.array([0.0, 1e-6, 0.5, 3.0, 1e4])
    np.testing.assert_allclose(from_scale(to_scale(x, scale), scale), x, atol=1e-9)


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES.keys())
def test_histogram_edges_hold_the_values(quantity, toy, market):
    for sample in (toy, market(np.random.default_rng(2).standard_normal((4, 300)))):
        found = quantity.extract(sample).values
        edges = quantity.edges(found)
        assert (np.diff(edges) > 0).all()
        if len(found):
            inside = (found >= edges[0]) & (found < edges[-1])
            assert inside.mean() > 0.99
