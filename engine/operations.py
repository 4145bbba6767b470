"""What a shock does to a book at a set time, compiled: one function for each kind of entry."""

from __future__ import annotations

import numpy as np
from numba import njit

from engine import agenda, ladder, matching
from engine.execution import Event, Injection, Rules, cancel_slot, first_mid2, inject, record
from engine.ladder import BUY, NIL, RESTING, SELL, TOUCH, Book, as_int
from engine.path_state import ACTS, ASKED, DONE, Memory, Record
from engine.shocks.plan import BOTH, MARKET, Anchor, BookOperation
from model.events import Action, Int64


@njit(cache=True)
def act(
    book: Book, row: Record, line: Record, entry: Record, memory: Memory, b: int, rules: Rules
) -> None:
    """Carry out one entry of the agenda now."""
    parent = as_int(entry.parent)
    first = first_mid2(book, memory, b, parent)
    if entry.kind == agenda.ORDER:
        _send(book, row, line, entry, memory, b, rules)
    elif entry.kind == agenda.WITHDRAW_TAGGED:
        slot = memory.slots[b, entry.tag]
        if slot != NIL and book.orders[slot].size > 0 and book.orders[slot].tag == entry.tag:
            cancel_slot(book, row, line, slot, parent, rules)
    elif entry.kind == BookOperation.CANCEL.value:
        price = first // 2 + entry.distance_ticks
        slot = matching.nearest_order(book, as_int(entry.side), price, as_int(entry.size))
        if slot != NIL:
            cancel_slot(book, row, line, slot, parent, rules)
    elif entry.kind == BookOperation.HALT.value:
        row.halt_until_ns = max(as_int(row.halt_until_ns), entry.time_ns + entry.size)
        memory.accounts[b, parent, ACTS] += 1
    else:
        _change(book, row, line, entry, memory, b, rules)


@njit(cache=True)
def _send(
    book: Book, row: Record, line: Record, entry: Record, memory: Memory, b: int, rules: Rules
) -> None:
    """Send an order at its anchored price."""
    side, through = as_int(entry.side), as_int(entry.through_ticks)
    sign = 1 if side == BUY else -1
    rests = entry.rests and through != MARKET
    if entry.anchor == Anchor.FIRST.value and through != MARKET:
        price = first_mid2(book, memory, b, as_int(entry.parent)) // 2 + through
    elif entry.anchor == Anchor.OWN.value:
        price = book.state[TOUCH + side] + sign * through
    else:
        price = book.state[TOUCH + 1 - side] + sign * through
    parent = as_int(entry.parent)
    order = Injection(side, price, as_int(entry.size), as_int(entry.tag), rests, parent)
    slot = inject(book, row, line, order, memory, b, rules)
    if entry.tag != agenda.NO_TAG:
        memory.slots[b, entry.tag] = slot


@njit(cache=True)
def _change(
    book: Book, row: Record, line: Record, entry: Record, memory: Memory, b: int, rules: Rules
) -> None:
    """Change what rests; the record shows one cancel at the old touch, unseen by the model.

    Accounts: of a withdrawal what rested within reach and what of it went; of the others how often
    it was done, and the sum of the spreads (WIDEN), of the moves of the mid in half ticks (SHIFT).
    """
    account = memory.accounts[b, entry.parent]
    side, distance = as_int(entry.side), as_int(entry.distance_ticks)
    shown = SELL if side == SELL or (side == BOTH and distance > 0) else BUY
    touch, size = book.state[TOUCH + shown], ladder.touch_size(book, shown)
    mid2 = book.state[TOUCH + BUY] + book.state[TOUCH + SELL]
    if entry.kind == BookOperation.WITHDRAW.value:
        account[ASKED] += matching.size_within(book, side, distance)
        size = matching.withdraw(book, side, distance, entry.share)
        row.withdrawn_size += size
        account[DONE] += size
    else:
        account[ASKED] += 1
        if entry.kind == BookOperation.WIDEN.value:
            size = 0
            for own in range(2):
                if side in (own, BOTH):
                    size += _clear_near(book, own, mid2, distance)
            row.withdrawn_size += size
            account[DONE] += book.state[TOUCH + SELL] - book.state[TOUCH + BUY]
        elif entry.kind == BookOperation.SHIFT.value:
            rebuild(book, distance, 1, memory.slots[b])
            account[DONE] += book.state[TOUCH + BUY] + book.state[TOUCH + SELL] - mid2
        else:
            row.grid = distance
            rebuild(book, 0, distance, memory.slots[b])
    account[ACTS] += 1
    if size > 0:
        event = Event(Action.CANCEL.value, shown, touch, size, 0, 0, as_int(entry.parent))
        record(book, row, line, event, rules)


@njit(cache=True)
def _clear_near(book: Book, side: int, mid2: int, distance2: int) -> int:
    """Delete the orders of a side less than `distance2` half ticks from the mid; shares gone."""
    sign = 1 if side == SELL else -1
    taken = 0
    while book.state[RESTING + side] > 0:
        price = book.state[TOUCH + side]
        if (2 * price - mid2) * sign >= distance2:
            break
        taken += matching.take_from_level(book, side, price, ladder.touch_size(book, side))
    return taken


@njit(cache=True)
def rebuild(book: Book, shift: int, grid: int, slots: Int64) -> None:
    """Move every order by `shift` ticks and to a multiple of `grid`, away from the other side.

    Priority is kept: by the old price, then by time. Orders that leave the range of the ladder, or
    go below a price of 1, are dropped and counted. `slots` of orders with a tag are brought up to
    date.
    """
    count = book.state[RESTING + BUY] + book.state[RESTING + SELL]
    kept = np.empty((count, 4), np.int64)
    n = 0
    empty = np.zeros(2, np.int64)
    for side in range(2):
        price = book.state[TOUCH + side] + shift
        empty[side] = price if book.state[RESTING + side] == 0 else 0
        while book.state[RESTING + side] > 0:
            at = book.state[TOUCH + side] - book.state[ladder.BASE]
            slot = as_int(book.levels[at].head)
            order = book.orders[slot]
            price = order.price + shift
            down = price - price % grid
            kept[n, 0] = side
            kept[n, 1] = down if side == BUY or down == price else down + grid
            kept[n, 2] = order.size
            kept[n, 3] = order.tag
            n += 1
            ladder.reduce(book, slot, as_int(order.size))
    for i in range(n):
        side, price, tag = kept[i, 0], kept[i, 1], kept[i, 3]
        slot = ladder.rest(book, side, price, kept[i, 2], tag)
        if tag != agenda.NO_TAG:
            slots[tag] = slot
    for side in range(2):
        if empty[side] > 0:
            book.state[TOUCH + side] = empty[side]
