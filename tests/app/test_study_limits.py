"""What a study needs is told, and refused in one line, before its first path."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import app.jobs
import app.studies.limits
from app.cli import invoke
from app.limits import GB
from app.studies.limits import StudySpec, check_study, study_disk, study_memory
from app.studies.study import SweepStudy, play_study
from app.studies.sweep import build_sweep, play_sweep
from app.views.study_form import _positions
from benchmarks.study_memory import KINDS, study
from engine.sweep import SweepSpec
from model.errors import SpecError

MAIN = Path(app.jobs.__file__).with_name("main.py")
ROOMY = int(100_000 * GB)


@pytest.fixture(autouse=True)
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What is free; a test says how much."""
    found = {"memory": ROOMY, "disk": ROOMY}
    monkeypatch.setattr(app.studies.limits, "free_bytes", lambda: found["memory"])
    monkeypatch.setattr(app.studies.limits, "free_disk", lambda _: found["disk"])
    return found


def of(kind: str, paths: int = 20_000, horizon_s: float = 3_600.0) -> StudySpec:
    spec = study(kind, paths, 200_000, "zero-intelligence")
    change = {"horizon_s": horizon_s}
    if "run" in type(spec).model_fields:
        change = {"run": spec.run.model_copy(update=change)}  # type: ignore[union-attr]
    return spec.model_copy(update=change)


def number_after(words: str, message: str) -> int:
    return int(message.rpartition(words)[2].split()[0].replace(",", ""))


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fit_is_refused_with_what_does(
    kind: str, free: dict[str, int], tmp_path: Path
) -> None:
    check_study(of(kind), tmp_path)
    free["memory"] = int(5 * GB)
    with pytest.raises(SpecError, match=r"GB of memory and 5.0 GB are free; at most") as caught:
        check_study(of(kind), tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    most = number_after("; at most", message)
    assert study_memory(of(kind, most)) <= free["memory"] < study_memory(of(kind, most + 1))
    check_study(of(kind, most), tmp_path)
    with pytest.raises(SpecError):
        check_study(of(kind, most + 1), tmp_path)


def test_a_horizon_is_named_where_it_holds_every_shock_and_the_outcome(
    free: dict[str, int], tmp_path: Path
) -> None:
    for kind in ("sweep", "reverse", "portfolio"):
        free["memory"] = study_memory(of(kind, 1_000, 1_900.0))
        with pytest.raises(SpecError, match=r"or at most [\d,]+ s of 1,000 paths") as caught:
            check_study(of(kind, 1_000), tmp_path)
        most = number_after("or at most", str(caught.value))
        assert most >= 1_900
        assert study_memory(of(kind, 1_000, most)) <= free["memory"]
    free["memory"] = study_memory(of("reverse", 1_000, 1_700.0))
    with pytest.raises(SpecError) as caught:
        check_study(of("reverse", 1_000), tmp_path)
    assert " s of 1,000 paths" not in str(caught.value), "the outcome is at 1,800 s"


def test_joint_draws_and_cells_count() -> None:
    few = of("portfolio", 2, 300.0)
    assert study_memory(few.model_copy(update={"draws": 1_000_000})) > study_memory(few)
    small, big = (
        build_sweep(["flash_crash"], ["AMZN"], [0.1 * k for k in range(count)]) for count in (1, 90)
    )
    assert study_disk(big) > study_disk(small)


def test_what_a_full_disk_does_not_hold_is_refused(free: dict[str, int], tmp_path: Path) -> None:
    free["disk"] = 1_000_000
    with pytest.raises(SpecError, match="GB of disk and 0.001 GB are free") as caught:
        check_study(of("rare"), tmp_path)
    assert str(caught.value).startswith(str(tmp_path))


def test_every_way_to_a_study_is_guarded(
    free: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    free["memory"] = 1_000_000
    book = tmp_path / "book.yaml"
    book.write_text(
        "{scenario: flash_crash, model: zero-intelligence, positions: [{asset: AMZN, shares: 9}]}"
    )
    loss = ["--loss-bp", "5", "--at", "90", "--model", "zero-intelligence"]
    out = tmp_path / "out"
    for words in (
        ["sweep", "--model", "zero-intelligence"], ["reverse", *loss], ["rare", *loss],
        ["portfolio", str(book)],
    ):  # fmt: skip
        assert invoke([*words, "--out", str(out)]) == 2
        shown = capsys.readouterr().err.strip()
        assert "0.0 GB are free; not even one" in shown
        assert "\n" not in shown
    with pytest.raises(SpecError, match="not even one"):  # the dashboard's worker
        play_study(SweepStudy(spec=sweep()), out)
    assert list(out.iterdir()) == []
    monkeypatch.setenv("FAULTLINE_RUNS", str(tmp_path / "runs"))
    at = AppTest.from_file(str(MAIN), default_timeout=60).run()
    at = at.switch_page("screens/sensitivity.py").run()
    at.button(key="study-start").click().run()
    assert "not even one" in at.error[0].value
    assert not (tmp_path / "runs" / "studies").exists()


def test_a_sweep_whose_cells_are_there_needs_nothing(free: dict[str, int], tmp_path: Path) -> None:
    play_sweep(sweep(), tmp_path)
    free["memory"] = 1_000_000
    check_study(sweep(), tmp_path)
    with pytest.raises(SpecError):
        check_study(sweep(0.5, 1.0), tmp_path)


def test_the_estimate_is_that_of_a_measured_study() -> None:
    """Never too little, and not so much that it would refuse what fits."""
    root = MAIN.parents[1]
    command = [sys.executable, "-m", "benchmarks.study_memory", "--kind", "portfolio"]
    done = subprocess.run(
        [*command, "--paths", "300", "--events", "300"], cwd=root, capture_output=True, text=True,
        check=True, env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    measured = json.loads(done.stdout.splitlines()[-1])
    assert measured["peak_gb"] < measured["estimated_gb"] < 2.5 * measured["peak_gb"]
    assert measured["disk_gb"] < measured["estimated_disk_gb"]


def sweep(*intensities: float) -> SweepSpec:
    return build_sweep(
        ["fat_finger"], ["AMZN"], intensities or [1.0], paths=4, horizon_s=100.0, max_events=100,
        model="zero-intelligence",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["asset,shares\nZZZ,abc\n", "Foo,Bar\n1,2\n", ""])
def test_a_broken_table_of_positions_is_not_replaced_by_the_example(text: str) -> None:
    """What was not asked for must not be run."""
    upload = io.BytesIO(text.encode())
    upload.name = "positions.csv"
    assert len(_positions(upload)) == 0
    assert len(_positions(None)) > 0
