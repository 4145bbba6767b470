"""One order book in memory, compiled: a ladder of price levels with their queues of orders.

A book is a ladder of price levels (a window of L ticks whose first is `state[BASE]`), each a
first-in-first-out queue of orders linked inside a preallocated pool, and a bitmap of the occupied
levels of each side. A book is never crossed, so a level holds orders of one side only.

An empty book is all zeros, so the memory of a ladder is only claimed where orders rest. Functions
that add an order need `room` for it in the pool; `engine.book.OrderBooks` owns the memory and
makes the room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.cpython.unsafe.numbers import leading_zeros, trailing_zeros

from model.events import Int64, Side

ORDER = np.dtype(
    [
        ("size", "i8"),
        ("price", "i8"),
        ("tag", "i8"),
        ("next", "i4"),
        ("prev", "i4"),
        ("side", "i1"),
    ],
    align=True,
)
LEVEL = np.dtype([("size", "i8"), ("head", "i4"), ("tail", "i4")], align=True)

# Columns of `Book.state`; those of a side are COLUMN + side.
BASE = 0  # price in ticks of the first level of the ladder
TOUCH = 1  # best price; an empty side keeps its last one (moved on if the other side passes it)
RESTING = 3  # number of resting orders
FREE = 5  # first slot of the list of freed slots, NIL if there is none
USED = 6  # slots that were ever taken: 1..USED
OUT_OF_RANGE = 7  # orders dropped because their price lies outside the ladder
STATE_COLUMNS = 8

NIL = 0  # no slot: the first of the pool is never used
BUY, SELL = int(Side.BUY), int(Side.SELL)
as_int = cast(Callable[[Any], int], np.int64)  # what it is to numba; a plain int to mypy
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)


class Book(NamedTuple):
    """One book: views into the arrays of `engine.book.OrderBooks`."""

    orders: npt.NDArray[np.void]  # ORDER [1 + capacity]
    levels: npt.NDArray[np.void]  # LEVEL [L]
    bits: npt.NDArray[np.uint64]  # [2, L / 64], occupied levels of each side
    state: Int64  # [STATE_COLUMNS]


@njit(cache=True)
def clear(book: Book) -> None:
    """Empty the book and forget its last quotes."""
    for side in range(2):
        at = lowest_from(book.bits[side], 0)
        while at != -1:
            level = book.levels[at]
            level.size, level.head, level.tail = 0, np.int32(NIL), np.int32(NIL)
            at = lowest_from(book.bits[side], at + 1) if at + 1 < len(book.levels) else -1
    book.bits[:] = np.uint64(0)
    book.state[:] = 0


@njit(cache=True, forceinline=True)
def room(book: Book) -> int:
    """How many more orders the pool can hold."""
    return as_int(len(book.orders) - 1 - book.state[RESTING + BUY] - book.state[RESTING + SELL])


@njit(cache=True, forceinline=True)
def touch_size(book: Book, side: int) -> int:
    """Shares resting at the best price of a side, 0 if the side is empty."""
    if book.state[RESTING + side] == 0:
        return 0
    return as_int(book.levels[book.state[TOUCH + side] - book.state[BASE]].size)


@njit(cache=True, forceinline=True)
def lowest_from(words: npt.NDArray[np.uint64], at: int) -> int:
    """Lowest occupied level at or above `at`, -1 if there is none."""
    w = at >> 6
    word = words[w] & (_ALL << np.uint64(at & 63))
    while word == np.uint64(0):
        w += 1
        if w == len(words):
            return -1
        word = words[w]
    return (w << 6) + as_int(trailing_zeros(word))  # type: ignore[call-arg]


@njit(cache=True, forceinline=True)
def highest_to(words: npt.NDArray[np.uint64], at: int) -> int:
    """Highest occupied level at or below `at`, -1 if there is none."""
    w = at >> 6
    word = words[w] & (_ALL >> np.uint64(63 - (at & 63)))
    while word == np.uint64(0):
        w -= 1
        if w < 0:
            return -1
        word = words[w]
    return (w << 6) + 63 - as_int(leading_zeros(word))  # type: ignore[call-arg]


@njit(cache=True, forceinline=True)
def next_level(book: Book, side: int, at: int) -> int:
    """First occupied level of a side at `at` or behind it (away from the touch), -1 if none."""
    if at < 0 or at >= len(book.levels):
        return -1
    if side == BUY:
        return highest_to(book.bits[BUY], at)
    return lowest_from(book.bits[SELL], at)


@njit(cache=True, forceinline=True)
def reduce(book: Book, slot: int, size: int) -> int:
    """Take up to `size` shares off the order in `slot`, delete it when none is left.

    Returns
    -------
    int
        Shares taken off.
    """
    orders, levels, bits, state = book
    order = orders[slot]
    at = order.price - state[BASE]
    level = levels[at]
    taken = min(size, as_int(order.size))
    order.size -= taken
    level.size -= taken
    if order.size > 0:
        return taken
    side = as_int(order.side)
    if order.prev == NIL:
        level.head = order.next
    else:
        orders[order.prev].next = order.next
    if order.next == NIL:
        level.tail = order.prev
    else:
        orders[order.next].prev = order.prev
    order.next = np.int32(state[FREE])
    state[FREE] = slot
    state[RESTING + side] -= 1
    if level.head == NIL:
        bits[side, at >> 6] &= ~(_ONE << np.uint64(at & 63))
        if order.price == state[TOUCH + side] and state[RESTING + side] > 0:
            state[TOUCH + side] = state[BASE] + next_level(book, side, at)
    return taken


@njit(cache=True)
def recentre(book: Book, price: int) -> bool:
    """Move the ladder so that the touch is in its middle, if that brings `price` inside.

    Orders that the moved ladder does not reach are deleted and counted (`OUT_OF_RANGE`). An empty
    book is centred on `price`.
    """
    orders, levels, bits, state = book
    span = len(levels)
    low = high = price
    if state[RESTING + BUY] > 0:
        low = state[TOUCH + BUY]
        high = state[TOUCH + SELL] if state[RESTING + SELL] > 0 else low
    elif state[RESTING + SELL] > 0:
        low = high = state[TOUCH + SELL]
    base = max(1, (low + high) // 2 - span // 2)
    if price < base or price >= base + span:
        return False
    shift = base - state[BASE]
    for at in range(span):
        if at < shift or at >= span + shift:
            while levels[at].head != NIL:
                slot = as_int(levels[at].head)
                reduce(book, slot, orders[slot].size)
                state[OUT_OF_RANGE] += 1
    step = 1 if shift > 0 else -1
    at = 0 if shift > 0 else span - 1
    bits[:] = np.uint64(0)
    for _ in range(span):
        level = levels[at]
        old = at + shift
        if 0 <= old < span and levels[old].head != NIL:
            level.size, level.head, level.tail = (
                levels[old].size,
                levels[old].head,
                levels[old].tail,
            )
            side = as_int(orders[level.head].side)
            bits[side, at >> 6] |= _ONE << np.uint64(at & 63)
        elif level.head != NIL:
            level.size, level.head, level.tail = 0, np.int32(NIL), np.int32(NIL)
        at += step
    state[BASE] = base
    return True


@njit(cache=True)
def rest(book: Book, side: int, price: int, size: int, tag: int) -> int:
    """Put an order that does not cross at the back of its level's queue.

    Returns
    -------
    int
        Its slot, or NIL if the price is below 1 or outside the ladder: counted, not kept.
    """
    orders, levels, bits, state = book
    at = price - state[BASE]
    if at < 0 or at >= len(levels) or price < 1:
        if price < 1 or not recentre(book, price):
            state[OUT_OF_RANGE] += 1
            return NIL
        at = price - state[BASE]
    slot = as_int(state[FREE])
    if slot != NIL:
        state[FREE] = orders[slot].next
    else:
        state[USED] += 1
        slot = as_int(state[USED])
        if slot == len(orders):
            raise IndexError("order pool is full")
    level = levels[at]
    order = orders[slot]
    order.size, order.price, order.tag = size, price, tag
    order.side = np.int8(side)
    order.next = np.int32(NIL)
    order.prev = level.tail
    if level.tail == NIL:
        level.head = np.int32(slot)
        bits[side, at >> 6] |= _ONE << np.uint64(at & 63)
    else:
        orders[level.tail].next = np.int32(slot)
    level.tail = np.int32(slot)
    level.size += size
    better = price > state[TOUCH + side] if side == BUY else price < state[TOUCH + side]
    if better or state[RESTING + side] == 0:
        state[TOUCH + side] = price
    state[RESTING + side] += 1
    if state[RESTING + 1 - side] == 0:  # the kept price of an empty side must not be passed
        if side == BUY:
            state[TOUCH + SELL] = max(state[TOUCH + SELL], state[TOUCH + BUY] + 1)
        else:
            state[TOUCH + BUY] = min(state[TOUCH + BUY], state[TOUCH + SELL] - 1)
    return slot
