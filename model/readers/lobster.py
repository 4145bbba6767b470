"""LOBSTER message and orderbook files (https://lobsterdata.com), the format of NASDAQ recordings.

A message row is: time in seconds after midnight, type, order id, size, price x 10,000, direction
of the RESTING order. An orderbook row holds, for each level, ask price, ask size, bid price and
bid size after the message in the same row. Neither file has a header.
"""

from __future__ import annotations

import logging
import re
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pac

from model.errors import RecordingError
from model.events import (
    NO_ORDER,
    Action,
    Events,
    EventsMeta,
    Int64,
    Levels,
    Recording,
    Side,
    check_events,
)
from model.readers.csv_file import DAMAGE, LONGEST_LINE, SECONDS, CsvFile, damaged
from model.readers.touch import touch_of

PRICE_SCALE = 10_000  # LOBSTER writes prices as integers, currency x 10,000
DAY_S = 86_400
EMPTY_LEVEL = 9_999_999_999  # price of a level that is not there, with either sign
NEW, CANCEL, DELETE, EXECUTION, HIDDEN, CROSS, HALT = 1, 2, 3, 4, 5, 6, 7

# A float64 would lose nanoseconds; real files hold times of up to 12 decimals among those of 9.
_NS_TIME = pa.decimal128(18, 9)  # fits in 64 bits
_MESSAGE = {"time": SECONDS} | {
    name: pa.int64() for name in ("type", "order id", "size", "price", "direction")
}
_NAME = re.compile(  # start and end of the session in milliseconds after midnight
    r"(?P<asset>[^_]+)_(?P<date>\d{4}-\d\d-\d\d)_(?P<start>\d+)_(?P<end>\d+)_message_"
)
_log = logging.getLogger(__name__)


def read_lobster(
    path: Path,
    *,
    asset: str = "",
    venue: str = "NASDAQ",
    date: str = "",
    tick_size: float = 0.01,
    currency: str = "USD",
    session: tuple[int, int] | None = None,
    message_member: str | None = None,
) -> Recording:
    """Read a LOBSTER recording as an event table.

    New orders (type 1) become ADD, partial cancels (2) and deletions (3) CANCEL. Consecutive
    visible executions (4) of one time and direction are one aggressive order: one ADD of the
    opposite side, their sizes summed, the worst price paid, no order id. Hidden executions (5)
    become PRINT with the side of the aggressor; those inside such a run come before its ADD, and
    a price between two ticks (a mid-point execution) goes to the nearest one, half to even.
    Crosses (6) and halts (7) are left out and their number is logged. What rests of a
    marketable order is a row of its own in the file, and stays an ADD of its own.

    Parameters
    ----------
    path : a .zip with both files; or a message file, .csv or .csv.gz, whose orderbook file is
        taken from beside it where there is one (`_orderbook_` in place of `_message_`)
    asset, date : taken from the LOBSTER file name where not given
    tick_size : in `currency`; every visible price must be a multiple of it
    session : start and end in nanoseconds after midnight, kept as metadata; where not given, from
        the LOBSTER file name, else the times of the first and the last event
    message_member : name of the message file inside a .zip that holds several

    Returns
    -------
    Recording
        `quotes` and `levels` come from the orderbook file, as they are after the last message row
        of each event; None without such a file. The price of an empty level is 0.

    Raises
    ------
    RecordingError
        The file is missing, damaged or inconsistent; the message names the file and the row,
        counted from 1 without blank lines.
    """
    message_file, book_file = _find_files(Path(path), message_member)
    ticks = round(PRICE_SCALE * tick_size)  # file price units in a tick
    if ticks < 1:
        raise RecordingError(f"{path}: tick size {tick_size} is below 1/{PRICE_SCALE}")
    rows = _read_messages(message_file, ticks)
    table, last_row = _merge(rows, ticks)
    name = _NAME.match(message_file.name)
    if session is None and name is not None:
        session = (int(name["start"]) * 1_000_000, int(name["end"]) * 1_000_000)
    elif session is None:
        session = (int(table["time_ns"][0]), int(table["time_ns"][-1]))
    meta = EventsMeta(
        asset=asset or (name["asset"] if name else ""),
        venue=venue,
        date=date or (name["date"] if name else ""),
        tick_size=tick_size,
        session_start_ns=session[0],
        session_end_ns=session[1],
        currency=currency,
    )
    events = Events(
        time_ns=table["time_ns"],
        action=table["action"].astype(np.int8),
        side=table["side"].astype(np.int8),
        price_ticks=table["price_ticks"],
        size=table["size"],
        order_id=table["order_id"],
        meta=meta,
    )
    check_events(events, str(message_file))
    if book_file is None:
        return Recording(events)
    levels = _read_levels(book_file, len(rows["time"]), last_row, ticks)
    return Recording(events, touch_of(levels, book_file), levels)


