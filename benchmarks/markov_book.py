"""A small Markov order book: the touch is the whole state, and the law of the next event is known.

The state is the spread (1 to 3 ticks) and the queues at bid and ask (1 to 4 unit orders): 48
states, each side the mirror image of the other. As in Cont and de Larrard, "Price dynamics in a
Markovian limit order market" (SIAM Journal on Financial Mathematics 2013), a touch that runs empty
recedes by a tick to a queue of random size; unlike there, the spread varies and all rates depend on
the state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.event_classes import CLASSES, Kind, event_class
from model.events import (
    NO_ORDER,
    NS_PER_S,
    Action,
    Events,
    EventsMeta,
    Float64,
    Int64,
    Quotes,
    Recording,
    Side,
)

WIDEST, LONGEST = 3, 4  # ticks; unit orders in a queue
NEXT_QUEUE = np.array([0.2, 0.3, 0.3, 0.2])  # law of a queue of 1, 2, 3, 4 once it is revealed
START_TICKS = 10_000


@dataclass(frozen=True)
class MarkovBook:
    """Rates in events a second."""

    name: str = "Markov book"
    join: float = 1.2  # new orders at a touch, over the spread; none where the queue is full
    improve: float = 0.4  # new orders a tick inside, for each tick that is free
    cancel: float = 0.25  # cancels for each order of a queue
    market: float = 1.0  # aggressive orders, times the share of their own side in both queues

    def rates(self, spread: Int64, bid_size: Int64, ask_size: Int64) -> Float64:
        """Events a second of each class in n states, float64 [n, 12].

        Nothing takes the last order of a queue while the spread is at its widest.
        """
        out = np.zeros((len(spread), CLASSES))
        for side, own, opposite in (
            (Side.BUY, bid_size, ask_size),
            (Side.SELL, ask_size, bid_size),
        ):
            stays, can_be_hit = (spread < WIDEST) | (own > 1), (spread < WIDEST) | (opposite > 1)
            first = event_class(side, 0)
            out[:, first + Kind.JOIN] = self.join / spread * (own < LONGEST)
            out[:, first + Kind.INSIDE] = self.improve * (spread - 1)
            out[:, first + Kind.CANCEL] = self.cancel * own * stays
            out[:, first + Kind.CROSS] = self.market * own / (own + opposite) * can_be_hit
        return out

    def law(self, spread: Int64, bid_size: Int64, ask_size: Int64) -> Float64:
        """Probability of each class of the next event in n states, float64 [n, 12]."""
        rates = self.rates(spread, bid_size, ask_size)
        return np.asarray(rates / rates.sum(1, keepdims=True))

    def simulate(self, events: int, seed: int) -> list[Recording]:
        """One recording of so many events, which starts from the state (2, 2, 2)."""
        rng = np.random.default_rng(seed)
        uniform, wait = rng.random(events), rng.exponential(size=events)
        revealed = 1 + rng.choice(LONGEST, events, p=NEXT_QUEUE)
        shape = (WIDEST, LONGEST, LONGEST)
        spread, bid, ask = (axis.ravel() + 1 for axis in np.indices(shape))
        rates = self.rates(spread, bid, ask).reshape(*shape, CLASSES)
        cumulative = rates.cumsum(-1)
        price, size = [START_TICKS, START_TICKS + 2], [2, 2]  # of the touch, by side
        rows = np.empty((events, 8), np.int64)
        now_s = 0.0
        for i in range(events):
            levels = cumulative[price[1] - price[0] - 1, size[0] - 1, size[1] - 1]
            chosen = int(np.searchsorted(levels, uniform[i] * levels[-1], side="right"))
            now_s += wait[i] / levels[-1]
            side, kind = divmod(chosen, len(Kind))
            towards = 1 if side == Side.BUY else -1
            taken = 1 - side if kind == Kind.CROSS else side
            at = price[taken] + (towards if kind == Kind.INSIDE else 0)
            if kind == Kind.JOIN:
                size[side] += 1
            elif kind == Kind.INSIDE:
                price[side], size[side] = at, 1
            else:
                size[taken] -= 1
                if size[taken] == 0:
                    price[taken] += -1 if taken == Side.BUY else 1
                    size[taken] = revealed[i]
            action = Action.CANCEL if kind == Kind.CANCEL else Action.ADD
            rows[i] = (round(now_s * NS_PER_S), action, side, at, *price, *size)
        time_ns, action, side, at, *quotes = np.ascontiguousarray(rows.T)
        ones = np.ones(events, np.int64)
        flow = Events(
            time_ns, action.astype(np.int8), side.astype(np.int8), at, ones,
            np.full(events, NO_ORDER), EventsMeta("MARKOV", session_end_ns=int(time_ns[-1]) + 1),
        )  # fmt: skip
        return [Recording(flow, Quotes(*quotes))]
