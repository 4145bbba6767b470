"""The sample: windows of market data, real or synthetic, as flat columns ready to be measured."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from model.errors import FaultlineError, RecordingError
from model.events import (
    EVENT_COLUMNS,
    NS_PER_S,
    Action,
    Events,
    EventsMeta,
    Float64,
    Int8,
    Int64,
    Levels,
    Quotes,
    Recording,
    Side,
    check_events,
)

Bools = npt.NDArray[np.bool_]
DAY_NS = 24 * 3600 * NS_PER_S
_TOUCH = ("bid_ticks", "ask_ticks", "bid_size", "ask_size")
_P = ParamSpec("_P")
_T = TypeVar("_T")


def remembered(
    function: Callable[Concatenate[MarketSample, _P], _T],
) -> Callable[Concatenate[MarketSample, _P], _T]:
    """Keep what a function of a sample returns with the sample: many facts share one pass.

    All arguments but the sample must be hashable.
    """

    @wraps(function)
    def call(sample: MarketSample, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        key = (function.__module__, function.__qualname__, args, tuple(sorted(kwargs.items())))
        if key not in sample.memory:
            sample.memory[key] = function(sample, *args, **kwargs)
        found: _T = sample.memory[key]
        return found

    return call


class SampleError(FaultlineError):
    """A sample cannot be measured; the message names the sample, the window and the row."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The touch every second from the start of each window, previous-tick, flat and ragged.

    Window w owns points offsets[w] .. offsets[w+1]-1; arrays of int64, ticks and shares.
    """

    offsets: Int64
    quotes: Quotes

    @property
    def mid_ticks(self) -> Float64:
        """Mid price in ticks, float64; an empty side counts with its last price."""
        return np.asarray(0.5 * (self.quotes.bid_ticks + self.quotes.ask_ticks), np.float64)

    @property
    def two_sided(self) -> Bools:
        """Points where both sides hold an order: only there is there a spread."""
        return (self.quotes.bid_size > 0) & (self.quotes.ask_size > 0)


@dataclass(frozen=True, eq=False)
class MarketSample:
    """Windows of one asset, flat and ragged; a window is a stretch of a session or one path.

    Window w owns rows offsets[w] .. offsets[w+1]-1. It starts at `start_ns` with the quotes
    `start`, holds the events after that, and ends at `end_ns`. Nothing is ever measured across the
    border of two windows, and the window is the unit that is resampled.

    Attributes
    ----------
    label : name shown in tables
    meta : EventsMeta of the first recording (asset, tick size)
    offsets : int64 [W+1]
    events : Events, all rows, times in order inside each window
    quotes : Quotes, the touch AFTER each event
    start : Quotes [W], the touch at `start_ns`
    start_ns, end_ns : int64 [W]
    levels : Levels, the first levels of the book AFTER each event, where every recording has them
    """

    label: str
    meta: EventsMeta
    offsets: Int64
    events: Events
    quotes: Quotes
    start: Quotes
    start_ns: Int64
    end_ns: Int64
    levels: Levels | None = None

    def __len__(self) -> int:
        return len(self.start_ns)

    @cached_property
    def memory(self) -> dict[Hashable, Any]:
        """What `remembered` functions have found in this sample."""
        return {}

    @classmethod
    def from_recordings(
        cls,
        recordings: Sequence[Recording],
        label: str,
        *,
        spans: Sequence[tuple[int, int]] | None = None,
        starts: Quotes | None = None,
    ) -> MarketSample:
        """One window a recording.

        Parameters
        ----------
        recordings : recordings of one asset, with quotes
        label : name of the sample
        spans : start and end of each window in ns; by default its first and its last event
        starts : the touch at the start of each span, length W. Without it a window starts at its
            first event, with the touch that this event left behind, and the event is not measured.

        Raises
        ------
        SampleError
            No recording, no quotes, no events, columns that hold NaN or fractions, times out of
            order, events outside the span, a window of more than a day (sessions chained together),
            a crossed touch, or recordings of different assets, currencies or tick sizes.
        """
        if not recordings:
            raise SampleError(f"sample '{label}': holds no recording; give at least one")
        if (spans is not None and len(spans) != len(recordings)) or (
            starts is not None and (spans is None or len(starts) != len(recordings))
        ):
            raise SampleError(
                f"sample '{label}': `starts` needs `spans`, and both need one entry a recording"
            )
        first = recordings[0].events.meta
        windows = []
        for w, recording in enumerate(recordings):
            where = f"sample '{label}', window {w + 1}"
            _check(recording, first, where)
            time = recording.events.time_ns
            if starts is None and len(recording) == 0:
                raise SampleError(f"{where}: holds no event; leave the window out")
            begin, end = spans[w] if spans is not None else (int(time[0]), int(time[-1]))
            if len(time) and not begin <= int(time[0]) <= int(time[-1]) <= end:
                raise SampleError(f"{where}: events outside its span {begin}..{end} ns")
            if starts is None:
                assert recording.quotes is not None
                start, begin = recording.quotes.slice(0, 1), int(time[0])
                recording = recording.slice(1, len(recording))
            else:
                start = starts.slice(w, w + 1)
            if end <= begin:
                raise SampleError(f"{where}: lasts no time; a window needs two events or a span")
            if end - begin > DAY_NS:
                raise SampleError(
                    f"{where}: lasts {(end - begin) / DAY_NS:.1f} days; give each session as a "
                    "recording of its own"
                )
            windows.append((recording, start, begin, end))
        return _join(windows, label, first)

    @classmethod
    def from_session(
        cls, recording: Recording, label: str, start_ns: int, end_ns: int
    ) -> MarketSample:
        """One window: start_ns <= time < end_ns of a session, from the touch that it opened with.

        Raises
        ------
        SampleError
            The recording has no quotes, or no event before `end_ns`.
        """
        if recording.quotes is None:
            raise SampleError(f"sample '{label}': has no quotes; rebuild the book first")
        first = int(np.searchsorted(recording.events.time_ns, start_ns))
        part = recording.between(start_ns, end_ns)
        if first == 0:
            return cls.from_recordings([part], label)
        starts = recording.quotes.slice(first - 1, first)
        return cls.from_recordings([part], label, spans=[(start_ns, end_ns)], starts=starts)

    def windows(self, length_ns: int) -> MarketSample:
        """Cut every window into disjoint ones of `length_ns`; what is left over is dropped.

        Raises
        ------
        SampleError
            No window is that long.
        """
        pieces = []
        for w in range(len(self)):
            low, high = int(self.offsets[w]), int(self.offsets[w + 1])
            time = self.events.time_ns[low:high]
            begins = range(int(self.start_ns[w]), int(self.end_ns[w]) - length_ns + 1, length_ns)
            for begin in begins:
                a, b = (low + np.searchsorted(time, [begin, begin + length_ns])).tolist()
                start = self.start.slice(w, w + 1) if a == low else self.quotes.slice(a - 1, a)
                levels = None if self.levels is None else self.levels.slice(a, b)
                piece = Recording(self.events.slice(a, b), self.quotes.slice(a, b), levels)
                pieces.append((piece, start, begin, begin + length_ns))
        if not pieces:
            raise SampleError(
                f"sample '{self.label}': no window lasts {length_ns / NS_PER_S:g} s; "
                "choose shorter windows"
            )
        return _join(pieces, self.label, self.meta)

    @property
    def duration_s(self) -> Float64:
        """Length of each window in seconds, float64 [W]."""
        return (self.end_ns - self.start_ns) / NS_PER_S

    @cached_property
    def window(self) -> Int64:
        """Number of the window that each row belongs to, int64 [n]."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def before(self) -> Quotes:
        """The touch just BEFORE each event: what the event before it, or the start, left behind."""
        first = self.offsets[:-1][np.diff(self.offsets) > 0]
        columns = {}
        for name in _TOUCH:
            after = getattr(self.quotes, name)
            column = np.empty_like(after)
            column[1:] = after[:-1]
            column[first] = getattr(self.start, name)[np.diff(self.offsets) > 0]
            columns[name] = column
        return Quotes(**columns)

    @cached_property
    def mid_before(self) -> Float64:
        """Mid in ticks just before each event, float64 [n]; an empty side has its last price."""
        return np.asarray(0.5 * (self.before.bid_ticks + self.before.ask_ticks), np.float64)

    @cached_property
    def mid_after(self) -> Float64:
        """Mid in ticks just after each event, float64 [n]; an empty side has its last price."""
        return np.asarray(0.5 * (self.quotes.bid_ticks + self.quotes.ask_ticks), np.float64)

    @cached_property
    def _begins(self) -> Int64:
        """Start of each window on a clock that runs through all windows without a gap."""
        lengths = self.end_ns - self.start_ns + 1
        return np.asarray(np.cumsum(lengths) - lengths)

    @cached_property
    def clock_ns(self) -> Int64:
        """Time of each event on a clock that runs through all windows, int64 [n], in order."""
        return np.asarray(
            self._begins[self.window] + self.events.time_ns - self.start_ns[self.window]
        )

    def rows_at(self, window: Int64, since_start_ns: Int64) -> Int64:
        """Last row of `window` that is not later than `since_start_ns`; -1 where there is none."""
        clock = self._begins[window] + since_start_ns
        row = np.searchsorted(self.clock_ns, clock, side="right") - 1
        row = np.minimum(row, self.offsets[window + 1] - 1)  # a time after the end of the window
        return np.where(row < self.offsets[window], -1, row)

    @cached_property
    def aggressive(self) -> Bools:
        """Events that are new orders and reach the other side's best price, bool [n]."""
        events, before = self.events, self.before
        buys = (before.ask_size > 0) & (events.price_ticks >= before.ask_ticks)
        sells = (before.bid_size > 0) & (events.price_ticks <= before.bid_ticks)
        crosses = np.where(events.side == Side.BUY, buys, sells)
        return np.asarray(crosses & (events.action == Action.ADD))

    @cached_property
    def grid(self) -> Grid:
        """The touch on the 1-second clock of each window, both ends included."""
        points = ((self.end_ns - self.start_ns) // NS_PER_S + 1).astype(np.int64)
        offsets = np.concatenate(([0], np.cumsum(points)))
        row = np.empty(offsets[-1], np.int64)  # row in force, -1 - w where it is the start of w
        for w in range(len(self)):
            low, high = self.offsets[w], self.offsets[w + 1]
            clock = self.start_ns[w] + NS_PER_S * np.arange(points[w])
            last = np.searchsorted(self.events.time_ns[low:high], clock, side="right") - 1
            row[offsets[w] : offsets[w + 1]] = np.where(last < 0, -1 - w, low + last)
        columns = {}
        for name in _TOUCH:
            # the starts, last window first, stand behind the rows, where index -1 - w finds them
            columns[name] = np.concatenate(
                (getattr(self.quotes, name), getattr(self.start, name)[::-1])
            )[row]
        return Grid(offsets, Quotes(**columns))


def _check(recording: Recording, first: EventsMeta, where: str) -> None:
    meta, quotes = recording.events.meta, recording.quotes
    for name in ("tick_size", "asset", "currency"):
        mine, theirs = getattr(meta, name), getattr(first, name)
        if mine != theirs:
            raise SampleError(
                f"{where}: {name} {mine!r} differs from {theirs!r} of the first window; "
                "a sample is of one asset"
            )
    if quotes is None:
        raise SampleError(f"{where}: has no quotes; rebuild the book from the messages first")
    if len(quotes) != len(recording):
        raise SampleError(f"{where}: {len(recording)} events but {len(quotes)} quotes")
    for table, names in ((recording.events, EVENT_COLUMNS), (quotes, _TOUCH)):
        for name in names:
            column = getattr(table, name)
            if not np.issubdtype(column.dtype, np.integer):
                nan = np.issubdtype(column.dtype, np.floating) and np.isnan(column).any()
                raise SampleError(
                    f"{where}: {name} {'holds NaN' if nan else f'is {column.dtype}'}; "
                    "it must hold whole numbers"
                )
    try:
        check_events(recording.events, where)
    except RecordingError as error:
        raise SampleError(str(error)) from error
    crossed = (quotes.ask_ticks <= quotes.bid_ticks) & (quotes.bid_size > 0) & (quotes.ask_size > 0)
    if crossed.any():
        row = int(np.argmax(crossed)) + 1
        raise SampleError(f"{where}: best bid is not below best ask after row {row}")


def _join(
    windows: Sequence[tuple[Recording, Quotes, int, int]], label: str, meta: EventsMeta
) -> MarketSample:
    def column(parts: Sequence[Events] | Sequence[Quotes] | Sequence[Levels], name: str) -> Int64:
        joined: Int64 = np.concatenate([getattr(part, name) for part in parts])
        return joined

    events = [recording.events for recording, *_ in windows]
    quotes = [recording.quotes for recording, *_ in windows if recording.quotes is not None]
    starts = [start for _, start, *_ in windows]
    levels = [recording.levels for recording, *_ in windows if recording.levels is not None]
    codes: dict[str, Int8] = {
        name: column(events, name).astype(np.int8) for name in ("action", "side")
    }
    depths = {part.bid_ticks.shape[1] for part in levels}
    return MarketSample(
        label=label,
        meta=meta,
        offsets=np.cumsum([0] + [len(part) for part in events]),
        events=Events(
            time_ns=column(events, "time_ns"),
            price_ticks=column(events, "price_ticks"),
            size=column(events, "size"),
            order_id=column(events, "order_id"),
            meta=meta,
            **codes,
        ),
        quotes=Quotes(**{name: column(quotes, name) for name in _TOUCH}),
        start=Quotes(**{name: column(starts, name) for name in _TOUCH}),
        start_ns=np.array([begin for *_, begin, _ in windows], np.int64),
        end_ns=np.array([end for *_, end in windows], np.int64),
        levels=(
            Levels(**{name: column(levels, name) for name in _TOUCH})
            if len(levels) == len(windows) and len(depths) == 1
            else None
        ),
    )
