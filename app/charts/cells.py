"""The cells of an even grid out of the rows of a data frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

FULL = 0.98  # share of the cells that are paler than the deepest colour


class Cells(NamedTuple):
    """A grid of cells: `value` [rows of y, columns of x], NaN where there is none."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]

    @property
    def shade(self) -> npt.NDArray[np.float64]:
        """Root of the value over that of a deep cell, 0 to 1, so that small sizes are seen."""
        there = self.value[np.isfinite(self.value)]
        deep = float(np.quantile(there, FULL)) if len(there) else 1.0
        return np.clip(np.sqrt(self.value / (deep or 1.0)), 0.0, 1.0)


def cells_of(rows: pd.DataFrame, frame: pd.DataFrame) -> Cells:
    """The rows (x, y, value) of one series on the grid of all cells of a panel.

    Parameters
    ----------
    rows : of the series
    frame : rows of all series that are cells on the same grid
    """
    x, y = _even(frame["x"]), _even(frame["y"])
    value = np.full((len(y), len(x)), np.nan)
    column = np.rint((rows["x"] - x[0]) / _step(x)).astype(int)
    row = np.rint((rows["y"] - y[0]) / _step(y)).astype(int)
    value[row, column] = rows["value"]
    return Cells(x, y, value)


def _even(values: pd.Series) -> npt.NDArray[np.float64]:
    """Every place of the grid between the first and the last, whether anything lies there."""
    known = np.unique(values)
    step = float(np.diff(known).min()) if len(known) > 1 else 1.0
    count = round((known[-1] - known[0]) / step) + 1
    return np.linspace(known[0], known[-1], count)


def _step(places: npt.NDArray[np.float64]) -> float:
    return float(places[1] - places[0]) if len(places) > 1 else 1.0
