"""What stands where: templates, pages, tables, hostile words, and equal numbers everywhere."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from app.charts.csv_text import csv_text
from app.charts.numbers import interval, number
from app.report import StressReport, assemble
from app.report.blocks import Charts, Heading, Table
from app.report.csv_tables import frames_of
from app.report.html import render_html
from app.report.model_risk import tripped_sentence
from app.report.pdf import render_pdf
from app.report.risk_tables import counters_table
from app.report.section import Section
from app.report.templates import TEMPLATES, blocks_of
from app.report.texts import STAMP
from engine.risk import Estimate

HOSTILE = (
    '</script><img src=x onerror="alert(1)"> #panic() [*bold*] $x^2$ `raw` \\ @ref <label> '
    "{{ 7*7 }} {% if %} &amp; =HYPERLINK(1)"
)


class Rows(HTMLParser):
    """Text of the cells of every table row, small print apart from what stands above it."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[list[str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append([""])
            self._inside = True
        if tag == "small":
            self.rows[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1][-1] += data


def pages_of(pdf: bytes, folder: Path, order: str = "-layout") -> list[str]:
    """Text of each page, laid out as on the page, or (-raw) in the order of reading."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", order, path, "-"], check=True, capture_output=True, text=True
    )
    return done.stdout.rstrip("\f").split("\f")


@pytest.fixture(scope="module")
def drawn(report: StressReport) -> StressReport:
    """The report without its realism charts, which take the time."""
    section = report.sections[0].model_copy(update={"realism_charts": ()})
    return report.model_copy(update={"sections": (section,)})


@pytest.fixture(scope="module")
def hostile(drawn: StressReport) -> StressReport:
    """Every word that a user can write is hostile."""
    section = drawn.sections[0]
    scenario = section.spec.scenario.model_copy(
        update={
            "title": f"=1+1 {HOSTILE}"[:120], "description": HOSTILE, "notes": HOSTILE,
            "provenance": HOSTILE,
        }
    )  # fmt: skip
    spec = section.spec.model_copy(update={"scenario": scenario})
    lines = tuple(line.model_copy(update={"sentence": HOSTILE}) for line in section.shocks)
    bad = section.model_copy(update={"spec": spec, "shocks": lines, "charts": section.charts[:1]})
    return assemble([bad], drawn.manifest)


def several(report: StressReport, count: int) -> list[Section]:
    """The same stress test again and again, under long names."""
    section = report.sections[0]
    scenario = section.spec.scenario.model_copy(
        update={"title": "Long name " * 12, "description": "Something long happens here. " * 30}
    )
    spec = section.spec.model_copy(update={"scenario": scenario})
    return [section.model_copy(update={"spec": spec}) for _ in range(count)]


# Templates


@pytest.mark.parametrize("count", [1, 12])
def test_committee_report_has_three_pages(drawn: StressReport, count: int, tmp_path: Path) -> None:
    many = assemble(several(drawn, count), drawn.manifest, 12.0)
    pages = pages_of(render_pdf(many, "committee"), tmp_path)
    assert len(pages) == 3
    for i, page in enumerate(pages, 1):
        assert STAMP in page
        assert re.search(rf"\b{i} ?/ ?3\s*$", page)
    assert "Summary" in pages[0]
    assert "Results" in pages[1]
    assert "Sign-off" in pages[2]


def test_full_report_has_every_part_in_order(drawn: StressReport) -> None:
    blocks = blocks_of(drawn, "full")
    parts = [block.text for block in blocks if isinstance(block, Heading) and block.level == 1]
    assert parts == [
        "Summary", "Scope", "Scenarios", "Results", "Losses and attribution",
        "Liquidity and market quality", "Sensitivity and reverse stress", "Realism", "Model risk",
        "Reproducibility", "Change log and sign-off", "Appendix: definitions and precision",
    ]  # fmt: skip
    anchors = [block.anchor for block in blocks if isinstance(block, Heading)]
    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_table_says_what_its_numbers_rest_on(drawn: StressReport, template: str) -> None:
    both = assemble([drawn.sections[0], drawn.sections[0]], drawn.manifest, 12.0)
    for report in (drawn, both):
        tables = [block for block in blocks_of(report, template) if isinstance(block, Table)]
        assert len(tables) >= 4
        for table in tables:
            assert table.basis.source, table.title
            assert {len(row) for row in table.rows} <= {len(table.columns)}, table.title
            assert sum(column.share for column in table.columns) == pytest.approx(1.0), table.title
            if any(column.align == "right" for column in table.columns):
                assert table.basis.units, table.title
                assert table.basis.sample, table.title
                assert table.basis.intervals, table.title


@pytest.mark.parametrize("template", TEMPLATES)
def test_figures_are_numbered_in_order(drawn: StressReport, template: str) -> None:
    both = assemble([drawn.sections[0], drawn.sections[0]], drawn.manifest)
    blocks = [block for block in blocks_of(both, template) if isinstance(block, Charts)]
    numbers = [chart.number for block in blocks for chart in block.charts]
    assert numbers == list(range(1, len(numbers) + 1))


def test_stamp_stands_on_every_page_of_the_page(drawn: StressReport) -> None:
    page = render_html(drawn, "committee")
    assert page.count(STAMP) == 2, "in the bar that stays at the top, and at the end"
    assert ".bar { position: sticky" in page


def test_pdf_of_each_template_is_the_same_again(drawn: StressReport) -> None:
    for template in TEMPLATES:
        short = drawn.sections[0].model_copy(update={"charts": drawn.sections[0].charts[:1]})
        report = drawn.model_copy(update={"sections": (short,)})
        assert render_pdf(report, template) == render_pdf(report, template)


def test_dark_figures_are_the_light_ones_with_other_colours(drawn: StressReport) -> None:
    page = render_html(drawn, "committee")
    data = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.S)
    assert data is not None
    for chart in json.loads(data[1]).values():
        assert chart["dark"]
        for path, _ in chart["dark"]:
            part = chart["figure"]
            for key in path:
                part = part[key]
            assert not {"x", "y"} & {str(key) for key in path[2:]}, "no number of a chart changes"


# Numbers


def test_each_format_shows_the_numbers_of_the_json(drawn: StressReport, tmp_path: Path) -> None:
    stored = json.loads(drawn.model_dump_json())
    parser = Rows()
    parser.feed(render_html(drawn).replace(get_plotlyjs(), ""))
    text = "\n".join(pages_of(render_pdf(drawn), tmp_path))
    seen = 0
    for row in stored["sections"][0]["risk"]["rows"]:
        arms = [
            (Estimate.model_validate(row[arm]) if row[arm] else None, arm == "effect")
            for arm in ("unshocked", "shocked", "effect")
        ]
        values = [number(one.value, signed=sign) if one else "–" for one, sign in arms]
        ends = [interval(one.lower, one.upper, signed=sign) for one, sign in arms if one]
        label = [row["label"], row["unit"]]
        found = [cells for cells in parser.rows if cells and cells[0] == label and len(cells) == 5]
        assert len(found) == 1, row["measure"]
        assert [cell[0] for cell in found[0][1:4]] == values
        assert [cell[1] for cell in found[0][1:4] if len(cell) > 1] == [e for e in ends if e != "–"]
        line = r"\s+".join(re.escape(value) for value in values)
        assert re.search(rf"{line}(\s|$)", text, re.M), row["measure"]
        seen += 1
    assert seen > 15
    plain = re.sub(r"\s+", " ", text)
    bare = html.unescape(re.sub(r"<[^>]+>", " ", render_html(drawn).replace(get_plotlyjs(), "")))
    for where in (plain, re.sub(r"\s+", " ", bare)):
        assert stored["verdict"]["text"] in where
        for finding in stored["summary"]:
            assert finding in where
        for card in stored["cards"]:
            assert card["value"] in where


def test_sizes_are_no_share_of_events(drawn: StressReport) -> None:
    counters = {"proposed": 200, "thinned": 50, "withdrawn_size": 60, "halted": 0}
    section = drawn.sections[0].model_copy(update={"shocked_counters": counters})
    rows = {row[0].text: row[2] for row in counters_table(section).rows}
    assert (rows["thinned"].text, rows["thinned"].note) == ("50", "25.0%")
    assert (rows["withdrawn size"].text, rows["withdrawn size"].note) == ("60", "shares")
    assert "halted" not in rows


# Hostile words


@pytest.mark.parametrize("template", TEMPLATES)
def test_hostile_words_are_words(hostile: StressReport, template: str, tmp_path: Path) -> None:
    page = render_html(hostile, template).replace(get_plotlyjs(), "")
    assert page.count("<script") == page.count("</script>") == 3
    assert "<img" not in page
    assert html.escape(HOSTILE[:60], quote=False)[:60] in page.replace("&#34;", '"')
    text = re.sub(r"\s+", " ", " ".join(pages_of(render_pdf(hostile, template), tmp_path, "-raw")))
    assert "</script><img src=x" in text
    assert "#panic() [*bold*] $x^2$ `raw` \\ @ref <label> {{ 7*7 }}" in text
    stored = hostile.model_dump_json()
    assert StressReport.model_validate_json(stored).model_dump_json() == stored


def test_hostile_words_are_no_formulae_in_tables(hostile: StressReport) -> None:
    for name, frame in frames_of(hostile).items():
        text = csv_text(frame)
        assert not re.search(r'(^|,)"?[=@]', text, re.M), name
    assert "'=1+1" in csv_text(frames_of(hostile)["risk"])


# Triggers


def test_triggers_follow_the_numbers(report: StressReport) -> None:
    sentence = tripped_sentence(report)
    assert "Distance to real data over the floor (allowed up to 1.5): 2.76" in sentence
    assert "Paths behind ES 95% (allowed 100 or more): 48" in sentence
    section = report.sections[0]
    fine = section.model_copy(
        update={
            "scorecard": None, "achieved": (), "shocked_counters": {"proposed": 100},
            "risk": section.risk.model_copy(update={"paths": 100, "cut_paths": 0}),
        }
    )  # fmt: skip
    assert tripped_sentence(report.model_copy(update={"sections": (fine,)})) == (
        "No monitoring trigger is tripped."
    )
