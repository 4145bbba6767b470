"""Limit order books, order by order: B of them in one set of arrays."""

from __future__ import annotations

import mmap
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine import ladder, matching
from engine.ladder import (
    BASE,
    LEVEL,
    NIL,
    ORDER,
    OUT_OF_RANGE,
    RESTING,
    STATE_COLUMNS,
    TOUCH,
    Book,
    as_int,
)
from engine.seeding import BookSeed
from model.events import NO_ORDER, Int8, Int64, Side

# 129 words of 64: at a distance of a power of two the touches of all books would share a few sets
# of the caches.
LEVELS = 8256


class BookArrays(NamedTuple):
    """What a compiled loop is handed; `book_of` picks one book out of it."""

    orders: npt.NDArray[np.void]  # ORDER [B, 1 + capacity]
    levels: npt.NDArray[np.void]  # LEVEL [B, L]
    bits: npt.NDArray[np.uint64]  # [B, 2, L / 64]
    state: Int64  # [B, STATE_COLUMNS]


class Fill(NamedTuple):
    """What became of a new order on arrival."""

    traded_size: int  # shares
    traded_value: int  # ticks x shares
    rested_size: int  # shares now in the book


class Touch(NamedTuple):
    """Best quotes; an empty side keeps its last price and has size 0."""

    bid_ticks: int
    ask_ticks: int
    bid_size: int
    ask_size: int


class Resting(NamedTuple):
    """Resting orders in priority order: bids from the best down, then asks from the best up."""

    side: Int8
    price_ticks: Int64
    size: Int64
    order_id: Int64  # `NO_ORDER` where none was given


