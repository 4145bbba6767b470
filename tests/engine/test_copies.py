"""Copies of runs: whole at any moment, completed later, and not believed when they come back."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import engine.runs.copies
import engine.runs.place
from engine.runs import RunState, RunStore
from engine.runs.chunks import JOURNAL, Chunk, Journal, RunPaths
from engine.runs.copies import SEAL, RunCopy, fetch_run
from engine.runs.place import TRIES, Place, masked
from engine.runs.processes import ProcessMark
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.errors import FaultlineError

SPEC = RunSpec(asset="AMZN", scenario=Scenario.none(), paths=4)
SMALL = ("manifest.json", "summary.json", "report.json", "report.html")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.runs.place, "WAIT_S", 0.0)


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    name = uuid.uuid4().hex
    yield f"memory://{name}/a b" if request.param == "memory" else f"file://{tmp_path}/{name}"
    MemoryFileSystem.store.clear()


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def elsewhere(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "other" / "runs")


def add_chunk(paths: RunPaths, number: int) -> None:
    """A chunk of two paths, of bytes that nobody reads."""
    files = {}
    for arm in ("baseline", "shocked"):
        path = paths.folder / f"{arm}-{number:05d}.parquet"
        path.write_bytes(f"{arm} {number} ".encode() * 100_000)
        files[path.name] = sha256(path.read_bytes()).hexdigest()
    paths.add(Chunk(number=number, first=2 * number, paths=2, files=files, timing={"total": 1.0}))


def begun(store: RunStore) -> Path:
    """The folder of a run with one chunk of two."""
    folder = store.folder(store.create(SPEC, "f" * 64))
    paths = RunPaths(folder)
    paths.begin(SPEC, 2)
    add_chunk(paths, 0)
    return folder


def finished(store: RunStore) -> Path:
    folder = begun(store)
    add_chunk(RunPaths(folder), 1)
    for name in SMALL:
        (folder / name).write_text(f'{{"in": "{name}"}}')
    store.close(folder.name, RunState.FINISHED)
    return folder


def there(url: str) -> dict[str, bytes]:
    """What is in a copy now, by name."""
    files, root = fsspec.url_to_fs(url)
    found = files.find(root) if files.exists(root) else []
    return {path.rpartition("/")[2]: files.cat_file(path) for path in found}


def only_whole(url: str) -> None:
    """A copy holds all that its journal names, and all that its seal names."""
    content = there(url)
    if JOURNAL in content:
        for chunk in Journal.model_validate_json(content[JOURNAL]).chunks:
            for name, known in chunk.files.items():
                assert sha256(content[name]).hexdigest() == known
    if SEAL in content:
        for name, known in json.loads(content[SEAL])["files"].items():
            assert sha256(content[name]).hexdigest() == known


def test_there_and_back(store: RunStore, elsewhere: RunStore, url: str) -> None:
    folder = finished(store)
    assert RunCopy(folder, url).finish()
    run_id = fetch_run(f"{url}/{folder.name}/", elsewhere)
    back = elsewhere.get(run_id)
    for path in folder.iterdir():
        if path.name == "report.html":  # a page that somebody else may have written
            assert not (back.folder / path.name).exists()
        elif path.name != "status.json":
            assert (back.folder / path.name).read_bytes() == path.read_bytes()
    assert RunPaths(back.folder).whole
    assert not RunPaths(back.folder).broken()
    assert back.status.state is RunState.FINISHED
    assert back.status.origin == f"{url}/{folder.name}/"
    assert back.status.fingerprint == "f" * 64
    assert [path.name for path in elsewhere.root.iterdir()] == [run_id]
    with pytest.raises(FaultlineError, match="already"):
        fetch_run(f"{url}/{folder.name}", elsewhere)


def test_what_is_there_is_not_copied_again(
    store: RunStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished(store)
    RunCopy(folder, url).finish()
    written = []
    write = Place._write
    monkeypatch.setattr(
        Place, "_write", lambda self, to, what: written.append(to) or write(self, to, what)
    )
    assert RunCopy(folder, url).finish()
    assert not written
    (folder / "report.html").write_text("another")
    assert RunCopy(folder, url).finish()
    assert [path.rpartition("/")[2] for path in written] == ["report.html", SEAL]
    written.clear()
    Place(f"{url}/{folder.name}").delete("shocked-00001.parquet")
    assert RunCopy(folder, url).finish()
    names = [path.rpartition("/")[2] for path in written]
    parquet = [name for name in names if name.endswith(".parquet")]
    assert parquet == ["baseline-00001.parquet", "shocked-00001.parquet"]
    assert names[-1] == SEAL
    only_whole(f"{url}/{folder.name}")


def test_a_copy_cut_off_at_any_write(
    store: RunStore, elsewhere: RunStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a kill or a network that is gone: what is named is whole, and can be fetched."""
    folder, write = finished(store), Place._write
    states = []
    for most in range(17):
        place = f"{url}/{most}"
        left = [most]

        def fails(self: Place, to: str, what: object, left: list[int] = left) -> None:
            if not left[0]:
                raise ConnectionError("gone")
            left[0] -= 1
            write(self, to, what)  # type: ignore[arg-type]

        monkeypatch.setattr(Place, "_write", fails)
        copy = RunCopy(folder, place)
        with suppress(FaultlineError):
            copy.begin()
            copy.finish()
        monkeypatch.setattr(Place, "_write", write)
        only_whole(f"{place}/{folder.name}")
        if most > 1:
            run_id = fetch_run(f"{place}/{folder.name}", elsewhere)
            states.append((elsewhere.status(run_id).state, RunPaths(elsewhere.folder(run_id)).done))
            elsewhere.remove(run_id)
        assert RunCopy(folder, place).finish()
        only_whole(f"{place}/{folder.name}")
        assert elsewhere.status(fetch_run(f"{place}/{folder.name}", elsewhere)).state == "finished"
        elsewhere.remove(folder.name)
    assert states[0] == (RunState.FAILED, 0)
    assert (RunState.FAILED, 2) in states
    assert (RunState.FAILED, 4) in states
    assert states[-1] == (RunState.FINISHED, 4)


