"""The book of a path at any time, rebuilt from its record and the book that it opened with.

The record holds every order that rested or traded and every order that was deleted, so that doing
the same to the opening book gives the book after each event, order by order. What a shock does to
many orders at once (a withdrawal, a wiped spread, a shifted book, a new grid) is one row of the
record; it is done again as the plan of the scenario says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine import agenda, ladder, matching, operations
from engine.agenda import NO_TAG, compile_agenda
from engine.book import OrderBooks, book_of
from engine.ensemble import FLOW, PathEnsemble
from engine.ladder import BASE, BUY, NIL, RESTING, SELL, TOUCH
from engine.path_state import Record
from engine.seeding import BookSeed
from engine.shocks.plan import BOTH, BookOperation, ShockPlan
from model.events import Action, Int64

_CHANGES = (
    BookOperation.WITHDRAW, BookOperation.WIDEN, BookOperation.SHIFT, BookOperation.GRID
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PathBook:
    """The book of one path at T times.

    Attributes
    ----------
    time_ns : int64 [T], since the start of the horizon
    low_ticks : price of the first column of `size`
    size : int64 [T, L], shares resting at each price; below `ask_ticks` they are bids
    bid_ticks, ask_ticks, bid_size, ask_size : int64 [T]; an empty side keeps its last price
    mismatches : rows of the record after which the rebuilt touch is not the recorded one
    """

    time_ns: Int64
    low_ticks: int
    size: Int64
    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64
    mismatches: int


def rebuild_book(
    ensemble: PathEnsemble,
    path: int,
    opening: BookSeed,
    times_ns: Int64,
    prices: tuple[int, int],
    plan: ShockPlan | None = None,
) -> PathBook:
    """Rebuild the book of the path at position `path` of an ensemble.

    Parameters
    ----------
    ensemble, path : the record
    opening : what rests on the path at time 0
    times_ns : int64 [T], ascending: when the book is wanted, after all events up to then
    prices : lowest and highest price that is wanted, in ticks, both included
    plan : of the scenario, for a path of the shocked arm; its tilts are not looked at
    """
    low, high = prices
    rows = ensemble.rows(path)
    walk = _Walk(ensemble, rows, opening, plan)
    size = np.zeros((len(times_ns), high - low + 1), np.int64)
    bid, ask, bid_size, ask_size = touch = np.zeros((4, len(times_ns)), np.int64)
    stops = np.searchsorted(ensemble.time_ns[rows], times_ns, side="right")
    done = 0
    for t, stop in enumerate(stops.tolist()):
        for row in range(done, stop):
            walk.apply(rows.start + row)
        done = stop
        touch[:, t] = walk.touch()
        walk.write_levels(low, size[t])
    return PathBook(times_ns, low, size, bid, ask, bid_size, ask_size, walk.mismatches)


class _Walk:
    """One book on its way along the record of a path."""

    def __init__(
        self, ensemble: PathEnsemble, rows: slice, opening: BookSeed, plan: ShockPlan | None
    ) -> None:
        entries = compile_agenda(ShockPlan.empty() if plan is None else plan)
        self._changes = deque(entries[np.isin(entries["kind"], _CHANGES)])
        # Shocks whose orders live for a time take back these orders and no others of their size.
        self._mortal = set(entries["parent"][entries["kind"] == agenda.WITHDRAW_TAGGED].tolist())
        self._ensemble, self._first = ensemble, rows.start
        self._slots = np.full(rows.stop - rows.start, NIL)  # of orders of those shocks, by row
        self._own: dict[int, None] = {}  # rows of those that may still rest
        self._books = OrderBooks(capacity=max(1024, 2 * len(opening)))
        self._books.load(opening)
        self._book = book_of(self._books.arrays, 0)
        self.mismatches = 0

    def apply(self, row: int) -> None:
        """Do to the book what a row of the record says, or what the plan did then."""
        record = self._ensemble
        shown = False
        while self._changes and not shown and self._changes[0]["time_ns"] <= record.time_ns[row]:
            shown = self._change(self._changes.popleft())
        if not shown:
            if record.action[row] == Action.ADD:
                self._add(row)
            else:
                self._cancel(row)
        recorded = tuple(
            int(getattr(record, name)[row])
            for name in ("bid_ticks", "ask_ticks", "bid_size", "ask_size")
        )
        self.mismatches += self.touch() != recorded

    def touch(self) -> tuple[int, int, int, int]:
        """Best bid and ask, and their sizes."""
        state, levels = self._book.state, self._book.levels
        prices = int(state[TOUCH + BUY]), int(state[TOUCH + SELL])
        sizes = (
            int(levels["size"][price - state[BASE]]) if state[RESTING + side] else 0
            for side, price in enumerate(prices)
        )
        return (*prices, *sizes)  # type: ignore[return-value]

    def write_levels(self, low: int, size: Int64) -> None:
        """Write the shares at `low`, `low` + 1, ... ticks to `size`; int64 [L], zeros before."""
        start = int(self._book.state[BASE]) - low  # of the ladder in `size`
        levels = self._book.levels["size"]
        first, last = max(0, start), min(len(size), start + len(levels))
        if first < last:
            size[first:last] = levels[first - start : last - start]

    def _add(self, row: int) -> None:
        record = self._ensemble
        if ladder.room(self._book) < 2:
            self._books.make_room()
            self._book = book_of(self._books.arrays, 0)
        side, price, size = (
            int(column[row]) for column in (record.side, record.price_ticks, record.size)
        )
        own = int(record.parent[row]) in self._mortal
        tag = row - self._first if own else NO_TAG
        slot = matching.add(self._book, side, price, size, tag, True)[3]
        if own and slot != NIL:
            self._slots[tag] = slot
            self._own[tag] = None

    def _cancel(self, row: int) -> None:
        record, book = self._ensemble, self._book
        side, price, size = (
            int(column[row]) for column in (record.side, record.price_ticks, record.size)
        )
        slot = NIL
        if record.parent[row] != FLOW and int(record.parent[row]) in self._mortal:
            slot = self._own_order(side, price, size)
        if slot == NIL:
            slot = matching.nearest_order(book, side, price, size)
        if slot != NIL:
            ladder.reduce(book, slot, int(book.orders["size"][slot]))

    def _own_order(self, side: int, price: int, size: int) -> int:
        """The oldest order that a shock means to take back, NIL if it is not there."""
        for tag in self._own:
            order = self._book.orders[self._slots[tag]]
            if tuple(order[["tag", "side", "price", "size"]].item()) == (tag, side, price, size):
                del self._own[tag]
                return int(self._slots[tag])
        return NIL

    def _change(self, entry: Record) -> bool:
        """Do an operation on many orders; whether the record has a row for it.

        As `engine.operations.act` does it: nothing is written down where nothing went, or where
        the side that it would be shown on is empty.
        """
        book, side, distance = self._book, int(entry["side"]), int(entry["distance_ticks"])
        bid, ask, bid_size, ask_size = self.touch()
        if entry["kind"] == BookOperation.WITHDRAW:
            return bool(matching.withdraw(book, side, distance, float(entry["share"])))
        if entry["kind"] == BookOperation.WIDEN:
            own = [one for one in (BUY, SELL) if side in (one, BOTH)]
            return sum(operations._clear_near(book, one, bid + ask, distance) for one in own) > 0
        if entry["kind"] == BookOperation.SHIFT:
            operations.rebuild(book, distance, 1, self._slots)
        else:
            operations.rebuild(book, 0, distance, self._slots)
        return (ask_size if side == SELL or (side == BOTH and distance > 0) else bid_size) > 0


def path_prices(ensemble: PathEnsemble, path: int) -> npt.NDArray[np.float64]:
    """Bid and ask of a path at its start and after each event, in ticks: float64 [2, 1 + n]."""
    rows = ensemble.rows(path)
    return np.array(
        [
            np.append(ensemble.start_bid_ticks[path], ensemble.bid_ticks[rows]),
            np.append(ensemble.start_ask_ticks[path], ensemble.ask_ticks[rows]),
        ],
        np.float64,
    )
