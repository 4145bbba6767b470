"""Axes, titles, legend and labels of a Plotly figure."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go

from app.charts.palette import LOOKS, Role, tint
from app.charts.spec import ChartSpec

FONT = "Inter, 'Source Sans', system-ui, sans-serif"
LEGEND_PX = 58  # room below the plot for axis title and legend


def plain(text: str) -> str:
    """`text` so that Plotly, which reads tags in labels, shows it as it is."""
    return html.escape(text, quote=False)


def lay_out(figure: go.Figure, spec: ChartSpec, *, dark: bool, height: int, title: bool) -> None:
    """Give the figure its axes, title, legend and colours."""
    rows, columns = spec.grid()
    panels = len(spec.panels())
    ink, muted = _inks(dark)
    tall = height * rows - 40 * (rows - 1)
    if spec.kind == "heatmap":
        tall = 110 + 30 * spec.data["row"].nunique()
    top = (60 if title else 26) + (10 if panels > 1 or spec.kind == "heatmap" else 0)
    bottom = 12 if spec.kind == "heatmap" else 92 if len(spec.roles) > 1 else 60
    figure.update_layout(
        template="none",
        height=tall,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="x unified" if spec.kind in ("fan", "lines", "histogram") else "closest",
        barmode="overlay" if spec.kind == "ladder" else "group",
        font={"family": FONT, "size": 13, "color": ink},
        margin={"l": 64, "r": 16, "t": top, "b": bottom},
        legend={
            "orientation": "h", "x": 0, "yanchor": "top",
            "y": -LEGEND_PX / max(1, tall - top - bottom), "font": {"size": 13},
        },
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": "#a7b0ba", "activecolor": muted},
        hoverlabel={"bgcolor": "#22303c" if dark else "#ffffff", "font": {"color": ink}},
    )  # fmt: skip
    if title:
        figure.update_layout(
            title={
                "text": plain(spec.title), "x": 0, "xref": "container", "xanchor": "left",
                "y": 1, "yref": "container", "yanchor": "top", "pad": {"l": 4, "t": 8},
                "font": {"size": 15, "weight": 600},
            }
        )  # fmt: skip
    _style_axes(figure, spec, muted)
    for i in range(panels):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        if i + columns >= panels:
            figure.update_xaxes(title=_label(spec.x.label, muted), showticklabels=True, **place)
        if i % columns == 0:
            figure.update_yaxes(title=_label(spec.y.label, muted), **place)
    _place_titles(figure, ink)


def annotate(figure: go.Figure, spec: ChartSpec, *, dark: bool) -> None:
    """Draw the markers and spans of the chart on every panel."""
    _, muted = _inks(dark)
    for span in spec.spans:
        figure.add_vrect(
            span.start, span.end, row="all", col="all", layer="below", line_width=0,
            fillcolor=tint(LOOKS[Role.SHOCKED].colour(dark), 0.08),
            annotation={"text": plain(span.label), "font": {"size": 11, "color": muted}},
            annotation_position="top left",
        )  # fmt: skip
    if spec.markers and not spec.y.log:
        figure.update_yaxes(range=[0, spec.headroom()])
    for i, marker in enumerate(spec.markers):
        look = LOOKS[marker.role]
        draw = figure.add_vline if marker.axis == "x" else figure.add_hline
        draw(
            marker.value, row="all", col="all",
            line={"color": look.colour(dark), "dash": look.dash, "width": 1.3},
        )  # fmt: skip
        if marker.label and marker.axis == "x":
            late = spec.late(marker.value)
            figure.add_annotation(
                x=marker.value, xref="x", y=1 - 0.085 * i, yref="y domain", showarrow=False,
                text=plain(marker.label), xanchor="right" if late else "left", yanchor="top",
                xshift=-3 if late else 3, font={"size": 11.5, "color": look.colour(dark)},
                bgcolor="rgba(15,23,32,0.75)" if dark else "rgba(255,255,255,0.75)",
            )  # fmt: skip


def _inks(dark: bool) -> tuple[str, str]:
    return ("#e6eaef", "#aab4c0") if dark else ("#1f2933", "#52606d")


def _label(text: str, colour: str) -> dict[str, Any]:
    return {"text": plain(text), "font": {"size": 13, "color": colour}, "standoff": 8}


def _place_titles(figure: go.Figure, ink: str) -> None:
    """Titles of the panels at their left edge, away from the tool bar."""
    axes = list(figure.select_xaxes())
    for note, axis in zip(figure.layout.annotations, axes, strict=False):
        note.update(x=axis.domain[0], xanchor="left", font={"size": 13, "color": ink})


def _style_axes(figure: go.Figure, spec: ChartSpec, muted: str) -> None:
    axis = {
        "gridcolor": "rgba(148,163,184,0.22)", "zeroline": False, "linecolor": muted,
        "ticks": "outside", "ticklen": 4, "tickcolor": muted, "automargin": True,
        "tickfont": {"size": 12, "color": muted}, "showline": True,
    }  # fmt: skip
    categorical = {"bar": "x", "heatmap": "xy"}.get(spec.kind, "")
    for letter, ends, update in (
        ("x", spec.x, figure.update_xaxes),
        ("y", spec.y, figure.update_yaxes),
    ):
        kind = "category" if letter in categorical else "log" if ends.log else "linear"
        update(type=kind, **axis)
        if ends.ticks:
            update(tickvals=list(ends.ticks), ticktext=[f"{tick:g}" for tick in ends.ticks])
        elif ends.log:
            update(exponentformat="power", dtick=1, minor={"ticks": "outside", "ticklen": 2})
    if spec.kind == "heatmap":
        figure.update_xaxes(side="top", showgrid=False, ticks="", showline=False)
        figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", showline=False)
