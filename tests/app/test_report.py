"""The report: sentences agree with the numbers, and the three formats with each other."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from app.charts.numbers import number
from app.manifest import Manifest
from app.report import (
    StressReport,
    assemble,
    build_report,
    build_section,
    read_report,
    write_report,
)
from app.report.findings import TAIL, direction, findings_of
from app.report.headline import cards_of, question_of, verdict_of
from app.report.html import render_html
from app.report.pdf import render_pdf
from app.report.scorecard_table import BESIDE, TELLING, printed_models, scorecard_blocks
from app.report.section import Section
from app.report.templates import blocks_of
from engine.risk import AchievedRow, Estimate, RiskTable
from engine.rollout import StressRun
from engine.scenario import Scenario
from model.errors import FaultlineError
from stylized_facts import Scorecard


@pytest.fixture(scope="module")
def page(report: StressReport) -> str:
    return render_html(report)


@pytest.fixture(scope="module")
def pdf(report: StressReport) -> bytes:
    return render_pdf(report)


@pytest.fixture(scope="module")
def pdf_text(pdf: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True
    ).stdout


def visible(page: str) -> str:
    """Text of an HTML page without scripts, styles and tags."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare))


def with_effect(section: Section, measure: str, effect: tuple[float, float, float]) -> Section:
    """The section with another effect on one measure."""
    return section.model_copy(update={"risk": changed(section.risk, measure, effect)})


def changed(table: RiskTable, measure: str, effect: tuple[float, float, float]) -> RiskTable:
    """The table with another effect on one measure."""
    value, lower, upper = effect
    rows = [
        row.model_copy(update={"effect": Estimate(value=value, lower=lower, upper=upper)})
        if row.measure == measure
        else row
        for row in table.rows
    ]
    return table.model_copy(update={"rows": tuple(rows)})


# The object


def test_json_round_trip(report: StressReport) -> None:
    text = report.model_dump_json()
    assert StressReport.model_validate_json(text).model_dump_json() == text
    assert json.loads(text)["schema_version"] == 2
    assert StressReport.model_json_schema()["properties"]["schema_version"]["const"] == 2


def test_section_holds_the_scenario_in_words_and_values(report: StressReport) -> None:
    first, second = report.sections[0].shocks
    assert first.sentence.startswith("Sells 990 shares")
    assert {one.name: one.value for one in first.settings}["share"] == "0.3"
    assert all(one.meaning for one in first.settings)
    assert (second.start_s, second.end_s) == (70.0, 120.0)


def test_report_holds_several_runs(
    run: StressRun, manifest: Manifest, card: Scorecard, tmp_path: Path
) -> None:
    other = StressRun(run.spec.model_copy(update={"asset": "GOOG"}), run.profile, run.baseline,
                      run.baseline, run.timing)  # fmt: skip
    both = assemble([build_section(run, card), build_section(other)], manifest)
    assert "1 of 2 stress tests; AMZN: Sell programme" in both.verdict.text
    assert both.verdict.level == "adverse"
    page = visible(render_html(both))
    assert "S1 AMZN: Sell programme" in page
    assert "S2 GOOG: Sell programme" in page
    assert read_report(write_report(both, tmp_path, ["json"])["json"]).question == both.question


# Sentences


def test_direction_needs_an_interval_without_zero() -> None:
    assert direction(Estimate(value=1.0, lower=0.1, upper=2.0)) == "higher"
    assert direction(Estimate(value=-1.0, lower=-2.0, upper=-0.1)) == "lower"
    assert direction(Estimate(value=1.0, lower=-0.1, upper=2.0)) == "not clear"
    assert direction(Estimate(value=1.0)) == direction(None) == ""


def test_findings_give_number_sign_and_interval(report: StressReport) -> None:
    section = report.sections[0]
    row = section.risk["return_mean_bp"]
    assert row.effect.value < 0
    assert section.findings[0] == (
        f"Mean return over 240 s falls from {number(row.unshocked.value)} bp to "
        f"{number(row.shocked.value)} bp, a change of {number(row.effect.value)} bp "
        f"(95% interval {number(row.effect.lower)} to {number(row.effect.upper)})."
    )
    assert 1 <= len(section.findings) <= 5
    assert section.findings[1].startswith("ES 95% rises from ")
    assert section.findings[-1].startswith(
        "Against held-out real data of AMZN TradeFM matches 1 and comes close in 1 of 2 scores; "
        "its distance is 2.76 times that of real data to itself, and 0.724 times that of Hawkes"
    )


