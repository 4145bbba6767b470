"""Builds what ships for each asset: profile, facts and baselines, measured on its recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from app.charts.realism import REAL
from app.models import BASELINES, SHIPPED
from engine.replay import replay
from engine.runs.atomic import replacing
from engine.seeding import BookSeed
from model.catalogue import AssetEntry, Split, assets_dir, find_asset, load_profile, read_recording
from model.errors import RecordingError, SpecError
from model.events import NS_PER_S, Int64, Levels, Recording, Side
from model.features import busiest, flow_features
from model.profile import AssetProfile
from model.profile_fit import book_shape, fit_profile
from model.tokenizer import own_tables
from stylized_facts.baselines.files import write_baseline
from stylized_facts.baselines.registry import fit_baseline
from stylized_facts.sample import MarketSample
from stylized_facts.sheet import fact_sheet

PARTS = ("profile", "facts", *SHIPPED)  # what ships, in the order in which it is built
FACTS_WINDOW_S = 300.0
SHAPE_EVERY_S, SHAPE_LEVELS = 1, 40  # of a rebuilt book
WINDOWS_AT_LEAST = 8  # a short test split is cut into so many shorter windows


def recording_with_quotes(entry: AssetEntry, data: Path | None) -> Recording:
    """The recording of an asset; a message file's book is rebuilt.

    Without a folder it is looked for in that of the environment, see `read_recording`.

    Raises
    ------
    RecordingError
        The recording is missing or broken.
    """
    recording = read_recording(entry, data)
    if recording.quotes is not None:
        return recording
    return Recording(recording.events, replay(recording).quotes, recording.levels)


def training_recording(entry: AssetEntry, data: Path | None = None) -> Recording:
    """The training split of an asset's recording, with quotes.

    Raises
    ------
    RecordingError
        The recording is missing or broken.
    """
    return recording_with_quotes(entry, data).between(*entry.splits.train)


def fitting_window(entry: AssetEntry, length_s: float, split: Split = "test") -> float:
    """The window length asked for, or less where the split would not hold enough windows."""
    start_ns, end_ns = entry.splits.part(split)
    return min(length_s, (end_ns - start_ns) / NS_PER_S / WINDOWS_AT_LEAST)


def real_sample(
    recording: Recording, entry: AssetEntry, window_s: float, split: Split = "test"
) -> MarketSample:
    """A held-out split, cut into disjoint windows.

    Raises
    ------
    FaultlineError
        The recording does not reach so far.
    """
    start_ns, end_ns = entry.splits.part(split)
    times = recording.events.time_ns
    before = int(np.searchsorted(times, start_ns)) - 1
    if recording.quotes is None or before < 0 or times[-1] < start_ns:
        raise RecordingError(f"{entry.asset}: the recording does not reach over the {split} split")
    end_ns = min(end_ns, int(times[-1]) + NS_PER_S)  # of one that was cut off: what there is
    sample = MarketSample.from_recordings(
        [recording.between(start_ns, end_ns)],
        REAL,
        spans=[(start_ns, end_ns)],
        starts=recording.quotes.slice(before, before + 1),
    )
    return sample.windows(round(window_s * NS_PER_S))


def measured_profile(recording: Recording, entry: AssetEntry) -> AssetProfile:
    """The profile of the training split; without recorded levels the shape is the rebuilt book's.

    Raises
    ------
    RecordingError
        See `fit_profile`.
    """
    training = recording.between(*entry.splits.train)
    profile = fit_profile(training, entry)
    features, _ = flow_features(training, profile)
    own = {"tokens": own_tables(features), "busiest": busiest(features)}
    profile = profile.model_copy(update=own)
    if recording.levels is not None:
        return profile
    clock = np.arange(*entry.splits.train, SHAPE_EVERY_S * NS_PER_S)
    rows = np.searchsorted(recording.events.time_ns, clock, side="right") - 1
    books = replay(recording, rows[rows >= 0].tolist()).snapshots
    occupied, size = book_shape(levels_of(books, SHAPE_LEVELS), np.ones(len(books)))
    shape = {"shape_occupied": occupied.tolist(), "shape_size": size.tolist()}
    return profile.model_copy(update=shape)


def levels_of(books: Sequence[BookSeed], depth: int) -> Levels:
    """The first `depth` price levels of each book, int64 [n, depth]."""
    columns: dict[str, Int64] = {}
    for side, prefix in ((Side.BUY, "bid"), (Side.SELL, "ask")):
        price, size = np.zeros((2, len(books), depth), np.int64)
        for row, book in enumerate(books):
            own = book.side == side
            prices, at = np.unique(book.price_ticks[own], return_inverse=True)
            sizes = np.bincount(at, book.size[own], len(prices)).astype(np.int64)
            best = slice(None, None, -1 if side == Side.BUY else 1)
            here = min(depth, len(prices))
            price[row, :here], size[row, :here] = prices[best][:depth], sizes[best][:depth]
        columns |= {f"{prefix}_ticks": price, f"{prefix}_size": size}
    return Levels(**columns)


def build_references(
    asset: str,
    data: Path,
    parts: Sequence[str] = PARTS,
    step: Callable[[str], None] | None = None,
    out: Path | None = None,
) -> list[Path]:
    """Measure an asset and write `<out>/<asset>/<part>.json`; returns the files written.

    Profile and baselines are fitted on the training split, facts come from the test split.

    Parameters
    ----------
    asset : of the catalogue
    data : folder of the recordings
    parts : what to build, out of `PARTS` and the names of `BASELINES`; the others stay as they are
    step : called with the name of each part as it begins
    out : folder; where not given, that of the references that ship

    Raises
    ------
    FaultlineError
        Unknown asset or part, no profile yet, a recording that is missing, broken or too short, or
        a baseline that holds a recording and would go to what ships.
    """
    for part in parts:
        if part not in PARTS and part not in BASELINES:
            known = ", ".join(dict.fromkeys((*PARTS, *BASELINES)))
            raise SpecError(f"fit {part}: not known; use {known} or all")
        if out is None and part not in PARTS:
            raise SpecError(
                f"{part} holds the recording and does not ship: name a folder, --out DIR"
            )
    entry = find_asset(asset)
    folder = (out or assets_dir() / "references") / entry.asset
    folder.mkdir(parents=True, exist_ok=True)
    recording = recording_with_quotes(entry, data)
    training = recording.between(*entry.splits.train)
    written = []
    for part in parts:
        if step:
            step(part)
        path = folder / f"{part.replace('-', '_')}.json"
        with replacing(path) as temporary:
            if part == "profile":
                measured_profile(recording, entry).write(temporary)
            elif part == "facts":
                sample = real_sample(recording, entry, fitting_window(entry, FACTS_WINDOW_S))
                fact_sheet(sample, load_profile(asset), REAL).write(temporary)
            else:
                write_baseline(fit_baseline(part, [training], load_profile(asset)), temporary)
        written.append(path)
    return written