def _find_files(path: Path, member: str | None) -> tuple[CsvFile, CsvFile | None]:
    """The message file, and the orderbook file where there is one."""
    if not path.is_file():
        raise RecordingError(f"{path}: no such recording; check the path")
    if path.suffix == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except DAMAGE as error:
            raise damaged(path, error) from error
        messages = [name for name in names if "_message_" in name and name.endswith(".csv")]
        if member is not None:
            messages = [name for name in messages if name == member]
        if len(messages) != 1:
            known = ", ".join(names) or "nothing"
            what = "several message files, name one" if messages else "no message file"
            raise RecordingError(f"{path}: {what} (*_message_*.csv); it holds {known}")
        book = messages[0].replace("_message_", "_orderbook_")
        return CsvFile(path, messages[0]), CsvFile(path, book) if book in names else None
    if "_orderbook_" in path.name:
        raise RecordingError(f"{path}: an orderbook file; give the message file beside it")
    stem = path.name.removesuffix(".gz")
    if "_message_" in stem:
        for suffix in ("", ".gz"):
            book_path = path.with_name(stem.replace("_message_", "_orderbook_") + suffix)
            if book_path.is_file():
                return CsvFile(path), CsvFile(book_path)
    return CsvFile(path), None


def _read_messages(source: CsvFile, ticks: int) -> dict[str, Int64]:
    """Columns of the message file as int64, checked; times in nanoseconds."""
    table = source.read(_MESSAGE)
    rows = {name: table[name].to_numpy() for name in _MESSAGE if name != "time"}
    seconds = table["time"].cast(pa.float64()).to_numpy()
    outside = (seconds < 0) | (seconds > DAY_S)
    source.refuse(outside, "time {} is not in seconds after midnight", seconds)
    rows["time"] = _nanoseconds(table["time"])
    kind = rows["type"]
    known = (kind >= NEW) & (kind <= HALT)
    order = kind <= HIDDEN
    source.refuse(~known, "type {} is not known (1 to 7)", kind)
    backwards = np.concatenate(([False], np.diff(rows["time"]) < 0))
    source.refuse(backwards, "time runs backwards ({} ns); sort the file by time", rows["time"])
    source.refuse(order & (rows["size"] <= 0), "size {} is not positive", rows["size"])
    source.refuse(
        order & (np.abs(rows["direction"]) != 1),
        "direction {} is neither 1 nor -1", rows["direction"],
    )  # fmt: skip
    source.refuse(order & (rows["price"] <= 0), "price {} is not positive", rows["price"])
    source.refuse(
        (kind <= EXECUTION) & (rows["price"] % ticks != 0),
        f"price {{}} is no multiple of the tick ({ticks}); check tick_size", rows["price"],
    )  # fmt: skip
    if not order.any():
        raise RecordingError(f"{source}: no order flow in it (types 1 to 5)")
    crosses, halts = int((kind == CROSS).sum()), int((kind == HALT).sum())
    if crosses or halts:
        _log.info("%s: left out %d crosses and %d halts", source, crosses, halts)
    return rows


def _nanoseconds(seconds: pa.ChunkedArray) -> Int64:
    """Decimal seconds as int64 nanoseconds, rounded."""
    exact = pac.round(seconds, 9).cast(_NS_TIME).combine_chunks()
    # A decimal128 is two words, the low one first; the high one is only the sign here.
    words = np.frombuffer(exact.buffers()[1], "<i8")
    return words[2 * exact.offset :: 2][: len(exact)].astype(np.int64)