def test_a_network_that_stumbles(
    store: RunStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, write, tried = finished(store), Place._write, [0]

    def stumbles(self: Place, to: str, what: object) -> None:
        tried[0] += 1
        if tried[0] % TRIES:
            raise TimeoutError
        write(self, to, what)  # type: ignore[arg-type]

    monkeypatch.setattr(Place, "_write", stumbles)
    assert RunCopy(folder, url).finish()
    only_whole(f"{url}/{folder.name}")


def test_a_bucket_that_there_is_not(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise FileNotFoundError("The specified bucket does not exist")

    folder = finished(store)
    monkeypatch.setattr(Place, "_write", missing)
    with pytest.raises(FaultlineError, match="bucket does not exist"):
        RunCopy(folder, "memory://none").begin()


def test_a_run_that_was_not_finished_goes_on_elsewhere(
    store: RunStore, elsewhere: RunStore, url: str
) -> None:
    folder = begun(store)
    assert not RunCopy(folder, url).finish()
    run_id = fetch_run(f"{url}/{folder.name}", elsewhere)
    status = elsewhere.status(run_id)
    assert (status.state, status.interrupted) == (RunState.FAILED, False)
    assert list(RunPaths(elsewhere.folder(run_id)).missing()) == [(1, range(2, 4))]
    assert elsewhere.reopen(run_id).origin == status.origin
    # Once it has gone on here, the same copy takes what is new.
    add_chunk(RunPaths(folder), 1)
    store.close(folder.name, RunState.FINISHED)
    assert RunCopy(folder, url).finish()
    only_whole(f"{url}/{folder.name}")


def test_a_chunk_that_was_computed_again_is_struck_out_first(store: RunStore, url: str) -> None:
    folder = finished(store)
    RunCopy(folder, url).finish()
    paths = RunPaths(folder)
    assert paths.journal is not None
    path = folder / "baseline-00000.parquet"
    path.write_bytes(b"other")
    with pytest.raises(FaultlineError, match="is broken; `faultline runs resume"):
        RunCopy(folder, f"{url}/new").finish()
    files = paths.journal.chunks[0].files | {path.name: sha256(b"other").hexdigest()}
    chunk = paths.journal.chunks[0].model_copy(update={"files": files})
    kept = paths.journal.model_copy(update={"chunks": (chunk, paths.journal.chunks[1])})
    (folder / JOURNAL).write_text(kept.text())
    assert RunCopy(folder, url).finish()
    only_whole(f"{url}/{folder.name}")
    assert there(f"{url}/{folder.name}")[path.name] == b"other"


def test_a_broken_chunk_is_not_copied(store: RunStore, url: str) -> None:
    folder = finished(store)
    (folder / "shocked-00001.parquet").write_bytes(b"rotten")
    with pytest.raises(FaultlineError, match=r"shocked-00001\.parquet: is broken"):
        RunCopy(folder, url).finish()
    only_whole(f"{url}/{folder.name}")


def _seal_with(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        seal = json.loads(files[SEAL])
        seal["files"][name] = sha256(files.get(name, b"")).hexdigest()
        files[SEAL] = json.dumps(seal).encode()

    return change


def _journal(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    """A journal that was changed, and a seal that fits it."""

    def change(files: dict[str, bytes]) -> None:
        assert old in files[JOURNAL]
        files[JOURNAL] = files[JOURNAL].replace(old, new)
        _seal_with(JOURNAL)(files)

    return change


def _content(name: str, content: bytes | None) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files.pop(name)
        if content is not None:
            files[name] = content

    return change


LIES = {
    "a name that leads out": _seal_with("../../../escaped.json"),
    "an absolute name": _seal_with("/tmp/escaped.json"),
    "a name of no run's file": _seal_with("cancel"),
    "a chunk that leads out": _journal(b'"shocked-00001', b'"../../shocked-00001'),
    "a chunk of another number": _journal(b'"shocked-00001', b'"shocked-00000'),
    "a chunk of another kind": _journal(b'"shocked-00001', b'"status-00001'),
    "other paths": _journal(b'"paths": 4', b'"paths": 3'),
    "paths without end": _journal(b'"chunk_paths": 2', b'"chunk_paths": 99999999999'),
    "another hash": _journal(b'.parquet": "', b'.parquet": "0'),
    "changed paths": _content("shocked-00001.parquet", b"changed"),
    "missing paths": _content("shocked-00001.parquet", None),
    "a changed summary": _content("summary.json", b"{}"),
    "a missing summary": _content("summary.json", None),
    "a missing spec": _content("spec.json", None),
    "a seal of something else": _content(SEAL, b"[]"),
    "a seal of nothing": _content(SEAL, b'{"files": {}}'),
    "no JSON": _content(SEAL, b"\xff" * 100),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_copy_that_lies_leaves_nothing(
    store: RunStore, elsewhere: RunStore, url: str, lie: str
) -> None:
    folder = finished(store)
    place = f"{url}/{folder.name}"
    RunCopy(folder, url).finish()
    files = there(place)
    LIES[lie](files)
    system, root = fsspec.url_to_fs(place)
    system.rm(root, recursive=True)
    system.makedirs(root)
    for name, content in files.items():
        system.pipe_file(f"{root}/{name}", content)
    with pytest.raises(FaultlineError) as caught:
        fetch_run(place, elsewhere)
    assert "\n" not in str(caught.value)
    assert list(elsewhere.root.iterdir()) == []
    assert elsewhere.ids() == []


def test_a_status_from_elsewhere_commands_nothing(
    store: RunStore, elsewhere: RunStore, url: str
) -> None:
    """It names this very process as the worker of a run that waits for the queue."""
    folder = begun(store)
    RunCopy(folder, url).finish()
    status = store.status(folder.name).begun(ProcessMark.of(os.getpid()), "x" * 1000)
    forged = status.model_copy(update={"state": RunState.QUEUED, "interrupted": True})
    place = f"{url}/{folder.name}"
    system, root = fsspec.url_to_fs(place)
    system.pipe_file(f"{root}/status.json", forged.model_dump_json().encode())
    back = elsewhere.status(fetch_run(place, elsewhere))
    assert (back.state, back.worker, back.queue) == (RunState.FAILED, None, False)
    assert not back.interrupted
    assert back.origin == place


def test_files_beyond_any_run(
    store: RunStore, elsewhere: RunStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished(store)
    place = f"{url}/{folder.name}"
    RunCopy(folder, url).finish()
    monkeypatch.setattr(engine.runs.copies, "MOST_BYTES", 10)
    with pytest.raises(FaultlineError, match="longer than 10 bytes"):
        fetch_run(place, elsewhere)
    monkeypatch.undo()
    monkeypatch.setattr(Place, "size", lambda *_: 1 << 60)
    with pytest.raises(FaultlineError, match="GB of disk"):
        fetch_run(place, elsewhere)
    assert list(elsewhere.root.iterdir()) == []


@pytest.mark.parametrize("bad", ["memory://x", "memory://x/..", "memory://x/a?b", "memory://", ""])
def test_an_address_that_is_no_copy(elsewhere: RunStore, bad: str) -> None:
    with pytest.raises(FaultlineError, match="does not end in the id of a run"):
        fetch_run(bad, elsewhere)
    assert not elsewhere.root.exists()


def test_no_password_is_shown() -> None:
    assert masked("sftp://ann:pa@ss@host/a@b?key=1 x") == "sftp://***@host/a@b?*** x"
    assert masked("https://h/p?X-Amz-Signature=1&b=2") == "https://h/p?***"
    assert masked("s3://bucket/runs") == "s3://bucket/runs"
    with pytest.raises(FaultlineError) as caught:
        Place("nosuch://ann:secret@host/x?token=secret")
    assert "secret" not in str(caught.value)
    assert "nosuch" in str(caught.value)
