"""Recordings on this machine: those of the catalogue, and a user's own, seen from above."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from model.catalogue import DATA_VARIABLE, AssetEntry, find_asset
from model.errors import RecordingError
from model.events import NS_PER_S, Recording
from model.quality import RecordingQuality, recording_quality
from model.readers import read_bitstamp, read_lobster

READERS = {"LOBSTER": "lobster", "Bitstamp order log": "bitstamp"}
SUFFIXES = (".csv", ".gz", ".xz", ".zip")
BUCKETS = 900  # of the session, on a chart
SPLITS = (0.65, 0.8)  # of the time: where training, and where validation ends
LEVELS = ("mid", "spread_ticks", "touch_depth")


@dataclass(frozen=True, eq=False)
class RecordingLook:
    """A recording from above.

    Attributes
    ----------
    quality : what it holds and lacks
    levels : a row a bucket of time: `minute` after midnight and, for each of `LEVELS` (the mid in
        currency), the last value and its `_low` and `_high` in the bucket; empty without quotes
    rebuilt : whether the quotes were rebuilt from the messages
    """

    quality: RecordingQuality
    levels: pd.DataFrame
    rebuilt: bool


def data_root() -> Path | None:
    """The folder of recordings that the environment names, if there is one."""
    named = os.environ.get(DATA_VARIABLE)
    folder = Path(named) if named else None
    return folder if folder is not None and folder.is_dir() else None


def at_hand(entry: AssetEntry) -> bool:
    """Whether the recording of an asset lies in that folder."""
    root = data_root()
    return root is not None and (root / entry.recording).is_file()


def look_at_asset(asset: str) -> RecordingLook:
    """The recording of an asset of the catalogue.

    Raises
    ------
    RecordingError
        It is missing or broken.
    """
    from model.catalogue import read_recording

    return look(read_recording(find_asset(asset), data_root()))


def look(recording: Recording) -> RecordingLook:
    """See a recording from above; a message file's book is rebuilt.

    Raises
    ------
    RecordingError
        Its book cannot be rebuilt.
    """
    rebuilt = recording.quotes is None
    if rebuilt:
        from engine.replay import replay  # compiled code, which the others do not need

        recording = Recording(recording.events, replay(recording).quotes, recording.levels)
    return RecordingLook(recording_quality(recording), _levels(recording), rebuilt)


def read_own(path: Path, reader: str, *, asset: str, date: str, tick_size: float) -> Recording:
    """Read and check a user's own recording.

    Parameters
    ----------
    path : file, see the readers in `model.readers`
    reader : a value of `READERS`
    asset : its name; date : ISO 8601, in UTC for a log of orders
    tick_size : in the currency of the prices

    Raises
    ------
    RecordingError
        The file cannot be read; the message names the row and what is wrong with it.
    """
    if reader == "bitstamp":
        read = partial(read_bitstamp, venue="")
    else:
        read = partial(read_lobster, venue="")
    return read(path, asset=asset, date=date, tick_size=tick_size)


def files_below(root: Path, most: int = 500) -> list[Path]:
    """Files that may be recordings, as paths inside `root`, in order."""
    found = sorted(
        path.relative_to(root)
        for path in root.rglob("*")
        if path.suffix in SUFFIXES and path.is_file()
    )
    return found[:most]


def inside(root: Path, name: str) -> Path:
    """The file called `name` inside `root`.

    Raises
    ------
    RecordingError
        It is not there, or lies outside.
    """
    path = root if "\0" in name else (root / name).resolve()  # no path holds a NUL
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        raise RecordingError(f"{name!r} is not a file in {root}; choose one of the list")
    return path


def catalogue_lines(recording: Recording, reader: str, file: str) -> str:
    """What to write into the catalogue for a recording: an entry in YAML, splits by time.

    Parameters
    ----------
    recording : its `meta` is taken over
    reader : a value of `READERS`
    file : path inside the data folder
    """
    meta, times = recording.events.meta, recording.events.time_ns
    span = int(times[-1] - times[0])
    first, second, third, last = (
        _clock(int(times[0]) + round(share * span)) for share in (0.0, *SPLITS, 1.0)
    )
    return (
        f'{meta.asset}:\n  venue: {meta.venue or "own"}\n  date: "{meta.date}"\n'
        f"  currency: {meta.currency}\n  tick_size: {meta.tick_size:g}\n"
        f'  session: ["{first}", "{last}"]\n  recording: {json.dumps(file)}\n  reader: {reader}\n'
        f'  liquidity: 1\n  splits:\n    train: ["{first}", "{second}"]\n'
        f'    validation: ["{second}", "{third}"]\n    test: ["{third}", "{last}"]\n'
    )


def _clock(time_ns: int) -> str:
    whole = time_ns // NS_PER_S
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _levels(recording: Recording) -> pd.DataFrame:
    quotes, times = recording.quotes, recording.events.time_ns
    if quotes is None or len(times) == 0:
        return pd.DataFrame()
    both = (quotes.bid_size > 0) & (quotes.ask_size > 0)
    tick = recording.events.meta.tick_size
    values = {
        "mid": 0.5 * tick * (quotes.bid_ticks + quotes.ask_ticks),
        "spread_ticks": (quotes.ask_ticks - quotes.bid_ticks).astype(float),
        "touch_depth": (quotes.bid_size + quotes.ask_size).astype(float),
    }
    span = max(1, int(times[-1] - times[0]))
    bucket = (times - times[0]) * BUCKETS // (span + 1)
    grouped = pd.DataFrame(values)[both].groupby(bucket[both])
    last, low, high = grouped.last(), grouped.min(), grouped.max()
    at = times[0] + (last.index.to_numpy() + 0.5) * span / BUCKETS
    columns = {"minute": at / NS_PER_S / 60}
    for name in LEVELS:
        columns |= {name: last[name], f"{name}_low": low[name], f"{name}_high": high[name]}
    return pd.DataFrame({name: np.asarray(column) for name, column in columns.items()})