class OrderBooks:
    """B order-level books with price-time priority.

    The pool of orders of a book grows on demand, so no order is dropped for want of room. Prices
    live in a window of `levels` ticks, placed by the first order and moved so as to centre on the
    touch whenever an order needs it; an order that the window cannot reach (more than about half
    of it from the touch) trades if it crosses but does not rest, and is counted in
    `out_of_range`, and so is a resting order that a moved window leaves behind.

    The methods below are the pythonic surface, one call an event. Compiled loops take `arrays` and
    work through `engine.matching` and `engine.ladder`; `make_room` must be called before a book
    may be full.

    Parameters
    ----------
    books : B
    levels : ticks in the window of a book, a multiple of 64
    capacity : orders for which a book has room at first
    """

    def __init__(self, books: int = 1, *, levels: int = LEVELS, capacity: int = 1024) -> None:
        if levels % 64:
            raise ValueError(f"levels must be a multiple of 64, not {levels}")
        self.arrays = BookArrays(
            _zeros((books, 1 + capacity), ORDER),
            _zeros((books, levels), LEVEL),
            np.zeros((books, 2, levels // 64), np.uint64),
            np.zeros((books, STATE_COLUMNS), np.int64),
        )
        self._slots: list[dict[int, int]] = [{} for _ in range(books)]

    def __len__(self) -> int:
        return len(self.arrays.state)

    def make_room(self) -> None:
        """Double the pool of orders of every book."""
        old = self.arrays.orders
        orders = _zeros((old.shape[0], 2 * old.shape[1]), ORDER)
        orders[:, : old.shape[1]] = old
        self.arrays = self.arrays._replace(orders=orders)

    def load(self, seed: BookSeed, book: int = 0) -> None:
        """Replace what rests in a book by the orders of `seed`."""
        while len(seed) >= self.arrays.orders.shape[1] - 1:
            self.make_room()
        one = book_of(self.arrays, book)
        ladder.clear(one)
        self._slots[book].clear()
        _load(one, seed.side, seed.price_ticks, seed.size)

    def add(
        self,
        side: int,
        price_ticks: int,
        size: int,
        order_id: int = NO_ORDER,
        *,
        rests: bool = True,
        book: int = 0,
    ) -> Fill:
        """A new order: trades while it crosses, oldest first, and rests the remainder."""
        if ladder.room(book_of(self.arrays, book)) == 0:
            self.make_room()
        one = book_of(self.arrays, book)
        traded, value, _, slot = matching.add(one, side, price_ticks, size, order_id, rests)
        if slot != NIL and order_id != NO_ORDER:
            self._slots[book][order_id] = slot
        return Fill(traded, value, 0 if slot == NIL else size - traded)

    def cancel(self, order_id: int, size: int | None = None, *, book: int = 0) -> int:
        """Take `size` shares (None: all) off the order; shares taken off, 0 if it is not there."""
        one = book_of(self.arrays, book)
        slot = self._slots[book].get(order_id, NIL)
        if slot == NIL or one.orders[slot]["size"] == 0 or one.orders[slot]["tag"] != order_id:
            return 0
        return int(
            ladder.reduce(one, slot, int(one.orders[slot]["size"]) if size is None else size)
        )

    def cancel_nearest(
        self, side: int, price_ticks: int, size: int, *, book: int = 0
    ) -> tuple[int, int]:
        """Delete the whole order that an anonymous cancel means, see `matching.nearest_order`.

        Returns
        -------
        tuple of int
            Its price in ticks and its size; size 0 if the side is empty.
        """
        one = book_of(self.arrays, book)
        slot = matching.nearest_order(one, side, price_ticks, size)
        if slot == NIL:
            return price_ticks, 0
        price = int(one.orders[slot]["price"])
        return price, int(ladder.reduce(one, slot, int(one.orders[slot]["size"])))

    def cancel_at(self, side: int, price_ticks: int, size: int, *, book: int = 0) -> int:
        """Take up to `size` shares off one level, oldest first; shares taken off."""
        return int(matching.take_from_level(book_of(self.arrays, book), side, price_ticks, size))

    def withdraw(self, side: int, distance_ticks: int, share: float, *, book: int = 0) -> int:
        """Delete a share of the size near the touch, see `matching.withdraw`; shares taken off."""
        return int(matching.withdraw(book_of(self.arrays, book), side, distance_ticks, share))

    def touch(self, book: int = 0) -> Touch:
        """Best quotes of a book."""
        one = book_of(self.arrays, book)
        bid, ask = one.state[TOUCH + Side.BUY], one.state[TOUCH + Side.SELL]
        return Touch(int(bid), int(ask), *(int(ladder.touch_size(one, int(side))) for side in Side))

    def depth(self, side: int, levels: int, book: int = 0) -> tuple[Int64, Int64]:
        """Prices (ticks) and sizes of the first `levels` occupied levels of a side, best first."""
        resting = self.resting(book)
        own = resting.side == side
        prices, first = np.unique(resting.price_ticks[own], return_index=True)
        order = np.argsort(first)
        sizes = np.add.reduceat(resting.size[own], first[order]) if len(first) else prices
        return prices[order][:levels], sizes[:levels]

    def resting(self, book: int = 0) -> Resting:
        """Every resting order of a book, in priority order."""
        one = book_of(self.arrays, book)
        rows = one.orders[_queue(one)]
        return Resting(rows["side"], rows["price"], rows["size"], rows["tag"])

    def out_of_range(self, book: int = 0) -> int:
        """Orders that a book could not keep because of their price."""
        return int(self.arrays.state[book, OUT_OF_RANGE])


def _zeros(shape: tuple[int, int], dtype: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Zeros whose memory is claimed page by page when written; numpy's would take huge pages."""
    size = shape[0] * shape[1] * dtype.itemsize
    memory = mmap.mmap(-1, size, access=mmap.ACCESS_COPY)  # private to this process
    return np.frombuffer(memory, dtype).reshape(shape)


@njit(cache=True)
def book_of(arrays: BookArrays, book: int) -> Book:
    """Book number `book` as views."""
    return Book(arrays.orders[book], arrays.levels[book], arrays.bits[book], arrays.state[book])


@njit(cache=True)
def _load(book: Book, side: Int8, price_ticks: Int64, size: Int64) -> None:
    for i in range(len(side)):
        matching.add(book, as_int(side[i]), price_ticks[i], size[i], NO_ORDER, True)


@njit(cache=True)
def _queue(book: Book) -> Int64:
    """Slots of the resting orders in priority order."""
    slots = np.empty(book.state[RESTING] + book.state[RESTING + 1], np.int64)
    n = 0
    for side in range(2):
        if book.state[RESTING + side] == 0:
            continue
        at = book.state[TOUCH + side] - book.state[BASE]
        while at != -1:
            slot = as_int(book.levels[at].head)
            while slot != NIL:
                slots[n] = slot
                n += 1
                slot = as_int(book.orders[slot].next)
            at = ladder.next_level(book, side, at - 1 if side == 0 else at + 1)
    return slots
