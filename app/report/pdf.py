"""The report as PDF: Typst sets the text, Matplotlib draws the charts."""

from __future__ import annotations

import dataclasses
import json
import re
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import typst
from matplotlib.ft2font import FT2Font

from app.charts.mpl_renderer import to_svg
from app.report.blocks import Block, Chart, Charts, Table, with_titles
from app.report.stress_report import StressReport
from app.report.templates import blocks_of, cover_of

STANDARDS: list[typst.PDFStandard] = [
    "a-2a",
    "ua-1",
]  # archival, and readable by screen readers
PAGE_WIDTH_IN = 6.93  # between the margins
UNKNOWN = "\N{WHITE SQUARE}"  # in place of characters that the font has not


def render_pdf(report: StressReport, template: str = "full") -> bytes:
    """The PDF; the same report and template give the same bytes.

    Data reach the template as JSON and are set as text: nothing in them is ever run.
    """
    left, right = cover_of(report)
    data = {
        "title": report.title,
        "cover": [left, right],
        "verdict": report.verdict.model_dump(),
        "cards": [card.model_dump() for card in report.cards],
        "blocks": [
            _plain(block, titled) for block, titled in with_titles(blocks_of(report, template))
        ],
        "stamp": report.stamp,
    }
    source = (files("app.report") / "report.typ").read_bytes()
    with as_file(files("assets") / "fonts") as fonts:
        return typst.compile(
            source,
            font_paths=typst.Fonts(include_system_fonts=False, font_paths=[str(fonts)]),
            sys_inputs={"report": json.dumps(_printable(data))},
            pdf_standards=STANDARDS,
            timestamp=int(report.manifest.created.timestamp()),
        )


def _plain(block: Block, titled: bool) -> dict[str, Any]:
    if isinstance(block, Table):
        return dataclasses.asdict(block) | {"below": block.below, "titled": titled}
    if not isinstance(block, Charts):
        return dataclasses.asdict(block)
    width = PAGE_WIDTH_IN if len(block.charts) == 1 else 0.485 * PAGE_WIDTH_IN
    return {
        "type": "charts",
        "charts": [_chart(chart, width, block.short) for chart in block.charts],
    }


def _chart(chart: Chart, width_in: float, short: bool) -> dict[str, Any]:
    spec = chart.spec
    return {
        "number": chart.number,
        "title": spec.title,
        "caption": spec.caption,
        "alt": spec.alt,
        "svg": to_svg(spec, width_in, 3.9 if spec.grid()[0] > 1 else 2.0 if short else 2.5),
    }


def _printable(value: Any) -> Any:
    """The same with every character that the font does not have replaced."""
    if isinstance(value, dict):
        return {key: _printable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(part) for part in value]
    if isinstance(value, str):
        return re.sub(r"[^\n]", lambda m: m[0] if ord(m[0]) in _characters() else UNKNOWN, value)
    return value


@cache
def _characters() -> frozenset[int]:
    """Code points of the bundled font."""
    with as_file(files("assets") / "fonts" / "Inter-Regular.otf") as path:
        return frozenset(FT2Font(str(path)).get_charmap())
