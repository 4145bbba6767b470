"""LOBSTER files written by hand, and the rules of their reader in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from model.events import Action, Recording, Side

ADD, CANCEL, PRINT = Action.ADD, Action.CANCEL, Action.PRINT
BUY, SELL = Side.BUY, Side.SELL
NONE = 9_999_999_999  # price of a level that is empty

Event = tuple[int, int, int, int, int, int]
MESSAGE = "AMZN_2012-06-21_34200000_57600000_message_1.csv"
BOOK = MESSAGE.replace("message", "orderbook")
QUOTE = "1010000,100,1000000,200"  # ask 101.00 x 100, bid 100.00 x 200


def write_pair(folder: Path, messages: Sequence[str], books: Sequence[str] | None = None) -> Path:
    """A message file, and an orderbook file beside it; returns the path to read."""
    path = folder / MESSAGE
    path.write_text("".join(line + "\n" for line in messages))
    if books is not None:
        (folder / BOOK).write_text("".join(line + "\n" for line in books))
    return path


def rows_of(recording: Recording) -> list[Event]:
    """The events as rows (time, action, side, price, size, order id)."""
    e = recording.events
    columns = (e.time_ns, e.action, e.side, e.price_ticks, e.size, e.order_id)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def twin(messages: Sequence[str]) -> tuple[list[Event], list[int]]:
    """The reader's rules in plain Python: the events, and the row whose book each one leaves."""
    events: list[Event] = []
    books: list[int] = []
    run: list[tuple[int, int, int, int]] = []  # row, type, size, price of one aggressive order
    key: tuple[int, int] | None = None

    def close() -> None:
        nonlocal run, key
        if key is None:
            return
        when, direction = key
        side = SELL if direction == 1 else BUY
        fills = [fill for fill in run if fill[1] == 4]
        for row, kind, size, price in run:
            if kind == 5:
                ticks = int((Decimal(price) / 100).to_integral_value(ROUND_HALF_EVEN))
                events.append((when, PRINT, side, ticks, size, -1))
                before = fills[0][0] - 1 if fills else row
                books.append(row if before < 0 else min(row, before))
        if fills:
            prices = [price // 100 for _, _, _, price in fills]
            worst = max(prices) if side == BUY else min(prices)
            events.append((when, ADD, side, worst, sum(fill[2] for fill in fills), -1))
            books.append(run[-1][0])
        run, key = [], None

    for row, line in enumerate(messages):
        seconds, *cells = line.split(",")
        kind, order, size, price, direction = (int(cell) for cell in cells)
        when = int((Decimal(seconds) * 10**9).to_integral_value())
        if kind in (6, 7):
            continue
        if kind in (4, 5):
            if key != (when, direction):
                close()
                key = (when, direction)
            run.append((row, kind, size, price))
            continue
        close()
        action = ADD if kind == 1 else CANCEL
        events.append((when, action, BUY if direction == 1 else SELL, price // 100, size, order))
        books.append(row)
    close()
    return events, books
