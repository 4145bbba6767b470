"""Order flow as a multivariate point process: twelve streams of events and their marks.

The streams are those of Jain, Firoozye, Kochems and Treleaven, "Limit order book dynamics and
order size modelling using compound Hawkes process" (Finance Research Letters 2024,
arXiv:2312.08927): six kinds of event on each side of the book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numba import njit

from model.errors import RecordingError
from model.events import NS_PER_S, Action, Float64, Int8, Int64, Recording, Side

_CANCEL, _PRINT, _BUY = int(Action.CANCEL), int(Action.PRINT), int(Side.BUY)


class Kind(IntEnum):
    """Kind of an event; stream = 2 x kind + side, so that `stream ^ 1` is its mirror image."""

    LO_DEEP = 0  # new order behind the touch of its own side
    CO_DEEP = 1  # cancel behind the touch
    LO_TOP = 2  # new order at the touch
    CO_TOP = 3  # cancel at the touch
    MO = 4  # aggressive order: an add at or through the opposite touch
    LO_INSPREAD = 5  # new order inside the spread


KINDS = len(Kind)
STREAMS = 2 * KINDS
STREAM_NAMES = tuple(f"{kind.name} {side.name.lower()}" for kind in Kind for side in Side)
LO_DEEP, CO_DEEP, LO_TOP, CO_TOP, MO, LO_INSPREAD = (int(kind) for kind in Kind)

MIN_GAP_S = 1e-6


@njit(cache=True)
def stream_and_offset(action, side, price_ticks, bid_ticks, ask_ticks):  # type: ignore[no-untyped-def]
    """Stream of an event and its distance in ticks, given the touch just before it.

    The distance is never negative: ticks behind the touch of its own side; for an order inside the
    spread ticks better than that touch; for an aggressive order ticks through the opposite touch.
    """
    if side == _BUY:
        behind, through = bid_ticks - price_ticks, price_ticks - ask_ticks
    else:
        behind, through = price_ticks - ask_ticks, bid_ticks - price_ticks
    if action == _CANCEL:
        kind, offset = (CO_DEEP, behind) if behind > 0 else (CO_TOP, 0)
    elif through >= 0:
        kind, offset = MO, through
    elif behind < 0:
        kind, offset = LO_INSPREAD, -behind
    elif behind == 0:
        kind, offset = LO_TOP, 0
    else:
        kind, offset = LO_DEEP, behind
    return 2 * kind + side, offset


@njit(cache=True)
def price_at(kind, side, offset, bid_ticks, ask_ticks):  # type: ignore[no-untyped-def]
    """Price in ticks of an event of this kind at this distance; inverse of `stream_and_offset`."""
    sign = 1 if side == _BUY else -1
    touch, opposite = (bid_ticks, ask_ticks) if side == _BUY else (ask_ticks, bid_ticks)
    if kind == MO:
        price = opposite + sign * offset
    elif kind == LO_INSPREAD:
        price = touch + sign * offset
    else:
        price = touch - sign * offset
    return max(price, 1)


@njit(cache=True)
def _classify(action, side, price, bid, ask, stream, offset):  # type: ignore[no-untyped-def]
    for n in range(len(action)):
        stream[n], offset[n] = stream_and_offset(action[n], side[n], price[n], bid[n], ask[n])


@dataclass(frozen=True, eq=False)
class StreamEvents:
    """The events of one window as streams. Arrays of length n; PRINT events are left out.

    Attributes
    ----------
    time_s : float64, seconds after midnight, strictly increasing
    stream : int8; offset_ticks, size : int64, see `stream_and_offset`
    bid_ticks, ask_ticks, bid_size, ask_size : int64, the touch just before the event
    start_s : float, time of the recording's first event, which opens the window and is not in it
    """

    time_s: Float64
    stream: Int8
    offset_ticks: Int64
    size: Int64
    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64
    start_s: float

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def spread_ticks(self) -> Int64:
        """Spread just before each event, at least 1."""
        return np.asarray(np.maximum(self.ask_ticks - self.bid_ticks, 1), np.int64)

    @property
    def gap_s(self) -> Float64:
        """Time since the event before (for the first: since `start_s`), seconds."""
        return np.diff(self.time_s, prepend=self.start_s)


def stream_events(recording: Recording) -> StreamEvents:
    """Split a recording into the twelve streams.

    The touch before an event is the one that the event before it left, so the first event only
    opens the window. Events closer than 1 microsecond (ties, mostly) are moved apart to that
    distance, in their order: a point process has no ties, and its clock is not finer than that.

    Raises
    ------
    RecordingError
        The recording has no quotes.
    """
    quotes, events = recording.quotes, recording.events
    if quotes is None:
        raise RecordingError(
            f"{events.meta.asset or 'recording'}: a baseline needs quotes; replay it first"
        )
    rows = np.flatnonzero(events.action[1:] != _PRINT) + 1
    before = rows - 1
    stream, offset = np.empty(len(rows), np.int8), np.empty(len(rows), np.int64)
    bid, ask = quotes.bid_ticks[before], quotes.ask_ticks[before]
    _classify(
        events.action[rows], events.side[rows], events.price_ticks[rows], bid, ask, stream, offset
    )
    start_s = float(events.time_ns[0]) / NS_PER_S if len(events) else 0.0
    ramp = MIN_GAP_S * np.arange(1, len(rows) + 1)
    recorded = np.maximum(events.time_ns[rows] / NS_PER_S, start_s + MIN_GAP_S)
    time_s = np.maximum.accumulate(recorded - ramp) + ramp
    return StreamEvents(
        time_s, stream, offset, events.size[rows], bid, ask,
        quotes.bid_size[before], quotes.ask_size[before], start_s,
    )  # fmt: skip


def training_streams(recordings: Sequence[Recording], least: int) -> list[StreamEvents]:
    """Streams of every recording that holds an event; `RecordingError` below `least` in all."""
    windows = [stream_events(recording) for recording in recordings]
    windows = [window for window in windows if len(window)]
    found = sum(len(window) for window in windows)
    if found < least:
        raise RecordingError(
            f"a baseline cannot be fitted on {found} events; give it at least {least}"
        )
    return windows
