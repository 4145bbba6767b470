"""`faultline runs` and `faultline run`: one store, nothing computed twice, bits reproduced."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from app.cli import invoke
from app.manifest import read_manifest, write_manifest
from app.reproduce import reproduce
from engine.risk import Estimate
from engine.runs import RunState, RunStore
from engine.runs.chunks import RunPaths
from engine.runs.summary import RunSummary
from model.errors import FaultlineError

ASKED = (
    "run", "--model", "zero-intelligence", "--paths", "24", "--horizon", "151", "--format", "json",
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A store with one finished run."""
    root = tmp_path_factory.mktemp("store")
    store = RunStore(root / "runs")
    assert invoke([*ASKED, "--out", str(root / "out"), "--runs", str(store.root)]) == 0
    return store


def run(store: RunStore, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert invoke([*words, "--runs", str(store.root)]) == code
    shown = capsys.readouterr()
    return " ".join((shown.out + shown.err).split())


def test_results_are_in_the_store_and_in_the_folder(finished: RunStore) -> None:
    (run_id,) = finished.ids()
    assert "-amzn-flash-crash-" in run_id
    folder, out = finished.folder(run_id), finished.root.parent / "out"
    for name in ("spec.json", "summary.json", "report.json", "shocked-00000.parquet"):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
    manifest = read_manifest(folder)
    assert manifest.run_ids == (run_id,)
    assert manifest.fingerprint == finished.status(run_id).fingerprint
    assert manifest.timing_s["events"] > 0


def test_the_same_request_is_found(
    finished: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (run_id,) = finished.ids()
    shown = run(finished, capsys, *ASKED, "--out", str(tmp_path / "o"))
    assert f"found {run_id}" in shown
    assert (tmp_path / "o" / "report.json").is_file()
    assert finished.ids() == [run_id]


def test_a_run_that_is_at_work_is_not_begun_twice(
    finished: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (run_id,) = finished.ids()
    store = RunStore(tmp_path / "runs")
    own = store.create(finished.get(run_id).spec, finished.status(run_id).fingerprint, queue=False)
    shown = run(store, capsys, *ASKED, "--out", str(tmp_path / "o"), code=2)
    assert f"{own}: the same run is queued already" in shown
    assert "is at work" not in run(store, capsys, "runs", "rm", "-y", own)
    assert store.ids() == []


def test_runs_are_listed_and_shown(finished: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    (run_id,) = finished.ids()
    assert run_id in run(finished, capsys, "runs", "list", "--state", "finished", "--asset", "amzn")
    assert "0 of 1 runs" in run(finished, capsys, "runs", "list", "--text", "hawkes")
    assert "no such state" in run(finished, capsys, "runs", "list", "--state", "done", code=2)
    shown = run(finished, capsys, "runs", "show", run_id[-6:])
    for word in (run_id, "24 of 24 on disk", "ES 95%", "references/AMZN/profile.json", "numba"):
        assert word in shown
    assert "is not a run id" in run(finished, capsys, "runs", "show", "ffffff", code=2)


def test_it_is_reproduced_bit_for_bit(
    finished: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_id,) = finished.ids()
    shown = run(finished, capsys, "runs", "reproduce", run_id)
    assert "reproduced, all paths are the same bit for bit" in shown
    assert finished.collect_garbage() == []


def test_on_other_versions_it_is_reproduced_by_interval(
    finished: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another seed stands for the rounding of another machine: other draws of the same law."""
    (run_id,) = finished.ids()
    stored = finished.get(run_id)
    other = stored.spec.model_copy(update={"seed": 2})
    monkeypatch.setattr("app.reproduce.run_in_chunks", _with(other))
    same_place = reproduce(stored)
    assert same_place.standard == "bits"
    assert not same_place.holds
    assert same_place.differences[0].what.startswith("baseline path 0: ")
    manifest = read_manifest(stored.folder)
    old = manifest.model_copy(update={"versions": manifest.versions | {"numba": "0.1"}})
    monkeypatch.setattr("app.reproduce.read_manifest", lambda _: old)
    elsewhere = reproduce(stored)
    assert elsewhere.standard == "intervals"
    assert [change.what for change in elsewhere.circumstances] == ["numba"]
    assert elsewhere.holds
    assert not elsewhere.same_bits


def test_a_number_that_does_not_agree_is_named(
    finished: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_id,) = finished.ids()
    stored = finished.get(run_id)
    summary = RunSummary.read(stored.folder / "summary.json")
    rows = list(summary.risk.rows)
    wrong = Estimate(value=1e6, lower=1e6 - 1, upper=1e6 + 1)
    rows[0] = rows[0].model_copy(update={"shocked": wrong})
    risk = summary.risk.model_copy(update={"rows": tuple(rows)})
    monkeypatch.setattr(RunSummary, "read", lambda _: summary.model_copy(update={"risk": risk}))
    manifest = read_manifest(stored.folder)
    old = manifest.model_copy(update={"versions": manifest.versions | {"numba": "0.1"}})
    monkeypatch.setattr("app.reproduce.read_manifest", lambda _: old)
    other = stored.spec.model_copy(update={"seed": 2})
    monkeypatch.setattr("app.reproduce.run_in_chunks", _with(other))
    found = reproduce(stored)
    assert not found.holds
    assert found.differences[0].what == f"{rows[0].label}, shocked ({rows[0].unit})"


def _with(spec: object):  # type: ignore[no-untyped-def]
    from app.stress import run_in_chunks

    return lambda _, folder, progress: run_in_chunks(spec, folder, progress)


def test_a_cancelled_run_goes_on(
    finished: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (done,) = finished.ids()
    store = RunStore(tmp_path / "runs")
    own = store.create(finished.get(done).spec, finished.status(done).fingerprint)
    store.request_cancel(own)
    assert store.status(own).state is RunState.CANCELLED
    with pytest.raises(FaultlineError, match="holds no paths"):
        reproduce(store.get(own))
    assert "waits for the dashboard" in run(store, capsys, "runs", "resume", own, "--queue")
    assert (store.status(own).state, store.cancel_requested(own)) == (RunState.QUEUED, False)
    assert "is queued; only a run that is over" in run(store, capsys, "runs", "resume", own, code=2)
    store.request_cancel(own)
    assert "finished" in run(store, capsys, "runs", "resume", own)
    assert store.status(own).state is RunState.FINISHED
    assert RunPaths(store.folder(own)).journal == _journal_like(finished, done, store, own)
    assert "all its files are as they were" in run(store, capsys, "runs", "resume", own)


def test_paths_of_two_versions_are_never_mixed(
    finished: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (done,) = finished.ids()
    store = RunStore(tmp_path / "runs")
    own = store.create(finished.get(done).spec, "of another version")
    (store.folder(own) / "chunks.json").write_bytes(
        (finished.folder(done) / "chunks.json").read_bytes()
    )
    store.close(own, RunState.FAILED, "cut short")
    shown = run(store, capsys, "runs", "resume", own, code=2)
    assert "were computed with other versions or files" in shown
    assert store.status(own).state is RunState.FAILED


def _journal_like(finished: RunStore, done: str, store: RunStore, own: str) -> object:
    """The journal of the first run with the times of the second: all else must be the same."""
    first = RunPaths(finished.folder(done)).journal
    second = RunPaths(store.folder(own)).journal
    assert first is not None
    assert second is not None
    chunks = [
        one.model_copy(update={"timing": two.timing})
        for one, two in zip(first.chunks, second.chunks, strict=True)
    ]
    return first.model_copy(update={"chunks": tuple(chunks)})


def test_old_and_half_made_runs_are_deleted(
    finished: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (done,) = finished.ids()
    store = RunStore(tmp_path / "runs")
    spec = finished.get(done).spec
    over, waiting = store.create(spec), store.create(spec)
    store.close(over, RunState.FAILED, "no")
    half, young = store.root / ".new-half", store.root / ".new-young"
    for folder in (half, young, store.root / ".gone-x", store.root / ".reproduce-999999999-x"):
        folder.mkdir()
    os.utime(half, (time.time() - 3600,) * 2)
    (store.folder(over) / ".spec.json.1-aa.tmp").touch()
    shown = run(store, capsys, "runs", "gc")
    for name in (".new-half", ".gone-x", ".reproduce-999999999-x", f"{over}/.spec.json.1-aa.tmp"):
        assert f"deleted {name}" in shown
    assert young.exists()
    assert store.ids() == [waiting, over]
    run(store, capsys, "runs", "gc", "--max-gb", "0", "--yes")
    assert store.ids() == [waiting]  # one that waits is not touched
    run(store, capsys, "runs", "gc", "--keep-days", "0", "--yes")
    assert store.ids() == [waiting]


def test_a_run_at_work_is_not_deleted(finished: RunStore, tmp_path: Path) -> None:
    from engine.runs.processes import ProcessMark

    store = RunStore(tmp_path / "runs")
    own = store.create(finished.get(finished.ids()[0]).spec)
    store.write_status(own, store.status(own).begun(ProcessMark.of(os.getpid()), "simulating"))
    with pytest.raises(FaultlineError, match="is at work; cancel it first"):
        store.remove(own)


def test_a_manifest_that_is_gone_is_named(finished: RunStore, tmp_path: Path) -> None:
    (run_id,) = finished.ids()
    write_manifest(read_manifest(finished.folder(run_id)), tmp_path)
    assert read_manifest(tmp_path) == read_manifest(finished.folder(run_id))
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(FaultlineError, match=r"manifest\.json: manifest cannot be read"):
        read_manifest(tmp_path)


def test_a_run_that_cannot_be_read_can_be_deleted(
    finished: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (done,) = finished.ids()
    store = RunStore(tmp_path / "runs")
    for name in ("status.json", "spec.json"):
        broken = store.create(finished.get(done).spec)
        (store.folder(broken) / name).write_text("{")
        assert f"deleted {broken}" in run(store, capsys, "runs", "rm", "-y", broken[-6:])
    assert store.ids() == []


def test_words_of_a_run_do_not_steer_the_terminal(
    finished: RunStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (done,) = finished.ids()
    store = RunStore(tmp_path / "runs")
    spec = finished.get(done).spec.model_copy(update={"model": "\x1b[2J[/bold]", "asset": "\x07"})
    own = store.create(spec)
    store.close(own, RunState.FAILED, "\x1b]0;title\x07")
    for command in (["list"], ["show", own]):
        shown = run(store, capsys, "runs", *command)
        assert "\N{REPLACEMENT CHARACTER}[2J[/bold]" in shown
        assert not {"\x1b", "\x07"} & set(shown)


def test_probes_of_killed_programs_are_collected(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    old, young = tmp_path / ".probe-1", tmp_path / ".probe-2"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 3600,) * 2)
    assert store.collect_garbage() == [".probe-1"]
    assert [path.name for path in tmp_path.iterdir()] == [".probe-2"]


def test_folders_whose_names_look_like_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = RunStore(tmp_path / "a[/x]" / "runs")
    assert f"in {store.root}" in run(store, capsys, "runs", "list")
