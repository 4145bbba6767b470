"""The book in print: depth over time with trades on it, and the ladder at one moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

from app.charts.cells import cells_of
from app.charts.palette import LOOKS, Role
from app.charts.spec import ASKS, BIDS, ChartSpec

LEAST_PT, MOST_PT = 4.0, 60.0  # area of a trade, square points
DEEPEST = 0.8  # opacity of a cell


def draw_depth(ax: Any, spec: ChartSpec, frame: Any) -> None:
    """Cells of both sides, the lines, and the trades as triangles of their size."""
    cells = frame[frame["series"].isin([BIDS, ASKS])]
    most = frame.loc[~frame["series"].isin([BIDS, ASKS]), "value"].max()
    for name, rows in spec.series(frame):
        role = spec.roles[name]
        colour = LOOKS[role].light
        if name in (BIDS, ASKS):
            grid = cells_of(rows, cells)
            picture = np.ones((*grid.value.shape, 4))
            picture[..., :3] = to_rgb(colour)
            picture[..., 3] = DEEPEST * np.nan_to_num(grid.shade)
            half_x, half_y = (0.5 * (p[-1] - p[0]) / max(1, len(p) - 1) for p in (grid.x, grid.y))
            ends = (grid.x[0] - half_x, grid.x[-1] + half_x)
            ax.plot([], [], "s", label=name, color=colour, alpha=DEEPEST)
            ax.imshow(
                picture, origin="lower", aspect="auto", interpolation="nearest",
                extent=(*ends, grid.y[0] - half_y, grid.y[-1] + half_y),
            )  # fmt: skip
        elif rows["value"].isna().all():
            ax.plot(rows["x"], rows["y"], label=name, color=colour, linewidth=1.2)
        else:
            area = LEAST_PT + (MOST_PT - LEAST_PT) * rows["value"] / most
            ax.scatter(
                rows["x"], rows["y"], area, label=name, color=colour, edgecolor="white",
                linewidth=0.3, marker="^" if role is Role.BUY else "v", zorder=3,
            )  # fmt: skip
    ax.grid(visible=False)


def draw_ladder(ax: Any, spec: ChartSpec, frame: Any) -> None:
    """A bar to the right for what rests at each price."""
    places = np.unique(frame["y"])
    height = 0.9 * (float(np.diff(places).min()) if len(places) > 1 else 1.0)
    for name, rows in spec.series(frame):
        colour = LOOKS[spec.roles[name]].light
        ax.barh(rows["y"], rows["x"], height, label=name, color=colour, linewidth=0)
