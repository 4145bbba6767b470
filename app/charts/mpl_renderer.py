"""Charts for print: Matplotlib SVG, the same bytes for the same spec."""

from __future__ import annotations

import io
import threading
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from app.charts.mpl_depth import draw_depth, draw_ladder
from app.charts.palette import LOOKS, NO_VERDICT_COLOUR, VERDICT_COLOURS, Role, shade
from app.charts.spec import ChartSpec

_ONE_AT_A_TIME = threading.Lock()  # the settings of Matplotlib are those of the whole process
INK, MUTED, GRID = "#1f2933", "#5b6773", "#e3e8ed"


@cache
def _font() -> str:
    """Make Matplotlib know the bundled font; returns its family name."""
    for resource in (files("assets") / "fonts").iterdir():
        if resource.name.endswith(".otf"):
            with as_file(resource) as path:
                fontManager.addfont(path)
    return "Inter"


def _settings() -> dict[Any, Any]:
    return {
        "font.family": [_font(), "DejaVu Sans"],
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 8,
        "axes.labelcolor": MUTED,
        "axes.edgecolor": "#9aa5b1",
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.formatter.use_mathtext": False,
        "axes.unicode_minus": True,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelsize": 7.5,
        "ytick.labelsize": 7.5,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "legend.frameon": False,
        "legend.fontsize": 7.5,
        "legend.handlelength": 2.6,
        "legend.columnspacing": 1.6,
        "text.color": INK,
        "svg.hashsalt": "faultline",
        "svg.fonttype": "path",
    }


def to_svg(
    spec: ChartSpec, width_in: float = 6.9, height_in: float = 2.5, title: bool = False
) -> str:
    """The chart as SVG text; letters are outlines, so that it looks the same everywhere.

    Parameters
    ----------
    spec : ChartSpec
    width_in, height_in : size on paper in inches; text is 8 points high at that size
    title : whether the title is part of the picture
    """
    with _ONE_AT_A_TIME, mpl.rc_context(_settings()):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        panels = spec.panels()
        rows, columns = spec.grid()
        shared = spec.kind != "heatmap"
        grid = figure.subplots(rows, columns, sharex=shared, sharey=shared, squeeze=False)
        axes = list(grid.flat)
        for ax, (panel, frame) in zip(axes, panels, strict=False):
            _DRAW[spec.kind](ax, spec, frame)
            _annotate(ax, spec)
            if panel:
                ax.set_title(_plain(panel))
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        for ax in grid[:, 0]:
            ax.set_ylabel(_plain(spec.y.label))
        for ax in axes[max(0, len(panels) - columns) : len(panels)]:
            ax.set_xlabel(_plain(spec.x.label))
            ax.tick_params(labelbottom=spec.kind != "heatmap")
        _legend(figure, axes[: len(panels)])
        if title:
            figure.suptitle(_plain(spec.title), x=0.01, ha="left", fontsize=9, fontweight="bold")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def _plain(text: str) -> str:
    """`text` so that Matplotlib, which reads formulae between dollars, shows it as it is."""
    return text.replace("$", r"\$")


def _line(role: Role) -> dict[str, Any]:
    look = LOOKS[role]
    style: Any = (0, look.dash_points) if look.dash_points else "solid"
    return {"color": look.light, "linestyle": style, "linewidth": look.width * 0.75}


def _fan(ax: Any, spec: ChartSpec, frame: Any) -> None:
    for name, rows in spec.series(frame):
        role = spec.roles[name]
        for low, high in spec.bands():
            if rows[low].notna().any():
                ax.fill_between(
                    rows["x"], rows[low], rows[high], color=LOOKS[role].light, alpha=0.16, lw=0
                )
        ax.plot(rows["x"], rows["q50"], label=name, **_line(role))
    ax.margins(x=0)


def _lines(ax: Any, spec: ChartSpec, frame: Any) -> None:
    panel = frame["panel"].iloc[0] if "panel" in frame.columns else ""
    for name, rows in spec.series(frame):
        role = spec.roles[name]
        if "low" in rows.columns and rows["low"].notna().any():
            colour = LOOKS[role].light
            ax.fill_between(rows["x"], rows["low"], rows["high"], color=colour, alpha=0.16, lw=0)
        few = rows["y"].notna().sum() <= 12
        marker = {"marker": "o", "markersize": 3} if few else {}
        style = _line(role)
        if panel == name:  # nothing to tell apart: the title says what it is
            style |= {"linestyle": "solid", "linewidth": 0.8}
        ax.plot(rows["x"], rows["y"], label="" if panel == name else name, **style, **marker)
    ax.margins(x=0.01)


