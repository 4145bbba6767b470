"""Facts of the book, of events and of the day on toy tapes whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.events import NS_PER_S, Levels
from stylized_facts.facts.book_shape import gamma_shape
from stylized_facts.facts.event_mix import KINDS, STATES, event_states, transition_divergence
from stylized_facts.facts.interarrival import power_sums, weibull_shape
from stylized_facts.facts.resilience import cleared
from stylized_facts.quantities import Values
from tests.stylized_facts.toy_tapes import ADD, BUY, CANCEL, PRINT, SELL, tape
from tests.stylized_facts.toy_values import ONE, curve, one

# levels and shape


def test_spread_weighs_by_the_time_it_lasts():
    sample = tape(
        [
            (0, ADD, BUY, 99, 1, 99, 100, 5, 5),
            (90, CANCEL, SELL, 100, 5, 99, 104, 5, 5),
            (99, CANCEL, SELL, 104, 5, 99, 104, 5, 0),  # no spread while a side is empty
            (149, ADD, SELL, 100, 5, 99, 100, 5, 5),
            (150, ADD, SELL, 200, 5, 99, 100, 5, 5),
        ]
    )
    assert one(sample, "mean_spread") == pytest.approx((91 * 1 + 9 * 5) / 100)
    assert one(sample, "one_tick_share") == pytest.approx(0.91)
    assert one(sample, "mean_spread_bps") == pytest.approx(1e4 * (0.91 / 99.5 + 0.09 * 5 / 101.5))
    assert curve(sample, "spread_in_time")[4] == pytest.approx(0.09)


def test_gamma_shape_of_gamma_variables():
    x = np.random.default_rng(1).gamma(0.7, 30, 100_000)
    sums = np.array([[len(x), x.sum(), np.log(x).sum()]])
    assert gamma_shape(sums, ONE)[0] == pytest.approx(0.7, rel=0.02)
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(gamma_shape(np.array([[5.0, 10.0, 5 * np.log(2)]]), ONE)[0])


def test_book_profile_is_the_mean_over_time(market):
    sample = market(np.zeros((2, 200)))
    assert np.isnan(curve(sample, "book_profile")).all()  # nobody recorded levels
    n = len(sample.events)
    size = np.tile([10, 20, 30], (n, 1))
    price = np.zeros((n, 3), np.int64)
    known = replace(sample, levels=Levels(price, size, price, 3 * size))
    profile = curve(known, "book_profile")
    np.testing.assert_allclose(profile[:3], [1 / 6, 1 / 3, 1 / 2])
    assert np.isnan(profile[3:]).all()
    assert known.windows(50 * NS_PER_S).levels.bid_size.shape[1] == 3


# times and sizes


@pytest.mark.parametrize("shape", [0.5, 1.0, 1.6])
def test_weibull_shape_of_weibull_times(shape):
    x = np.random.default_rng(2).weibull(shape, 60_000)
    found = weibull_shape(power_sums(Values(x, np.array([0, len(x)]))), ONE)[0]
    assert found == pytest.approx(shape, rel=0.03)


def test_interarrival_times_of_a_poisson_process():
    rng = np.random.default_rng(3)
    rows = [(t, ADD, BUY, 1, 1, 99, 101, 5, 5) for t in np.cumsum(rng.exponential(1, 4_000))]
    sample = tape(rows)
    assert one(sample, "weibull_shape") == pytest.approx(1, abs=0.04)
    assert one(sample, "interarrival_dispersion") == pytest.approx(1, abs=0.05)
    assert abs(one(sample, "acf_interarrival_1")) < 0.05


def test_sizes_at_atoms_and_in_the_tail():
    rng = np.random.default_rng(4)
    sizes = np.where(rng.random(8_000) < 0.6, 100, 3 + np.floor(200 * rng.pareto(2.5, 8_000)))
    rows = [(i, ADD, BUY, 1, size, 99, 101, 5, 5) for i, size in enumerate(sizes, 1)]
    sample = tape([(0, ADD, BUY, 1, 1, 99, 101, 5, 5), *rows])
    atoms = curve(sample, "size_atoms")
    assert atoms[5] == pytest.approx(0.6, abs=0.03)
    assert one(sample, "round_size_share") == pytest.approx(atoms.sum())
    # of the excess over 200, whose tail is Pareto: the index is that of the law far out
    assert one(sample, "hill_limit_size") == pytest.approx(2, abs=0.5)


def test_placement_shares():
    def order(i, depth):
        return (i, ADD, BUY, 1_000 - depth, 1, 1_000, 1_010, 5, 5)

    rng = np.random.default_rng(5)
    depths = np.concatenate(
        (np.full(300, -2), np.full(500, 0), 10 * (rng.pareto(1.6, 3_200) + 1) // 1)
    )
    sample = tape([order(0, 0), *(order(i, d) for i, d in enumerate(np.minimum(depths, 900), 1))])
    assert one(sample, "improving_share") == pytest.approx(300 / 4_000)
    assert one(sample, "joining_share") == pytest.approx(500 / 4_000)
    assert one(sample, "hill_placement") == pytest.approx(1.6, abs=0.3)


# events


def test_event_states_and_transitions():
    q = (99, 101, 5, 5)
    sample = tape(
        [
            (0, ADD, BUY, 99, 1, *q),
            (1, ADD, BUY, 101, 1, *q),  # market
            (2, ADD, SELL, 100, 1, 99, 100, 5, 1),  # inside
            (3, ADD, BUY, 99, 1, 99, 100, 6, 1),  # at the touch
            (4, PRINT, BUY, 100, 1, 99, 100, 6, 1),
            (5, ADD, SELL, 105, 1, 99, 100, 6, 1),  # behind
            (6, CANCEL, SELL, 100, 1, *q),  # at the touch
            (7, CANCEL, BUY, 90, 1, *q),  # behind
        ]
    )
    state, _ = event_states(sample)
    assert [STATES[s] for s in state] == [
        f"{side} {kind}"
        for side, kind in zip(("buy", "sell", "buy", "sell", "sell", "buy"), KINDS, strict=True)
    ]
    mix = curve(sample, "event_mix")
    np.testing.assert_allclose(mix[state], 1 / 6)
    matrix = curve(sample, "transitions").reshape(12, 12)
    assert matrix[state[0], state[1]] == 1
    assert np.isnan(matrix[state[5]]).all()  # nothing came after it


def test_transitions_of_a_known_chain():
    rng = np.random.default_rng(6)
    stays = rng.random(6_000) < 0.8
    side = np.cumsum(~stays) % 2
    rows = [(i, ADD, s, 99 if s == BUY else 101, 1, 99, 101, 5, 5) for i, s in enumerate(side)]
    sample = tape(rows)
    assert one(sample, "repeated_state") == pytest.approx(0.8, abs=0.02)
    counts = np.array([[80.0, 20.0], [20.0, 80.0]])
    assert transition_divergence(counts, counts) == 0
    other = np.array([[50.0, 50.0], [50.0, 50.0]])
    exact = 0.8 * np.log(0.8 / 0.5) + 0.2 * np.log(0.2 / 0.5)
    assert transition_divergence(1e6 * counts, 1e6 * other) == pytest.approx(exact, rel=1e-3)


# time of day and recovery


def test_shape_of_the_day():
    hour = 3600
    start = 9 * hour
    rng = np.random.default_rng(14)
    busy = np.sort(rng.uniform(0, hour, 3_600))
    calm = np.sort(rng.uniform(hour, 4 * hour, 3_600))
    rows = [(t, ADD, BUY, 1, 1, 99, 101, 5, 5) for t in (0, *busy, *calm, 4 * hour)]
    sample = tape(rows, start_ns=start * NS_PER_S)
    day = curve(sample, "day_events")
    at = start // 300
    assert np.nanmean(day[at : at + 12]) == pytest.approx(2, abs=0.1)
    assert np.nanmean(day[at + 12 : at + 48]) == pytest.approx(2 / 3, abs=0.05)
    assert np.isnan(day[:at]).all()
    np.testing.assert_allclose(curve(sample, "day_spread")[at : at + 48], 1)
    assert np.isnan(curve(tape(rows), "day_events")).all()  # a path has no time of day


def test_half_life_of_a_spread_that_comes_back():
    rows, t = [(0, ADD, BUY, 1, 1, 999, 1_001, 50, 50)], 100.0
    for _ in range(150):
        rows.append((t, ADD, BUY, 1_001, 50, 999, 1_041, 50, 50))
        for s in range(1, 60):
            wide = round(40 * 0.5 ** (s / 4))
            rows.append((t + s, ADD, SELL, 1_001 + wide, 1, 999, 1_001 + wide, 50, 50))
        t += 100.0
    sample = tape(rows)
    assert len(cleared(sample)) == 150
    # the mean that it falls back to is the spread of all times, not the narrow one of before
    usual = one(sample, "mean_spread")
    found = one(sample, "spread_half_life")
    excess = 42 - usual
    exact = 4 * np.log2(40 / (usual - 2 + excess / 2))
    assert found == pytest.approx(exact, abs=0.5)
    assert curve(sample, "resilience_spread")[1] == pytest.approx(42 / usual, rel=0.05)
    np.testing.assert_allclose(curve(sample, "resilience_touch"), 1, atol=1e-9)
