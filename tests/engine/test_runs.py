"""The run store: one-step writes, ids that are never paths, workers that died."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.runs import RunState, RunStore, default_root
from engine.runs.atomic import write_atomic
from engine.runs.processes import ProcessMark
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.errors import FaultlineError

SPEC = RunSpec(asset="AMZN", scenario=Scenario.none(), paths=4, horizon_s=10)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def begin(store: RunStore, run_id: str, worker: ProcessMark) -> None:
    store.write_status(run_id, store.status(run_id).begun(worker, "simulating"))


def test_a_new_run_is_queued_and_read_back(store: RunStore) -> None:
    run_id = store.create(SPEC)
    run = store.get(run_id)
    assert run.spec == SPEC
    assert run.status.state is RunState.QUEUED
    assert store.ids() == [run_id]
    assert [path.name for path in store.root.iterdir()] == [run_id]


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        "..",
        "/etc",
        "../runs",
        "20260102T030405Z-0a1b2",
        "20260102T030405Z-0A1B2C",
        "20260102T030405Z-0a1b2c\n",
        "20260102T030405Z-0a1b2c/../..",
        "x" * 10_000,
    ],
)
def test_what_is_no_id_is_never_taken_as_a_path(store: RunStore, run_id: str) -> None:
    with pytest.raises(FaultlineError, match="is not a run id") as caught:
        store.get(run_id)
    assert "\n" not in str(caught.value)


def test_a_deleted_run_is_named(store: RunStore) -> None:
    with pytest.raises(FaultlineError, match="20260102T030405Z-0a1b2c: no such run"):
        store.get("20260102T030405Z-0a1b2c")


def test_a_worker_that_died_leaves_a_failed_run(store: RunStore) -> None:
    run_id = store.create(SPEC)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        mark = ProcessMark.of(child.pid)
        begin(store, run_id, mark)
        assert store.status(run_id).state is RunState.RUNNING
    finally:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    status = store.status(run_id)  # it is still there as a zombie, but does nothing any more
    child.wait()
    assert status.state is RunState.FAILED
    assert status.message == "the process of this run died"
    assert status.ended is not None


def test_a_number_given_to_another_process_is_not_mistaken_for_the_worker(store: RunStore) -> None:
    run_id = store.create(SPEC)
    begin(store, run_id, ProcessMark.of(os.getpid()).model_copy(update={"started": 1.0}))
    assert store.status(run_id).state is RunState.FAILED


def test_last_states_never_change(store: RunStore) -> None:
    run_id = store.create(SPEC)
    store.close(run_id, RunState.FINISHED)
    assert store.close(run_id, RunState.FAILED, "late").state is RunState.FINISHED
    store.request_cancel(run_id)
    assert store.status(run_id).state is RunState.FINISHED


def test_a_waiting_run_is_cancelled_at_once(store: RunStore) -> None:
    run_id = store.create(SPEC)
    store.request_cancel(run_id)
    assert store.status(run_id).state is RunState.CANCELLED
    assert store.cancel_requested(run_id)


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    texts = {letter * 200_000 for letter in "abc"}
    write_atomic(path, "a" * 200_000)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for text in texts:
                write_atomic(path, text, durable=False)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        assert all(path.read_text() in texts for _ in range(300))
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert [left.name for left in tmp_path.iterdir()] == ["status.json"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_atomic(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "new \ud800")
    assert path.read_text() == "old"
    assert [left.name for left in tmp_path.iterdir()] == ["status.json"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FaultlineError, match="runs cannot be written here") as caught:
        RunStore(tmp_path / "file" / "runs").create(SPEC)
    assert "\n" not in str(caught.value)
    assert "FAULTLINE_RUNS" in str(caught.value)


def test_broken_runs_are_named_and_do_not_hide_the_others(store: RunStore) -> None:
    good, bad = store.create(SPEC), store.create(SPEC)
    (store.root / bad / "spec.json").write_text("{")
    assert [run.id for run in store.runs()] == [good]
    with pytest.raises(FaultlineError, match=r"spec\.json: not the settings of a run"):
        store.get(bad)


def test_the_store_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTLINE_RUNS", "/somewhere/else")
    assert default_root() == Path("/somewhere/else")
    monkeypatch.delenv("FAULTLINE_RUNS")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_root() == Path("/data/faultline/runs")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_root() == Path.home() / ".local/share/faultline/runs"
    monkeypatch.setenv("FAULTLINE_RUNS", "~nobody-of-this-name/runs")
    assert default_root() == Path("~nobody-of-this-name/runs")


def test_the_tail_of_a_log(store: RunStore) -> None:
    run_id = store.create(SPEC)
    assert store.log_tail(run_id) == ""
    (store.root / run_id / "log.txt").write_text("x" * 10_000 + "\nlast line\n")
    assert store.log_tail(run_id).endswith("last line\n")
    assert len(store.log_tail(run_id)) < 5_000
