"""Windows of events and quotes written row by row."""

from __future__ import annotations

import numpy as np

from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording, Side
from stylized_facts import MarketSample

ADD, CANCEL, PRINT = Action.ADD, Action.CANCEL, Action.PRINT
BUY, SELL = Side.BUY, Side.SELL


def tape(*windows, label="Tape", start_ns=0):
    """A sample of windows, each a table of rows.

    A row is time in s, action, side, price, size, and after it bid, ask, bid size, ask size. The
    first row only opens the window.
    """
    pieces = []
    for rows in windows:
        columns = np.asarray(rows, float).T
        whole = [np.rint(c).astype(np.int64) for c in columns]
        time = start_ns + np.rint(columns[0] * NS_PER_S).astype(np.int64)
        events = Events(
            time, whole[1].astype(np.int8), whole[2].astype(np.int8), whole[3], whole[4],
            np.full(len(time), NO_ORDER), EventsMeta("TOY"),
        )  # fmt: skip
        pieces.append(Recording(events, Quotes(whole[5], whole[6], whole[7], whole[8])))
    return MarketSample.from_recordings(pieces, label)


def trading(moves, volumes, signs, gap_s=1.0, start=10_000, size=1_000_000):
    """One window in which a trade each `gap_s` shifts both quotes by `moves` ticks at once."""
    mid = start + np.concatenate(([0], np.cumsum(moves)))
    rows = [(0, ADD, BUY, 1, 1, mid[0] - 1, mid[0] + 1, size, size)]
    for i, (sign, volume) in enumerate(zip(signs, volumes, strict=True)):
        side, price = (BUY, mid[i] + 1) if sign > 0 else (SELL, mid[i] - 1)
        after = mid[i + 1]
        rows.append((gap_s * (i + 1), ADD, side, price, volume, after - 1, after + 1, size, size))
    return rows
