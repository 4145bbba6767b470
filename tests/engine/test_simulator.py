"""Each rule of a step, on hand-made books with scripted flow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from engine.ensemble import Origin, PathEnsemble
from engine.seeding import BookSeed
from engine.shocks.plan import MARKET, BookOperation, ShockPlan, Tilt
from engine.simulator import MarketSimulator
from model.events import Action, EventsMeta, Side
from model.order_flow import MarketView, Proposals, Tilts
from model.randomness import uniforms

ADD, CANCEL = Action.ADD, Action.CANCEL
BUY, SELL = Side.BUY, Side.SELL
START = 10_000  # clock at the seed
FAR = 10**12
Line = tuple[int, int, int, int, int]  # dt, action, side, price, size
Order = tuple[int, int, int, int, bool]  # time, side, size, through, rests
Operation = tuple[int, int, int, float]  # time, side, distance, share


class Script:
    """A flow session that reads its proposals from a list, by the number of the draw."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        for b in range(len(view)):
            line = self.lines[min(int(view.draw[b]), len(self.lines) - 1)]
            out.dt_ns[b], out.action[b], out.side[b], out.price_ticks[b], out.size[b] = line


class Noise:
    """A flow session that writes random orders around the touch, each path its own."""

    def __init__(self, paths: Sequence[int], seed: int = 3) -> None:
        self.paths = np.asarray(paths)
        self.seed = seed

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        u = uniforms(self.seed, self.paths, view.draw, np.arange(5))
        out.dt_ns[:] = np.maximum(1, -np.log(u[:, 0]) * 1000)
        out.action[:] = u[:, 1] < 0.45
        odds = np.exp(np.where(out.action == ADD, 1, -1) * tilts.pressure_log_odds)
        out.side[:] = u[:, 2] > odds / (1 + odds)
        away = np.rint(12 * u[:, 3] ** 2).astype(np.int64) - np.where(out.action == ADD, 2, 0)
        out.price_ticks[:] = np.where(out.side == BUY, view.bid_ticks - away, view.ask_ticks + away)
        out.size[:] = 1 + (200 * u[:, 4]).astype(np.int64)


def book(*orders: tuple[int, int, int]) -> BookSeed:
    side, price, size = zip(*orders, strict=True) if orders else [()] * 3
    return BookSeed(
        np.array(side, np.int8), np.array(price, np.int64), np.array(size, np.int64), START
    )


USUAL = book((BUY, 99, 100), (BUY, 98, 200), (SELL, 101, 100), (SELL, 102, 200))
QUIET: Line = (1_000, ADD, BUY, 90, 5)  # does not touch the quotes


def plan(
    orders: Sequence[Order] = (),
    operations: Sequence[Operation] = (),
    tilts: Sequence[tuple[Tilt, int, int, float]] = (),
) -> ShockPlan:
    def column(rows: Sequence[tuple[Any, ...]], at: int, dtype: type) -> Any:
        return np.array([row[at] for row in rows], dtype)

    return replace(
        ShockPlan.empty(),
        tilt_kind=column(tilts, 0, np.int8),
        tilt_start_ns=column(tilts, 1, np.int64),
        tilt_end_ns=column(tilts, 2, np.int64),
        tilt_ramp_ns=np.zeros(len(tilts), np.int64),
        tilt_value=column(tilts, 3, np.float64),
        order_time_ns=column(orders, 0, np.int64),
        order_side=column(orders, 1, np.int8),
        order_size=column(orders, 2, np.int64),
        order_through_ticks=column(orders, 3, np.int64),
        order_anchor=np.zeros(len(orders), np.int8),
        order_rests=column(orders, 4, np.bool_),
        order_lifetime_ns=np.zeros(len(orders), np.int64),
        order_parent=np.zeros(len(orders), np.int64),
        op_time_ns=column(operations, 0, np.int64),
        op_kind=np.full(len(operations), BookOperation.WITHDRAW, np.int8),
        op_side=column(operations, 1, np.int8),
        op_distance_ticks=column(operations, 2, np.int64),
        op_size=np.zeros(len(operations), np.int64),
        op_share=column(operations, 3, np.float64),
        op_parent=np.zeros(len(operations), np.int64),
    )


def simulator(seeds: Sequence[BookSeed] = (USUAL,), **settings: Any) -> MarketSimulator:
    given = {"horizon_ns": FAR, "max_events": 10**6, "paths": np.arange(len(seeds)), "seed": 3}
    given |= settings
    return MarketSimulator(
        list(seeds), given.pop("paths"), given.pop("seed"), EventsMeta("T"), **given
    )


def run(sim: MarketSimulator, session: Any, steps: int) -> None:
    proposals = Proposals.empty(len(sim))
    for _ in range(steps):
        session.propose(sim.view, sim.tilts(), proposals)
        sim.step(proposals)


def play(sim: MarketSimulator, lines: Sequence[Line], steps: int | None = None) -> PathEnsemble:
    run(sim, Script(lines), len(lines) if steps is None else steps)
    return sim.ensemble(range(len(sim)))


def table(ensemble: PathEnsemble, *names: str) -> list[tuple[float, ...]]:
    return list(zip(*(getattr(ensemble, name).tolist() for name in names), strict=True))


def same(a: PathEnsemble, b: PathEnsemble) -> None:
    for field in fields(PathEnsemble):
        if field.name in ("counters", "by_path"):
            assert str(getattr(a, field.name)) == str(getattr(b, field.name))
        elif field.name not in ("meta", "paths"):
            np.testing.assert_array_equal(
                getattr(a, field.name), getattr(b, field.name), field.name
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


def test_a_flow_of_which_everything_is_refused_comes_to_an_end() -> None:
    refused = Script([(1, CANCEL, SELL, 101, 1)])
    for burn_in in (0, 5):
        sim = simulator([book((BUY, 99, 100))], burn_in_events=burn_in, max_events=1)
        sim._rules = sim._rules._replace(max_proposals=50)
        run(sim, refused, 200)
        assert sim.done
        assert sim.counters([0])["cut"] == 1


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


def test_empty_plan_is_the_default() -> None:
    settings: dict[str, Any] = {"horizon_ns": 50_000}
    sims = [simulator(**settings), simulator(plan=replace(ShockPlan.empty()), **settings)]
    for sim in sims:
        run(sim, Noise([0]), 100)
    same(sims[0].ensemble([0]), sims[1].ensemble([0]))
