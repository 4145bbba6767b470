"""Rebuild the book behind recorded order flow, event by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine import ladder, matching
from engine.book import BookArrays, OrderBooks, book_of
from engine.ladder import BASE, BUY, NIL, RESTING, SELL, TOUCH, Book, as_int
from engine.seeding import BookSeed
from engine.window import reconcile, refill
from model.errors import RecordingError
from model.events import NO_ORDER, Action, Int8, Int64, Levels, Quotes, Recording

# Columns of the counters.
_CROSSED, _STALE, _UNFILLED, _UNKNOWN_CANCEL, _MISSING_SIZE, _REFILLED = range(6)
_COUNTERS = (
    "crossed", "stale", "unfilled_size", "unknown_cancel", "missing_size", "refilled_levels"
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Replay:
    """A recording's book, rebuilt.

    Attributes
    ----------
    quotes : best quotes after each event
    snapshots : the book after each of the rows asked for
    counters : what did not fit, by kind:
        `crossed` orders with an id that traded on arrival,
        `stale` orders that cannot have been there any more and were taken out,
        `unfilled_size` of aggressive orders that found too little in the book,
        `unknown_cancel` cancels whose order was not in the book, `missing_size` of all cancels that
        was found neither in the order nor at its price,
        `refilled_levels` that came into view and were set as recorded, `out_of_range` orders
    """

    quotes: Quotes
    snapshots: list[BookSeed]
    counters: dict[str, int]


class _Flow(NamedTuple):
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64
    order: Int64  # dense number of the order, NO_ORDER where it has no id


class _Touches(NamedTuple):
    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64


class _Window(NamedTuple):
    bid_ticks: Int64
    bid_size: Int64
    ask_ticks: Int64
    ask_size: Int64


def replay(recording: Recording, snapshot_rows: Sequence[int] = ()) -> Replay:
    """Apply every event of a recording to a book.

    An ADD matches what it crosses and rests the remainder. A CANCEL takes its size off the order it
    names, and what that order does not have, off its price level, oldest orders first. A PRINT
    changes nothing.

    Where only some ADDs have an order id, as in LOBSTER recordings, those without are aggressive
    orders rebuilt from their executions: they do not rest, and the others never traded on arrival.
    Orders that contradict this are stale (they left unseen, out of the recorded window) and are
    taken out: what an ADD with an id would cross, and what is better than the worst price of an
    aggressive order that its size would not have reached.

    Where `recording.levels` is there, the book starts as the first row left it and the events from
    the second row on are applied; levels that come into view from outside the recorded window are
    set as recorded (see `engine.window.refill`), and snapshots are made to agree with the recorded
    levels (`reconcile`). Otherwise the book starts empty.

    Parameters
    ----------
    recording : events, with or without levels
    snapshot_rows : rows after which the book is wanted, in any order

    Raises
    ------
    RecordingError
        A snapshot row is not in the recording.
    """
    events, levels = recording.events, recording.levels
    count = len(events)
    for row in snapshot_rows:
        if not 0 <= row < count:
            raise RecordingError(
                f"recording of {events.meta.asset or 'an asset'}: no row {row} for a snapshot, "
                f"it has {count} events"
            )
    quotes = Quotes(*(np.zeros(count, np.int64) for _ in range(4)))
    counters = np.zeros(len(_COUNTERS), np.int64)
    flow, slots = _number_orders(recording)
    rebuilt = _rebuilt(flow)
    books = OrderBooks(capacity=4096)
    touches = _Touches(*vars(quotes).values())
    window = _Window(*(np.zeros((count, 0), np.int64) for _ in range(4)))
    row = 0
    if levels is not None and count:
        window = _Window(*(_plain(getattr(levels, name)) for name in _Window._fields))
        books.load(reconcile(books.resting(), levels, 0, int(events.time_ns[0])))
        for column, value in zip(touches, books.touch(), strict=True):
            column[0] = value
        row = 1
    seen: dict[int, BookSeed] = {}
    for stop in sorted({*(int(r) + 1 for r in snapshot_rows), count}):
        while row < stop:
            row = _apply(books.arrays, flow, slots, window, rebuilt, counters, touches, row, stop)
            if row < stop:
                books.make_room()
        if stop - 1 in snapshot_rows:
            seen[stop - 1] = _snapshot(books, levels, stop - 1, int(events.time_ns[stop - 1]))
    counted = dict(zip(_COUNTERS, counters.tolist(), strict=True))
    return Replay(
        quotes,
        [seen[int(r)] for r in snapshot_rows],
        counted | {"out_of_range": books.out_of_range()},
    )


class MessageStream:
    """Messages with their orders numbered, to be applied to an empty book again and again.

    What `replay` does with messages alone, without what it does before and after: to be timed.

    Parameters
    ----------
    recording : its events alone are looked at
    """

    def __init__(self, recording: Recording) -> None:
        count = len(recording.events)
        self._flow, self._slots = _number_orders(recording)
        self._rebuilt = _rebuilt(self._flow)
        self._quotes = Quotes(*(np.zeros(count, np.int64) for _ in range(4)))
        self._window = _Window(*(np.zeros((count, 0), np.int64) for _ in range(4)))
        self._books = OrderBooks(capacity=max(count, 1))  # room for all: no message waits for it

    def __len__(self) -> int:
        return len(self._flow.side)

    def run(self) -> Quotes:
        """Best quotes after each message; the arrays are those of the last run, written again."""
        ladder.clear(book_of(self._books.arrays, 0))
        touches, counters = (
            _Touches(*vars(self._quotes).values()),
            np.zeros(len(_COUNTERS), np.int64),
        )
        _apply(
            self._books.arrays, self._flow, self._slots, self._window, self._rebuilt, counters,
            touches, 0, len(self),
        )  # fmt: skip
        return self._quotes


def touch_agreement(recording: Recording, quotes: Quotes) -> float:
    """Share of events after which best bid and best ask are those that the recording shows.

    Raises
    ------
    RecordingError
        The recording has no quotes to compare with.
    """
    if recording.quotes is None:
        raise RecordingError("a recording without quotes: there is nothing to compare with")
    same = (recording.quotes.bid_ticks == quotes.bid_ticks) & (
        recording.quotes.ask_ticks == quotes.ask_ticks
    )
    return float(same.mean())


def _number_orders(recording: Recording) -> tuple[_Flow, Int64]:
    """The events with orders numbered 0, 1, ..., and for each number an empty slot."""
    events = recording.events
    ids, order = np.unique(events.order_id, return_inverse=True)
    order[events.order_id == NO_ORDER] = NO_ORDER
    slots = np.full(len(ids), NIL)
    columns = (events.action, events.side, events.price_ticks, events.size, order)
    return _Flow(*(_plain(column) for column in columns)), slots


def _rebuilt(flow: _Flow) -> bool:
    """Whether some ADDs have an order id and others do not: these were rebuilt from executions."""
    nameless = flow.order[flow.action == Action.ADD] == NO_ORDER
    return bool(nameless.any() and not nameless.all())


def _plain(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Contiguous and writable: numba compiles anew for every other kind of array."""
    return np.require(array, requirements=["C", "W"])


