"""Each rule of a step, on hand-made books with scripted flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.ensemble import Origin
from engine.shocks.plan import MARKET, Tilt
from tests.engine.scripted_flow import (
    ADD,
    BUY,
    CANCEL,
    QUIET,
    SELL,
    START,
    USUAL,
    Noise,
    Script,
    book,
    plan,
    play,
    run,
    same,
    simulator,
    table,
)


def test_view_at_the_start() -> None:
    view = simulator().view
    assert (view.bid_ticks[0], view.ask_ticks[0], view.bid_size[0], view.ask_size[0]) == (
        99, 101, 100, 100
    )  # fmt: skip
    assert view.time_ns[0] == START
    assert view.open_ticks[0] == 100.0
    assert view.active[0]
    assert not view.fresh[0]
    assert view.draw[0] == 0
    assert simulator(open_ticks=np.array([77.0])).view.open_ticks[0] == 77.0


def test_what_an_event_leaves_in_the_record_and_the_view() -> None:
    sim = simulator()
    ensemble = play(
        sim,
        [
            (10, ADD, BUY, 100, 30),  # improves the bid
            (20, ADD, BUY, 102, 150),  # sweeps 101, takes 50 of 102
            (30, CANCEL, SELL, 105, 1),  # the order left at 102
            (40, ADD, SELL, 100, 50),  # takes 30, rests 20
        ],
    )
    assert table(ensemble, "time_ns", "action", "side", "price_ticks", "size", "traded_size") == [
        (10, ADD, BUY, 100, 30, 0),
        (30, ADD, BUY, 102, 150, 150),
        (60, CANCEL, SELL, 102, 150, 0),
        (100, ADD, SELL, 100, 50, 30),
    ]
    assert ensemble.traded_value.tolist() == [0.0, 100 * 101 + 50 * 102.0, 0.0, 3000.0]
    assert table(ensemble, "bid_ticks", "ask_ticks", "bid_size", "ask_size") == [
        (100, 101, 30, 100),
        (100, 102, 30, 150),
        (100, 102, 30, 0),
        (99, 100, 100, 20),
    ]
    assert set(ensemble.origin) == {Origin.MODEL}
    view = sim.view
    assert view.fresh[0]
    assert (view.last_dt_ns[0], view.last_action[0], view.last_side[0]) == (40, ADD, SELL)
    assert (view.last_price_ticks[0], view.last_size[0], view.last_traded_size[0]) == (100, 50, 30)
    assert (view.last_bid_ticks[0], view.last_ask_ticks[0]) == (100, 102)
    assert view.last_traded_value[0] == 3000.0
    assert view.time_ns[0] == START + 100
    assert view.draw[0] == 4


def test_order_that_trades_out_shows_the_worst_price_it_paid() -> None:
    ensemble = play(simulator(), [(1, ADD, BUY, 140, 150)])
    assert table(ensemble, "price_ticks", "size") == [(102, 150)]


def test_a_refused_cancel_takes_time_and_a_draw_but_is_no_event() -> None:
    sim = simulator([book((BUY, 99, 100))])
    ensemble = play(sim, [(10, CANCEL, SELL, 101, 1), (5, ADD, BUY, 98, 7)])
    assert sim.counters([0])["cancel_empty_side"] == 1
    assert table(ensemble, "time_ns", "size") == [(15, 7)]
    assert sim.view.last_dt_ns[0] == 15, "time since the last event that was executed"
    assert sim.view.draw[0] == 2


def test_an_empty_side_keeps_its_price_with_size_0() -> None:
    sim = simulator([book((BUY, 99, 100), (SELL, 101, 50))])
    ensemble = play(sim, [(1, ADD, BUY, 101, 50), (1, ADD, BUY, 103, 10), (1, ADD, SELL, 106, 5)])
    assert table(ensemble, "bid_ticks", "bid_size", "ask_ticks", "ask_size") == [
        (99, 100, 101, 0),
        (103, 10, 104, 0),  # the kept price gives way to a better bid
        (103, 10, 106, 5),
    ]
    assert sim.counters([0])["empty_side"] == 2


def test_an_order_far_from_the_touch_is_refused() -> None:
    sim = simulator([book((BUY, 9_999, 100), (SELL, 10_001, 50))])
    ensemble = play(sim, [(1, ADD, BUY, 100, 50), (1, ADD, SELL, 10_002, 5)])
    assert ensemble.counters["out_of_range"] == 1
    assert ensemble.counters["executed"] == 1
    assert ensemble.counters["proposed"] == 2
    assert table(ensemble, "time_ns", "side") == [(2, SELL)]


def test_horizon_ends_a_path_before_the_first_event_beyond_it() -> None:
    sim = simulator(horizon_ns=2_500)
    ensemble = play(sim, [QUIET], steps=5)
    assert ensemble.time_ns.tolist() == [1_000, 2_000]
    assert ensemble.end_ns.tolist() == [2_500]
    assert sim.done
    assert sim.fraction == 1.0
    assert not sim.view.active[0]
    assert not sim.view.fresh[0]
    assert sim.view.time_ns[0] == START + 2_500


def test_an_event_at_the_horizon_itself_is_left_out() -> None:
    assert play(simulator(horizon_ns=1_000), [QUIET]).time_ns.tolist() == []


def test_burn_in_is_neither_recorded_nor_counted() -> None:
    sim = simulator(burn_in_events=2, horizon_ns=2_000)
    lines = [(10, ADD, BUY, 100, 1), (10, CANCEL, SELL, 101, 100), (10, ADD, SELL, 101, 9), QUIET]
    ensemble = play(sim, lines, steps=6)
    assert table(ensemble, "time_ns", "price_ticks") == [(10, 101), (1_010, 90)]
    assert table(ensemble, "start_bid_ticks", "start_bid_size", "start_ask_ticks") == [
        (100, 1, 102)
    ]
    assert ensemble.end_ns.tolist() == [2_000]
    assert ensemble.counters["proposed"] == ensemble.counters["executed"] == 2
    assert sim.executed == 4


def test_a_path_still_in_burn_in_has_an_empty_record() -> None:
    ensemble = play(simulator(burn_in_events=9), [QUIET])
    assert len(ensemble.time_ns) == 0
    assert ensemble.end_ns.tolist() == [0]
    assert ensemble.start_bid_ticks.tolist() == [99]


def test_a_path_is_cut_at_its_last_event() -> None:
    sim = simulator(max_events=3)
    ensemble = play(sim, [QUIET], steps=6)
    assert ensemble.time_ns.tolist() == [1_000, 2_000, 3_000]
    assert ensemble.end_ns.tolist() == [3_000]
    assert ensemble.counters["cut"] == 1
    assert sim.done


def test_a_flow_of_which_everything_is_refused_comes_to_an_end() -> None:
    refused = Script([(1, CANCEL, SELL, 101, 1)])
    for burn_in in (0, 5):
        sim = simulator([book((BUY, 99, 100))], burn_in_events=burn_in, max_events=1)
        sim._rules = sim._rules._replace(max_proposals=50)
        run(sim, refused, 200)
        assert sim.done
        assert sim.counters([0])["cut"] == 1


def test_a_path_is_the_same_alone_and_in_a_batch() -> None:
    shock = plan(
        orders=[(20_000, SELL, 300, MARKET, False)],
        operations=[(30_000, 2, 5, 0.5)],
        tilts=[
            (Tilt.KEEP_LIMIT_BUY, 10_000, 60_000, -1.0),
            (Tilt.RATE, 5_000, 80_000, 0.7),
            (Tilt.PRESSURE, 40_000, 90_000, 1.0),
        ],
    )
    settings: dict[str, Any] = {"plan": shock, "horizon_ns": 1_000_000, "burn_in_events": 50}
    many = simulator([USUAL] * 6, paths=np.array([0, 1, 2, 1, 4, 5]), **settings)
    run(many, Noise([0, 1, 2, 1, 4, 5]), 2_500)
    assert many.done
    for row, path in ((1, 1), (4, 4)):
        alone = simulator([USUAL], paths=np.array([path]), **settings)
        run(alone, Noise([path]), 2_500)
        same(alone.ensemble([0]), many.ensemble([row]))
    same(many.ensemble([1]), many.ensemble([3]))
    assert len(many.ensemble([0]).time_ns) > 500


def test_record_and_books_grow_with_the_run() -> None:
    sim = simulator([book((SELL, 101, 5))])
    count = 5_000
    ensemble = play(sim, [(1, ADD, BUY, 100 - k % 40, 1 + k) for k in range(count)])
    assert ensemble.size.tolist() == list(range(1, count + 1))
    assert ensemble.time_ns.tolist() == list(range(1, count + 1))
    assert sim.view.bid_size[0] == sum(range(1, count + 1, 40))
    same(ensemble, sim.ensemble([0]))


def test_paths_of_an_ensemble_are_those_asked_for() -> None:
    sim = simulator([USUAL] * 3, paths=np.array([7, 8, 9]), max_events=2)
    run(sim, Noise([7, 8, 9]), 10)
    some = sim.ensemble([2, 0])
    assert some.paths.tolist() == [9, 7]
    assert some.offsets.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(some.price_ticks[2:], sim.ensemble([0]).price_ticks)


def test_proposals_out_of_bounds_are_taken_as_the_nearest_allowed() -> None:
    ensemble = play(simulator(), [(-5, ADD, BUY, 98, 0), (0, ADD, BUY, 98, -3)])
    assert table(ensemble, "time_ns", "size") == [(1, 1), (2, 1)]


def test_seeds_and_paths_must_fit() -> None:
    with pytest.raises(ValueError, match="2 seeds do not fit 1 path"):
        simulator([USUAL] * 2, paths=np.array([0]))