def _histogram(ax: Any, spec: ChartSpec, frame: Any) -> None:
    for name, rows in spec.series(frame):
        role = spec.roles[name]
        edges = np.append(rows["left"].to_numpy(), rows["right"].to_numpy()[-1])
        heights = rows["y"].to_numpy()
        if not spec.y.log:
            ax.stairs(heights, edges, fill=True, color=LOOKS[role].light, alpha=0.16, lw=0)
        positive = np.where(heights > 0, heights, np.nan) if spec.y.log else heights
        ax.stairs(positive, edges, label=name, baseline=None, **_line(role))
    ax.margins(x=0.01)


def _qq(ax: Any, spec: ChartSpec, frame: Any) -> None:
    low, high = float(frame["x"].min()), float(frame["x"].max())
    ax.plot([low, high], [low, high], color=MUTED, linewidth=0.8)
    for name, rows in spec.series(frame):
        ax.plot(rows["x"], rows["y"], label=name, **_line(spec.roles[name]))


def _bar(ax: Any, spec: ChartSpec, frame: Any) -> None:
    categories = list(dict.fromkeys(frame["category"]))
    drawn = list(spec.series(frame))
    width = 0.8 / max(1, len(drawn))
    for i, (name, rows) in enumerate(drawn):
        at = [categories.index(c) + (i - (len(drawn) - 1) / 2) * width for c in rows["category"]]
        look = LOOKS[spec.roles[name]]
        ax.bar(at, rows["y"], width * 0.92, label=name, color=look.light, hatch=_HATCH[i % 4],
               edgecolor="white", linewidth=0)  # fmt: skip
        if "low" in rows.columns:
            below, above = rows["y"] - rows["low"], rows["high"] - rows["y"]
            ax.errorbar(at, rows["y"], np.maximum([below, above], 0), fmt="none", ecolor=INK,
                        elinewidth=0.8, capsize=2)  # fmt: skip
    ax.set_xticks(range(len(categories)), [_plain(name) for name in categories])
    ax.grid(visible=False, axis="x")


_HATCH = ("", "////", "\\\\\\\\", "xxxx")


def _heatmap(ax: Any, spec: ChartSpec, frame: Any) -> None:
    rows, columns = list(dict.fromkeys(frame["row"])), list(dict.fromkeys(frame["column"]))
    for row, column, value, text in frame[["row", "column", "value", "text"]].itertuples(False):
        x, y = columns.index(column), rows.index(row)
        colour = NO_VERDICT_COLOUR
        if not np.isnan(value):
            colour = shade(value / spec.largest()) if spec.shaded else VERDICT_COLOURS[int(value)]
        ax.add_patch(mpl.patches.Rectangle((x, y), 0.98, 0.96, facecolor=colour, lw=0))
        ax.text(x + 0.49, y + 0.48, _plain(text), ha="center", va="center", fontsize=7.5)
    ax.set_xlim(0, len(columns))
    ax.set_ylim(len(rows), 0)
    ax.set_xticks(np.arange(len(columns)) + 0.49, columns)
    ax.set_yticks(np.arange(len(rows)) + 0.48, rows)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


_DRAW = {
    "fan": _fan,
    "lines": _lines,
    "histogram": _histogram,
    "qq": _qq,
    "bar": _bar,
    "heatmap": _heatmap,
    "depth": draw_depth,
    "ladder": draw_ladder,
}


def _annotate(ax: Any, spec: ChartSpec) -> None:
    if spec.x.log:
        ax.set_xscale("log")
    if spec.x.ticks:
        ax.set_xticks(spec.x.ticks, [f"{tick:g}" for tick in spec.x.ticks])
    if spec.y.log:
        ax.set_yscale("log")
    for span in spec.spans:
        ax.axvspan(span.start, span.end, color=LOOKS[Role.SHOCKED].light, alpha=0.07, lw=0)
        ax.annotate(
            _plain(span.label), (span.start, 1), (2, -2), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=6.5, color=MUTED, va="top",
        )  # fmt: skip
    if spec.markers and not spec.y.log:
        ax.set_ylim(0, spec.headroom())
    for i, marker in enumerate(spec.markers):
        look = LOOKS[marker.role]
        draw = ax.axvline if marker.axis == "x" else ax.axhline
        draw(marker.value, **(_line(marker.role) | {"linewidth": 0.9}))
        if marker.axis == "x":
            where = (marker.value, 1 - 0.09 * i)
            side = "right" if spec.late(marker.value) else "left"
            ax.annotate(
                _plain(marker.label), where, (-3 if side == "right" else 3, -2), ha=side, va="top",
                xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=6.5,
                color=look.light, bbox={"fc": "white", "alpha": 0.8, "lw": 0, "pad": 0.6},
            )  # fmt: skip


def _legend(figure: Figure, axes: list[Any]) -> None:
    found: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if len(found) > 1:
        columns = 2 if figure.get_figwidth() < 4.5 and len(found) > 3 else len(found)
        figure.legend(
            list(found.values()),
            [_plain(name) for name in found],
            loc="outside lower center",
            ncols=columns,
        )
