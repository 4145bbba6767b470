"""Words of users stay words: on pages, in studies, in errors and in spreadsheets."""

from __future__ import annotations

import csv
import html
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.charts.csv_text import csv_text
from app.charts.spec import Axis, ChartSpec, Marker, Role, Span
from app.studies.report import Answer, StudyReport, StudyTable, write_study
from app.views.session import plain
from model.errors import FaultlineError

HOSTILE = '</script><img src=x onerror="alert(1)">&lt;b&gt; $x$ =1+1'
PIECES = st.sampled_from(
    ["<b>", "</script>", "![x](http://a.example/x)", "[x](javascript:alert(1))", "`", "**", "$x$",
     ":red[x]", ":material/x:", "# ", "- ", "1. ", "> ", "|a|", "---", "~~", "&amp;", "\\", "\n",
     "http://a.example", "<http://a.example>", " ", "word", ":smile:", "{x}", "(x)"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_markdown_shows_the_words(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(plain(text))
    kinds = {token.type for token in tokens}
    kinds |= {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {
        "paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak"
    }, f"{plain(text)!r} is more than words"  # fmt: skip


@pytest.mark.parametrize("text", [":red[x]", ":material/home:", ":smile:", "$x$", "$$x$$"])
def test_words_of_streamlit_s_own_are_escaped(text: str) -> None:
    assert re.search(r"\\[:$]", plain(text))


def study() -> StudyReport:
    frame = {"series": [HOSTILE] * 2, "x": [0.0, 1.0], "y": [0.0, 1.0], "panel": [HOSTILE] * 2}
    chart = ChartSpec(
        kind="lines", name="chart", data=frame, title=HOSTILE, x=Axis(label=HOSTILE),
        y=Axis(label=HOSTILE), roles={HOSTILE: Role.OTHER}, caption=HOSTILE, alt=HOSTILE,
        markers=(Marker(value=0.5, label=HOSTILE),), spans=(Span(start=0, end=1, label=HOSTILE),),
    )  # fmt: skip
    table = StudyTable(name="table", title=HOSTILE, data={HOSTILE: [HOSTILE, "=1+1"]}, note=HOSTILE)
    return StudyReport(
        title=HOSTILE, verdict=HOSTILE, remarks=(HOSTILE,), command=HOSTILE, charts=(chart,),
        tables=(table,), answers=(Answer(label=HOSTILE, value=HOSTILE, definition=HOSTILE),),
    )  # fmt: skip


def test_a_study_of_hostile_words(tmp_path: Path) -> None:
    write_study(study(), tmp_path)
    page = (tmp_path / "study.html").read_text()
    assert "<img src=x" not in page
    assert "<script" not in page
    assert html.escape(HOSTILE.split(" $")[0], quote=False).replace('"', "&#34;") in page
    assert "default-src 'none'" in page
    rows = list(csv.reader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert rows[2] == ["'=1+1"]
    assert "<script" not in (tmp_path / "chart.svg").read_text()


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x.csv", "A\n"])
def test_names_of_a_study_s_files(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        StudyTable(name=name, title="t", data={"a": [1]})


def test_a_carriage_return_starts_no_row() -> None:
    frame = pd.DataFrame({"told": ["word\r=1+1", "\r=1+1"]})
    rows = list(csv.reader(io.StringIO(csv_text(frame), newline="")))
    assert rows == [["told"], ["word\n=1+1"], ["'\n=1+1"]]


@given(st.text(max_size=12) | st.sampled_from("=+-@\t\r\n").flatmap(
    lambda first: st.text(max_size=5).map(lambda rest: f" {first}{rest}")
))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_no_cell_is_a_formula(text: str) -> None:
    frame = pd.DataFrame({"told": [text], "number": [-1.5]})
    rows = list(csv.reader(io.StringIO(csv_text(frame), newline="")))
    cell = rows[1][0]
    number = re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", cell)
    assert number or not cell.strip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b"))
    assert rows[1][1] == "-1.5"


def test_errors_are_one_line_that_steers_no_terminal() -> None:
    text = str(FaultlineError("a\n\tb \x1b[2J\x07 \u202e end"))
    assert text == "a b \ufffd[2J\ufffd \ufffd end"
