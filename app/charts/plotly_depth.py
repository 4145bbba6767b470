"""The book on the screen: depth over time with trades on it, and the ladder at one moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts.cells import cells_of
from app.charts.palette import LOOKS, Role, tint
from app.charts.plotly_layout import plain
from app.charts.spec import ASKS, BIDS, ChartSpec

LEAST_PX, MOST_PX = 5.0, 17.0  # of a trade
DEEPEST = 0.8  # opacity of a cell


def depth_traces(spec: ChartSpec, frame: Any, dark: bool) -> list[Any]:
    """Cells of both sides, the lines, and the trades as triangles of their size."""
    cells = frame[frame["series"].isin([BIDS, ASKS])]
    most = frame.loc[~frame["series"].isin([BIDS, ASKS]), "value"].max()
    traces: list[Any] = []
    for name, rows in spec.series(frame):
        look = LOOKS[spec.roles[name]]
        if name in (BIDS, ASKS):
            traces += [_cells(name, rows, cells, look.colour(dark)), _key(name, look.colour(dark))]
        elif rows["value"].isna().all():
            line = {"color": look.colour(dark), "width": 2.2}
            traces.append(_points(name, rows, mode="lines", line=line, hovertemplate="%{y:.4g}"))
        else:
            traces.append(_trades(spec, name, rows, most, dark))
    return traces


def _cells(name: str, rows: Any, cells: Any, colour: str) -> go.Heatmap:
    grid = cells_of(rows, cells)
    return go.Heatmap(
        x0=grid.x[0], dx=grid.x[1] - grid.x[0] if len(grid.x) > 1 else 1,
        y0=grid.y[0], dy=grid.y[1] - grid.y[0] if len(grid.y) > 1 else 1,
        z=grid.shade.astype(np.float32), customdata=grid.value.astype(np.float32),
        zmin=0, zmax=1, colorscale=[[0, tint(colour, 0.04)], [1, tint(colour, DEEPEST)]],
        name=name, showscale=False, showlegend=False, hoverongaps=False,
        hovertemplate="%{x:.4g} s, %{y:.4g}: %{customdata:,.0f}",
    )  # fmt: skip


def _key(name: str, colour: str) -> go.Scatter:
    """What stands for the cells of a side in the legend."""
    marker = {"symbol": "square", "size": 11, "color": tint(colour, DEEPEST)}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)


def _trades(spec: ChartSpec, name: str, rows: Any, most: float, dark: bool) -> go.Scatter:
    role = spec.roles[name]
    size = LEAST_PX + (MOST_PX - LEAST_PX) * np.sqrt(rows["value"] / most)
    marker = {
        "symbol": "triangle-up" if role is Role.BUY else "triangle-down",
        "size": np.asarray(size, np.float32), "color": LOOKS[role].colour(dark),
        "line": {"width": 1, "color": "#10171f" if dark else "#ffffff"},
    }  # fmt: skip
    return _points(
        name, rows, mode="markers", marker=marker, customdata=np.asarray(rows["value"], np.float32),
        hovertemplate="%{x:.4g} s, %{y:.4g}: %{customdata:,.0f}",
    )  # fmt: skip


def _points(name: str, rows: Any, **how: Any) -> go.Scatter:
    x, y = (np.asarray(rows[axis], np.float32) for axis in ("x", "y"))
    return go.Scatter(x=x, y=y, name=plain(name), **how)


def ladder_traces(spec: ChartSpec, frame: Any, dark: bool) -> list[Any]:
    """A bar to the right for what rests at each price."""
    return [
        go.Bar(
            x=np.asarray(rows["x"], np.float32), y=np.asarray(rows["y"], np.float32),
            orientation="h", name=plain(name),
            marker={"color": LOOKS[spec.roles[name]].colour(dark), "line": {"width": 0}},
            hovertemplate="%{y:.4g}: %{x:,.0f}",
        )
        for name, rows in spec.series(frame)
    ]  # fmt: skip
