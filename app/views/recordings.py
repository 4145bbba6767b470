"""Recordings on the page Assets and data: their quality, their charts, and a user's own."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from app.charts.assets import session_chart
from app.charts.numbers import MISSING, count, number, percent
from app.own_recordings import (
    LEVELS,
    READERS,
    SUFFIXES,
    RecordingLook,
    catalogue_lines,
    data_root,
    files_below,
    inside,
    look,
    look_at_asset,
    read_own,
)
from app.views.chart_card import chart_grid
from app.views.session import plain
from model.catalogue import assets_dir, find_asset
from model.errors import FaultlineError, RecordingError

QUALITY_HELP = (
    "Coverage: share of the minutes of the session in which anything happens. Gap: longest time "
    "without an event. One-sided, crossed: events after which a side is empty, or the bid not "
    "below the ask. Same time: events at the nanosecond of the one before."
)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,24}")


@st.cache_resource(max_entries=12, show_spinner="Reading the recording")
def asset_look(asset: str, changed_ns: int) -> RecordingLook:
    """The recording of an asset of the catalogue, read once."""
    return look_at_asset(asset)


def look_of(asset: str) -> RecordingLook:
    """The same, read again where the file has changed.

    Raises
    ------
    RecordingError
        It is missing or broken.
    """
    path = (data_root() or Path()) / find_asset(asset).recording
    try:
        return asset_look(asset, path.stat().st_mtime_ns)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error


def quality_table(looks: Mapping[str, RecordingLook]) -> None:
    """One row a recording."""
    rows = [
        {
            "Recording": name,
            "Events": count(one.quality.events),
            "Adds": count(one.quality.adds),
            "Cancels": count(one.quality.cancels),
            "Prints": count(one.quality.prints),
            "Coverage": percent(one.quality.coverage),
            "Longest gap, s": number(one.quality.longest_gap_s),
            "Outside session": count(one.quality.outside),
            "Same time": percent(one.quality.same_time),
            "One-sided": _counted(one.quality.one_sided),
            "Crossed": _counted(one.quality.crossed),
            "Book": "rebuilt" if one.rebuilt else "recorded",
        }
        for name, one in looks.items()
    ]
    st.dataframe(rows, hide_index=True, alt="Data quality of the recordings")
    st.caption(QUALITY_HELP)


def session_charts(look: RecordingLook, name: str, currency: str, size_unit: str) -> None:
    """Price, spread and depth of a recording over its session."""
    units = {"mid": currency, "touch_depth": size_unit}
    charts = [session_chart(look, name, level, units.get(level, "")) for level in LEVELS]
    chart_grid(charts[:1], f"session-{name}")
    chart_grid(charts[1:], f"session-{name}")


@st.fragment
def own_recording() -> None:
    """Take a user's own recording, check it, and say how to go on."""
    root = data_root()
    sources = ["Upload", "File in the data folder"] if root else ["Upload"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Where it is", sources, default=sources[0], required=True, key="own-source"
        )
        reader = READERS[
            st.selectbox(
                "Format",
                list(READERS),
                key="own-reader",
                width=240,
                help="LOBSTER: a message file, with its orderbook file beside it where there is "
                "one, or a zip of both. Bitstamp: an order log with a row of column names.",
            )
        ]
        asset = st.text_input("Name of the asset", "MYASSET", key="own-asset", width=180)
        tick = st.number_input(
            "Tick size", 1e-8, 1e4, 0.01, format="%g", key="own-tick", width=140,
            help="Smallest step of the price, in the currency of the prices.",
        )  # fmt: skip
        date = st.text_input(
            "Date",
            key="own-date",
            width=160,
            placeholder="YYYY-MM-DD",
            help="Left empty, it is read from the name of a LOBSTER file.",
        )
    files, chosen = [], None
    if source == "Upload":
        files = st.file_uploader(
            "Recording",
            [suffix[1:] for suffix in SUFFIXES],
            accept_multiple_files=True,
            key="own-files",
            help="A message file alone, with its orderbook file, or a zip of both; 50 MB at most. "
            "It is read, checked and forgotten.",
        )
    elif root is not None:
        chosen = st.selectbox(
            f"File in {plain(str(root))}",
            [str(path) for path in files_below(root)],
            index=None,
            key="own-file",
            placeholder="Choose a file",
        )
    if not st.button(
        "Check the recording", type="primary", key="own-check", disabled=not (files or chosen)
    ):
        return
    try:
        if not _NAME.fullmatch(asset):
            raise FaultlineError(
                f"name {asset[:30]!r}: use up to 24 letters, digits, dots, dashes or underscores"
            )
        if (date or reader == "bitstamp") and not _is_date(date):
            raise FaultlineError(f"date {date[:30]!r}: write it as 2026-01-31")
        with tempfile.TemporaryDirectory() as folder:
            if chosen is not None and root is not None:
                path = inside(root, chosen)
            else:
                path = _kept(files, Path(folder))
            try:
                recording = read_own(path, reader, asset=asset.upper(), date=date, tick_size=tick)
                if not recording.events.meta.date:
                    raise FaultlineError(f"date: {path.name} does not tell it; write it above")
                seen = look(recording)
            except FaultlineError as error:  # the folder is nobody's business
                raise FaultlineError(str(error).replace(f"{folder}/", "")) from error
    except FaultlineError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.success(f"{plain(path.name)} can be read.", icon=":material/check:")
    quality_table({asset: seen})
    if len(seen.levels):
        session_charts(seen, f"own-{asset}", recording.events.meta.currency, "shares")
    file = chosen or path.name
    st.markdown(
        f"**The way on.** Add this to the catalogue, {plain(str(assets_dir() / 'assets.yaml'))}, "
        "look over its dates, clock times and splits, and fit profile, facts and baselines:"
    )
    st.code(catalogue_lines(recording, reader, file), language="yaml")
    folder_named = str(root) if root else "FOLDER"
    st.code(f"faultline fit all --data {folder_named} --assets {asset.upper()}", language="shell")


def _kept(files: list, folder: Path) -> Path:  # type: ignore[type-arg]
    """Write uploads to a folder; the one to read: not an orderbook file where there are several."""
    paths = []
    for file in files:
        path = folder / Path(file.name).name
        path.write_bytes(file.getbuffer())
        paths.append(path)
    messages = [path for path in paths if "_orderbook_" not in path.name]
    return (messages or paths)[0]


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _counted(value: int | None) -> str:
    return MISSING if value is None else count(value)
