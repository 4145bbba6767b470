"""What a chart shows, apart from how it is drawn.

One `ChartSpec` feeds the screen, the printed page, the CSV of the chart and its 'show as table':
whatever is seen is a column of `data`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from app.charts.csv_text import csv_text
from app.charts.palette import Role

MAX_POINTS = 2_000  # of a line: more cannot be seen, and browsers crawl
MAX_CELLS = 24_000  # of the book in one panel
SIGNIFICANT_DIGITS = 7  # of float32, which the screen gets; JSON and CSV show the same digits

Kind = Literal["fan", "lines", "histogram", "qq", "bar", "heatmap", "depth", "ladder"]
BIDS, ASKS = "Bids", "Asks"  # the series of a `depth` whose rows are cells
COLUMNS: dict[str, tuple[str, ...]] = {
    "fan": ("series", "x", "q50"),
    "lines": ("series", "x", "y"),
    "histogram": ("series", "left", "right", "y"),
    "qq": ("series", "x", "y"),
    "bar": ("series", "category", "y"),
    "heatmap": ("row", "column", "value", "text"),
    "depth": ("series", "x", "y", "value"),
    "ladder": ("series", "x", "y"),
}


def _read_frame(value: Any) -> pd.DataFrame:
    if isinstance(value, Mapping):
        value = pd.DataFrame({name: list(column) for name, column in value.items()})
    if not isinstance(value, pd.DataFrame):
        raise ValueError("a chart's data is a data frame, or a mapping of columns")
    columns: dict[str, Any] = {}
    for name in value.columns:
        column = value[name]
        if pd.api.types.is_numeric_dtype(column) or column.isna().all():
            columns[str(name)] = _rounded(column.to_numpy(np.float64))
        else:
            columns[str(name)] = column.astype(str).to_numpy(object)
    return pd.DataFrame(columns)


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.array([float(f"{value:.{SIGNIFICANT_DIGITS}g}") for value in values])


def _write_frame(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {
        name: [None if isinstance(v, float) and not np.isfinite(v) else v for v in frame[name]]
        for name in frame.columns
    }


Frame = Annotated[
    pd.DataFrame,
    BeforeValidator(_read_frame),
    PlainSerializer(_write_frame, return_type=dict),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "array"}}),
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Axis(_Frozen):
    """An axis: its label, unit included, whether it is logarithmic, and where it has its ticks."""

    label: str
    log: bool = False
    ticks: tuple[float, ...] = ()  # chosen by the renderer where empty


class Marker(_Frozen):
    """A labelled straight line across the plot, at `value` of the axis `axis`."""

    value: float
    label: str
    role: Role = Role.OTHER
    axis: Literal["x", "y"] = "x"


class Span(_Frozen):
    """A labelled stretch of the x axis, such as the time a shock is in force."""

    start: float
    end: float
    label: str


class ChartSpec(_Frozen):
    """A chart as data; equal specs give equal charts.

    Attributes
    ----------
    kind : what is drawn; `data` has these columns (every kind may add `panel`, the title of the
        small multiple that the row belongs to; all panels share their axes):

        - ``fan``: series, x, and quantiles named q05, q50, q95, ...; q50 is drawn as a line, the
          others in pairs as bands; a series with only q50 is a line
        - ``lines``: series, x, y, optionally low and high (a band); a missing y breaks the line
        - ``histogram``: series, left, right, y (a density or a share)
        - ``qq``: series, x (quantiles of the reference), y; the diagonal is drawn as well
        - ``bar``: series, category, y, optionally low and high (an interval)
        - ``heatmap``: row, column, value (0 good, 1 middling, 2 bad, missing: no verdict), text;
          where ``shaded``, value is any number, coloured by its size on both sides of 0
        - ``depth``: series, x, y, value; rows of the series Bids and Asks are cells of an even grid
          and `value` what rests there, in a series with a `value` they are points of that size, in
          one without they are a line
        - ``ladder``: series (Bids, Asks), y a price, x what rests there: bars to the right
    name : short name of letters, digits, `-` and `_`, for files
    roles : what each series stands for, in the order in which series are drawn
    caption : what to see, with units, sample size and method; one or two sentences
    definition : what exactly is drawn and how it is computed, for who asks
    alt : the same for somebody who cannot see the chart
    """

    kind: Kind
    name: str
    data: Frame
    title: str
    x: Axis
    y: Axis
    roles: dict[str, Role]
    caption: str = ""
    definition: str = ""
    alt: str = ""
    markers: tuple[Marker, ...] = ()
    spans: tuple[Span, ...] = ()
    shaded: bool = False

    @model_validator(mode="after")
    def _check(self) -> ChartSpec:
        missing = [name for name in COLUMNS[self.kind] if name not in self.data.columns]
        if missing:
            raise ValueError(f"chart {self.name}: a {self.kind} needs the column {missing[0]}")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.name):
            raise ValueError(f"chart name {self.name!r}: only letters, digits, - and _")
        if self.kind != "heatmap":
            unknown = set(self.data["series"]) - set(self.roles)
            if unknown:
                raise ValueError(f"chart {self.name}: series {sorted(unknown)[0]} has no role")
        for panel, frame in self.panels():
            for series, rows in self.series(frame):
                if self._longest(rows) > MAX_POINTS:
                    raise ValueError(
                        f"chart {self.name}: {series} has a line of more than {MAX_POINTS} points"
                        f"{f' in {panel}' if panel else ''}; thin it out"
                    )
        return self

    def _longest(self, rows: pd.DataFrame) -> int:
        if self.kind == "depth" and rows["series"].iloc[0] in (BIDS, ASKS):
            return -(-len(rows) * MAX_POINTS // MAX_CELLS)
        if self.kind != "lines":
            return len(rows)
        breaks = np.flatnonzero(np.isnan(rows["y"].to_numpy(np.float64)))
        return int(np.diff(np.concatenate(([-1], breaks, [len(rows)]))).max()) - 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChartSpec):
            return NotImplemented
        return self.model_dump() == other.model_dump()

    def panels(self) -> list[tuple[str, pd.DataFrame]]:
        """Title and rows of each small multiple, in order; a lone one has no title."""
        if "panel" not in self.data.columns:
            return [("", self.data)]
        return [(str(title), rows) for title, rows in self.data.groupby("panel", sort=False)]

    def grid(self) -> tuple[int, int]:
        """Rows and columns of the small multiples: up to three in a row, four in a square."""
        count = len(self.panels())
        columns = 2 if count == 4 else min(count, 3)
        return -(-count // columns), columns

    def series(self, rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
        """Name and rows of each series that occurs in `rows`, in drawing order."""
        if "series" not in rows.columns:
            return
        for name in self.roles:
            own = rows[rows["series"] == name]
            if len(own):
                yield name, own

    def bands(self) -> list[tuple[str, str]]:
        """Pairs of quantile columns of a fan, the widest first: (q05, q95), (q25, q75)."""
        levels = sorted(c for c in self.data.columns if re.fullmatch(r"q\d\d", c) and c < "q50")
        pairs = [(low, f"q{100 - int(low[1:]):02d}") for low in levels]
        return [pair for pair in pairs if pair[1] in self.data.columns]

    def late(self, x: float) -> bool:
        """Whether `x` lies in the last third of the x axis: its label then goes to the left."""
        names = [name for name in ("x", "left", "right") if name in self.data.columns]
        low, high = (float(self.data[names].min().min()), float(self.data[names].max().max()))
        return bool(names) and x > low + (high - low) * 2 / 3

    def headroom(self) -> float:
        """Top of the y axis that leaves room for the labels of the markers above the data."""
        levels = (marker.value for marker in self.markers if marker.axis == "y")
        top = max(float(self.data["y"].max()), *levels, 0.0) or 1.0
        return top / (1.0 - 0.1 * min(len(self.markers), 5))

    def largest(self) -> float:
        """Size of the largest value of a shaded heat map, 1 where all are 0 or missing."""
        return float(np.nanmax(np.abs(self.data["value"].to_numpy()), initial=0.0)) or 1.0

    def to_csv(self) -> str:
        """The data as CSV; text that a spreadsheet would take for a formula is made harmless."""
        return csv_text(self.data)
