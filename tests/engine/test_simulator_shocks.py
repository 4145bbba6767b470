"""What a plan of shocks does to a step: tilts, injected orders, withdrawals, on scripted flow."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.ensemble import Origin
from engine.shocks.plan import MARKET, ShockPlan, Tilt
from model.order_flow import Proposals
from tests.engine.scripted_flow import (
    ADD,
    BUY,
    CANCEL,
    FAR,
    QUIET,
    SELL,
    START,
    USUAL,
    Line,
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


def test_thinning_leaves_out_the_share_that_was_asked() -> None:
    count, keep = 2_000, 0.3
    shock = plan(tilts=[(Tilt.KEEP_LIMIT_BUY, 0, FAR, math.log(keep))])
    sim = simulator([USUAL] * count, plan=shock)
    run(sim, Script([(10, ADD, BUY, 98, 5)]), 1)
    kept = sim.view.fresh.mean()
    assert kept == pytest.approx(keep, abs=4 * math.sqrt(keep * (1 - keep) / count))
    assert sim.counters(range(count))["thinned"] == count - sim.view.fresh.sum()
    assert (sim.view.time_ns == START + 10).all()
    assert (sim.view.draw == 1).all()
    # The same draw decides, whatever the share: who stays at 0.3 stays at 0.6.
    more = simulator(
        [USUAL] * count, plan=plan(tilts=[(Tilt.KEEP_LIMIT_BUY, 0, FAR, math.log(0.6))])
    )
    run(more, Script([(10, ADD, BUY, 98, 5)]), 1)
    assert (more.view.fresh >= sim.view.fresh).all()


@pytest.mark.parametrize("line", [(10, ADD, BUY, 101, 5), (10, CANCEL, BUY, 99, 5)])
def test_thinning_spares_orders_that_cross_and_cancels(line: Line) -> None:
    shock = plan(tilts=[(Tilt.KEEP_LIMIT_BUY, 0, FAR, math.log(1e-9))])
    sim = simulator([USUAL] * 50, plan=shock)
    run(sim, Script([line]), 1)
    assert sim.view.fresh.all()


def test_rate_tilt_divides_the_times_inside_its_window() -> None:
    shock = plan(tilts=[(Tilt.RATE, 2_000, 4_000, math.log(2.0))])
    sim = simulator([USUAL] * 2, plan=shock, shocked=np.array([False, True]))
    run(sim, Script([QUIET]), 8)
    assert sim.ensemble([0]).time_ns.tolist() == [1_000 * k for k in range(1, 9)]
    assert sim.ensemble([1]).time_ns.tolist() == [
        1_000, 2_000, 2_500, 3_000, 3_500, 4_000, 5_000, 6_000
    ]  # fmt: skip


def test_tilts_shown_are_those_of_now_and_only_on_shocked_paths() -> None:
    shock = plan(
        tilts=[
            (Tilt.PRESSURE, 1_500, 2_500, math.log(3.0)),
            (Tilt.RATE, 1_500, 2_500, math.log(4.0)),
        ]
    )
    sim = simulator([USUAL] * 2, plan=shock, shocked=np.array([False, True]), burn_in_events=1)
    seen = []
    for _ in range(4):
        run(sim, Script([(800, ADD, BUY, 90, 1)]), 1)
        tilts = sim.tilts()
        seen.append((round(math.exp(tilts.pressure_log_odds[1]), 6), round(tilts.rate[1], 6)))
        assert tilts.pressure_log_odds[0] == 0.0
        assert tilts.rate[0] == 1.0
    assert seen == [(1, 1), (1, 1), (3, 4), (3, 4)]


def test_an_injected_order_comes_first_and_spends_no_draw() -> None:
    sim = simulator(plan=plan(orders=[(500, SELL, 150, MARKET, False)]))
    run(sim, Script([QUIET]), 1)
    assert sim.view.draw[0] == 0
    assert sim.view.fresh[0]
    assert sim.view.time_ns[0] == START + 500
    assert (sim.view.last_side[0], sim.view.last_price_ticks[0], sim.view.last_size[0]) == (
        SELL,
        98,
        150,
    )
    run(sim, Script([QUIET]), 1)
    ensemble = sim.ensemble([0])
    assert table(ensemble, "time_ns", "origin", "traded_size", "bid_ticks", "bid_size") == [
        (500, Origin.SHOCK, 150, 98, 150),
        (1_000, Origin.MODEL, 0, 98, 150),
    ]
    assert ensemble.counters["injected"] == 1
    assert ensemble.counters["executed"] == 1


def test_a_market_order_drops_what_it_cannot_trade() -> None:
    sim = simulator(plan=plan(orders=[(5, BUY, 1_000, MARKET, True), (6, BUY, 7, MARKET, False)]))
    ensemble = play(sim, [QUIET], steps=3)
    assert table(ensemble, "size", "traded_size", "price_ticks", "ask_size")[0] == (
        300,
        300,
        102,
        0,
    )
    assert ensemble.origin.tolist() == [Origin.SHOCK, Origin.MODEL], "the second one did nothing"
    assert ensemble.counters["unfilled_size"] == 707
    assert sim.view.bid_size[0] == 100


@pytest.mark.parametrize(
    ("rests", "expected"),
    [
        (True, (150, 101, 100, (101, 50))),  # size, price, traded, bid after
        (False, (100, 101, 100, (99, 100))),
    ],
)
def test_an_injected_limit_order_rests_only_if_it_may(
    rests: bool, expected: tuple[int, int, int, tuple[int, int]]
) -> None:
    ensemble = play(simulator(plan=plan(orders=[(5, BUY, 150, 0, rests)])), [QUIET], steps=1)
    size, price, traded, bid = expected
    assert table(ensemble, "size", "price_ticks", "traded_size") == [(size, price, traded)]
    assert table(ensemble, "bid_ticks", "bid_size") == [bid]
    assert ensemble.counters["unfilled_size"] == (0 if rests else 50)


def test_a_withdrawal_is_recorded_but_not_shown_to_the_model() -> None:
    sim = simulator(plan=plan(operations=[(500, 2, 0, 1.0)]))
    run(sim, Script([QUIET]), 2)
    assert not sim.view.fresh[0]
    assert (sim.view.bid_ticks[0], sim.view.ask_ticks[0]) == (98, 102)
    assert sim.view.draw[0] == 0
    run(sim, Script([QUIET]), 1)
    assert sim.view.last_dt_ns[0] == 1_000, "since the last event that the model was told of"
    ensemble = sim.ensemble([0])
    assert table(ensemble, "time_ns", "action", "side", "price_ticks", "size", "origin") == [
        (500, CANCEL, BUY, 99, 100, Origin.SHOCK),
        (500, CANCEL, SELL, 101, 100, Origin.SHOCK),
        (1_000, ADD, BUY, 90, 5, Origin.MODEL),
    ]
    assert ensemble.counters["withdrawn_size"] == 200


def test_what_is_due_at_once_is_done_in_order_operations_first() -> None:
    shock = plan(
        orders=[(0, SELL, 10, MARKET, False), (700, SELL, 20, MARKET, False)],
        operations=[(700, BUY, 0, 1.0)],
    )
    ensemble = play(simulator(plan=shock), [QUIET], steps=4)
    assert table(ensemble, "time_ns", "action", "size") == [
        (0, ADD, 10), (700, CANCEL, 90), (700, ADD, 20), (1_000, ADD, 5)
    ]  # fmt: skip
    assert ensemble.price_ticks[2] == 98


def test_a_stream_of_orders_does_not_hold_the_flow_up() -> None:
    """The flow comes when it would have come, however often a shock acts in between."""
    many = [(100 * k + 30, BUY, 1, 0, False) for k in range(59)]
    double = (Tilt.RATE, 3_000, 6_000, math.log(2.0))
    sim = simulator(
        [book((BUY, 99, 100), (SELL, 101, 10_000))] * 2,
        plan=plan(orders=many, tilts=[double]),
        horizon_ns=6_000,
    )
    run(sim, Script([QUIET]), 80)
    both = sim.ensemble([0])
    flow = both.origin == Origin.MODEL
    assert both.time_ns[flow].tolist() == [1_000, 2_000, 3_000, 3_500, 4_000, 4_500, 5_000, 5_500]
    assert (~flow).sum() == 59


def test_log_likelihood_ratios_add_up_over_the_draws_that_are_spent() -> None:
    sim = simulator(plan=plan(orders=[(500, SELL, 10, MARKET, False)]))
    proposals = Proposals.empty(1)
    proposals.dt_ns[:], proposals.price_ticks[:], proposals.log_ratio[:] = 1_000, 90, 0.25
    for _ in range(4):  # the first gives way to the order and is drawn again
        sim.step(proposals)
    assert sim.ensemble([0]).by_path["log_ratio"].tolist() == [0.75]


def test_shocks_beyond_the_horizon_and_on_other_paths_do_not_happen() -> None:
    shock = plan(orders=[(2_500, SELL, 10, MARKET, False), (100, BUY, 10, MARKET, False)][::-1])
    sim = simulator([USUAL] * 2, plan=shock, shocked=np.array([False, True]), horizon_ns=2_500)
    run(sim, Script([QUIET]), 5)
    assert sim.ensemble([0]).counters["injected"] == 0
    assert sim.ensemble([1]).time_ns.tolist() == [100, 1_000, 2_000]


def test_times_of_a_plan_count_from_the_end_of_burn_in() -> None:
    sim = simulator(plan=plan(orders=[(100, SELL, 10, MARKET, False)]), burn_in_events=3)
    ensemble = play(sim, [QUIET], steps=5)
    assert table(ensemble, "time_ns", "origin") == [(100, Origin.SHOCK), (1_000, Origin.MODEL)]


def test_a_plan_of_neutral_rows_changes_nothing() -> None:
    nothing = plan(
        orders=[(5_000, SELL, 0, MARKET, False)],
        operations=[(6_000, 2, 5, 0.0)],
        tilts=[(kind, 1_000, 200_000, 0.0) for kind in Tilt],
    )
    sim = simulator(
        [USUAL] * 4,
        paths=np.array([0, 1, 0, 1]),
        plan=nothing,
        shocked=np.array([False, False, True, True]),
        horizon_ns=500_000,
    )
    run(sim, Noise([0, 1, 0, 1]), 2_000)
    assert sim.done
    same(sim.ensemble([0, 1]), sim.ensemble([2, 3]))


def test_empty_plan_is_the_default() -> None:
    settings: dict[str, Any] = {"horizon_ns": 50_000}
    sims = [simulator(**settings), simulator(plan=replace(ShockPlan.empty()), **settings)]
    for sim in sims:
        run(sim, Noise([0]), 100)
    same(sims[0].ensemble([0]), sims[1].ensemble([0]))
