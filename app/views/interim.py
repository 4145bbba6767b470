"""Numbers of a run that is at work, from the paths that are finished: they narrow as more come."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import ChartSpec, Role
from app.charts.numbers import interval, number
from app.charts.spec import Axis
from app.views.chart_card import chart_card
from engine.ensemble import read_ensemble
from engine.risk import Estimate, bootstrap_interval, expected_shortfall
from engine.runs import StoredRun
from engine.runs.chunks import RunPaths
from model.errors import FaultlineError
from model.events import Float64

LEVEL, RESAMPLES, CHART_PX = 0.95, 300, 240
NAME = "ES 95% under the shock"


def interim_numbers(run: StoredRun) -> None:
    """Show ES 95% of the finished paths with its interval, after each chunk; nothing before."""
    try:
        points = _points(run)
    except (FaultlineError, OSError):
        return  # the run has just ended, or its folder is gone: the page finds out by itself
    if not points:
        return
    paths, last = points[-1]
    st.metric(
        f"ES 95% so far, {paths:,} of {run.spec.paths:,} paths",
        f"{number(last.value)} bp",
        help="Mean loss of the worst 5% of the shocked paths that are finished, with a 95% "
        "bootstrap interval. Provisional: the results use all paths.",
    )
    st.caption(f"95% interval {interval(last.lower, last.upper)} bp")
    if len(points) > 1:
        chart_card(_chart(points), f"interim-{run.id}", CHART_PX)


def _points(run: StoredRun) -> list[tuple[int, Estimate]]:
    """Paths so far and the estimate from them, chunk by chunk."""
    journal = RunPaths(run.folder).journal
    chunks = journal.chunks if journal else ()
    losses: Float64 = np.zeros(0)
    points = []
    for chunk in chunks:
        name = next(name for name in chunk.files if name.startswith("shocked"))
        losses = np.concatenate((losses, _losses(run.folder / name, chunk.files[name])))
        points.append((len(losses), _estimate(run.id, losses)))
    return points


@st.cache_data(max_entries=256, show_spinner=False)
def _estimate(run_id: str, losses: Float64) -> Estimate:
    tail = partial(expected_shortfall, level=LEVEL)
    return Estimate.of(bootstrap_interval(tail, losses, resamples=RESAMPLES, confidence=LEVEL))


@st.cache_data(max_entries=256, show_spinner=False)
def _losses(path: Path, digest: str) -> Float64:
    """Loss of each path of a file, first to last mid, bp."""
    paths = read_ensemble(path)
    ends = np.where(np.diff(paths.offsets) > 0, paths.offsets[1:] - 1, -1)
    start = paths.start_bid_ticks + paths.start_ask_ticks
    if not len(paths.bid_ticks):
        return np.zeros(len(paths))
    last = np.where(ends >= 0, paths.bid_ticks[ends] + paths.ask_ticks[ends], start)
    return np.asarray(1e4 * (1.0 - last / start), np.float64)


def _chart(points: list[tuple[int, Estimate]]) -> ChartSpec:
    return ChartSpec(
        kind="lines",
        name="interim",
        data=pd.DataFrame(
            {
                "series": NAME,
                "x": [paths for paths, _ in points],
                "y": [one.value for _, one in points],
                "low": [one.lower for _, one in points],
                "high": [one.upper for _, one in points],
            }
        ),
        title="ES 95% as paths finish",
        x=Axis(label="finished paths"),
        y=Axis(label="bp"),
        roles={NAME: Role.SHOCKED},
        caption="The band is the 95% interval; it narrows with the square root of the paths.",
        alt=f"ES 95% after {len(points)} parts of the run.",
    )
