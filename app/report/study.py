"""Studies that a report takes along: sweeps, reverse stresses, rare losses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from app.charts.numbers import MISSING, count, number
from app.report.blocks import Align, Basis, Block, Bullets, Cell, Column, Heading, Paragraph, Table
from app.report.figures import figures
from app.studies.report import StudyReport, StudyTable

LETTERS = 8, 40  # least and most that the width of a column is made for
MOST_ROWS = 40  # of a study's table: more are in its own CSV
NONE_GIVEN = (
    "No sensitivity study and no reverse stress was given to this report. Give it the folder of "
    "one with --study."
)


def study_blocks(studies: tuple[StudyReport, ...], numbers: Iterator[int]) -> list[Block]:
    """Every study under a heading of its own; a sentence where there is none."""
    if not studies:
        return [Paragraph(NONE_GIVEN, small=True)]
    blocks: list[Block] = []
    for i, study in enumerate(studies, 1):
        blocks += [Heading(study.title, 2, f"study-{i}"), Paragraph(study.failure or study.verdict)]
        blocks += figures(study.charts, numbers)
        blocks += [_table(table, study.command or "study of Faultline") for table in study.tables]
        if study.remarks:
            blocks.append(Bullets(study.remarks))
    return blocks


def _table(table: StudyTable, source: str) -> Table:
    frame = table.data.head(MOST_ROWS)
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    aligns: list[Align] = ["right" if one else "left" for one in numeric]
    texts = [[_text(value) for value in row] for row in frame.itertuples(index=False)]
    names = [str(name) for name in frame.columns]
    letters = [max(len(text) for text in column) for column in zip(names, *texts, strict=True)]
    widths = np.clip(letters, *LETTERS)  # what is longer is broken into lines
    columns = tuple(map(Column, names, aligns, (widths / widths.sum()).tolist()))
    rows = tuple(tuple(map(Cell, row)) for row in texts)
    basis = Basis(
        units="; ".join(f"{name}: {text}" for name, text in table.definitions.items())
        or "as headed",
        sample=f"{count(len(table.data))} rows",
        intervals=table.note or "none",
        source=source,
    )
    left_out = len(table.data) - len(frame)
    note = f"Not shown: {count(left_out)} rows, in the CSV of the study." if left_out else ""
    return Table(table.title, columns, rows, basis, note)


def _text(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if pd.isna(value):
        return MISSING
    return count(int(value)) if value.is_integer() else number(value)
