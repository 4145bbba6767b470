"""Anybody's synthetic order flow, read from a directory: one window a file, or many in one.

What a directory may hold, alone or mixed:

- `*.parquet` event tables as `model.events.write_events` writes them, one window a file, with the
  quotes after each event (without quotes the book is rebuilt from an empty one);
- `*.parquet` path ensembles as `engine.ensemble.write_ensemble` writes them, many windows a file;
- LOBSTER message files (`*_message_*.csv`, `.csv.gz` or `.zip`) with their orderbook files beside
  them, one window a file.

Where the directory has a folder named after the asset, that folder is read instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.ensemble import read_ensemble
from engine.replay import replay
from model.catalogue import AssetEntry
from model.errors import FaultlineError, RecordingError
from model.events import Quotes, Recording, read_events
from model.readers import read_lobster
from stylized_facts.sample import MarketSample

DEFAULT_LABEL = "Synthetic"


def labelled(text: str) -> tuple[str, Path]:
    """Label and directory of `label=DIR`; a directory alone is called by its own name."""
    label, equals, folder = text.partition("=")
    if not equals:
        label, folder = Path(text).resolve().name or DEFAULT_LABEL, text
    if not label.strip() or not folder.strip():
        raise FaultlineError(f"--synthetic {text!r}: write label=DIR, or DIR alone")
    return label.strip(), Path(folder.strip())


def synthetic_sample(folder: Path, label: str, entry: AssetEntry, window_ns: int) -> MarketSample:
    """Every window that the directory holds for an asset.

    Windows at least twice as long as `window_ns` are cut into pieces of that length.

    Raises
    ------
    FaultlineError
        There is no such directory, it holds no window, a file cannot be read, or windows are of
        another asset, tick size or currency than the first one.
    """
    if not folder.is_dir():
        raise FaultlineError(f"--synthetic {label}: {folder} is no directory")
    own = folder / entry.asset
    place = own if own.is_dir() else folder
    pieces = [
        piece
        for path in sorted(place.iterdir())
        if path.suffix in (".parquet", ".zip") or "_message_" in path.name
        for piece in _read(path, entry)
    ]
    if not pieces:
        raise FaultlineError(
            f"--synthetic {label}: {place} holds no event table "
            "(*.parquet, or LOBSTER *_message_*.csv)"
        )
    starts = [piece.start for piece in pieces]
    sample = MarketSample.from_recordings(
        [piece.recording for piece in pieces],
        label,
        spans=[piece.span for piece in pieces],
        starts=Quotes(
            *(
                np.concatenate([getattr(start, name) for start in starts])
                for name in ("bid_ticks", "ask_ticks", "bid_size", "ask_size")
            )
        ),
    )
    longest = int((sample.end_ns - sample.start_ns).max())
    return sample.windows(window_ns) if longest >= 2 * window_ns else sample


@dataclass(frozen=True, eq=False)
class _Piece:
    """One window: what happened after `start`, the touch at the beginning of `span`."""

    recording: Recording
    start: Quotes
    span: tuple[int, int]


def _read(path: Path, entry: AssetEntry) -> list[_Piece]:
    if path.suffix != ".parquet":
        name = path.name.split("_")[0]
        recording = read_lobster(
            path, asset=name if "_message_" in path.name else entry.asset,
            tick_size=entry.tick_size, currency=entry.currency,
        )  # fmt: skip
        return [_from_first_event(recording, path)]
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException, ValueError) as error:
        raise RecordingError(f"{path}: cannot be read as Parquet ({error})") from error
    if b"faultline.ensemble" not in metadata:
        return [_from_first_event(read_events(path), path)]
    paths = read_ensemble(path)
    return [
        _Piece(
            paths.recording(p),
            Quotes(
                paths.start_bid_ticks[p : p + 1], paths.start_ask_ticks[p : p + 1],
                paths.start_bid_size[p : p + 1], paths.start_ask_size[p : p + 1],
            ),
            (0, int(paths.end_ns[p])),
        )
        for p in range(len(paths))
    ]  # fmt: skip


def _from_first_event(recording: Recording, path: Path) -> _Piece:
    """A window that begins with the touch that its first event leaves; that event is not scored."""
    time = recording.events.time_ns
    if len(time) < 2:
        raise RecordingError(f"{path}: holds {len(time)} events; a window needs two")
    quotes = recording.quotes if recording.quotes is not None else replay(recording).quotes
    rest = Recording(recording.events, quotes, recording.levels).slice(1, len(time))
    return _Piece(rest, quotes.slice(0, 1), (int(time[0]), int(time[-1])))
