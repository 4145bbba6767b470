"""A segment of a recording, played into the book."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from engine.shocks.base import ShockModel
from engine.shocks.plan import Anchor, BookOperation, ShockPlan, Tilt
from engine.shocks.rows import operations, orders, tilt
from model.catalogue import (
    DATA_VARIABLE,
    find_asset,
    load_catalogue,
    parse_clock,
    read_recording,
)
from model.errors import RecordingError, ScenarioError
from model.events import NO_ORDER, NS_PER_S, Action, Recording, Side
from model.profile import AssetProfile
from model.readers import read_lobster

FILES = (".zip", ".csv", ".csv.gz")  # of LOBSTER
SILENT = -50.0  # log of the rate of a flow that stands still


class RecordedSegment(ShockModel):
    """Plays what was recorded from `from_clock` on, for `duration_s`; then the model goes on.

    Prices are moved so that the recorded mid at the start of the segment is the mid of the path
    then. New orders go into the book at their distance from it; those that traded on arrival in the
    recording do not rest; a cancel takes the resting order nearest to its price and size. The flow
    of the model stands still meanwhile. Intensity multiplies sizes.
    """

    exclusive = True
    kind: Literal["recorded_segment"] = "recorded_segment"
    recording: str = Field(
        min_length=1, description="asset of the catalogue, or a LOBSTER file in the data folder"
    )
    from_clock: str = Field(description='start of the segment, clock time such as "10:30:00"')

    @field_validator("from_clock")
    @classmethod
    def _is_a_clock_time(cls, value: str) -> str:
        parse_clock(value)
        return value

    @field_validator("recording")
    @classmethod
    def _stays_in_the_data_folder(cls, value: str) -> str:
        path = PurePath(value)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("name an asset, or a file below the data folder")
        return value

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        start_ns = parse_clock(self.from_clock)
        end_ns = start_ns + round(self.duration_s * NS_PER_S)
        data = os.environ.get(DATA_VARIABLE, "")
        segment = _segment(self.recording, profile.tick_size, data, start_ns, end_ns)
        events, quotes = segment.events, segment.quotes
        if quotes is None or len(segment) < 2:
            raise ScenarioError(
                f"{self.recording} has no events with quotes from {self.from_clock} for"
                f" {self.duration_s:g} s; choose a time inside its session"
            )
        mid = (int(quotes.bid_ticks[0]) + int(quotes.ask_ticks[0])) // 2
        time_s = self.start_s + (events.time_ns - start_ns) / NS_PER_S
        size = np.maximum(1, np.rint(intensity * events.size)).astype(np.int64)
        # Whether a new order traded on arrival shows in the touch before it.
        bid, ask = (
            np.r_[column[0], column[:-1]] for column in (quotes.bid_ticks, quotes.ask_ticks)
        )
        plan = tilt(Tilt.RATE, self.window_s, SILENT)
        for side in Side:
            own = (events.side == side) & (events.action == Action.ADD)
            crosses = events.price_ticks >= ask if side == Side.BUY else events.price_ticks <= bid
            crosses |= (events.order_id == NO_ORDER) & bool((events.order_id != NO_ORDER).any())
            for rests in (True, False):
                at = own & (crosses != rests)
                plan = plan.joined(
                    orders(
                        time_s[at], size[at], side, events.price_ticks[at] - mid,
                        anchor=Anchor.FIRST, lifetime_s=0.0 if rests else None,
                    )
                )  # fmt: skip
            at = (events.side == side) & (events.action == Action.CANCEL)
            plan = plan.joined(
                operations(
                    BookOperation.CANCEL, time_s[at], side, events.price_ticks[at] - mid,
                    size=size[at],
                )
            )  # fmt: skip
        return plan

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        return (
            f"Plays {self.duration_s:g} s of the recording of {self.recording} from"
            f" {self.from_clock} on into the book at {self.start_s:g} s, sizes times {intensity:g}."
        )


@lru_cache(maxsize=4)
def _segment(name: str, tick_size: float, data: str, start_ns: int, end_ns: int) -> Recording:
    """Events of a recording in a window, with quotes; a message file's book is rebuilt."""
    from engine.replay import replay  # compiled code, which a list of scenarios need not load

    try:
        if name.endswith(FILES):
            path = Path(data) / name
            if not data or not path.is_file():
                raise RecordingError(
                    f"{path}: no such file; put it below the folder that {DATA_VARIABLE} names"
                )
            recording = read_lobster(path, tick_size=tick_size)
        elif name.upper() in load_catalogue():
            recording = read_recording(find_asset(name))
        else:
            raise RecordingError(
                f"recording {name!r} is not known; name one of {', '.join(load_catalogue())}, or"
                f" a LOBSTER file ({', '.join(FILES)}) below the data folder"
            )
        if recording.quotes is None:
            recording = Recording(recording.events, replay(recording).quotes)
    except RecordingError as error:
        raise ScenarioError(str(error)) from error
    except OSError as error:
        raise ScenarioError(f"recording {name[:60]!r}: {error.strerror}; name another") from error
    return recording.between(start_ns, end_ns)
