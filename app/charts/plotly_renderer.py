"""Charts for the screen and for the HTML report: Plotly figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.charts.palette import LOOKS, NO_VERDICT_COLOUR, SHADES, VERDICT_COLOURS, Role, tint
from app.charts.plotly_depth import depth_traces, ladder_traces
from app.charts.plotly_layout import annotate, lay_out, plain
from app.charts.spec import ChartSpec

Float32 = npt.NDArray[np.float32]


def to_plotly(
    spec: ChartSpec, *, dark: bool = False, height: int = 360, title: bool = True
) -> go.Figure:
    """The chart as a Plotly figure; panels share their axes, so zooming one zooms all.

    Parameters
    ----------
    spec : ChartSpec
    dark : whether the figure stands on a dark ground
    height : pixels, of a single row of panels
    title : whether the title is part of the figure
    """
    panels = spec.panels()
    rows, columns = spec.grid()
    shared: Any = "all" if spec.kind != "heatmap" else False
    figure = make_subplots(
        rows, columns, shared_xaxes=shared, shared_yaxes=shared,
        subplot_titles=[plain(name) for name, _ in panels] if len(panels) > 1 else None,
        horizontal_spacing=0.04, vertical_spacing=0.13,
    )  # fmt: skip
    named: set[str] = set()
    for i, (_, frame) in enumerate(panels):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        for trace in _traces(spec, frame, dark):
            trace.legendgroup = trace.name
            trace.showlegend = trace.showlegend is not False and trace.name not in named
            named |= {trace.name} if trace.showlegend else set()
            figure.add_trace(trace, **place)
    figure.update_layout(showlegend=len(spec.roles) > 1)  # of one thing the title speaks
    lay_out(figure, spec, dark=dark, height=height, title=title)
    annotate(figure, spec, dark=dark)
    return figure


def _traces(spec: ChartSpec, frame: Any, dark: bool) -> list[Any]:
    if spec.kind == "heatmap":
        return [_heatmap(spec, frame)]
    if spec.kind == "depth":
        return depth_traces(spec, frame, dark)
    if spec.kind == "ladder":
        return ladder_traces(spec, frame, dark)
    traces = []
    for name, rows in spec.series(frame):
        traces += _DRAW[spec.kind](spec, plain(name), spec.roles[name], rows, dark)
    if spec.kind == "qq":
        traces.append(_diagonal(frame, dark))
    return traces


def _numbers(column: Any) -> Float32:
    return np.asarray(column, np.float32)


def _line(role: Role, dark: bool) -> dict[str, Any]:
    look = LOOKS[role]
    return {"color": look.colour(dark), "dash": look.dash, "width": look.width}


def _band(x: Any, low: Any, high: Any, role: Role, dark: bool, label: str) -> list[go.Scatter]:
    hidden = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    fill = tint(LOOKS[role].colour(dark), 0.16)
    return [
        go.Scatter(x=_numbers(x), y=_numbers(low), name=f"{label} low", **hidden),
        go.Scatter(x=_numbers(x), y=_numbers(high), name=f"{label} high", fill="tonexty",
                   fillcolor=fill, **hidden),
    ]  # fmt: skip


def _fan(spec: ChartSpec, name: str, role: Role, rows: Any, dark: bool) -> list[go.Scatter]:
    traces = []
    for low, high in spec.bands():
        if rows[low].notna().any():
            label = f"{name} {int(high[1:]) - int(low[1:])}%"
            traces += _band(rows["x"], rows[low], rows[high], role, dark, label)
    median = go.Scatter(
        x=_numbers(rows["x"]), y=_numbers(rows["q50"]), name=name, mode="lines",
        line=_line(role, dark), hovertemplate="%{y:.4g}",
    )  # fmt: skip
    return [*traces, median]


def _lines(spec: ChartSpec, name: str, role: Role, rows: Any, dark: bool) -> list[go.Scatter]:
    traces = []
    if "low" in rows.columns and rows["low"].notna().any():
        traces = _band(rows["x"], rows["low"], rows["high"], role, dark, name)
    few = rows["y"].notna().sum() <= 12
    alone = "panel" in rows.columns and plain(rows["panel"].iloc[0]) == name
    style = _line(role, dark) | ({"dash": "solid", "width": 1} if alone else {})
    line = go.Scatter(
        x=_numbers(rows["x"]), y=_numbers(rows["y"]), name=name, connectgaps=False,
        mode="lines+markers" if few else "lines", line=style, hovertemplate="%{y:.4g}",
        showlegend=False if alone else None,  # the panel's title says what it is
    )  # fmt: skip
    return [*traces, line]


def _histogram(spec: ChartSpec, name: str, role: Role, rows: Any, dark: bool) -> list[go.Scatter]:
    edges = np.repeat(np.append(rows["left"].to_numpy(), rows["right"].to_numpy()[-1]), 2)
    heights = np.concatenate(([0.0], np.repeat(rows["y"].to_numpy(), 2), [0.0]))
    if spec.y.log:
        heights = np.where(heights > 0, heights, np.nan)
    fill = {} if spec.y.log else {
        "fill": "tozeroy", "fillcolor": tint(LOOKS[role].colour(dark), 0.16)
    }  # fmt: skip
    return [
        go.Scatter(x=_numbers(edges), y=_numbers(heights), name=name, mode="lines",
                   line=_line(role, dark), hovertemplate="%{y:.3g}", **fill)
    ]  # fmt: skip


def _qq(spec: ChartSpec, name: str, role: Role, rows: Any, dark: bool) -> list[go.Scatter]:
    return [
        go.Scatter(x=_numbers(rows["x"]), y=_numbers(rows["y"]), name=name, mode="lines",
                   line=_line(role, dark), hovertemplate="%{x:.4g} → %{y:.4g}")
    ]  # fmt: skip


def _diagonal(frame: Any, dark: bool) -> go.Scatter:
    ends = _numbers([frame["x"].min(), frame["x"].max()])
    line = {"color": "#8b97a5" if dark else "#5b6773", "width": 1}
    return go.Scatter(x=ends, y=ends, mode="lines", line=line, name="equal", hoverinfo="skip",
                      showlegend=False)  # fmt: skip


def _bar(spec: ChartSpec, name: str, role: Role, rows: Any, dark: bool) -> list[go.Bar]:
    error = None
    if "low" in rows.columns:
        error = {
            "type": "data", "symmetric": False, "thickness": 1,
            "color": "#8b97a5" if dark else "#1f2933",
            "array": _numbers(np.maximum(rows["high"] - rows["y"], 0)),
            "arrayminus": _numbers(np.maximum(rows["y"] - rows["low"], 0)),
        }  # fmt: skip
    shape = _SHAPES[list(spec.roles.values()).index(role) % len(_SHAPES)]
    return [
        go.Bar(x=[plain(name) for name in rows["category"]], y=_numbers(rows["y"]), name=name,
               error_y=error,
               marker={"color": LOOKS[role].colour(dark), "pattern": {"shape": shape}},
               hovertemplate="%{y:.4g}")
    ]  # fmt: skip


_SHAPES = ("", "/", ".", "x")


def _heatmap(spec: ChartSpec, frame: Any) -> go.Heatmap:
    rows, columns = list(dict.fromkeys(frame["row"])), list(dict.fromkeys(frame["column"]))
    values = np.full((len(rows), len(columns)), np.nan, np.float32)
    texts = np.full(values.shape, "", dtype=object)
    for row, column, value, text in frame[["row", "column", "value", "text"]].itertuples(False):
        missing = np.nan if spec.shaded else 3
        values[rows.index(row), columns.index(column)] = missing if np.isnan(value) else value
        texts[rows.index(row), columns.index(column)] = plain(text)
    steps = [(i / 4, colour) for i, colour in enumerate((*VERDICT_COLOURS, NO_VERDICT_COLOUR))]
    scale = [stop for at, colour in steps for stop in ([at, colour], [at + 1 / 4, colour])]
    ends = (0.0, 3.0)
    if spec.shaded:
        scale = [[at, colour] for at, colour in zip((0.0, 0.5, 1.0), SHADES, strict=True)]
        ends = (-spec.largest(), spec.largest())
    return go.Heatmap(
        x=[plain(name) for name in columns], y=[plain(name) for name in rows], z=values,
        text=texts, texttemplate="%{text}", colorscale=scale,
        zmin=ends[0], zmax=ends[1], showscale=False, showlegend=False, xgap=2, ygap=2,
        hoverongaps=False,
        textfont={"color": "#1f2933"}, hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
    )  # fmt: skip


_DRAW: dict[str, Any] = {
    "fan": _fan,
    "lines": _lines,
    "histogram": _histogram,
    "qq": _qq,
    "bar": _bar,
}
