"""Reports of kept runs: several in one, on demand, and the bundle."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from app.charts.csv_text import csv_text
from app.commands.report import report as report_command
from app.report import (
    FORMATS,
    MIME,
    StressReport,
    assemble,
    build_section,
    collect_report,
    report_bytes,
    report_name,
    write_report,
)
from app.report.bundle import RunRecord
from app.report.schema import schema_text
from app.studies.report import read_study
from engine.ensemble import read_ensemble, write_ensemble
from engine.rollout import StressRun
from model.errors import FaultlineError

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def bare(report: StressReport) -> StressReport:
    """The report without its realism charts, which take the time."""
    section = report.sections[0].model_copy(update={"realism_charts": (), "charts": ()})
    return report.model_copy(update={"sections": (section,)})


@pytest.fixture(scope="module")
def folder(bare: StressReport, run: StressRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("runs") / "20260102T030405Z-0a1b2c"
    write_report(bare, folder, ["json"])
    write_ensemble(run.shocked, folder / "shocked.parquet")
    return folder


@pytest.fixture(scope="module")
def bundle(folder: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(report_bytes([folder], "committee", "bundle")))


def test_bundle_holds_every_part_with_its_sum(bundle: zipfile.ZipFile, run: StressRun) -> None:
    names = bundle.namelist()
    assert {"report.html", "report.pdf", "report.json", "run.json", "SHA256SUMS"} <= set(names)
    sums = dict(
        reversed(line.split("  ", 1)) for line in bundle.read("SHA256SUMS").decode().splitlines()
    )
    assert sums.keys() == set(names) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(bundle.read(name)).hexdigest() == digest, name
    record = RunRecord.model_validate_json(bundle.read("run.json"))
    assert record.specs == (run.spec,)
    assert record.paths == (("paths/s1-shocked.parquet",),)
    assert all(part in names for part in record.paths[0])


def test_paths_of_a_bundle_can_be_read(
    bundle: zipfile.ZipFile, run: StressRun, tmp_path: Path
) -> None:
    path = Path(bundle.extract("paths/s1-shocked.parquet", tmp_path))
    assert (read_ensemble(path).price_ticks == run.shocked.price_ticks).all()


def test_bundle_has_charts_as_pictures_and_data(report: StressReport, tmp_path: Path) -> None:
    section = report.sections[0].model_copy(update={"realism_charts": ()})
    path = write_report(
        report.model_copy(update={"sections": (section,)}), tmp_path, ["bundle"], "committee"
    )["bundle"]
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("charts/")]
        assert len(names) == 3
        for name in names:
            assert b"<svg" in archive.read(name)
            assert name.replace("charts/", "tables/").replace(".svg", ".csv") in archive.namelist()


def test_bundle_is_the_same_again(folder: Path) -> None:
    first, second = (report_bytes([folder] * n, "committee", "bundle") for n in (1, 2))
    assert first == second, "a run that is given twice counts once"


def test_tables_of_a_bundle_are_the_numbers_of_the_report(
    bundle: zipfile.ZipFile, bare: StressReport
) -> None:
    frame = pd.read_csv(io.BytesIO(bundle.read("tables/risk.csv"))).set_index("measure")
    for row in bare.sections[0].risk.rows:
        if row.effect is not None and row.effect.value is not None:
            assert frame.loc[row.measure, "effect"] == row.effect.value
            assert frame.loc[row.measure, "shocked"] == row.shocked.value
    losses = pd.read_csv(io.BytesIO(bundle.read("tables/losses.csv")))
    assert tuple(losses["shocked_bp"]) == bare.sections[0].shocked_loss_bp
    worst = pd.read_csv(io.BytesIO(bundle.read("tables/worst_paths.csv")))
    assert worst["loss_bp"].iloc[0] == losses["shocked_bp"].max()


# CSV


def test_csv_cells_are_no_formulae_and_numbers_stay_numbers() -> None:
    hostile = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "plain"]
    numbers = ["-1.5", "+2", "-3e-4", "0", "12", "-.5", "7.", "-0"]
    frame = pd.DataFrame({"=text": hostile, "told": numbers, "value": [-1.5, 2, -3, 0, 1, 5, 6, 7]})
    frame["mixed"] = [None, -1, "=x", float("nan"), "a,b", 'q"', "-7", "l\nf"]
    rows = list(csv.reader(io.StringIO(csv_text(frame))))
    assert rows[0] == ["'=text", "told", "value", "mixed"]
    cells = [row[0] for row in rows[1:]]
    assert cells == [f"'{text}" for text in hostile[:-1]] + ["plain"]
    assert [row[1] for row in rows[1:]] == numbers
    assert [float(row[2]) for row in rows[1:]] == frame["value"].tolist()
    assert [row[3] for row in rows[1:]] == ["", "-1", "'=x", "", "a,b", 'q"', "-7", "l\nf"]


# Several runs


def test_several_runs_give_one_report(
    folder: Path, run: StressRun, bare: StressReport, tmp_path: Path
) -> None:
    other = StressRun(
        run.spec.model_copy(update={"seed": 8}), run.profile, run.baseline, run.baseline, run.timing
    )
    section = build_section(other, run_id="20260102T030405Z-0a1b2d")
    manifest = bare.manifest.model_copy(
        update={
            "run_ids": ("20260102T030405Z-0a1b2d",), "seeds": (8,),
            "versions": bare.manifest.versions | {"numpy": "0.0"}, "timing_s": {"total": 2.0},
        }
    )  # fmt: skip
    write_report(assemble([section], manifest), tmp_path, ["json"])
    both = collect_report([folder, tmp_path, folder])
    assert [one.run_id for one in both.sections] == [
        "20260102T030405Z-0a1b2c",
        "20260102T030405Z-0a1b2d",
    ]
    assert both.manifest.seeds == (7, 8)
    assert both.manifest.versions["numpy"] == f"{bare.manifest.versions['numpy']} / 0.0"
    assert both.manifest.timing_s == {"total": 10.0}
    assert [one.status for one in both.standings] == ["adverse", "no change"]
    assert len(both.summary) <= 5


def test_reports_on_demand_name_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match="no run was given"):
        report_bytes([])
    with pytest.raises(FaultlineError, match=r"no report\.json"):
        report_bytes([tmp_path])
    with pytest.raises(FaultlineError, match="template .short. is not known; choose from c"):
        report_bytes([folder], "short")
    with pytest.raises(FaultlineError, match="'docx' is not known; choose from html, pdf, json, b"):
        report_bytes([folder], "full", "docx")
    with pytest.raises(FaultlineError, match="must be above 0 bp"):
        report_bytes([folder], limit_bp=0.0)
    with pytest.raises(FaultlineError, match="not a study"):
        report_bytes([folder], studies=[tmp_path])


def test_names_and_types_for_downloads(folder: Path, tmp_path: Path) -> None:
    assert report_name([folder], "full", "pdf") == "faultline-20260102T030405Z-0a1b2c-full.pdf"
    assert report_name([folder, tmp_path], "full", "bundle") == "faultline-2-runs-full.zip"
    assert MIME.keys() == set(FORMATS)


def test_command_writes_what_is_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report_command([str(folder)], "committee", ["json,html", "json"], tmp_path, 1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored["loss_limit_bp"] == 1.0
    assert stored["verdict"]["level"] == "breach"
    assert "report.html" in capsys.readouterr().out


# Schema and studies


def test_published_schema_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    published = (DOCS / "report.schema.json").read_text()
    assert published == schema_text(), "run: faultline report --schema > docs/report.schema.json"
    report_command(schema=True)
    assert capsys.readouterr().out == published


def test_report_has_the_fields_of_its_schema(report: StressReport) -> None:
    schema = json.loads(schema_text())
    stored = json.loads(report.model_dump_json())
    assert stored.keys() == schema["properties"].keys()
    section = schema["$defs"]["Section"]
    assert stored["sections"][0].keys() == section["properties"].keys()


def test_report_takes_studies_along(bare: StressReport, folder: Path, tmp_path: Path) -> None:
    content = {
        "title": "Sweep of 2 scenarios", "verdict": "VaR is highest in AMZN, =x.",
        "tables": [{"name": "m", "title": "VaR", "data": {"asset": ["AMZN"], "VaR": [12.5]}}],
        "remarks": ["Conditional."], "command": "faultline sweep --spec sweep.json",
        "answers": [{"label": "a", "value": "1", "definition": "d"}],
    }  # fmt: skip
    (tmp_path / "result.json").write_text(json.dumps(content))
    page = report_bytes([folder], "full", "html", studies=[tmp_path]).decode()
    for words in ("Sweep of 2 scenarios", "VaR is highest in AMZN", "12.5", "Conditional."):
        assert words in page
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(FaultlineError, match="not a study"):
        read_study(tmp_path)
