"""The event table: the one form in which order flow is kept, exchanged and compared."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from model.errors import RecordingError

Int64 = npt.NDArray[np.int64]
Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]

NS_PER_S = 1_000_000_000
NO_ORDER = -1  # order id of an event that names no order


class Action(IntEnum):
    """What an event does to the book."""

    ADD = 0  # a new order; where its price crosses, it trades first and rests the remainder
    CANCEL = 1  # takes `size` off a resting order (all of it: the order is deleted)
    PRINT = 2  # a trade against a hidden order: counts as a trade, changes no visible queue


class Side(IntEnum):
    """Side of the order that the event adds or cancels (for a PRINT: of the aggressor)."""

    BUY = 0
    SELL = 1


@dataclass(frozen=True)
class EventsMeta:
    """Where a table comes from. Times are nanoseconds after local midnight."""

    asset: str
    venue: str = ""
    date: str = ""  # ISO 8601
    tick_size: float = 0.01  # in `currency`
    session_start_ns: int = 0
    session_end_ns: int = 24 * 3600 * NS_PER_S
    currency: str = "USD"


@dataclass(frozen=True, eq=False)
class Events:
    """Order flow of one asset in one session, in time order; every column has length n.

    Attributes
    ----------
    time_ns : int64, nanoseconds after local midnight, never decreasing
    action : int8, see `Action`
    side : int8, see `Side`
    price_ticks : int64, price of the order in ticks; for an aggressive order the worst price paid
    size : int64, shares or lots: of the new order, or what the cancel takes away
    order_id : int64, the order added or cancelled, `NO_ORDER` where it is not known
    """

    time_ns: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64
    order_id: Int64
    meta: EventsMeta

    def __len__(self) -> int:
        return len(self.time_ns)

    def slice(self, start: int, stop: int) -> Events:
        """Rows start..stop-1, sharing memory."""
        columns = {name: getattr(self, name)[start:stop] for name in EVENT_COLUMNS}
        return Events(**columns, meta=self.meta)


_TYPES = {"action": np.int8, "side": np.int8}
EVENT_COLUMNS = ("time_ns", "action", "side", "price_ticks", "size", "order_id")


@dataclass(frozen=True, eq=False)
class Quotes:
    """Best bid and ask AFTER each event of a table; int64, ticks and shares.

    An empty side keeps its last price and has size 0.
    """

    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64

    def __len__(self) -> int:
        return len(self.bid_ticks)

    def slice(self, start: int, stop: int) -> Quotes:
        """Rows start..stop-1, sharing memory."""
        return Quotes(
            self.bid_ticks[start:stop],
            self.ask_ticks[start:stop],
            self.bid_size[start:stop],
            self.ask_size[start:stop],
        )


@dataclass(frozen=True, eq=False)
class Levels:
    """The first L price levels of each side AFTER each event, int64 arrays [n, L].

    Level 0 is the touch. A level that is not there has size 0 (its price is then without meaning).
    """

    bid_ticks: Int64
    bid_size: Int64
    ask_ticks: Int64
    ask_size: Int64

    def slice(self, start: int, stop: int) -> Levels:
        """Rows start..stop-1, sharing memory."""
        return Levels(
            self.bid_ticks[start:stop],
            self.bid_size[start:stop],
            self.ask_ticks[start:stop],
            self.ask_size[start:stop],
        )


@dataclass(frozen=True, eq=False)
class Recording:
    """Events with the market they left behind: a real session, a window of one, or one path.

    `quotes` is None for a message file whose book has not been rebuilt yet (`engine.replay`
    rebuilds it); `levels` is None where nobody recorded more than the touch.
    """

    events: Events
    quotes: Quotes | None = None
    levels: Levels | None = None

    def __len__(self) -> int:
        return len(self.events)

    def slice(self, start: int, stop: int) -> Recording:
        """Rows start..stop-1, sharing memory."""
        return Recording(
            self.events.slice(start, stop),
            None if self.quotes is None else self.quotes.slice(start, stop),
            None if self.levels is None else self.levels.slice(start, stop),
        )

    def between(self, start_ns: int, end_ns: int) -> Recording:
        """Events with start_ns <= time < end_ns."""
        start, stop = np.searchsorted(self.events.time_ns, [start_ns, end_ns], side="left")
        return self.slice(int(start), int(stop))

    def windows(self, length_ns: int) -> list[Recording]:
        """Disjoint windows of `length_ns` from the first event on, without the last partial one."""
        if len(self) == 0:
            return []
        first, last = int(self.events.time_ns[0]), int(self.events.time_ns[-1])
        starts = range(first, last - length_ns + 2, length_ns)
        return [self.between(start, start + length_ns) for start in starts]


def write_events(recording: Recording, path: Path) -> None:
    """Write events, and quotes where there are any, as one Parquet file, atomically."""
    columns = {name: getattr(recording.events, name) for name in EVENT_COLUMNS}
    if recording.quotes is not None:
        columns |= dataclasses.asdict(recording.quotes)
    meta = json.dumps(dataclasses.asdict(recording.events.meta)).encode()
    table = pa.table(columns).replace_schema_metadata({b"faultline.events": meta})
    temporary = path.with_name(path.name + ".tmp")
    pq.write_table(table, temporary, compression="zstd")
    os.replace(temporary, path)


def read_events(path: Path) -> Recording:
    """Read what `write_events` wrote.

    Raises
    ------
    RecordingError
        The file is missing, is not an event table, or breaks the rules of `Events` or `Quotes`.
    """
    try:
        table = pq.read_table(path)
        names = table.column_names  # decoded here: a name may be no text
    except (OSError, pa.ArrowException, ValueError) as error:
        raise RecordingError(f"{path}: cannot be read as Parquet ({error})") from error
    raw = (table.schema.metadata or {}).get(b"faultline.events")
    missing = [name for name in EVENT_COLUMNS if name not in names]
    if raw is None or missing:
        what = f"columns {', '.join(missing)} missing" if missing else "no event metadata"
        raise RecordingError(f"{path}: not an event table ({what})")
    try:
        meta = EventsMeta(**json.loads(raw))
        columns = {
            name: table[name].to_numpy().astype(_TYPES.get(name, np.int64), casting="same_kind")
            for name in names
        }
    except (TypeError, ValueError) as error:
        raise RecordingError(
            f"{path}: metadata or a column has the wrong type ({error})"
        ) from error
    events = Events(**{name: columns[name] for name in EVENT_COLUMNS}, meta=meta)
    check_events(events, str(path))
    quote_names = [field.name for field in dataclasses.fields(Quotes)]
    quotes = (
        Quotes(**{name: columns[name] for name in quote_names})
        if all(name in columns for name in quote_names)
        else None
    )
    for name in ("bid_size", "ask_size") if quotes is not None else ():
        if (columns[name] < 0).any():
            row = int(np.argmax(columns[name] < 0))
            size = columns[name][row]
            raise RecordingError(f"{path}: {name} {size} at row {row + 1} is negative")
    return Recording(events, quotes)


def check_events(events: Events, where: str) -> None:
    """Refuse a table whose times run backwards or whose sizes, sides or actions are impossible.

    Raises
    ------
    RecordingError
        Names `where` and the first offending row, counted from 1.
    """
    steps = np.diff(events.time_ns)
    if len(steps) and steps.min() < 0:
        row = int(np.argmax(steps < 0)) + 2
        raise RecordingError(f"{where}: time runs backwards at row {row}; sort the file by time")
    for name, allowed in (("action", len(Action)), ("side", len(Side))):
        values = getattr(events, name)
        bad = (values < 0) | (values >= allowed)
        if bad.any():
            row = int(np.argmax(bad)) + 1
            raise RecordingError(f"{where}: {name} {values[row - 1]} at row {row} is not known")
    if len(events) and events.size.min() <= 0:
        row = int(np.argmax(events.size <= 0)) + 1
        raise RecordingError(f"{where}: size {events.size[row - 1]} at row {row} is not positive")
