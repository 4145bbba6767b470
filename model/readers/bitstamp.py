"""Order-level logs of the Bitstamp exchange, as its live order feed gave them.

A row is: id, timestamp (ms since 1970, clock of the recorder), exchange.timestamp, price, volume
that remains (1e-8 of the coin), action (created, changed, deleted), direction (bid, ask). Trades
are not in it: they show as two volumes that fall together.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pac

from model.errors import RecordingError
from model.events import Events, EventsMeta, Int64, Recording, check_events
from model.readers.csv_file import PRICE, CsvFile
from model.readers.log_walk import LogWalk
from model.readers.order_log import CREATED, Row, read_together
from model.readers.touch import touch_of

COIN = 100_000_000  # volume units in one coin
DEPTH = 10  # price levels a side that are kept
DAY_MS = 86_400_000
MOST = 10**16  # volume of an order; sums of a book of more would not fit into 64 bits
_COLUMNS = {
    "id": pa.int64(), "timestamp": pa.int64(), "price": PRICE, "volume": pa.int64(),
    "action": pa.string(), "direction": pa.string(),
}  # fmt: skip
_ACTIONS = ("created", "changed", "deleted")
_DIRECTIONS = ("bid", "ask")
_log = logging.getLogger(__name__)


def read_bitstamp(
    path: Path,
    *,
    asset: str,
    venue: str = "Bitstamp",
    date: str,
    tick_size: float = 0.01,
    currency: str = "USD",
    session: tuple[int, int] | None = None,
    lot: float = 1e-4,
) -> Recording:
    """Read a Bitstamp order log as an event table.

    A created order becomes an ADD. What of it trades against orders that are there already is an
    aggressive order of its own: one ADD of the size traded at the worst price paid, no order id,
    when it comes in; its fills, which the log shows a tenth of a second later, are consequences.
    A deletion with volume left is a CANCEL. Orders that are in the log without their creation
    rest from the start, with the volume that they turn out to have had.

    Falls of volume are paired into trades by `pair_fills`; the order that came in later is the
    taker. An order whose price changes is a market order on its way through the book: it never
    rests, and takes even from orders that came in after it. A fall without a partner is an
    aggressive order that the log does not show, unless it is a market order's (whose volume
    follows its price).

    The book that is left behind is never crossed: resting orders that a new one meets without
    trading are stale, and are cancelled just before it. Their number is logged, and that of rows
    after an order's deletion, which are left out.

    Parameters
    ----------
    path : a .csv, .csv.gz or .csv.xz file with a header
    date : day in UTC on which all rows must lie
    tick_size : in `currency`; every price must be a multiple of it
    session : start and end in nanoseconds after midnight UTC, kept as metadata; where not given,
        the times of the first and the last event
    lot : size unit of the events, in coins; volumes are rounded up to whole lots

    Returns
    -------
    Recording
        With quotes and ten levels after each event. The price of an empty level is 0.

    Raises
    ------
    RecordingError
        The file is missing, damaged or inconsistent; the message names the file and the row, the
        header being row 1.
    """
    path = Path(path)
    if not path.is_file():
        raise RecordingError(f"{path}: no such recording; check the path")
    unit = round(lot * COIN)
    if unit < 1:
        raise RecordingError(f"{path}: lot {lot} is below 1/{COIN}")
    source = CsvFile(path, header=True)
    log = read_together(_read_rows(source, date, tick_size))
    walk = LogWalk(log, unit, DEPTH)
    walk.run()
    if not walk.events:
        raise RecordingError(f"{source}: no order flow in it")
    columns = np.array(walk.events, np.int64).T
    if session is None:
        session = (int(columns[0, 0]), int(columns[0, -1]))
    events = Events(
        time_ns=columns[0],
        action=columns[1].astype(np.int8),
        side=columns[2].astype(np.int8),
        price_ticks=columns[3],
        size=columns[4],
        order_id=columns[5],
        meta=EventsMeta(asset, venue, date, tick_size, session[0], session[1], currency),
    )
    check_events(events, str(source))
    _log.info(
        "%s: %d rows after an order's deletion left out, %d stale orders taken out, "
        "%d trades of two orders, %d of one alone",
        source, log.used.count(False), walk.stale, sum(map(len, log.trades.values())),
        len(log.alone),
    )  # fmt: skip
    levels = walk.levels()
    return Recording(events, touch_of(levels, source), levels)


def _read_rows(source: CsvFile, date: str, tick_size: float) -> list[Row]:
    """The rows, checked; times in ms after midnight of `date`."""
    table = source.read(_COLUMNS)
    try:
        midnight = datetime.fromisoformat(date).replace(tzinfo=UTC)
    except ValueError as error:
        raise RecordingError(f"{source}: date {date!r} is not written YYYY-MM-DD") from error
    order, stamp, volume = (table[name].to_numpy() for name in ("id", "timestamp", "volume"))
    time = stamp - round(midnight.timestamp() * 1000)
    price = table["price"].cast(pa.float64()).to_numpy()
    ticks = np.rint(price / tick_size).astype(np.int64)
    action = _code(table, "action", _ACTIONS)
    side = _code(table, "direction", _DIRECTIONS)
    if not len(table):
        raise RecordingError(f"{source}: the file is empty")
    source.refuse(order < 0, "id {} is negative", order)
    source.refuse((time < 0) | (time > DAY_MS), f"timestamp {{}} is not on {date} UTC", stamp)
    backwards = np.diff(time, prepend=time[0]) < 0
    source.refuse(backwards, "timestamp {} runs backwards; sort the file by it", stamp)
    source.refuse(price <= 0, "price {:.10g} is not positive", price)
    source.refuse(
        np.abs(ticks * tick_size - price) > 1e-6 * tick_size,
        f"price {{:.10g}} is no multiple of the tick ({tick_size}); check tick_size", price,
    )  # fmt: skip
    source.refuse(volume < 0, "volume {} is negative", volume)
    source.refuse(volume > MOST, f"volume {{}} is beyond {MOST}", volume)
    words = table["action"].to_numpy(zero_copy_only=False)
    source.refuse(action < 0, f"action {{!r}} is not known ({', '.join(_ACTIONS)})", words)
    source.refuse((action == CREATED) & (volume == 0), "volume {} of a new order", volume)
    words = table["direction"].to_numpy(zero_copy_only=False)
    source.refuse(side < 0, f"direction {{!r}} is not known ({', '.join(_DIRECTIONS)})", words)
    _, first, which = np.unique(order, return_index=True, return_inverse=True)
    source.refuse(side != side[first][which], "order {} changes its side", order)
    columns = (order, time, ticks, volume, action, side)
    return [Row(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _code(table: pa.Table, name: str, words: tuple[str, ...]) -> Int64:
    """Position of each cell among `words`, -1 where it is none of them."""
    return np.asarray(
        pac.fill_null(pac.index_in(table[name], pa.array(words)), -1).to_numpy(), np.int64
    )
