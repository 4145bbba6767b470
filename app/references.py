"""Builds what ships for each asset: profile, facts and baselines, measured on its recording."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from engine.replay import replay
from model.catalogue import AssetEntry, assets_dir, find_asset, load_profile, read_recording
from model.events import NS_PER_S, Recording
from model.profile_fit import fit_profile
from stylized_facts.baselines import CompoundHawkes, ZeroIntelligence
from stylized_facts.sample import MarketSample
from stylized_facts.sheet import fact_sheet

Part = Literal["profile", "facts", "hawkes", "zero-intelligence"]
PARTS: tuple[Part, ...] = ("profile", "facts", "hawkes", "zero-intelligence")
FACTS_WINDOW_S = 300.0
WINDOWS_AT_LEAST = 4  # a short test split is cut into so many shorter windows


def recording_with_quotes(entry: AssetEntry, data: Path) -> Recording:
    """The recording of an asset; a message file's book is rebuilt.

    Raises
    ------
    RecordingError
        The recording is missing or broken.
    """
    recording = read_recording(entry, data)
    if recording.quotes is not None:
        return recording
    return Recording(recording.events, replay(recording).quotes, recording.levels)


def fitting_window(entry: AssetEntry, length_s: float) -> float:
    """The window length asked for, or less where the test split would not hold enough windows."""
    start_ns, end_ns = entry.splits.test
    return min(length_s, (end_ns - start_ns) / NS_PER_S / WINDOWS_AT_LEAST)


def real_sample(recording: Recording, entry: AssetEntry, window_s: float) -> MarketSample:
    """The test split, cut into disjoint windows.

    Raises
    ------
    FaultlineError
        The recording does not reach so far.
    """
    test = recording.between(*entry.splits.test)
    return MarketSample.from_recordings([test], "Real").windows(round(window_s * NS_PER_S))


def build_references(
    asset: str,
    data: Path,
    parts: tuple[Part, ...] = PARTS,
    step: Callable[[str], None] | None = None,
) -> list[Path]:
    """Measure an asset and write `assets/references/<asset>`; returns the files written.

    Profile and baselines are fitted on the training split, facts come from the test split.

    Parameters
    ----------
    asset : of the catalogue
    data : folder of the recordings
    parts : what to build; the others stay as they are
    step : called with the name of each part as it begins

    Raises
    ------
    FaultlineError
        Unknown asset, no profile yet, or a recording that is missing, broken or too short.
    """
    entry = find_asset(asset)
    folder = assets_dir() / "references" / entry.asset
    folder.mkdir(parents=True, exist_ok=True)
    recording = recording_with_quotes(entry, data)
    training = recording.between(*entry.splits.train)
    written = []
    for part in parts:
        if step:
            step(part)
        path = folder / f"{part.replace('-', '_')}.json"
        temporary = path.with_name(path.name + ".new")
        if part == "profile":
            fit_profile(training, entry).write(temporary)
        elif part == "facts":
            sample = real_sample(recording, entry, fitting_window(entry, FACTS_WINDOW_S))
            fact_sheet(sample, load_profile(asset), "Real").write(temporary)
        elif part == "hawkes":
            CompoundHawkes.fit([training], load_profile(asset)).write(temporary)
        else:
            ZeroIntelligence.fit([training], load_profile(asset)).write(temporary)
        os.replace(temporary, path)
        written.append(path)
    return written
