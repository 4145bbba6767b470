"""The report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from app.charts.plotly_renderer import to_plotly
from app.report.blocks import Chart, Charts
from app.report.pages import blocks_of, cover_of
from app.report.stress_report import StressReport

FONTS = {400: "Inter-Regular.otf", 600: "Inter-SemiBold.otf"}


def render_html(report: StressReport) -> str:
    """The HTML text; whatever came from users or files is escaped."""
    blocks = blocks_of(report)
    charts = [chart for block in blocks if isinstance(block, Charts) for chart in block.charts]
    left, right = cover_of(report)
    source = (files("app.report") / "report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(
        report=report,
        cover_left=left,
        cover_right=right,
        blocks=blocks,
        fonts={weight: _font(name) for weight, name in FONTS.items()},
        # A closing tag inside the library would end the script element: there is none, see tests.
        plotly=Markup(get_plotlyjs()),
        charts=_json({chart.number: _chart(chart) for chart in charts}),
    )


def _chart(chart: Chart) -> dict[str, Any]:
    figure = json.loads(to_plotly(chart.spec, title=False).to_json())
    # Without the default template, which is 7 kB in each figure and draws nothing here.
    figure["layout"].pop("template", None)
    return {
        "figure": figure,
        "csv": chart.spec.to_csv(),
        "file": f"figure-{chart.number}-{chart.spec.name}.csv",
    }


def _json(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _font(name: str) -> str:
    return base64.b64encode((files("assets") / "fonts" / name).read_bytes()).decode()
