"""The worker: everything into the run's folder, and one line where it fails."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app.stress
import app.worker
from app.report import StressReport
from engine.ensemble import read_ensemble
from engine.rollout import Cancelled, Progress, StressRun
from engine.runs import RunState, RunStore
from engine.runs.processes import ProcessMark
from engine.runs.summary import RunSummary
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.errors import FaultlineError

Work = Callable[..., Any]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setattr(os, "nice", lambda _: 0)  # of the test process it could not be undone
    return RunStore(tmp_path / "runs")


@pytest.fixture
def spec(run: StressRun) -> RunSpec:
    return run.spec.model_copy(update={"model": "zero-intelligence"})


def work(store: RunStore, spec: RunSpec, how: Work, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(app.stress, "run_in_chunks", how)
    run_id = store.create(spec)
    app.worker.main(store.folder(run_id))
    return run_id


def test_a_finished_run_has_paths_summary_and_reports(
    store: RunStore, spec: RunSpec, run: StressRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def how(
        asked: RunSpec, _: Path, progress: Callable[[Progress], None], *__: object
    ) -> StressRun:
        progress(Progress(500, 0.5, 1000.0, float("inf")))
        halfway = store.status(store.ids()[0])
        assert (halfway.state, halfway.fraction) == (RunState.RUNNING, 0.5)
        assert halfway.eta_s is None
        assert halfway.worker == ProcessMark.of(os.getpid())
        return dataclasses.replace(run, spec=asked)

    run_id = work(store, spec, how, monkeypatch)
    status, folder = store.status(run_id), store.folder(run_id)
    assert (status.state, status.fraction, status.message) == (RunState.FINISHED, 1.0, "")
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "spec.json", "status.json", "manifest.json", "chunks.json", "baseline-00000.parquet",
        "shocked-00000.parquet", "summary.json", "report.html", "report.pdf", "report.json",
    }  # fmt: skip
    assert len(read_ensemble(folder / "shocked.parquet")) == len(run.shocked)
    summary = RunSummary.read(folder / "summary.json")
    report = StressReport.model_validate_json((folder / "report.json").read_text())
    assert report.manifest.run_ids == (run_id,)
    assert report.sections[0].risk == summary.risk
    assert len(summary.bands.shocked.loss_bp) == len(run.shocked)
    assert json.loads((folder / "spec.json").read_text())["asset"] == "AMZN"


def test_a_users_mistake_is_one_line(
    store: RunStore, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def how(*_: object) -> None:
        raise FaultlineError("model 'x' is not known: use small")

    status = store.status(work(store, spec, how, monkeypatch))
    assert (status.state, status.message) == (
        RunState.FAILED,
        "model 'x' is not known: use small",
    )


def test_a_bug_is_one_line_too_and_its_traceback_is_in_the_log(
    store: RunStore,
    spec: RunSpec,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def how(*_: object) -> None:
        raise ZeroDivisionError("a\nb")

    status = store.status(work(store, spec, how, monkeypatch))
    assert status.message == "internal error: ZeroDivisionError: a b"
    assert "Traceback" in capsys.readouterr().err


def test_a_cancelled_run_keeps_nothing(
    store: RunStore, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def how(_: RunSpec, __: Path, ___: object, cancelled: Callable[[], bool], ____: object) -> None:
        assert not cancelled()
        store.request_cancel(store.ids()[0])
        assert cancelled()
        raise Cancelled("the run was cancelled")

    run_id = work(store, spec, how, monkeypatch)
    assert store.status(run_id).state is RunState.CANCELLED
    names = {path.name for path in store.folder(run_id).iterdir()}
    assert names == {"spec.json", "status.json", "manifest.json", "cancel"}


def test_a_full_disk_is_named(
    store: RunStore, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def how(*_: object) -> None:
        raise OSError(28, "No space left on device", "baseline.parquet")

    status = store.status(work(store, spec, how, monkeypatch))
    assert status.message == "baseline.parquet: No space left on device"


def test_two_workers_never_share_a_run(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    spec = RunSpec(asset="AMZN", scenario=Scenario.none())
    run_id = store.create(spec)
    with (store.folder(run_id) / "spec.json").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert app.worker.main(store.folder(run_id)) == 0
    assert store.status(run_id).state is RunState.QUEUED


def test_a_worker_that_comes_late_leaves_the_run_as_it_is(store: RunStore) -> None:
    """It was started, and before it began the run was cancelled, or done by somebody else."""
    for state in (RunState.CANCELLED, RunState.FINISHED):
        run_id = store.create(RunSpec(asset="AMZN", scenario=Scenario.none()))
        store.close(run_id, state)
        before = store.status(run_id)
        assert app.worker.main(store.folder(run_id)) == 0
        assert store.status(run_id) == before
