"""Figures of a scorecard, in Plotly, each with the data it shows.

`heat_map` sets quantities against models, `drill_down` opens one overall number to a single fact,
`curves` and `distributions` draw the real sample beside each model in small multiples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stylized_facts.families import FAMILIES
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import Curve, Distribution, FactSheet
from stylized_facts.verdict import CLOSE, MATCH

REAL_COLOUR, MODEL_COLOUR = "#334155", "#2563b0"
ROW_PX, PANEL_PX, COLUMN_PX = 22, 190, 300
_LEAST, _MOST = 0.5, 12.0  # floor ratios at the ends of the colour scale
_NOT_SCORED = "#eef1f4"


@dataclass(frozen=True, eq=False)
class Figure:
    """A Plotly figure with the table of what it shows; `name` is that of its files."""

    name: str
    title: str
    figure: Any
    data: pd.DataFrame

    def write(
        self, folder: Path, as_csv: Callable[[pd.DataFrame], str] | None = None
    ) -> list[Path]:
        """Write `name.html` (with plotly.min.js beside it) and `name.csv`; returns both paths.

        `as_csv` makes the text of the table; None: as pandas writes it.
        """
        page, table = folder / f"{self.name}.html", folder / f"{self.name}.csv"
        self.figure.write_html(page, include_plotlyjs="directory", full_html=True)
        table.write_text(
            self.data.to_csv(index=False) if as_csv is None else as_csv(self.data), "utf-8"
        )
        return [page, table]


def figures(card: Scorecard, sheets: Mapping[str, FactSheet] | None = None) -> list[Figure]:
    """Every figure of a card; those that draw curves need the fact sheets, the real one first."""
    found = [heat_map(card), drill_down(card)]
    if sheets and len(sheets) > 1:
        found += [curves(sheets), distributions(sheets)]
    return found


def heat_map(card: Scorecard) -> Figure:
    """Distance over the floor, quantity by quantity and model by model; grey where not scored."""
    import plotly.graph_objects as go

    rows = [row for row in _in_order(card) if row.ratio_to_floor]
    names = [f"{row.label} · {row.metric}" for row in rows]
    ratio = np.array(
        [
            [
                row.ratio_to_floor.get(model, np.nan)
                if row.verdict[model] != "too few samples"
                else np.nan
                for model in card.models
            ]
            for row in rows
        ],
        float,
    ).reshape(len(rows), len(card.models))
    shown = np.log2(np.clip(ratio, _LEAST, _MOST))
    figure = go.Figure(
        go.Heatmap(
            x=list(card.models), y=names, z=shown, zmin=np.log2(_LEAST), zmax=np.log2(_MOST),
            text=np.vectorize(_short)(ratio) if ratio.size else ratio, texttemplate="%{text}",
            colorscale=_scale(), xgap=2, ygap=1,
            colorbar={
                "title": "over the floor", "tickvals": list(np.log2([0.5, 1, MATCH, CLOSE, 6, 12])),
                "ticktext": ["0.5", "1", f"{MATCH:g}", f"{CLOSE:g}", "6", "12"],
            },
            hovertemplate="%{y}<br>%{x}: %{text} floors<extra></extra>",
        )
    )  # fmt: skip
    title = f"Distance to real data over the floor, {card.asset}"
    figure.update_layout(
        title=title, height=140 + ROW_PX * max(1, len(rows)), plot_bgcolor=_NOT_SCORED,
        margin={"l": 330, "r": 20, "t": 80, "b": 20},
        yaxis={"autorange": "reversed"}, xaxis={"side": "top"},
    )  # fmt: skip
    data = pd.DataFrame(
        [
            {"family": row.family, "quantity": row.label, "metric": row.metric, "model": model,
             "ratio_to_floor": row.ratio_to_floor.get(model, np.nan),
             "verdict": row.verdict[model]}
            for row in rows
            for model in card.models
        ]
    )  # fmt: skip
    return Figure("heat_map", title, figure, data)


def drill_down(card: Scorecard) -> Figure:
    """From the geometric mean of all floor ratios to family, quantity and metric, model by model.

    A click opens a branch. Every level is the geometric mean of the floor ratios below it that are
    known; the whole is that of all rows, and so differs from `Scorecard.ratio_to_floor`.
    """
    import plotly.graph_objects as go

    data = pd.concat([_tree(card, model) for model in card.models], ignore_index=True)
    traces = []
    for place, model in enumerate(card.models):
        part = data[data["model"] == model]
        shown = np.log2(part["ratio_to_floor"].astype(float).clip(_LEAST, _MOST))
        traces.append(
            go.Icicle(
                ids=part["id"], labels=part["label"], parents=part["parent"], visible=place == 0,
                text=[_short(x) for x in part["ratio_to_floor"]], textinfo="label+text",
                customdata=part[["verdict", "real", "value", "distance"]],
                marker={"colors": shown, "colorscale": _scale(), "cmin": np.log2(_LEAST),
                        "cmax": np.log2(_MOST)},
                hovertemplate="%{label}: %{text} floors, %{customdata[0]}<br>real "
                "%{customdata[1]:.4g}, model %{customdata[2]:.4g}, distance "
                "%{customdata[3]:.4g}<extra></extra>",
                maxdepth=3, tiling={"orientation": "v"},
            )
        )  # fmt: skip
    figure = go.Figure(traces)
    buttons = [
        {"label": model, "method": "restyle",
         "args": [{"visible": [other == model for other in card.models]}]}
        for model in card.models
    ]  # fmt: skip
    title = f"From one number to a single fact, {card.asset}"
    figure.update_layout(
        title=title, height=640, margin={"l": 10, "r": 10, "t": 90, "b": 10},
        updatemenus=[{"buttons": buttons, "x": 1.0, "xanchor": "right", "y": 1.12}],
    )  # fmt: skip
    return Figure("drill_down", title, figure, data)


def curves(sheets: Mapping[str, FactSheet]) -> Figure:
    """Every curve of the sheets with its 95% band: a row a curve, a column a model, real in each.

    `sheets` holds the real one first.
    """
    real, *models = sheets
    keys = [key for key in FactSheet.model_fields if isinstance(getattr(sheets[real], key), Curve)]
    frames = []
    for label, sheet in sheets.items():
        for key in keys:
            one: Curve = getattr(sheet, key)
            frames.append(
                pd.DataFrame(
                    {"panel": one.label, "series": label, "x": one.x, "y": one.y, "low": one.low,
                     "high": one.high, "unit": one.unit}
                )
            )  # fmt: skip
    data = pd.concat(frames, ignore_index=True)
    panels = [getattr(sheets[real], key).label for key in keys]
    units = {getattr(sheets[real], key).label: getattr(sheets[real], key).unit for key in keys}
    title = f"Curves with 95% bands, {sheets[real].asset}"
    return _multiples("curves", title, data, panels, real, models, units)


def distributions(sheets: Mapping[str, FactSheet]) -> Figure:
    """Histogram of every quantity: a row a quantity, a column a model, the real one in each."""
    real, *models = sheets
    keys = [key for key, one in sheets[real].distributions.items() if one.n > 0]
    frames = [
        _histogram(label, sheet.distributions[key])
        for label, sheet in sheets.items()
        for key in keys
        if key in sheet.distributions
    ]
    data = pd.concat(frames, ignore_index=True)
    known = {one.label: one for one in (sheets[real].distributions[key] for key in keys)}
    units = {label: one.unit for label, one in known.items()}
    title = f"Distributions, {sheets[real].asset}"
    return _multiples("distributions", title, data, list(known), real, models, units)


def _multiples(
    name: str,
    title: str,
    data: pd.DataFrame,
    panels: Sequence[str],
    real: str,
    models: Sequence[str],
    units: Mapping[str, str],
) -> Figure:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(
        len(panels), len(models), shared_yaxes=True, column_titles=list(models),
        vertical_spacing=0.3 / max(1, len(panels)), horizontal_spacing=0.03,
    )  # fmt: skip
    for row, panel in enumerate(panels, 1):
        for column, model in enumerate(models, 1):
            for series, colour in ((real, REAL_COLOUR), (model, MODEL_COLOUR)):
                part = data[(data["panel"] == panel) & (data["series"] == series)]
                for trace in _traces(go, part, series, colour):
                    figure.add_trace(trace, row, column)
            figure.update_xaxes(title_text=units[panel], row=row, col=column, title_standoff=2)
        figure.update_yaxes(title_text=panel, row=row, col=1)
    figure.update_layout(
        title=title, showlegend=False, height=120 + PANEL_PX * len(panels),
        width=160 + COLUMN_PX * len(models), plot_bgcolor="#ffffff",
    )  # fmt: skip
    return Figure(name, title, figure, data)


def _traces(go: Any, part: pd.DataFrame, series: str, colour: str) -> Iterator[Any]:
    line = {"color": colour, "width": 1.6}
    if "low" in part and part["low"].notna().any():
        known = part[part["low"].notna()]
        x = [*known["x"], *known["x"][::-1]]
        y = [*known["high"], *known["low"][::-1]]
        yield go.Scatter(
            x=x, y=y, fill="toself", fillcolor=colour, opacity=0.15, line={"width": 0},
            hoverinfo="skip",
        )  # fmt: skip
    shape = "linear" if "low" in part else "hvh"
    yield go.Scatter(x=part["x"], y=part["y"], name=series, mode="lines", line=line | {
        "shape": shape})  # fmt: skip


def _histogram(series: str, one: Distribution) -> pd.DataFrame:
    """Shares of even bins on the scale of the quantity, at the middle of each bin."""
    edges = np.asarray(one.edges, float)
    return pd.DataFrame(
        {"panel": one.label, "series": series, "x": 0.5 * (edges[:-1] + edges[1:]),
         "left": edges[:-1], "right": edges[1:], "y": one.share, "unit": one.unit}
    )  # fmt: skip


def _tree(card: Scorecard, model: str) -> pd.DataFrame:
    """The rows of one model as the nodes of a tree, each with its floor ratio."""
    leaves = [
        (row, row.ratio_to_floor[model])
        for row in _in_order(card)
        if np.isfinite(row.ratio_to_floor.get(model, np.nan))
        and row.verdict[model] != "too few samples"
    ]
    ratios: dict[tuple[str, ...], list[float]] = {}
    for row, ratio in leaves:
        for depth in range(3):
            branch = (row.family, row.quantity)[:depth]
            ratios.setdefault(branch, []).append(ratio)
    label = {row.quantity: row.label for row, _ in leaves}
    lines = [
        {"model": model, "id": "/".join((model, *branch)),
         "parent": "/".join((model, *branch[:-1])) if branch else "",
         "label": label.get(branch[-1], branch[-1]) if branch else model,
         "ratio_to_floor": _geometric_mean(under), "verdict": "", "real": np.nan,
         "value": np.nan, "distance": np.nan}
        for branch, under in ratios.items()
    ]  # fmt: skip
    lines += [
        {"model": model, "id": f"{model}/{row.family}/{row.quantity}/{row.metric}",
         "parent": f"{model}/{row.family}/{row.quantity}", "label": row.metric,
         "ratio_to_floor": ratio, "verdict": row.verdict[model], "real": row.real,
         "value": row.values[model], "distance": row.distance[model]}
        for row, ratio in leaves
    ]  # fmt: skip
    return pd.DataFrame(lines)


def _geometric_mean(ratios: Sequence[float]) -> float:
    """A ratio of 0 (nothing differs) counts as a tenth of the floor."""
    return float(np.exp(np.mean(np.log(np.maximum(ratios, 0.1)))))


def _in_order(card: Scorecard) -> list[Any]:
    return sorted(card.rows, key=lambda row: FAMILIES.index(row.family))


def _short(ratio: float) -> str:
    return "" if np.isnan(ratio) else f"{ratio:.2g}" if ratio < 100 else "> 100"


def _scale() -> list[list[Any]]:
    """Green up to a match, yellow where close, red beyond, along log2 of the ratio."""
    span = np.log2(_MOST / _LEAST)
    match, close = (float(np.log2(x / _LEAST) / span) for x in (MATCH, CLOSE))
    return [
        [0.0, "#9fd3ac"], [match, "#dcefe1"], [match, "#fdf3dc"], [close, "#f5d58a"],
        [close, "#f6c3bd"], [1.0, "#d9604f"],
    ]  # fmt: skip
