"""Several runs on the same axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec
from app.charts.stress import TIME, band_frame, bin_edges
from engine.runs.summary import RunSummary

LETTERS = ("A", "B", "C", "D")
ROLES = (Role.RUN_A, Role.RUN_B, Role.RUN_C, Role.RUN_D)


def compared_charts(summaries: Sequence[RunSummary]) -> list[ChartSpec]:
    """Charts of two to four runs over each other, under their shocks, in reading order."""
    return [
        _over_time(summaries, "mid_return_bp", "Mid return under the shock", "mid return, bp"),
        _losses(summaries),
        _over_time(summaries, "spread_ticks", "Spread under the shock", "ticks"),
        _over_time(summaries, "touch_depth", "Depth at the touch under the shock", "both sides"),
    ]


def _roles(summaries: Sequence[RunSummary]) -> dict[str, Role]:
    return dict(zip(LETTERS[: len(summaries)], ROLES, strict=False))


def _over_time(summaries: Sequence[RunSummary], column: str, title: str, label: str) -> ChartSpec:
    frames = [
        band_frame(one.bands, one.bands.shocked, column, letter)
        for letter, one in zip(LETTERS, summaries, strict=False)
    ]
    kept = ["series", "x", "q25", "q50", "q75"]
    return ChartSpec(
        kind="fan",
        name=f"compare_{column}",
        data=pd.concat([frame[kept] for frame in frames]),
        title=title,
        x=TIME,
        y=Axis(label=label),
        roles=_roles(summaries),
        caption="Median and central half of the shocked paths of each run.",
        alt=f"{title} over time, {len(summaries)} runs over each other.",
    )


def _losses(summaries: Sequence[RunSummary]) -> ChartSpec:
    losses = [np.array(one.bands.shocked.loss_bp) for one in summaries]
    edges = bin_edges(losses)
    frames = [
        pd.DataFrame(
            {
                "series": letter,
                "left": edges[:-1],
                "right": edges[1:],
                "y": np.histogram(values, edges)[0] / len(values),
            }
        )
        for letter, values in zip(LETTERS, losses, strict=False)
    ]
    return ChartSpec(
        kind="histogram",
        name="compare_loss",
        data=pd.concat(frames),
        title="Loss of a long position under the shock",
        x=Axis(label="loss, bp (negative: a gain)"),
        y=Axis(label="share of paths"),
        roles=_roles(summaries),
        caption="Mid to mid over the horizon of each run.",
        alt=f"Histograms of losses of {len(summaries)} runs over each other.",
    )
