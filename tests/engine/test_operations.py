"""Operations on the book against a plain twin, and triggers on hand-made markets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import matching
from engine.book import book_of
from engine.ensemble import FLOW
from engine.operations import rebuild
from engine.path_state import ACTS, ASKED, DONE
from engine.shocks import rows as make
from engine.shocks.plan import MARKET, Anchor, BookOperation, ShockPlan, Tilt, Trigger
from engine.simulator import MarketSimulator
from model.events import NS_PER_S, Side
from tests.engine.book_twin import TwinBook
from tests.engine.scripted_flow import (
    ADD,
    BUY,
    CANCEL,
    SELL,
    Script,
    book,
    play,
    run,
    same,
    simulator,
    table,
)

S = NS_PER_S
FIRM = book((BUY, 99, 1_000), (BUY, 98, 500), (SELL, 101, 1_000), (SELL, 102, 500))
STILL = (S // 2, ADD, BUY, 50, 5)  # twice a second, far away
HORIZON: dict[str, Any] = {"horizon_ns": 60 * S}
ORDERS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 40), st.integers(1, 300)), min_size=1,
    max_size=40,
)  # fmt: skip


def at(seconds: float) -> Any:
    return np.array([seconds])


def twin_of(sim: MarketSimulator, orders: list[tuple[Side, int, int]]) -> TwinBook:
    """The same orders in the first book of a simulator and in a twin."""
    twin = TwinBook()
    for number, (side, away, size) in enumerate(orders):
        price = 1_000 - away if side is Side.BUY else 1_000 + away
        sim._books.add(side, price, size, number)
        twin.add(side, price, size, number)
    return twin


def resting(sim: MarketSimulator) -> list[tuple[int, int, int, int]]:
    found = sim._books.resting()
    columns = (found.side, found.price_ticks, found.size, found.order_id)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(ORDERS, st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_size_within_a_distance(orders: list[tuple[Side, int, int]], distance: int) -> None:
    sim = simulator([book()])
    twin = twin_of(sim, orders)
    for side in Side:
        best = twin.best(side)
        expected = sum(
            order.size
            for price, queue in twin.queues[side].items()
            for order in queue
            if best is not None and abs(price - best) <= distance
        )
        found = matching.size_within(book_of(sim._books.arrays, 0), int(side), distance)
        assert found == expected


@given(ORDERS, st.integers(-500, 500), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_a_rebuilt_book_is_shifted_and_on_the_grid(
    orders: list[tuple[Side, int, int]], shift: int, grid: int
) -> None:
    sim = simulator([book()])
    old = twin_of(sim, orders)
    moved = TwinBook()
    for side, price, size, number in old.resting():
        price += shift
        price = price // grid * grid if side == BUY else -(-price // grid) * grid
        moved.add(Side(side), price, size, number)
    slots = np.zeros(len(orders), np.int64)
    rebuild(book_of(sim._books.arrays, 0), shift, grid, slots)
    assert resting(sim) == moved.resting()
    for _, _, size, number in moved.resting():
        assert sim._books.arrays.orders[0, slots[number]]["size"] == size


def test_a_wiped_spread_is_as_wide_as_asked() -> None:
    plan = make.operations(BookOperation.WIDEN, at(1.0), distance_ticks=4)
    sim = simulator([FIRM], plan=plan.of_parent(0), **HORIZON)
    ensemble = play(sim, [STILL], steps=4)
    shock = ensemble.parent == 0
    assert table(ensemble, "bid_ticks", "ask_ticks")[1] == (98, 102)
    assert shock.sum() == 1
    assert ensemble.size[shock].tolist() == [2_000]
    assert ensemble.accounts[0, 0, [ASKED, DONE, ACTS]].tolist() == [1, 4, 1]


def test_a_gap_moves_the_book_and_the_flow_goes_on_from_there() -> None:
    plan = make.operations(BookOperation.SHIFT, at(1.25), distance_ticks=-30).of_parent(2)
    ensemble = play(simulator([FIRM], plan=plan, **HORIZON), [STILL], steps=5)
    assert table(ensemble, "bid_ticks", "ask_ticks", "parent") == [
        (99, 101, FLOW), (99, 101, FLOW), (69, 71, 2), (69, 71, FLOW), (69, 71, FLOW)
    ]  # fmt: skip
    assert ensemble.time_ns[2:].tolist() == [1_250_000_000, 1_500_000_000, 2 * S]
    assert ensemble.accounts[0, 2, DONE] == -60


def test_a_coarser_tick_holds_for_new_orders_too() -> None:
    plan = make.operations(BookOperation.GRID, np.array([1.25, 3.25]), distance_ticks=[5, 1])
    lines = [STILL, STILL, (S, ADD, SELL, 103, 7), (S // 4, ADD, BUY, 108, 10), STILL]
    sim = simulator([FIRM], plan=plan.of_parent(0), **HORIZON)
    ensemble = play(sim, lines, steps=7)
    assert table(ensemble, "time_ns", "price_ticks", "traded_size")[3:6] == [
        (2 * S, 105, 0), (2_250_000_000, 105, 10), (2_750_000_000, 50, 0)
    ]  # fmt: skip
    assert (sim.view.bid_ticks[0], sim.view.ask_ticks[0]) == (95, 105)


def test_orders_with_a_lifetime_are_taken_back() -> None:
    stuffing = make.orders(
        np.array([1.0, 1.2]), np.array([10, 20]), BUY, -1, anchor=Anchor.OWN, lifetime_s=0.1
    )
    sim = simulator([FIRM], plan=stuffing.of_parent(0), **HORIZON)
    ensemble = play(sim, [STILL], steps=8)
    rows = table(ensemble, "parent", "time_ns", "action", "price_ticks", "size")
    assert [row[1:] for row in rows if row[0] == 0] == [
        (1_000_000_000, ADD, 98, 10), (1_100_000_000, CANCEL, 98, 10),
        (1_200_000_000, ADD, 98, 20), (1_300_000_000, CANCEL, 98, 20),
    ]  # fmt: skip
    assert [row[1:3] for row in resting(sim)][:2] == [(99, 1_000), (98, 500)]


def test_an_order_that_traded_meanwhile_cannot_be_taken_back() -> None:
    short = make.orders(at(1.0), np.array([10]), BUY, 1, anchor=Anchor.OWN, lifetime_s=1.0)
    sim = simulator([FIRM], plan=short.of_parent(0), **HORIZON)
    ensemble = play(sim, [(S + S // 2, ADD, SELL, 100, 10), STILL], steps=6)
    assert (ensemble.parent == 0).sum() == 1
    assert sim.view.bid_ticks[0] == 99


def test_a_limit_price_is_counted_from_the_first_mid() -> None:
    plan = make.orders(np.array([1.0, 2.0]), np.array([1_200, 600]), SELL, -1, anchor=Anchor.FIRST)
    sim = simulator([FIRM], plan=plan.of_parent(0), **HORIZON)
    ensemble = play(sim, [STILL], steps=6)
    assert ensemble.accounts[0, 0].tolist() == [200, 1_800, 1_000, 1], "no trade below 99"
    assert sim.view.bid_ticks[0] == 98


def test_nothing_trades_in_a_halt() -> None:
    plan = make.operations(BookOperation.HALT, at(1.25), size=2 * S).of_parent(0)
    sale = (S // 2, ADD, SELL, 99, 10)
    sim = simulator([FIRM], plan=plan, **HORIZON)
    ensemble = play(sim, [sale, STILL, sale, STILL, sale, STILL, sale], steps=8)
    trades = ensemble.time_ns[ensemble.traded_size > 0]
    assert trades.tolist() == [S // 2, 3 * S + S // 2]
    assert ensemble.counters["halted"] == 2
    assert (ensemble.action == ADD).sum() == 5


def stops(**columns: Any) -> ShockPlan:
    settings = {"side": SELL, "size": 100, "count": 3, "distance_ticks": 1, "step_ticks": 1}
    return make.trigger(Trigger.STOPS, (1.0, 50.0), **(settings | columns)).of_parent(0)


THIN = book(*((BUY, 100 - k, 50) for k in range(1, 30)), (SELL, 101, 500))


def test_stops_set_each_other_off() -> None:
    lines = [STILL, STILL, STILL, (S // 2, ADD, SELL, 99, 20), STILL, STILL]
    ensemble = play(simulator([THIN], plan=stops(), **HORIZON), lines, steps=9)
    own = ensemble.parent == 0
    assert ensemble.time_ns[own].tolist() == [S, S, S], "the bid is at the first level at the start"
    assert ensemble.traded_size[own].tolist() == [100, 100, 100]
    calm = play(simulator([THIN], plan=stops(distance_ticks=3), **HORIZON), lines, steps=6)
    plain = play(simulator([THIN], **HORIZON), lines, steps=6)
    assert (calm.parent == FLOW).all()
    np.testing.assert_array_equal(calm.time_ns, plain.time_ns)
    np.testing.assert_array_equal(calm.bid_size, plain.bid_size)


def test_buy_stops_wait_above() -> None:
    plan = stops(side=BUY, count=1, size=5, distance_ticks=1)
    ensemble = play(simulator([THIN], plan=plan, **HORIZON), [STILL], steps=4)
    assert ensemble.side[ensemble.parent == 0].tolist() == [BUY]


def test_participation_keeps_up_with_the_others() -> None:
    plan = make.trigger(
        Trigger.PARTICIPATION, (0.0, 20.0), side=SELL, size=60, share=0.2, interval_ns=2 * S,
        distance_ticks=MARKET,
    ).of_parent(0)  # fmt: skip
    trade = (S // 2, ADD, BUY, 101, 40)
    ensemble = play(simulator([FIRM], plan=plan, **HORIZON), [trade], steps=12)
    own = ensemble.parent == 0
    # 120 by 2 s (not the one due then), 280 by 4 s: a quarter of it, up to 60 in all.
    assert ensemble.time_ns[own].tolist() == [2 * S, 4 * S]
    assert ensemble.traded_size[own].tolist() == [30, 30]
    assert ensemble.accounts[0, 0, DONE] == 60


def bands(**columns: Any) -> ShockPlan:
    settings = {
        "share": 0.02, "interval_ns": 2 * S, "pause_ns": 10 * S, "memory_ns": 300 * S,
    }  # fmt: skip
    return make.trigger(Trigger.BANDS, (0.0, 50.0), **(settings | columns)).of_parent(0)


def test_no_trade_beyond_a_band_then_a_limit_state_then_a_pause() -> None:
    sim = simulator([THIN], plan=bands(), **HORIZON)
    sweep = (S, ADD, SELL, 90, 400)
    ensemble = play(sim, [STILL, sweep, *[STILL] * 40, (S, ADD, SELL, 96, 1)], steps=30)
    row = ensemble.time_ns.tolist().index(S + S // 2)
    assert ensemble.price_ticks[row] == 98, "the lower band: 98 of a mid of 100"
    assert ensemble.traded_size[row] == 100
    assert ensemble.ask_ticks[row] == 98, "the rest of the order rests there"
    assert ensemble.by_path["limit_states"].tolist() == [1]
    assert ensemble.by_path["pauses"].tolist() == [1]
    assert ensemble.by_path["first_pause_ns"].tolist() == [3 * S + S // 2]
    halted = sim._rows[0]["halt_until_ns"]
    assert halted == 13 * S + S // 2


def test_a_limit_state_that_ends_in_time_brings_no_pause() -> None:
    lines = [STILL, (S, ADD, SELL, 90, 400), STILL, (S // 2, ADD, BUY, 98, 300), STILL]
    ensemble = play(simulator([THIN], plan=bands(), **HORIZON), lines, steps=20)
    assert ensemble.by_path["limit_states"].tolist() == [1]
    assert ensemble.by_path["pauses"].tolist() == [0]
    assert ensemble.by_path["first_pause_ns"].tolist() == [-1]


def test_trading_opens_again_with_the_mid_as_reference() -> None:
    sweep, sale = (S, ADD, SELL, 90, 400), (S // 2, ADD, SELL, 96, 250)
    lines = [STILL, sweep, *[STILL] * 3, sale, *[STILL] * 30, sale, STILL]
    ensemble = play(simulator([THIN], plan=bands(), **HORIZON), lines, steps=40)
    assert ensemble.counters["halted"] == 0, "at the band it rests, below it may not go"
    trades = ensemble.time_ns[ensemble.traded_size > 0]
    assert trades[0] == S + S // 2


def test_a_throttle_refuses_what_is_too_much() -> None:
    plan = make.trigger(Trigger.THROTTLE, (1.0, 3.0), count=2).of_parent(0)
    often = (S // 5, ADD, BUY, 50, 5)
    sim = simulator([FIRM], plan=plan, **HORIZON)
    ensemble = play(sim, [often], steps=20)
    per_second = np.bincount(ensemble.time_ns // S, minlength=5)
    assert per_second.tolist() == [4, 2, 2, 5, 1]
    assert ensemble.counters["throttled"] == 6
    assert sim.view.draw[0] == 20


def test_sizes_depths_and_crossing_are_tilted() -> None:
    def tilted(kind: Tilt, log_value: float, line: Any, count: int = 1) -> Any:
        plan = make.tilt(kind, (0.0, 50.0), log_value)
        sim = simulator([FIRM] * count, plan=plan, **HORIZON)
        run(sim, Script([line]), 1)
        return sim.ensemble(range(count))

    assert tilted(Tilt.SIZE, math.log(2.5), (S, ADD, BUY, 90, 7)).size.tolist() == [18]
    assert tilted(Tilt.SIZE, math.log(0.01), (S, ADD, BUY, 90, 7)).size.tolist() == [1]
    for price, expected in ((99, 97), (98, 94), (100, 100)):
        found = tilted(Tilt.DEPTH, math.log(3.0), (S, ADD, BUY, price, 7))
        assert found.price_ticks.tolist() == [expected]
    assert tilted(Tilt.DEPTH, math.log(2.0), (S, ADD, SELL, 102, 7)).price_ticks.tolist() == [104]
    many = tilted(Tilt.PATIENCE, math.log(0.7), (S, ADD, SELL, 105, 7), 2_000)
    crossed = many.traded_size > 0
    assert crossed.mean() == pytest.approx(0.3, abs=0.04)
    assert set(many.price_ticks[crossed]) == {99}


@pytest.mark.parametrize("kind", [k for k in Tilt if k.name.startswith("KEEP")])
def test_each_kind_and_side_is_thinned_by_its_own_tilt(kind: Tilt) -> None:
    plan = make.tilt(kind, (0.0, 50.0), -50.0)
    lines = {
        Tilt.KEEP_LIMIT_BUY: (S, ADD, BUY, 98, 1), Tilt.KEEP_LIMIT_SELL: (S, ADD, SELL, 102, 1),
        Tilt.KEEP_AGGRESSIVE_BUY: (S, ADD, BUY, 101, 1),
        Tilt.KEEP_AGGRESSIVE_SELL: (S, ADD, SELL, 99, 1),
        Tilt.KEEP_CANCEL_BUY: (S, CANCEL, BUY, 99, 1),
        Tilt.KEEP_CANCEL_SELL: (S, CANCEL, SELL, 101, 1),
    }  # fmt: skip
    for own, line in lines.items():
        sim = simulator([FIRM], plan=plan, **HORIZON)
        run(sim, Script([line]), 1)
        assert sim.view.fresh[0] == (own is not kind)
        assert sim.counters([0])["thinned"] == (own is kind)


def test_triggers_that_never_act_change_nothing() -> None:
    idle = stops(distance_ticks=500).joined(bands(share=0.9)).joined(
        make.trigger(Trigger.THROTTLE, (0.0, 50.0), count=10**6)
    )  # fmt: skip
    lines = [STILL, (S, ADD, SELL, 99, 20), (S, CANCEL, BUY, 97, 5), STILL]
    with_them = simulator([THIN], plan=idle.of_parent(0), **HORIZON)
    same_market = simulator([THIN], **HORIZON)
    a, b = (play(sim, lines, steps=40) for sim in (with_them, same_market))
    same(a, type(b)(**(vars(b) | {"accounts": a.accounts})))
