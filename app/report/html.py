"""The report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from app.charts.plotly_renderer import to_plotly
from app.fonts import embedded_fonts
from app.report.blocks import Chart, Charts, Heading, with_titles
from app.report.stress_report import StressReport
from app.report.templates import blocks_of, cover_of


def render_html(report: StressReport, template: str = "full") -> str:
    """The HTML text; whatever came from users or files is escaped."""
    blocks = blocks_of(report, template)
    charts = [chart for block in blocks if isinstance(block, Charts) for chart in block.charts]
    left, right = cover_of(report)
    source = (files("app.report") / "report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(
        report=report,
        cover_left=left,
        cover_right=right,
        blocks=list(with_titles(blocks)),
        headings=[block for block in blocks if isinstance(block, Heading) and block.level == 1],
        fonts=embedded_fonts(),
        # A closing tag inside the library would end the script element: there is none, see tests.
        plotly=Markup(get_plotlyjs()),
        charts=_json({chart.number: _chart(chart) for chart in charts}),
    )


def _chart(chart: Chart) -> dict[str, Any]:
    figure, dark = (_figure(chart, dark) for dark in (False, True))
    return {
        "figure": figure,
        "dark": list(_differences(figure, dark)),
        "csv": chart.spec.to_csv(),
        "file": f"figure-{chart.number}-{chart.spec.name}.csv",
    }


def _figure(chart: Chart, dark: bool) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(to_plotly(chart.spec, dark=dark, title=False).to_json())
    # Without the default template, which is 7 kB in each figure and draws nothing here.
    figure["layout"].pop("template", None)
    return figure


def _differences(light: Any, dark: Any) -> Iterator[tuple[list[str | int], Any]]:
    """Where the dark figure differs from the light one: keys from the root, and the dark value."""
    if isinstance(light, dict) and isinstance(dark, dict) and light.keys() == dark.keys():
        pairs: Any = ((key, light[key], dark[key]) for key in light)
    elif isinstance(light, list) and isinstance(dark, list) and len(light) == len(dark):
        pairs = ((i, *both) for i, both in enumerate(zip(light, dark, strict=True)))
    else:
        if light != dark:
            yield [], dark
        return
    for key, one, other in pairs:
        for path, value in _differences(one, other):
            yield [key, *path], value


def _json(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
