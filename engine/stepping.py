"""One step of the closed loop on every path, compiled: how a proposal becomes an event."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine import agenda, ladder, matching
from engine.book import BookArrays, book_of
from engine.ensemble import Origin
from engine.ladder import BUY, NIL, RESTING, SELL, TOUCH, Book, as_int
from engine.path_state import (
    NOT_YET,
    ProposalArrays,
    Record,
    TiltArrays,
    ViewArrays,
    begin,
    publish,
    publish_tilts,
    show_quotes,
)
from engine.shocks.plan import MARKET, Tilt
from engine.tilts import TiltTable, advance, tilt_at
from model.events import NO_ORDER, Action
from model.randomness import uniform

THINNING = 900  # purpose of the draw that thins out new limit orders
_LONGEST_NS = 1 << 60  # a proposal further away than this is taken to be this far


class Proposal(NamedTuple):
    """What the model proposes for one path."""

    dt_ns: int
    action: int
    side: int
    price_ticks: int
    size: int


class Rules(NamedTuple):
    """Settings of a run."""

    seed: int
    horizon_ns: int
    max_events: int
    burn_in_events: int


class Event(NamedTuple):
    """What was done to a book."""

    action: int
    side: int
    price_ticks: int
    size: int
    traded_size: int
    traded_value: int
    origin: int


@njit(cache=True)
def step(
    books: BookArrays,
    rows: npt.NDArray[np.void],
    log: npt.NDArray[np.void],
    view: ViewArrays,
    tilts: TiltArrays,
    proposals: ProposalArrays,
    table: TiltTable,
    entries: npt.NDArray[np.void],
    rules: Rules,
) -> tuple[int, int, bool, bool]:
    """Move every active path by one event at most.

    Parameters
    ----------
    books : B books with room for one order each
    rows : ROW [B]; log : LOG [B, C] with room for one row each
    view, tilts : written
    proposals : read
    table, entries : the shock plan, see `engine.tilts` and `engine.agenda`
    rules : Rules

    Returns
    -------
    tuple
        Paths still active; events done; whether a chunk of the record is full; whether the
        order pool of a book is.
    """
    active = 0
    events = 0
    full_log = False
    full_book = False
    dt_ns, action, side, price_ticks, size = proposals
    for b in range(len(rows)):
        row = rows[b]
        if not row.active:
            view.fresh[b] = False
            continue
        book = book_of(books, b)
        before = row.events
        proposal = Proposal(dt_ns[b], as_int(action[b]), as_int(side[b]), price_ticks[b], size[b])
        _step_path(book, row, log[b, row.logged], proposal, table, entries, rules)
        publish(view, row, b)
        if row.shocked:
            publish_tilts(tilts, row, table, b)
        events += row.events - before
        active += 1 if row.active else 0
        full_log |= row.logged == log.shape[1]
        full_book |= ladder.room(book) == 0
    return active, events, full_log, full_book


@njit(cache=True)
def _step_path(
    book: Book,
    row: Record,
    line: Record,
    proposal: Proposal,
    table: TiltTable,
    entries: npt.NDArray[np.void],
    rules: Rules,
) -> None:
    row.fresh = False
    dt = min(max(proposal.dt_ns, 1), _LONGEST_NS)
    time = row.time_ns + dt
    keep = 0.0  # log of the share of new limit orders let through
    if row.origin_ns != NOT_YET:
        if row.shocked:
            time = row.origin_ns + advance(table, row.time_ns - row.origin_ns, dt)
            if row.next_entry < len(entries):
                entry = entries[row.next_entry]
                due = row.origin_ns + entry.time_ns
                if due <= time and entry.time_ns < rules.horizon_ns:
                    row.next_entry += 1
                    row.time_ns = max(row.time_ns, due)
                    if entry.kind == agenda.ORDER:
                        _inject(book, row, line, entry, rules)
                    else:
                        _withdraw(book, row, line, entry, rules)
                    return
            keep = tilt_at(table, Tilt.LIMIT_KEEP.value, time - row.origin_ns)
        if time >= row.origin_ns + rules.horizon_ns:
            row.time_ns = row.origin_ns + rules.horizon_ns
            row.active = False
            row.end_ns = rules.horizon_ns
            return
    row.time_ns = time
    _execute(book, row, line, proposal, keep, rules)


@njit(cache=True)
def _execute(
    book: Book, row: Record, line: Record, proposal: Proposal, keep: float, rules: Rules
) -> None:
    """Do what the model proposed, or refuse it; its draw is spent either way."""
    draw = row.draw
    row.draw += 1
    row.proposed += 1
    side, price, size = proposal.side, proposal.price_ticks, max(proposal.size, 1)
    bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
    traded = value = 0
    if proposal.action == Action.ADD.value:
        if (
            keep < 0.0
            and not matching.crosses(book, side, price)
            and uniform(rules.seed, row.path, draw, THINNING) >= math.exp(keep)
        ):
            row.thinned += 1
            return
        traded, value, worst, slot = matching.add(book, side, price, size, NO_ORDER, True)
        if slot == NIL:
            if traded == 0:  # out of range
                return
            price, size = worst, traded
    else:
        slot = matching.nearest_order(book, side, price, size)
        if slot == NIL:
            row.cancel_empty_side += 1
            return
        price, size = book.orders[slot].price, book.orders[slot].size
        ladder.reduce(book, slot, size)
    row.executed += 1
    event = Event(proposal.action, side, price, size, traded, value, Origin.MODEL.value)
    _tell(row, event, bid, ask)
    _record(book, row, line, event, rules)


@njit(cache=True)
def _inject(book: Book, row: Record, line: Record, entry: Record, rules: Rules) -> None:
    """Send an order of a shock; what neither trades nor rests is dropped and counted."""
    bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
    side, size, through = as_int(entry.side), as_int(entry.size), as_int(entry.through_ticks)
    price = ask + through if side == BUY else bid - through
    rests = entry.rests and through != MARKET
    traded, value, worst, slot = matching.add(book, side, price, size, NO_ORDER, rests)
    if slot == NIL:
        row.unfilled_size += size - traded
        if traded == 0:
            return
        price, size = worst, traded
    row.injected += 1
    event = Event(Action.ADD.value, side, price, size, traded, value, Origin.SHOCK.value)
    _tell(row, event, bid, ask)
    _record(book, row, line, event, rules)


@njit(cache=True)
def _withdraw(book: Book, row: Record, line: Record, entry: Record, rules: Rules) -> None:
    """Thin out a side of the book; the record shows one cancel at the touch with the whole size."""
    side = as_int(entry.side)
    touch = book.state[TOUCH + side]
    taken = matching.withdraw(book, side, entry.distance_ticks, entry.share)
    if taken > 0:
        row.withdrawn_size += taken
        event = Event(Action.CANCEL.value, side, touch, taken, 0, 0, Origin.SHOCK.value)
        _record(book, row, line, event, rules)


@njit(cache=True)
def _tell(row: Record, event: Event, bid: int, ask: int) -> None:
    """Let the model see the event and the touch just before it."""
    row.fresh = True
    row.last_dt_ns = row.time_ns - row.last_ns
    row.last_ns = row.time_ns
    row.last_action = np.int8(event.action)
    row.last_side = np.int8(event.side)
    row.last_price_ticks = event.price_ticks
    row.last_size = event.size
    row.last_bid_ticks = bid
    row.last_ask_ticks = ask
    row.last_traded_size = event.traded_size
    row.last_traded_value = event.traded_value


@njit(cache=True)
def _record(book: Book, row: Record, line: Record, event: Event, rules: Rules) -> None:
    """Show the quotes after the event and write it down; end the burn-in, or the path, if due."""
    show_quotes(book, row)
    row.events += 1
    if row.origin_ns == NOT_YET:
        if row.events >= rules.burn_in_events:
            begin(book, row)
        return
    if book.state[RESTING + BUY] == 0 or book.state[RESTING + SELL] == 0:
        row.empty_side += 1
    line.time_ns = row.time_ns - row.origin_ns
    line.price_ticks = event.price_ticks
    line.size = event.size
    line.traded_size = event.traded_size
    line.traded_value = event.traded_value
    line.bid_ticks, line.ask_ticks = row.bid_ticks, row.ask_ticks
    line.bid_size, line.ask_size = row.bid_size, row.ask_size
    line.action = np.int8(event.action)
    line.side = np.int8(event.side)
    line.origin = np.int8(event.origin)
    row.logged += 1
    row.recorded += 1
    if row.recorded >= rules.max_events:
        row.active = False
        row.end_ns = line.time_ns
        row.cut += 1
