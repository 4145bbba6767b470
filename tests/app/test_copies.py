"""`--copy-to`, `faultline runs copy` and `fetch`: a run is copied while it is played."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

import engine.runs.chunks
import engine.runs.place
from app.backends import LocalBackend
from app.backends.copying import CopyingBackend
from app.cli import invoke
from engine.rollout import Cancelled
from engine.runs import RunState, RunStore
from engine.runs.chunks import JOURNAL, Journal, RunPaths
from engine.runs.copies import SEAL, RunCopy
from engine.runs.place import Place
from model.errors import FaultlineError

ASKED = (
    "run", "--model", "zero-intelligence", "--paths", "24", "--horizon", "151", "--format", "json",
)  # fmt: skip
URL = "memory://ann:secret@copies/runs"
SHOWN = "memory://***@copies/runs"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three chunks of a run, and no waiting for a network."""
    monkeypatch.setitem(engine.runs.chunks.CHUNK_PATHS, "cpu", 8)
    monkeypatch.setattr(engine.runs.chunks, "LEAST_CHUNK_PATHS", 1)
    monkeypatch.setattr(engine.runs.place, "WAIT_S", 0.0)
    yield
    MemoryFileSystem.store.clear()


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def ask(store: RunStore, *more: str) -> int:
    return invoke([*ASKED, "--out", str(store.root.parent / "out"), "--runs", str(store.root),
                   *more])  # fmt: skip


def named(run_id: str) -> int:
    """Chunks that the journal of the copy names."""
    return len(Journal.model_validate_json(Place(f"{URL}/{run_id}").read(JOURNAL, 1 << 20)).chunks)


def test_a_run_is_copied_fetched_and_reproduced(
    store: RunStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(store, "--copy-to", URL) == 0
    (run_id,) = store.ids()
    assert f"{run_id}: copied; {SHOWN}/{run_id}" in capsys.readouterr().out
    assert named(run_id) == 3
    other = RunStore(tmp_path / "other" / "runs")
    runs = ["--runs", str(other.root)]
    assert invoke(["runs", "fetch", f"{URL}/{run_id}", *runs]) == 0
    assert invoke(["runs", "reproduce", run_id, *runs]) == 0
    assert invoke(["runs", "show", run_id, *runs]) == 0
    shown = capsys.readouterr().out
    assert "bit for bit" in shown
    assert f"fetched from {SHOWN}/{run_id}" in " ".join(shown.split())
    assert "secret" not in shown
    for path in (*store.root.rglob("*.json"), *other.root.rglob("*.json")):
        assert "secret" not in path.read_text()
    # Somebody else may have written it: the same request is computed, and not answered by it.
    assert ask(other) == 0
    assert len(other.ids()) == 2
    # The run is there already: asked for again, it is found, and its copy is looked after.
    Place(f"{URL}/{run_id}").delete("baseline-00002.parquet")
    assert ask(store, "--copy-to", URL) == 0
    assert Place(f"{URL}/{run_id}").size("baseline-00002.parquet")
    assert store.ids() == [run_id]


def test_a_place_that_is_gone_does_not_end_the_run(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write, done = Place._write, list[str]()

    def gone(self: Place, to: str, content: object) -> None:
        if len(done) >= 6:
            raise ConnectionError(f"{URL}?token=secret is gone")
        done.append(to)
        write(self, to, content)  # type: ignore[arg-type]

    monkeypatch.setattr(Place, "_write", gone)
    assert ask(store, "--copy-to", URL) == 1
    (run_id,) = store.ids()
    assert store.status(run_id).state is RunState.FINISHED
    (warning,) = (line for line in capsys.readouterr().err.splitlines() if "warning" in line)
    assert f"{run_id} is finished" in warning
    assert f"`faultline runs copy {run_id} {SHOWN}`" in warning
    assert "secret" not in warning
    assert named(run_id) == 1
    monkeypatch.setattr(Place, "_write", write)
    assert invoke(["runs", "copy", run_id, URL, "--runs", str(store.root)]) == 0
    assert named(run_id) == 3
    assert Place(f"{URL}/{run_id}").size(SEAL)


def test_a_place_that_cannot_be_written_is_said_before_the_run(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for bad in ("nosuch://bucket/runs", "", " "):
        assert ask(store, "--copy-to", bad) == 2
    assert store.ids() == []

    def refused(*_: object) -> None:
        raise PermissionError("no access")

    monkeypatch.setattr(Place, "_write", refused)
    assert ask(store, "--copy-to", URL) == 2
    assert capsys.readouterr().err.count("no access") == 1
    (run_id,) = store.ids()
    assert RunPaths(store.folder(run_id)).done == 0


def test_chunks_are_there_before_the_run_ends(store: RunStore, tmp_path: Path) -> None:
    """Cut off after its second chunk, whoever it was that cut it off."""
    from app.stress import build_spec, run_in_chunks

    spec = build_spec("AMZN", "flash_crash", paths=24, horizon_s=151.0, model="zero-intelligence")
    run_id = store.create(spec, queue=False)
    copy = RunCopy(store.folder(run_id), URL)
    backend = CopyingBackend(LocalBackend(), copy)
    seen = RunPaths(store.folder(run_id))

    def cut_off() -> bool:
        return RunPaths(seen.folder).done == 16

    with pytest.raises(Cancelled):
        run_in_chunks(spec, seen.folder, None, cut_off, backend)
    copy.add_chunks()  # waits for the thread that is at it
    assert named(run_id) == 2
    store.close(run_id, RunState.FAILED, "cut off")
    other = RunStore(tmp_path / "other")
    runs = ["--runs", str(other.root)]
    assert invoke(["runs", "fetch", f"{URL}/{run_id}", *runs]) == 0
    assert RunPaths(other.folder(run_id)).done == 16
    assert invoke(["runs", "resume", run_id, *runs]) == 0
    assert other.status(run_id).state is RunState.FINISHED
    assert not RunPaths(other.folder(run_id)).broken()


def test_a_run_that_is_not_there(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    runs = ["--runs", str(store.root)]
    missing = "20260102T030405Z-amzn-0a1b2c"
    assert invoke(["runs", "copy", missing, URL, *runs]) == 2
    assert invoke(["runs", "fetch", f"{URL}/{missing}", *runs]) == 2
    error = capsys.readouterr().err
    assert "secret" not in error
    assert "is missing; not a copy of a run" in error
    with pytest.raises(FaultlineError, match="no such run"):
        store.get(missing)
