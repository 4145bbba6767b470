"""Watching one path of a run beside its unshocked twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from app.charts.book_replay import depth_chart, ladder_chart, level_lines, tape
from app.charts.numbers import number
from app.charts.stress import shock_spans
from app.path_replay import PathReplay, load_replay
from app.views.chart_card import chart_card, chart_grid
from engine.runs import StoredRun
from engine.runs.summary import RunSummary
from engine.spec import RunSpec
from model.errors import FaultlineError

WORST, MEDIAN, BEST, ANY = "Worst loss", "Median loss", "Best outcome", "A path by number"
DEPTH_PX, LADDER_PX = 460, 420


def replay_view(run: StoredRun) -> None:
    """Draw the replay of a path of a finished run; the visitor chooses which.

    Raises
    ------
    FaultlineError
        A file of the run is missing or broken.
    """
    losses = _losses(run.folder / "summary.json", _stamp(run.folder / "summary.json"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.segmented_control(
            "Path",
            [WORST, MEDIAN, BEST, ANY],
            default=WORST,
            required=True,
            key=f"replay-which-{run.id}",
            help="By the loss of a long position over the horizon, shocked, mid to mid.",
        )
        position = path_position(losses, which or WORST)
        if which == ANY:
            chosen = st.number_input(
                "Number", 1, len(losses), 1, key=f"replay-number-{run.id}", width=140
            )
            position = int(chosen) - 1
    replay = _replay(run.folder, run.spec.model_dump_json(), position, _stamp(run.folder))
    st.markdown(
        f"**Path {position + 1} of {len(losses):,}** · loss {number(losses[position])} bp, shocked"
        + "".join(
            f" · {name.lower()}: {arm.events:,} events, {len(arm.trades):,} trades"
            for name, arm in replay.arms.items()
        )
    )
    spans = shock_spans(run.spec.scenario)
    asset, key = run.spec.asset, f"replay-{run.id}"
    book = depth_chart(replay, spans, asset)
    if book is None:
        st.info(
            "This run was made before books were kept: its record tells the touch, and not what "
            "rests behind it. Run it again to see the book.",
            icon=":material/info:",
        )
        book = level_lines(replay, spans, asset, "mid_ticks", panels=True)
    with st.container(border=True):
        chart_card(book, f"{key}-book", DEPTH_PX)
    chart_grid(
        [level_lines(replay, spans, asset, column) for column in ("spread_ticks", "depth")], key
    )
    _moment(replay, key)


def path_position(losses: np.ndarray, which: str) -> int:
    """Position of the path with the largest, the median or the smallest loss."""
    order = np.argsort(losses, kind="stable")
    place = {WORST: -1, MEDIAN: (len(order) - 1) // 2, BEST: 0}.get(which, 0)
    return int(order[place])


@st.fragment
def _moment(replay: PathReplay, key: str) -> None:
    """The ladder and the tape at a moment that the visitor chooses."""
    end = max(arm.end_s for arm in replay.arms.values())
    with st.container(border=True):
        at_s = st.slider(
            "Moment, seconds from the start",
            0.0,
            round(end, 1),
            round(end / 2, 1),
            step=max(0.1, round(end / 240, 1)),
            format="%.1f s",
            key=f"{key}-moment",
            help="The book as it stood then, with and without the shock, and the last trades.",
        )
        ladder = ladder_chart(replay, at_s)
        if ladder is not None:
            chart_card(ladder, f"{key}-ladder", LADDER_PX)
        for name, column in zip(replay.arms, st.columns(len(replay.arms)), strict=True):
            with column:
                st.markdown(f"**Last trades, {name.lower()}**")
                st.dataframe(
                    tape(replay, name, at_s),
                    hide_index=True,
                    alt=f"Last trades, {name.lower()}, up to {number(at_s)} s",
                )


@st.cache_resource(max_entries=4, show_spinner="Rebuilding the book of this path")
def _replay(folder: Path, spec: str, position: int, changed_ns: int) -> PathReplay:
    return load_replay(folder, RunSpec.model_validate_json(spec), position)


@st.cache_resource(max_entries=8, show_spinner=False)
def _losses(path: Path, changed_ns: int) -> np.ndarray:
    return np.array(RunSummary.read(path).bands.shocked.loss_bp)


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise FaultlineError(f"{path}: is gone ({error.strerror}); run it again") from error
