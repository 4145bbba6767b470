"""What becomes of one event, compiled: a proposal is altered, refused or done, and written down."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from engine import ladder, matching
from engine.ensemble import FLOW, Origin
from engine.ladder import BUY, NIL, RESTING, SELL, TOUCH, Book, as_int
from engine.path_state import (
    ACTS,
    ASKED,
    DONE,
    FIRST,
    NOT_YET,
    Memory,
    Record,
    begin,
    show_quotes,
)
from engine.shocks.plan import Tilt
from engine.tilts import TiltTable, tilt_in
from model.events import NO_ORDER, Action
from model.randomness import uniform

THINNING = 900  # purpose of the draw that lets an event of the flow through or not
CROSSING = 901  # and of the one that lets a limit order cross the spread


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
    max_proposals: int  # after which a burn-in, or a path that goes on refusing, ends


class Event(NamedTuple):
    """What was done to a book."""

    action: int
    side: int
    price_ticks: int
    size: int
    traded_size: int
    traded_value: int
    parent: int  # number of the shock, FLOW


class Injection(NamedTuple):
    """An order of a shock."""

    side: int
    price_ticks: int
    size: int
    tag: int
    rests: bool
    parent: int


@njit(cache=True)
def execute(book: Book, row: Record, line: Record, proposal: Proposal, rules: Rules) -> None:
    """Do what the model proposed, or refuse it."""
    side, price, size = proposal.side, proposal.price_ticks, max(proposal.size, 1)
    bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
    traded = value = 0
    if proposal.action == Action.ADD.value:
        price = allowed_price(row, side, price)
        if halted(row) and matching.crosses(book, side, price):
            row.halted += 1
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
    event = Event(proposal.action, side, price, size, traded, value, FLOW)
    _tell(row, event, bid, ask)
    record(book, row, line, event, rules)


@njit(cache=True)
def spend_draw(row: Record) -> None:
    """The proposal has come to its end, whatever becomes of it: the next one is another draw."""
    row.draw += 1
    row.proposed += 1
    row.waited_ns = 0


@njit(cache=True)
def tilted(
    book: Book,
    row: Record,
    proposal: Proposal,
    table: TiltTable,
    k: int,
    draw: int,
    rules: Rules,
) -> tuple[int, int, bool]:
    """Price and size of a proposal under the tilts of segment `k`, and whether it is let through.

    `draw` is the number of the proposal's draw.
    """
    now = row.time_ns - row.origin_ns
    side, price, size = proposal.side, proposal.price_ticks, max(proposal.size, 1)
    if proposal.action != Action.ADD.value:
        kind = Tilt.KEEP_CANCEL_BUY.value
    elif matching.crosses(book, side, price):
        kind = Tilt.KEEP_AGGRESSIVE_BUY.value
    else:
        kind = Tilt.KEEP_LIMIT_BUY.value
    keep = tilt_in(table, k, kind + side, now)
    if keep < 0.0 and uniform(rules.seed, row.path, draw, THINNING) >= math.exp(keep):
        return price, size, False
    if kind == Tilt.KEEP_CANCEL_BUY.value:
        return price, size, True
    log_size = tilt_in(table, k, Tilt.SIZE.value, now)
    if log_size != 0.0:
        size = max(1, round(size * math.exp(log_size)))
    if kind == Tilt.KEEP_LIMIT_BUY.value:
        away = -1 if side == BUY else 1
        behind = (price - book.state[TOUCH + side]) * away
        depth = tilt_in(table, k, Tilt.DEPTH.value, now)
        if depth != 0.0 and behind >= 0:
            behind = round((behind + 1) * math.exp(depth)) - 1
            price = max(1, book.state[TOUCH + side] + away * max(0, behind))
        patience = tilt_in(table, k, Tilt.PATIENCE.value, now)
        if (
            patience < 0.0
            and book.state[RESTING + 1 - side] > 0
            and uniform(rules.seed, row.path, draw, CROSSING) >= math.exp(patience)
        ):
            price = book.state[TOUCH + 1 - side]
    return price, size, True


@njit(cache=True)
def allowed_price(row: Record, side: int, price: int) -> int:
    """The nearest price that the grid of prices and the price bands of the venue allow."""
    if row.grid > 1:
        down = price - price % row.grid
        price = max(down, as_int(row.grid)) if side == BUY or down == price else down + row.grid
    if row.band_high > 0:
        if side == BUY:
            return min(price, as_int(row.band_high))
        return max(price, as_int(row.band_low))
    return price


@njit(cache=True)
def halted(row: Record) -> bool:
    """Whether nothing may trade now."""
    return bool(row.halt_until_ns > 0 and row.time_ns - row.origin_ns < row.halt_until_ns)


@njit(cache=True)
def inject(
    book: Book,
    row: Record,
    line: Record,
    order: Injection,
    memory: Memory,
    b: int,
    rules: Rules,
) -> int:
    """Send an order of a shock; what neither trades nor rests is dropped and counted.

    Returns
    -------
    int
        Its slot in the book, NIL if nothing rests.
    """
    account = memory.accounts[b, order.parent]
    side, size = order.side, order.size
    account[ASKED] += size
    price = allowed_price(row, side, order.price_ticks)
    bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
    if halted(row):
        row.unfilled_size += size
        return NIL
    traded, value, worst, slot = matching.add(book, side, price, size, order.tag, order.rests)
    account[DONE] += traded
    if slot == NIL:
        row.unfilled_size += size - traded
        if traded == 0:
            return NIL
        price, size = worst, traded
    row.injected += 1
    account[ACTS] += 1
    event = Event(Action.ADD.value, side, price, size, traded, value, order.parent)
    _tell(row, event, bid, ask)
    record(book, row, line, event, rules)
    return slot


@njit(cache=True)
def cancel_slot(
    book: Book, row: Record, line: Record, slot: int, parent: int, rules: Rules
) -> None:
    """Delete a resting order for a shock; the model sees it."""
    bid, ask = book.state[TOUCH + BUY], book.state[TOUCH + SELL]
    order = book.orders[slot]
    side, price, size = as_int(order.side), as_int(order.price), as_int(order.size)
    ladder.reduce(book, slot, size)
    event = Event(Action.CANCEL.value, side, price, size, 0, 0, parent)
    _tell(row, event, bid, ask)
    record(book, row, line, event, rules)


@njit(cache=True)
def first_mid2(book: Book, memory: Memory, b: int, parent: int) -> int:
    """Twice the mid when a shock acted first on a path: now, if it has not yet."""
    account = memory.accounts[b, parent]
    if account[FIRST] == 0.0:
        account[FIRST] = book.state[TOUCH + BUY] + book.state[TOUCH + SELL]
    return int(account[FIRST])


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
def record(book: Book, row: Record, line: Record, event: Event, rules: Rules) -> None:
    """Show the quotes after the event and write it down; end the burn-in, or the path, if due."""
    show_quotes(book, row)
    row.events += 1
    if row.origin_ns == NOT_YET:
        if row.events >= rules.burn_in_events:
            begin(book, row)
        return
    row.traded_volume += event.traded_size
    row.traded_value += event.traded_value
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
    flow = event.parent == FLOW
    line.origin = np.int8(Origin.MODEL.value if flow else Origin.SHOCK.value)
    line.parent = np.int16(event.parent)
    row.logged += 1
    row.recorded += 1
    if row.recorded >= rules.max_events:
        cut(row)


@njit(cache=True)
def cut(row: Record) -> None:
    """End a path before its horizon."""
    row.active = False
    row.end_ns = row.time_ns - row.origin_ns
    row.cut += 1