def test_findings_say_when_an_effect_may_be_zero(run: StressRun, report: StressReport) -> None:
    table = changed(report.sections[0].risk, "return_mean_bp", (-0.4, -1.2, 0.4))
    first = findings_of(run.spec, table, (), None)[0]
    assert "goes from" in first
    assert first.endswith(
        "(95% interval −1.20 to +0.400); the interval includes zero, so this run cannot tell the "
        "effect from none."
    )


def test_findings_say_what_was_not_achieved(run: StressRun, report: StressReport) -> None:
    missed = AchievedRow(
        shock=0, kind="liquidation", quantity="executed share", definition="", unit="share",
        asked=0.3, achieved=Estimate(value=0.12, lower=0.1, upper=0.14), agrees=False, n=48,
    )  # fmt: skip
    findings = findings_of(run.spec, report.sections[0].risk, [missed], None)
    assert any(
        "executed share: asked 0.300 share, achieved 0.120 (interval 0.100" in f for f in findings
    )
    assert "not known" in findings[-1]
    assert len(findings) == 5


@pytest.mark.parametrize(
    ("effect", "level", "words"),
    [
        ((5.0, 2.0, 8.0), "adverse", "rises"),
        ((-5.0, -8.0, -2.0), "relieving", "falls"),
        ((1.0, -2.0, 4.0), "unclear", "includes zero"),
        ((0.0, 0.0, 0.0), "none", "both arms are the same paths"),
    ],
)
def test_verdict_follows_the_interval_of_the_loss_tail(
    report: StressReport, effect: tuple[float, float, float], level: str, words: str
) -> None:
    verdict = verdict_of([with_effect(report.sections[0], TAIL, effect)])
    assert verdict.level == level
    assert words in verdict.text


def test_cards_show_the_table(report: StressReport) -> None:
    risk = report.sections[0].risk
    cards = cards_of([report.sections[0].model_copy(update={"scorecard": None})])
    assert cards[0].value == f"{number(risk['return_mean_bp'].effect.value, signed=True)} bp"
    assert cards[1].value == f"{number(risk[TAIL].shocked.value)} bp"
    assert cards[2].label == "Liquidation: cost against arrival, shocked"
    assert cards[3].value == "not known"
    assert report.cards[3].value == "2.76 × floor"


def test_without_shocks_the_report_says_so(run: StressRun, manifest: Manifest) -> None:
    spec = run.spec.model_copy(update={"scenario": Scenario.none()})
    still = StressRun(spec, run.profile, run.baseline, run.baseline, run.timing)
    quiet = build_report(still, manifest)
    assert quiet.verdict.level == "none"
    assert quiet.sections[0].findings[0].startswith("Nothing was done")
    assert len(render_pdf(quiet)) > 10_000
    assert "Requested against achieved" not in visible(render_html(quiet))


def test_question_names_intensity_and_extent(run: StressRun) -> None:
    stronger = run.spec.model_copy(update={"intensity": 2.0, "paths": 100, "asset": "GOOG"})
    question = question_of([run.spec, stronger])
    assert "GOOG under the scenario" in question
    assert "at 2 times its strength" in question
    assert "48 to 100 pairs" in question


# The three formats


def test_html_needs_no_other_file_and_no_network(page: str) -> None:
    library = get_plotlyjs()
    assert "</script" not in library.lower()
    assert page.count(library) == 1
    own = page.replace(library, "")
    assert not re.search(r"https?:|\burl\((?!data:)", own)
    assert not re.search(r"<(?:link|img|iframe|object)\b|\b(?:src|href)=(?!.#)|@import", own)
    assert "default-src 'none'" in own


def test_html_escapes_what_users_wrote(page: str) -> None:
    own = page.replace(get_plotlyjs(), "")
    assert "alert(1)" in own
    assert "<script>alert" not in own
    assert own.count("<script") == 3, "the library, the data and the code that draws"


def test_html_draws_every_chart_with_its_data(page: str, report: StressReport) -> None:
    data = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.S)
    assert data is not None
    charts = json.loads(data[1])
    section = report.sections[0]
    specs = {spec.name: spec for spec in (*section.charts, *section.realism_charts)}
    assert len(charts) == len(specs)
    for key, chart in charts.items():
        spec = specs[chart["file"].removeprefix(f"figure-{key}-").removesuffix(".csv")]
        assert charts[key]["csv"] == spec.to_csv()
        assert len(charts[key]["figure"]["data"]) > 0
        assert page.count(f'data-chart="{key}"') == 1
        assert html.escape(spec.alt) in page or spec.alt in html.unescape(page)


