"""A book seen through a window: what the recorded levels say of orders that sent no message.

A level-N recording holds only the messages that touch its first N levels. Orders that come into
view from deeper have no message, and orders that leave may be gone when the window returns.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine import ladder, matching
from engine.book import Resting
from engine.ladder import BASE, BUY, NIL, RESTING, TOUCH, Book, as_int
from engine.seeding import BookSeed
from model.events import NO_ORDER, Int64, Levels, Side

ROUND_LOT = 100  # largest order that stands in for volume of which only the sum is known


def reconcile(resting: Resting, levels: Levels, row: int, time_ns: int) -> BookSeed:
    """Make a rebuilt book agree with the levels that were recorded after an event.

    At a recorded level the oldest orders give way if too much rests there, and orders of a round
    lot at most join the back of the queue if too little does. Orders between the recorded levels
    are taken out; those deeper than the last one stay, unless the record shows the whole side.

    Parameters
    ----------
    resting : the rebuilt book
    levels : of the recording
    row : of `levels`
    time_ns : clock of the snapshot
    """
    queues = [
        _side(resting, Side.BUY, levels.bid_ticks[row], levels.bid_size[row]),
        _side(resting, Side.SELL, levels.ask_ticks[row], levels.ask_size[row]),
    ]
    sides = [
        np.full(len(queue[0]), side, np.int8) for side, queue in zip(Side, queues, strict=True)
    ]
    return BookSeed(
        np.concatenate(sides),
        np.concatenate([prices for prices, _ in queues]),
        np.concatenate([sizes for _, sizes in queues]),
        time_ns,
    )


def _side(resting: Resting, side: Side, prices: Int64, totals: Int64) -> tuple[Int64, Int64]:
    """Prices and sizes of one reconciled side, in priority order."""
    own = resting.side == side
    own_prices, own_sizes = resting.price_ticks[own], resting.size[own]
    there = totals > 0
    out_prices, out_sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for price, total in zip(prices[there], totals[there], strict=True):
        queue = own_sizes[own_prices == price]
        # What is left of each order when the last `total` shares of the queue are kept.
        behind = np.cumsum(queue[::-1])[::-1] - queue
        queue = np.clip(total - behind, 0, queue)
        queue = np.concatenate((queue[queue > 0], _lots(int(total - queue.sum()))))
        out_prices.append(np.full(len(queue), price))
        out_sizes.append(queue)
    if there.all():
        last = prices[-1]
        deeper = own_prices < last if side == Side.BUY else own_prices > last
        out_prices.append(own_prices[deeper])
        out_sizes.append(own_sizes[deeper])
    return np.concatenate(out_prices), np.concatenate(out_sizes)


def _lots(size: int) -> Int64:
    """`size` shares as orders of a round lot, the odd one last."""
    lots = np.full(-(-size // ROUND_LOT), ROUND_LOT)
    if size % ROUND_LOT:
        lots[-1] = size % ROUND_LOT
    return lots


@njit(cache=True)
def refill(book: Book, side: int, prices: Int64, totals: Int64, row: int) -> int:
    """Take over the levels that came into view with an event.

    A level of `row` that the row before did not show gets the recorded size (the oldest orders give
    way, or one order joins the queue), and what rests between it and the level before it goes. A
    level that was in view all along is left to its messages.

    Parameters
    ----------
    book : the book after the event, changed; its pool has room for one order a level
    prices, totals : int64 [n, L], recorded levels of the side, best first; size 0: no level

    Returns
    -------
    int
        Levels of the book that had to be changed.
    """
    changed = 0
    away = -1 if side == BUY else 1
    for k in range(prices.shape[1]):
        total, price = totals[row, k], prices[row, k]
        if total == 0:
            break
        if _shows(prices, totals, row - 1, price):
            continue
        start = prices[row, k - 1] + away if k > 0 else book.state[TOUCH + side]
        changed += _clear_between(book, side, start, price)
        at = price - book.state[BASE]
        held = 0
        if 0 <= at < len(book.levels) and book.levels[at].head != NIL:
            if book.orders[book.levels[at].head].side != side:
                continue
            held = book.levels[at].size
        if held > total:
            matching.take_from_level(book, side, price, held - total)
        elif held < total:
            matching.add(book, side, price, total - held, NO_ORDER, True)
        changed += held != total
    return changed


@njit(cache=True)
def _shows(prices: Int64, totals: Int64, row: int, price: int) -> bool:
    """Whether a level is among those recorded in a row."""
    found = False
    for k in range(prices.shape[1]):
        found |= bool(prices[row, k] == price and totals[row, k] > 0)
    return found


@njit(cache=True)
def _clear_between(book: Book, side: int, start: int, end: int) -> int:
    """Delete every level of a side from `start` up to but not at `end`; how many there were."""
    cleared = 0
    away = -1 if side == BUY else 1
    if book.state[RESTING + side] == 0:
        return cleared
    at = ladder.next_level(book, side, start - book.state[BASE])
    while at != -1 and (end - book.state[BASE] - at) * away > 0:
        while book.levels[at].head != NIL:
            slot = as_int(book.levels[at].head)
            ladder.reduce(book, slot, book.orders[slot].size)
        cleared += 1
        at = ladder.next_level(book, side, at + away)
    return cleared
