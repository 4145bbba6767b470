"""CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import Any

import pandas as pd

# What spreadsheets take for the start of a formula, wide forms and leading blanks included.
_FORMULA = re.compile(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV, lines ended by a line feed; missing values are empty.

    Text that a spreadsheet would take for a formula gets an apostrophe before it. Numbers stay
    numbers, negative ones and those written as text included.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe_cell(str(name)) for name in frame.columns])
    columns = [frame[name].tolist() for name in frame.columns]
    writer.writerows([[safe_cell(value) for value in row] for row in zip(*columns, strict=True)])
    return text.getvalue()


def safe_cell(value: Any) -> Any:
    """A value as it may stand in a CSV cell; see `csv_text`."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if not isinstance(value, str):
        return value
    # A bare carriage return is not put in quotes, and starts a row with what follows it.
    value = re.sub(r"\r\n?", "\n", value)
    return value if _NUMBER.fullmatch(value) or not _FORMULA.match(value) else f"'{value}"
