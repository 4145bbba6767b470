"""Bitstamp logs written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.events import Action, Recording, Side
from model.readers import read_bitstamp

ADD, CANCEL = Action.ADD, Action.CANCEL
BUY, SELL = Side.BUY, Side.SELL
MIDNIGHT = 1_430_438_400_000  # 2015-05-01, ms
LOT = 10_000  # volume units in a lot
HEADER = "id,timestamp,exchange.timestamp,price,volume,action,direction"

Event = tuple[int, int, int, int, int, int]


def line(order: int, ms: int, price: str, lots: float, action: str, side: str) -> str:
    """One row; the volume in lots."""
    return f"{order},{MIDNIGHT + ms},0,{price},{round(lots * LOT)},{action},{side}"


def write(folder: Path, lines: Sequence[str], header: str = HEADER) -> Path:
    """A log; returns its path."""
    path = folder / "orders.csv"
    path.write_text("".join(text + "\n" for text in [header, *lines]))
    return path


def read(path: Path) -> Recording:
    """The log as events."""
    return read_bitstamp(path, asset="BTCUSD", date="2015-05-01")


def rows_of(recording: Recording) -> list[Event]:
    """The events as rows (time in ms, action, side, price, size, order id)."""
    e = recording.events
    columns = (e.time_ns // 1_000_000, e.action, e.side, e.price_ticks, e.size, e.order_id)
    return list(zip(*(column.tolist() for column in columns), strict=True))


# A book of two bids and two asks, to which each test adds its rows.
BOOK = [
    line(1, 0, "10.00", 5, "created", "bid"),
    line(2, 0, "9.99", 7, "created", "bid"),
    line(3, 0, "10.02", 4, "created", "ask"),
    line(4, 0, "10.03", 6, "created", "ask"),
]


def after_book(folder: Path, *lines: str) -> list[Event]:
    """The events of rows that follow `BOOK`."""
    recording = read(write(folder, [*BOOK, *lines]))
    assert rows_of(recording)[:4] == [
        (0, ADD, BUY, 1000, 5, 1),
        (0, ADD, BUY, 999, 7, 2),
        (0, ADD, SELL, 1002, 4, 3),
        (0, ADD, SELL, 1003, 6, 4),
    ]
    return rows_of(recording)[4:]
