"""One step of the closed loop on every path, compiled: how a proposal becomes an event."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine import agenda, matching
from engine.book import BookArrays, book_of
from engine.ensemble import Origin
from engine.matching import BUY, NIL, RESTING, SELL, TOUCH, Book, as_int
from engine.shocks.plan import MARKET, Tilt
from engine.tilts import TiltTable, advance, tilt_at
from model.events import NO_ORDER, Action, Float64, Int8, Int64
from model.order_flow import Bools
from model.randomness import uniform

THINNING = 900  # purpose of the draw that thins out new limit orders

ROW = np.dtype(
    [
        ("path", "i8"),
        ("origin_ns", "i8"),  # clock at the start of the horizon, NOT_YET during burn-in
        ("last_ns", "i8"),  # clock at the last executed event
        ("executed", "i8"),  # events, burn-in included
        ("recorded", "i8"),  # rows of the record
        ("next_entry", "i8"),  # of the agenda
        ("end_ns", "i8"),  # since origin_ns; only once the path is over
        ("start_bid_ticks", "i8"),
        ("start_ask_ticks", "i8"),
        ("start_bid_size", "i8"),
        ("start_ask_size", "i8"),
        ("shocked", "?"),
    ],
    align=True,
)
NOT_YET = -1
_LONGEST_NS = 1 << 60  # a proposal further away than this is taken to be this far


class Counter(IntEnum):
    """What is counted per path, from the start of the horizon."""

    PROPOSED = 0  # proposals of the model that came to execution
    EXECUTED = 1  # of them, those that were
    THINNED = 2  # new limit orders left out by a tilt
    CANCEL_EMPTY_SIDE = 3  # cancels refused because the side was empty
    EMPTY_SIDE = 4  # executed events that left a side empty
    INJECTED = 5  # orders of shocks that were executed
    UNFILLED_SIZE = 6  # shares of injected orders that neither traded nor rested
    WITHDRAWN_SIZE = 7  # shares taken out of the book by shocks
    CUT = 8  # paths cut at `max_events`


class ViewArrays(NamedTuple):
    """The columns of `model.order_flow.MarketView`, under the same names."""

    active: Bools
    draw: Int64
    time_ns: Int64
    open_ticks: Float64
    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64
    fresh: Bools
    last_dt_ns: Int64
    last_action: Int8
    last_side: Int8
    last_price_ticks: Int64
    last_size: Int64
    last_bid_ticks: Int64
    last_ask_ticks: Int64
    last_traded_size: Int64
    last_traded_value: Float64


class ProposalArrays(NamedTuple):
    """The columns of `model.order_flow.Proposals`, under the same names."""

    dt_ns: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64


class TiltArrays(NamedTuple):
    """The columns of `model.order_flow.Tilts`, under the same names."""

    pressure_log_odds: Float64
    rate: Float64
    limit_keep: Float64


class Rules(NamedTuple):
    """Settings of a run."""

    seed: int
    horizon_ns: int
    max_events: int
    burn_in_events: int


class World(NamedTuple):
    """Everything that a step reads and writes; B paths."""

    books: BookArrays
    market: ViewArrays
    tilts: TiltArrays
    rows: npt.NDArray[np.void]  # ROW [B]
    counters: Int64  # [B, len(Counter)]
    log: npt.NDArray[np.void]  # LOG [B, C]
    used: Int64  # [B]
    table: TiltTable
    entries: npt.NDArray[np.void]  # ENTRY [n]
    rules: Rules


class Event(NamedTuple):
    """What was done to a book."""

    time_ns: int
    action: int
    side: int
    price_ticks: int
    size: int
    traded_size: int
    traded_value: int
    origin: int


@njit(cache=True)
def step(world: World, proposals: ProposalArrays) -> tuple[int, int, bool, bool]:
    """Move every active path by one event at most.

    Returns
    -------
    tuple
        Paths still active; events executed; whether a chunk of the record is full; whether the
        order pool of a book is.
    """
    active = 0
    executed = 0
    full_log = False
    full_book = False
    for b in range(len(world.rows)):
        if not world.market.active[b]:
            world.market.fresh[b] = False
            continue
        before = world.rows[b].executed
        _step_path(world, proposals, b)
        show_tilts(world, b)
        executed += world.rows[b].executed - before
        active += world.market.active[b]
        full_log |= world.used[b] == world.log.shape[1]
        full_book |= matching.is_full(book_of(world.books, b))
    return active, executed, full_log, full_book


@njit(cache=True, inline="always")
def _step_path(world: World, proposals: ProposalArrays, b: int) -> None:
    row, view = world.rows[b], world.market
    view.fresh[b] = False
    now = view.time_ns[b]
    dt = min(max(proposals.dt_ns[b], 1), _LONGEST_NS)
    time = now + dt
    if row.origin_ns != NOT_YET:
        if row.shocked:
            time = row.origin_ns + advance(world.table, now - row.origin_ns, dt)
            if row.next_entry < len(world.entries):
                entry = world.entries[row.next_entry]
                due = row.origin_ns + entry.time_ns
                if due <= time and entry.time_ns < world.rules.horizon_ns:
                    row.next_entry += 1
                    view.time_ns[b] = max(now, due)
                    if entry.kind == agenda.ORDER:
                        _inject(world, b, entry)
                    else:
                        _withdraw(world, b, entry)
                    return
        if time >= row.origin_ns + world.rules.horizon_ns:
            view.time_ns[b] = row.origin_ns + world.rules.horizon_ns
            view.active[b] = False
            row.end_ns = world.rules.horizon_ns
            return
    view.time_ns[b] = time
    _execute(world, proposals, b)


@njit(cache=True, inline="always")
def _execute(world: World, proposals: ProposalArrays, b: int) -> None:
    """Do what the model proposed, or refuse it; its draw is spent either way."""
    row, view, count = world.rows[b], world.market, world.counters[b]
    book = book_of(world.books, b)
    draw = view.draw[b]
    view.draw[b] += 1
    count[Counter.PROPOSED.value] += 1
    action, side = as_int(proposals.action[b]), as_int(proposals.side[b])
    price, size = proposals.price_ticks[b], max(proposals.size[b], 1)
    traded = value = 0
    if action == Action.ADD.value:
        if row.shocked and row.origin_ns != NOT_YET and not matching.crosses(book, side, price):
            keep = tilt_at(world.table, Tilt.LIMIT_KEEP.value, view.time_ns[b] - row.origin_ns)
            if keep < 0.0 and uniform(world.rules.seed, row.path, draw, THINNING) >= math.exp(keep):
                count[Counter.THINNED.value] += 1
                return
        bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
        traded, value, worst, slot = matching.add(book, side, price, size, NO_ORDER, True)
        if slot == NIL:
            if traded == 0:
                return
            price, size = worst, traded
    else:
        slot = matching.nearest_order(book, side, price, size)
        if slot == NIL:
            count[Counter.CANCEL_EMPTY_SIDE.value] += 1
            return
        bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
        price, size = book.orders[slot].price, book.orders[slot].size
        matching.reduce(book, slot, size)
    count[Counter.EXECUTED.value] += 1
    event = Event(view.time_ns[b], action, side, price, size, traded, value, Origin.MODEL.value)
    _tell(world, b, event, bid, ask)
    _record(world, b, event)


@njit(cache=True, inline="always")
def _inject(world: World, b: int, entry: npt.NDArray[np.void]) -> None:
    """Send an order of a shock; what neither trades nor rests is dropped and counted."""
    book, count = book_of(world.books, b), world.counters[b]
    bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
    side, size, through = as_int(entry.side), as_int(entry.size), as_int(entry.through_ticks)
    price = ask + through if side == BUY else bid - through
    rests = entry.rests and through != MARKET
    traded, value, worst, slot = matching.add(book, side, price, size, NO_ORDER, rests)
    if slot == NIL:
        count[Counter.UNFILLED_SIZE.value] += size - traded
        if traded == 0:
            return
        price, size = worst, traded
    count[Counter.INJECTED.value] += 1
    event = Event(
        world.market.time_ns[b], Action.ADD.value, side, price, size, traded, value, Origin.SHOCK.value
    )
    _tell(world, b, event, bid, ask)
    _record(world, b, event)


@njit(cache=True, inline="always")
def _withdraw(world: World, b: int, entry: npt.NDArray[np.void]) -> None:
    """Thin out a side of the book; the record shows one cancel at the touch with the whole size."""
    book = book_of(world.books, b)
    side = as_int(entry.side)
    touch = book.state[TOUCH + side]
    taken = matching.withdraw(book, side, entry.distance_ticks, entry.share)
    if taken > 0:
        world.counters[b, Counter.WITHDRAWN_SIZE.value] += taken
        time = world.market.time_ns[b]
        event = Event(time, Action.CANCEL.value, side, touch, taken, 0, 0, Origin.SHOCK.value)
        _record(world, b, event)


@njit(cache=True, inline="always")
def _tell(world: World, b: int, event: Event, bid: int, ask: int) -> None:
    """Let the model see the event and the touch just before it."""
    view, row = world.market, world.rows[b]
    view.fresh[b] = True
    view.last_dt_ns[b] = event.time_ns - row.last_ns
    view.last_action[b] = event.action
    view.last_side[b] = event.side
    view.last_price_ticks[b] = event.price_ticks
    view.last_size[b] = event.size
    view.last_bid_ticks[b] = bid
    view.last_ask_ticks[b] = ask
    view.last_traded_size[b] = event.traded_size
    view.last_traded_value[b] = event.traded_value
    row.last_ns = event.time_ns


@njit(cache=True, inline="always")
def _record(world: World, b: int, event: Event) -> None:
    """Show the quotes after the event and write it down; end the burn-in, or the path, if due."""
    view, row, rules = world.market, world.rows[b], world.rules
    book = book_of(world.books, b)
    show_quotes(view, book, b)
    row.executed += 1
    if row.origin_ns == NOT_YET:
        if row.executed >= rules.burn_in_events:
            begin(world, b)
        return
    if book.state[RESTING + BUY] == 0 or book.state[RESTING + SELL] == 0:
        world.counters[b, Counter.EMPTY_SIDE.value] += 1
    line = world.log[b, world.used[b]]
    world.used[b] += 1
    line.time_ns = event.time_ns - row.origin_ns
    line.price_ticks = event.price_ticks
    line.size = event.size
    line.traded_size = event.traded_size
    line.traded_value = event.traded_value
    line.bid_ticks, line.ask_ticks = view.bid_ticks[b], view.ask_ticks[b]
    line.bid_size, line.ask_size = view.bid_size[b], view.ask_size[b]
    line.action = np.int8(event.action)
    line.side = np.int8(event.side)
    line.origin = np.int8(event.origin)
    row.recorded += 1
    if row.recorded >= rules.max_events:
        view.active[b] = False
        row.end_ns = line.time_ns
        world.counters[b, Counter.CUT.value] += 1


@njit(cache=True)
def begin(world: World, b: int) -> None:
    """Start the horizon of a path: everything is counted and timed from here."""
    view, row = world.market, world.rows[b]
    row.origin_ns = view.time_ns[b]
    row.start_bid_ticks, row.start_ask_ticks = view.bid_ticks[b], view.ask_ticks[b]
    row.start_bid_size, row.start_ask_size = view.bid_size[b], view.ask_size[b]
    world.counters[b, :] = 0
    world.books.state[b, matching.OUT_OF_RANGE] = 0


@njit(cache=True)
def show_quotes(view: ViewArrays, book: Book, b: int) -> None:
    """Copy the best quotes of a book to the view."""
    view.bid_ticks[b] = book.state[TOUCH + BUY]
    view.ask_ticks[b] = book.state[TOUCH + SELL]
    view.bid_size[b] = matching.touch_size(book, BUY)
    view.ask_size[b] = matching.touch_size(book, SELL)


@njit(cache=True, inline="always")
def show_tilts(world: World, b: int) -> None:
    """Show the tilts in force now; neutral for unshocked paths and during burn-in."""
    row, tilts = world.rows[b], world.tilts
    if not row.shocked or row.origin_ns == NOT_YET:
        return
    now = world.market.time_ns[b] - row.origin_ns
    tilts.pressure_log_odds[b] = tilt_at(world.table, Tilt.PRESSURE.value, now)
    tilts.rate[b] = math.exp(tilt_at(world.table, Tilt.RATE.value, now))
    tilts.limit_keep[b] = min(1.0, math.exp(tilt_at(world.table, Tilt.LIMIT_KEEP.value, now)))