def _snapshot(books: OrderBooks, levels: Levels | None, row: int, time_ns: int) -> BookSeed:
    resting = books.resting()
    if levels is None:
        return BookSeed(resting.side, resting.price_ticks, resting.size, time_ns)
    return reconcile(resting, levels, row, time_ns)


@njit(cache=True)
def _apply(
    books: BookArrays,
    flow: _Flow,
    slots: Int64,
    window: _Window,
    rebuilt: bool,
    counters: Int64,
    touches: _Touches,
    start: int,
    stop: int,
) -> int:
    """Apply rows start..stop-1; returns the first row not applied, for want of room in the pool."""
    book = book_of(books, 0)
    action, side, price_ticks, size, order = flow
    bid_ticks, bid_size, ask_ticks, ask_size = window
    needed = 1 + 2 * bid_ticks.shape[1]
    for i in range(start, stop):
        if ladder.room(book) < needed:
            return i
        own, price, number = as_int(side[i]), price_ticks[i], order[i]
        if action[i] == Action.ADD.value:
            slot = _add(book, own, price, size[i], number, rebuilt, counters)
            if number != NO_ORDER:
                slots[number] = slot
        elif action[i] == Action.CANCEL.value:
            slot = slots[number] if number != NO_ORDER else NIL
            _cancel(book, own, price, size[i], number, slot, counters)
        if needed > 1:
            counters[_REFILLED] += refill(book, BUY, bid_ticks, bid_size, i)
            counters[_REFILLED] += refill(book, SELL, ask_ticks, ask_size, i)
        touches.bid_ticks[i] = book.state[TOUCH + BUY]
        touches.ask_ticks[i] = book.state[TOUCH + SELL]
        touches.bid_size[i] = ladder.touch_size(book, BUY)
        touches.ask_size[i] = ladder.touch_size(book, SELL)
    return stop


@njit(cache=True, forceinline=True)
def _add(
    book: Book, side: int, price: int, size: int, number: int, rebuilt: bool, counters: Int64
) -> int:
    """A new order; returns its slot, NIL where nothing rests."""
    aggressive = rebuilt and number == NO_ORDER
    away = 1 if side == BUY else -1
    if rebuilt and not aggressive:
        counters[_STALE] += _purge(book, 1 - side, price)
    elif aggressive and _size_before(book, 1 - side, price, size) >= size:
        counters[_STALE] += _purge(book, 1 - side, price - away)
    traded, _, _, slot = matching.add(book, side, price, size, number, not aggressive)
    if aggressive:
        counters[_UNFILLED] += size - traded
    elif traded > 0 and number != NO_ORDER:
        counters[_CROSSED] += 1
    return slot


@njit(cache=True, forceinline=True)
def _cancel(
    book: Book, side: int, price: int, size: int, number: int, slot: int, counters: Int64
) -> None:
    if slot != NIL and book.orders[slot].size > 0 and book.orders[slot].tag == number:
        size -= ladder.reduce(book, slot, size)
    else:
        counters[_UNKNOWN_CANCEL] += 1
    counters[_MISSING_SIZE] += size - matching.take_from_level(book, side, price, size)


@njit(cache=True, forceinline=True)
def _purge(book: Book, side: int, price: int) -> int:
    """Delete the orders of a side at `price` and better; how many there were."""
    purged = 0
    while matching.crosses(book, 1 - side, price):
        slot = as_int(book.levels[book.state[TOUCH + side] - book.state[BASE]].head)
        ladder.reduce(book, slot, book.orders[slot].size)
        purged += 1
    return purged


@njit(cache=True)
def _size_before(book: Book, side: int, price: int, enough: int) -> int:
    """Size of a side at prices better than `price`, counted until there is `enough`."""
    if book.state[RESTING + side] == 0:
        return 0
    size = 0
    away = -1 if side == BUY else 1
    at = book.state[TOUCH + side] - book.state[BASE]
    while at != -1 and size < enough and (price - book.state[BASE] - at) * away > 0:
        size += book.levels[at].size
        at = ladder.next_level(book, side, at + away)
    return size