def _merge(rows: dict[str, Int64], ticks: int) -> tuple[dict[str, Int64], Int64]:
    """Columns of the event table, and for each event the file row whose book it left behind."""
    kept = np.flatnonzero(rows["type"] <= HIDDEN)
    time, kind, direction = (rows[name][kept] for name in ("time", "type", "direction"))
    execution = kind >= EXECUTION
    joins = np.zeros(len(kept), np.bool_)
    joins[1:] = (
        execution[1:] & execution[:-1] & (time[1:] == time[:-1]) & (direction[1:] == direction[:-1])
    )
    run = np.cumsum(~joins) - 1
    run_end = np.flatnonzero(np.append(~joins[1:], True))  # last row of each run

    visible = np.flatnonzero(kind == EXECUTION)
    first = np.flatnonzero(np.diff(run[visible], prepend=-1))  # of each run, among `visible`
    aggressive = run_end[run[visible[first]]]
    single = np.flatnonzero(kind != EXECUTION)

    # A print inside a run comes before its ADD: it leaves the book that was there before the run.
    first_visible = np.full(len(run_end), len(rows["time"]))
    first_visible[run[visible[first]]] = kept[visible[first]]
    own_row = kept[single]
    before_run = first_visible[run[single]] - 1
    book_row = np.where(before_run >= 0, np.minimum(own_row, before_run), own_row)

    size = rows["size"][kept]
    price = rows["price"][kept]
    side = np.where((direction == 1) ^ execution, Side.BUY, Side.SELL)
    action = np.array([-1, Action.ADD, Action.CANCEL, Action.CANCEL, -1, Action.PRINT])[kind]
    order_id = np.where(execution, NO_ORDER, rows["order id"][kept])

    total = np.add.reduceat(size[visible], first)
    dearer = -direction[visible]  # a buyer's worst price is the highest, a seller's the lowest
    worst = dearer[first] * np.maximum.reduceat(dearer * price[visible], first)

    # Sort by the row of the file; the ADD of a run behind everything in the run.
    position = np.argsort(np.concatenate((2 * single, 2 * aggressive + 1)))

    def column(singles: npt.ArrayLike, merged: npt.ArrayLike) -> Int64:
        return np.concatenate((singles, merged)).astype(np.int64)[position]

    table = {
        "time_ns": column(time[single], time[aggressive]),
        "action": column(action[single], np.full(len(aggressive), Action.ADD)),
        "side": column(side[single], side[aggressive]),
        "price_ticks": column(np.rint(price[single] / ticks), worst // ticks),
        "size": column(size[single], total),
        "order_id": column(order_id[single], np.full(len(aggressive), NO_ORDER)),
    }
    return table, column(book_row, kept[aggressive])


def _read_levels(source: CsvFile, messages: int, last_row: Int64, ticks: int) -> Levels:
    """Levels after each event; empty ones have price and size 0."""
    with source.open() as stream:
        width = stream.readline(LONGEST_LINE).count(b",") + 1
    if width % 4:
        raise RecordingError(f"{source}: row 1 has {width} columns, expected a multiple of 4")
    parts = ("ask price", "ask size", "bid price", "bid size")
    names = [f"{part} {level}" for level in range(1, width // 4 + 1) for part in parts]
    table = source.read(dict.fromkeys(names, pa.int64()))
    if len(table) != messages:
        raise RecordingError(
            f"{source}: {len(table)} rows, but the message file has {messages}; the two files "
            f"must belong together (first row without a partner: {min(len(table), messages) + 1})"
        )
    ask, bid = table["ask price 1"].to_numpy(), table["bid price 1"].to_numpy()
    both = (np.abs(ask) != EMPTY_LEVEL) & (np.abs(bid) != EMPTY_LEVEL)
    source.refuse(both & (bid >= ask), "crossed book, best bid {} is not below best ask", bid)
    columns: dict[str, list[Int64]] = {part: [] for part in parts}
    for name in names:
        part = name.rsplit(" ", 1)[0]
        values = table[name].to_numpy()
        if part.endswith("price"):
            present = np.abs(values) != EMPTY_LEVEL
            source.refuse(
                present & ((values % ticks != 0) | (values <= 0)),
                f"{name} {{}} is no positive multiple of the tick ({ticks})", values,
            )  # fmt: skip
            values = np.where(present, values // ticks, 0)
        else:
            source.refuse(values < 0, f"{name} {{}} is negative", values)
        columns[part].append(values[last_row])
    stacked = {part: np.stack(columns[part], axis=1) for part in parts}
    return Levels(
        bid_ticks=stacked["bid price"],
        bid_size=np.where(stacked["bid price"] > 0, stacked["bid size"], 0),
        ask_ticks=stacked["ask price"],
        ask_size=np.where(stacked["ask price"] > 0, stacked["ask size"], 0),
    )