def test_pdf_has_numbered_pages_with_the_stamp(pdf: bytes, pdf_text: str) -> None:
    assert pdf.startswith(b"%PDF")
    pages = pdf_text.rstrip("\f").split("\f")
    assert 8 <= len(pages) <= 16
    for i, one in enumerate(pages, 1):
        assert "Synthetic scenarios; not a forecast" in one
        assert re.search(rf"\b{i} ?/ ?{len(pages)}\s*$", one)


def test_pdf_is_the_same_again(report: StressReport) -> None:
    short = report.sections[0].model_copy(update={"realism_charts": (), "scorecard": None})
    again = report.model_copy(update={"sections": (short,)})
    assert render_pdf(again) == render_pdf(again)


def test_pdf_survives_characters_its_font_has_not(report: StressReport) -> None:
    bare = report.sections[0].model_copy(update={"realism_charts": (), "charts": ()})
    title = "危機 \U0001f4a5 \x00 #panic() *x* $y$"
    odd = report.model_copy(update={"title": title, "sections": (bare,)})
    assert render_pdf(odd).startswith(b"%PDF")


def test_three_formats_show_the_same_numbers(
    report: StressReport, page: str, pdf_text: str, tmp_path: Path
) -> None:
    stored = json.loads(write_report(report, tmp_path, ["json"])["json"].read_text())
    on_page, on_paper = visible(page), re.sub(r"\s+", " ", pdf_text)
    rows = stored["sections"][0]["risk"]["rows"]
    assert len(rows) > 12
    for row in rows:
        for arm in ("unshocked", "shocked", "effect"):
            for part in ("value", "lower", "upper"):
                text = number((row[arm] or {}).get(part), signed=arm == "effect")
                assert text in on_page, (row["measure"], arm, part)
                assert text in on_paper, (row["measure"], arm, part)
    judged = [r for r in stored["sections"][0]["scorecard"]["rows"] if r["metric"] == "K-S"]
    assert len(judged) >= 2
    for row in judged:
        for model in printed_models(row["distance"]):
            assert number(row["distance"][model]) in on_page
            assert number(row["distance"][model]) in on_paper
    for texts in (on_page, on_paper):
        plain = re.sub(r"\s+", " ", texts)
        assert stored["verdict"]["text"] in plain
        assert stored["manifest"]["files"][0]["sha256"] in plain
        for card in stored["cards"]:
            assert card["value"] in plain


def test_a_report_shows_the_model_beside_what_it_has_to_beat(report: StressReport) -> None:
    assert printed_models(["TradeFM", "Markov order 1", "Hawkes", "FIGARCH"]) == [
        "TradeFM",
        "Hawkes",
    ]
    assert printed_models(["FIGARCH"]) == ["FIGARCH"]
    scorecard = report.sections[0].scorecard
    assert scorecard is not None
    rows = scorecard.rows
    many = scorecard.model_copy(
        update={
            "rows": [
                *rows,
                rows[0].model_copy(update={"quantity": "leverage", "metric": "fact"}),
                rows[0].model_copy(update={"quantity": next(iter(TELLING)), "metric": "fact"}),
            ]
        }
    )
    tables = [
        block
        for card in (scorecard, many)
        for block in scorecard_blocks(card)
        if block.type == "table"
    ]
    assert len(tables[1].rows) == len(tables[0].rows) + 1
    assert {column.title for column in tables[0].columns[3:]} <= {scorecard.models[0], *BESIDE}


def test_every_table_row_is_as_long_as_its_head(report: StressReport) -> None:
    tables = [block for block in blocks_of(report) if block.type == "table"]
    assert len(tables) > 6
    for table in tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert sum(column.share for column in table.columns) == pytest.approx(1.0)


# Files


def test_write_report_replaces_whole_files(report: StressReport, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    paths = write_report(report, out, ["html", "json"])
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json"]
    assert read_report(paths["json"]).model_dump_json() == report.model_dump_json()


def test_write_report_names_what_is_wrong(report: StressReport, tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match="'docx' is not known; choose from html, pdf, json"):
        write_report(report, tmp_path, ["docx"])
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(FaultlineError, match="report cannot be written"):
        write_report(report, blocked, ["json"])
    assert not list(tmp_path.glob("*.tmp"))


def test_read_report_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match="cannot be read"):
        read_report(tmp_path / "report.json")
    (tmp_path / "report.json").write_text('{"schema_version": 99}')
    with pytest.raises(FaultlineError, match="not a report that this version can read"):
        read_report(tmp_path / "report.json")
