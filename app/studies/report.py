"""What comes out of a study: answers in words, charts and tables, as JSON, HTML, SVG and CSV."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.charts import ChartSpec, to_svg
from app.charts.csv_text import csv_text
from app.charts.numbers import count, number
from app.charts.spec import Frame
from app.fonts import embedded_fonts
from engine.runs.atomic import write_atomic
from model.errors import FaultlineError

RESULT = "result.json"
STAMP = "Faultline · synthetic scenarios; not a forecast"
WIDTH_IN, ROW_IN, HEAD_IN, PLOT_IN = 9.0, 0.3, 0.7, 3.2  # of the pictures


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Answer(_Frozen):
    """One number as it is shown, what it means, and a line below it."""

    label: str
    value: str
    definition: str
    note: str = ""


class StudyTable(_Frozen):
    """A table; `definitions` says for each column that needs it what its numbers are."""

    name: str = Field(pattern="^[a-z0-9_-]+$")  # of its file
    title: str
    data: Frame
    definitions: dict[str, str] = {}
    note: str = ""


class StudyReport(_Frozen):
    """Everything that is shown of a study.

    Attributes
    ----------
    title, verdict : what was asked, and the answer in a sentence or two
    remarks : what limits the answer
    command : makes it again; empty where a name does not say what was played
    failure : one line where the question has no answer, such as an outcome out of reach
    """

    title: str
    verdict: str
    answers: tuple[Answer, ...] = ()
    charts: tuple[ChartSpec, ...] = ()
    tables: tuple[StudyTable, ...] = ()
    remarks: tuple[str, ...] = ()
    command: str = ""
    failure: str = ""


def write_study(report: StudyReport, folder: Path) -> None:
    """Write `study.html`, NAME.svg for each chart, NAME.csv for each table, and `result.json`.

    Each file appears whole or not at all; `result.json` comes last.
    """
    for table in report.tables:
        write_atomic(folder / f"{table.name}.csv", csv_text(table.data))
    pictures = {chart.name: _picture(chart) for chart in report.charts}
    for name, picture in pictures.items():
        write_atomic(folder / f"{name}.svg", picture)
    write_atomic(folder / "study.html", _html(report, pictures))
    write_atomic(folder / RESULT, report.model_dump_json(indent=1) + "\n")


def read_study(folder: Path) -> StudyReport:
    """Read `result.json`; `FaultlineError` where it is missing, broken or of another version."""
    path = folder / RESULT
    try:
        return StudyReport.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise FaultlineError(
            f"{path}: not a study that this version can read; run it again"
        ) from error


def _picture(chart: ChartSpec) -> str:
    height = PLOT_IN
    if chart.kind == "heatmap":
        height = HEAD_IN + ROW_IN * chart.data["row"].nunique()
    return to_svg(chart, WIDTH_IN, height)


def _html(report: StudyReport, pictures: dict[str, str]) -> str:
    source = (files("app.studies") / "study.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(
        report=report,
        stamp=STAMP,
        # Matplotlib draws text as outlines: what users wrote is no markup in the picture.
        pictures={name: Markup(text[text.index("<svg") :]) for name, text in pictures.items()},
        text=_cell,
        fonts=embedded_fonts(),
    )


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return count(int(value)) if value.is_integer() else number(value)
