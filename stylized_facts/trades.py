"""Trades: what crossed the spread, fills of one moment and direction taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.events import Float64, Int64, Side
from stylized_facts.sample import MarketSample, remembered


@dataclass(frozen=True, eq=False)
class Trades:
    """Trades of a sample, in time order; trade i came from rows first[i] .. last[i].

    Attributes
    ----------
    sign : float64 [n], +1 for a buy, -1 for a sell (side of the aggressor)
    volume : float64 [n], shares traded on arrival, without what rested
    first, last : int64 [n], rows of the event table
    window : int64 [n]
    """

    sign: Float64
    volume: Float64
    first: Int64
    last: Int64
    window: Int64

    def __len__(self) -> int:
        return len(self.sign)


@remembered
def trades(sample: MarketSample) -> Trades:
    """Aggressive orders; successive ones of one nanosecond and direction are one trade.

    A large order that walks the book is reported as several fills with one time stamp. Counting
    each would feign long memory of signs. Hidden executions (PRINT) are left out: synthetic tapes
    have none.
    """
    rows = np.flatnonzero(sample.aggressive)
    time, side, window = sample.events.time_ns[rows], sample.events.side[rows], sample.window[rows]
    starts = np.ones(len(rows), np.bool_)
    starts[1:] = (
        (np.diff(time) != 0) | (np.diff(side) != 0) | (np.diff(window) != 0)
        | (np.diff(rows) != 1)
    )  # fmt: skip
    head = np.flatnonzero(starts)
    volume = (sample.events.size[rows] - rested(sample, rows)).astype(float)
    return Trades(
        sign=np.where(side[head] == Side.BUY, 1.0, -1.0),
        volume=np.add.reduceat(volume, head) if len(head) else volume,
        first=rows[head],
        last=rows[np.append(head[1:], len(rows)) - 1] if len(head) else rows[:0],
        window=window[head],
    )


def rested(sample: MarketSample, rows: Int64) -> Int64:
    """Shares of crossing orders that found no counterpart and now are the best of their side."""
    events, after, before = sample.events, sample.quotes, sample.before
    buy = events.side[rows] == Side.BUY
    price = events.price_ticks[rows]
    own_price = np.where(buy, after.bid_ticks[rows], after.ask_ticks[rows])
    own_size = np.where(buy, after.bid_size[rows], after.ask_size[rows])
    old_price = np.where(buy, before.bid_ticks[rows], before.ask_ticks[rows])
    rests = (own_price == price) & (old_price != price)
    # never more than the order: a recorded book may show others that came with the same row
    return np.where(rests, np.minimum(own_size, events.size[rows] - 1), 0)


def trade_signs(sample: MarketSample) -> tuple[Float64, Int64]:
    """Signs of trades and the offsets of the windows among them: float64 [n], int64 [W+1]."""
    found = trades(sample)
    counts = np.bincount(found.window, minlength=len(sample))
    return found.sign, np.concatenate(([0], np.cumsum(counts)))


def count_trades(sample: MarketSample) -> int:
    """Trades of the sample."""
    return len(trades(sample))
