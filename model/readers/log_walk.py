"""From an order-level log to events, and the book after each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np

from model.events import NO_ORDER, Action, Levels, Side
from model.readers.fills import Fill
from model.readers.level_book import LevelBook, Resting
from model.readers.order_log import DELETED, OrderLog, Row

NS_PER_MS = 1_000_000


class LogWalk:
    """Goes through a log once.

    Volumes are kept as the log has them and rounded up to lots order by order, so that what an
    order adds is what its fills and its cancel take off.

    Parameters
    ----------
    log : OrderLog
    unit : volume units in a lot
    depth : price levels that are kept of each side

    Attributes
    ----------
    events : rows (time in ns, action, side, price in ticks, size in lots, order id)
    stale : how many orders were cancelled because a later one met them and did not trade
    """

    def __init__(self, log: OrderLog, unit: int, depth: int) -> None:
        self.events: list[tuple[int, int, int, int, int, int]] = []
        self.stale = 0
        self._log, self._unit, self._depth = log, unit, depth
        self._book = LevelBook()
        self._volume: dict[int, int] = {}  # of the orders in the book
        # Price and size of the levels after each event, one event after the other.
        self._ladders: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])

    def run(self) -> None:
        """Apply every row."""
        log = self._log
        for row in sorted(log.resting.values()):
            if row.order not in log.market and not self._book.met_by(row.side, row.price):
                self._rest(row, row.volume)
        for at, row in enumerate(log.rows):
            if log.used[at]:
                self._apply(at, row)

    def levels(self) -> Levels:
        """The first levels of each side after each event; those not there have price and size 0."""
        shape = (len(self.events), self._depth, 2)
        bid, ask = (
            np.fromiter(chain.from_iterable(ladders), np.int64).reshape(shape)
            for ladders in self._ladders
        )
        return Levels(bid[:, :, 0], bid[:, :, 1], ask[:, :, 0], ask[:, :, 1])

    def _apply(self, at: int, row: Row) -> None:
        log = self._log
        takers: dict[int, list[Fill]] = defaultdict(list)
        left = row.volume
        for taker, maker in log.trades.get(at, ()):
            takers[taker.order].append(maker)
            left -= taker.volume if taker.order == row.order else 0
        if log.created.get(row.order) == at:
            self._execute(row.time_ms, row.side, takers.pop(row.order, ()))
            if left > 0 and row.order not in log.market:
                self._take_out_stale(row)
                self._record(row.time_ms, Action.ADD, self._rest(row, left))
        for makers in takers.values():  # market orders that came earlier and are still on their way
            self._execute(row.time_ms, 1 - makers[0].side, makers)
        if at in log.alone:
            self._execute(row.time_ms, 1 - row.side, [log.alone[at]])
        resting = self._book.get(row.order)
        if row.action == DELETED and resting is not None:
            self._book.put(resting._replace(size=0))
            self._record(row.time_ms, Action.CANCEL, resting)

    def _rest(self, row: Row, volume: int) -> Resting:
        """Put an order, or what is left of it, into the book."""
        self._volume[row.order] = volume
        resting = Resting(row.order, row.side, row.price, self._lots(volume))
        self._book.put(resting)
        return resting

    def _take_out_stale(self, row: Row) -> None:
        for stale in self._book.met_by(row.side, row.price):
            self.stale += 1
            self._book.put(stale._replace(size=0))
            self._record(row.time_ms, Action.CANCEL, stale)

    def _execute(self, time_ms: int, side: int, makers: Sequence[Fill]) -> None:
        """One aggressive order that trades with these."""
        traded, prices = 0, []
        for fill in makers:
            resting = self._book.get(fill.order)
            if resting is None:
                continue
            self._volume[fill.order] = max(0, self._volume[fill.order] - fill.volume)
            now = resting._replace(size=self._lots(self._volume[fill.order]))
            self._book.put(now)
            traded += resting.size - now.size
            prices.append(resting.price)
        if traded:
            worst = max(prices) if side == Side.BUY else min(prices)
            self._record(time_ms, Action.ADD, Resting(NO_ORDER, side, worst, traded))

    def _lots(self, volume: int) -> int:
        return -(-volume // self._unit)

    def _record(self, time_ms: int, action: Action, order: Resting) -> None:
        """An event, and the book as it is now."""
        number, side, price, size = order
        self.events.append((time_ms * NS_PER_MS, action, side, price, size, number))
        for own, ladders in zip(Side, self._ladders, strict=True):
            levels = self._book.levels(own, self._depth)
            ladders.extend(levels + [(0, 0)] * (self._depth - len(levels)))
