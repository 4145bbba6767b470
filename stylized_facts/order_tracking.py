"""Every order's fate: how long it rested, and whether it was cancelled, filled or lost sight of.

An event table names orders only in part: executions come as aggressive orders, and generated
cancels name a price and a size. The rules by which orders are followed are these.

- Only orders that are born inside a window are followed.
- A cancel takes from the order whose id it carries. Without an id it means the oldest order of
  its side, price and size, which is the order that the simulator deletes; where there is none it
  meant an order from before the window, and nothing is followed.
- After an aggressive order, followed orders of the other side that would be better than the best
  price shown are filled, and at the best price the oldest ones are, as far as the followed ones
  exceed the size shown: orders from before the window are older, and are filled first.
- A followed order that is better than the best price shown for any other reason left unseen: its
  life is censored there, as are those that the window's end cuts short.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from model.events import NO_ORDER, NS_PER_S, Action, Float64, Int8, Int64
from stylized_facts.sample import Bools, MarketSample, remembered
from stylized_facts.trades import rested

CENSORED, CANCELLED, FILLED = 0, 1, 2
_NONE = -1


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """Orders born in a sample, in order of birth.

    Attributes
    ----------
    seconds : float64 [n], time from birth to the last cancel or fill, or to where it is lost
    fate : int8 [n], `CENSORED`, `CANCELLED` (whole) or `FILLED` (whole)
    window : int64 [n]
    """

    seconds: Float64
    fate: Int8
    window: Int64


@remembered
def lifetimes(sample: MarketSample) -> Lifetimes:
    """Follow the orders of a sample by the rules of this module."""
    events, quotes = sample.events, sample.quotes
    prices, level = np.unique(events.price_ticks, return_inverse=True)
    names, number = np.unique(events.order_id, return_inverse=True)
    number[events.order_id == NO_ORDER] = _NONE
    resting = np.where(sample.aggressive, 0, events.size)
    crossing = np.flatnonzero(sample.aggressive)
    resting[crossing] = rested(sample, crossing)
    resting[events.action != Action.ADD] = 0
    row, born_ns, died_ns, fate = _follow(
        sample.offsets, events.time_ns, events.action, events.side, level.astype(np.int64),
        events.size, number.astype(np.int64), resting, sample.aggressive, prices,
        quotes.bid_ticks, quotes.bid_size, quotes.ask_ticks, quotes.ask_size, sample.end_ns,
        len(names),
    )  # fmt: skip
    return Lifetimes((died_ns - born_ns) / NS_PER_S, fate, sample.window[row])


@njit(cache=True)
def _follow(
    offsets: Int64,
    time_ns: Int64,
    action: Int8,
    side: Int8,
    level: Int64,
    size: Int64,
    number: Int64,
    resting: Int64,
    aggressive: Bools,
    prices: Int64,
    bid_ticks: Int64,
    bid_size: Int64,
    ask_ticks: Int64,
    ask_size: Int64,
    end_ns: Int64,
    names: int,
) -> tuple[Int64, Int64, Int64, Int8]:
    """Row of birth, times of birth and death, and fate of each order.

    `level` is the place of an event's price in the sorted `prices`, `number` that of its order id,
    `resting` what it adds to the book.
    """
    orders = 0
    for i in range(len(resting)):
        if resting[i] > 0:
            orders += 1
    row = np.empty(orders, np.int64)
    died_ns = np.full(orders, -1)
    fate = np.zeros(orders, np.int8)
    left = np.empty(orders, np.int64)
    after = np.full(orders, -1)  # the next younger order of the same level
    before = np.full(orders, -1)
    slot_of = np.full(names, -1)
    head = np.full((2, len(prices)), -1)
    tail = np.full((2, len(prices)), -1)
    held = np.zeros((2, len(prices)), np.int64)
    best = np.empty(2, np.int64)  # no followed order is better than this level
    slot = 0
    for w in range(len(offsets) - 1):
        first = slot
        best[0] = -1
        best[1] = len(prices)
        for i in range(offsets[w], offsets[w + 1]):
            own = int(side[i])
            if resting[i] > 0:
                at = level[i]
                row[slot] = i
                left[slot] = resting[i]
                before[slot] = tail[own, at]
                if tail[own, at] == -1:
                    head[own, at] = slot
                else:
                    after[tail[own, at]] = slot
                tail[own, at] = slot
                held[own, at] += resting[i]
                if own == 0:
                    best[0] = max(best[0], at)
                else:
                    best[1] = min(best[1], at)
                if number[i] >= 0:
                    slot_of[number[i]] = slot
                slot += 1
            elif action[i] == 1:
                found = -1
                if number[i] >= 0:
                    known = slot_of[number[i]]
                    if known >= first and died_ns[known] == -1:
                        found = known
                else:
                    found = head[own, level[i]]
                    while found != -1 and left[found] != size[i]:
                        found = after[found]
                if found != -1:
                    of, at = int(side[row[found]]), level[row[found]]
                    taken = min(size[i], left[found])
                    left[found] -= taken
                    held[of, at] -= taken
                    if left[found] == 0:
                        died_ns[found] = time_ns[i]
                        fate[found] = 1
                        _unlink(found, of, at, head, tail, before, after)
            for s in range(2):
                shown = bid_ticks[i] if s == 0 else ask_ticks[i]
                there = bid_size[i] if s == 0 else ask_size[i]
                hit = aggressive[i] and s != own
                step = -1 if s == 0 else 1
                at = best[s]
                while 0 <= at < len(prices) and (there == 0 or (prices[at] - shown) * step < 0):
                    while head[s, at] != -1:
                        gone = head[s, at]
                        died_ns[gone] = time_ns[i]
                        fate[gone] = 2 if hit else 0
                        held[s, at] -= left[gone]
                        _unlink(gone, s, at, head, tail, before, after)
                    at += step
                best[s] = at
                if hit and 0 <= at < len(prices) and prices[at] == shown:
                    while held[s, at] > there:
                        oldest = head[s, at]
                        taken = min(held[s, at] - there, left[oldest])
                        left[oldest] -= taken
                        held[s, at] -= taken
                        if left[oldest] == 0:
                            died_ns[oldest] = time_ns[i]
                            fate[oldest] = 2
                            _unlink(oldest, s, at, head, tail, before, after)
        for lost in range(first, slot):
            if died_ns[lost] == -1:
                died_ns[lost] = end_ns[w]
                own, at = int(side[row[lost]]), level[row[lost]]
                head[own, at] = -1
                tail[own, at] = -1
                held[own, at] = 0
    return row, time_ns[row], died_ns, fate


@njit(cache=True)
def _unlink(
    slot: int, side: int, at: int, head: Int64, tail: Int64, before: Int64, after: Int64
) -> None:
    if before[slot] == -1:
        head[side, at] = after[slot]
    else:
        after[before[slot]] = after[slot]
    if after[slot] == -1:
        tail[side, at] = before[slot]
    else:
        before[after[slot]] = before[slot]
