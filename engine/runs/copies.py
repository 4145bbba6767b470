"""Runs copied to where fsspec leads, while they are played or later, and fetched back.

The store stays the authority: locks, renames and flushes, on which it rests, do not exist on object
stores. A copy is a folder called by the run's id. Its `chunks.json` names, with their SHA-256, only
files that were copied whole; `copy.json` is written last of all and names every other file.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.runs.atomic import sync
from engine.runs.chunks import JOURNAL, Chunk, Journal, RunPaths, digest
from engine.runs.place import Absent, Place, masked
from engine.runs.run_id import RUN_ID
from engine.runs.status import RunState, RunStatus
from engine.runs.store import FETCH, RunStore
from engine.spec import RunSpec
from model.errors import FaultlineError

SEAL = "copy.json"
SPEC, STATUS = "spec.json", "status.json"
DATA = (SPEC, JOURNAL, "manifest.json", "summary.json", "report.json", STATUS)
PAGES = ("report.html", "report.pdf")  # for those who look there; nobody here opens fetched ones
MOST_BYTES = 1 << 26  # of a file that is no chunk of paths

_Model = TypeVar("_Model", bound=BaseModel)


class Seal(BaseModel):
    """What `copy.json` holds: the SHA-256 of each file that is no chunk of paths."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[
        Annotated[str, Field(pattern=f"^({'|'.join(map(re.escape, DATA + PAGES))})$")],
        Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")],
    ]


class RunCopy:
    """A run of the store and its copy. Threads may share it.

    Parameters
    ----------
    folder : of the run
    url : folder of copies

    Attributes
    ----------
    shown : the folder of copies, fit to be shown
    place : of this copy

    Raises
    ------
    FaultlineError
        The URL is empty or cannot be opened; from the methods: it does not answer, or a file of
        the run is broken.
    """

    def __init__(self, folder: Path, url: str) -> None:
        if not url.strip():
            raise FaultlineError(
                "the folder of copies has no name; give a URL, such as s3://bucket/x"
            )
        self.folder, self.shown = folder, masked(url)
        self.place = Place(f"{url}{'' if url.endswith('/') else '/'}{folder.name}")
        self._named: dict[int, dict[str, str]] | None = None  # by the journal of the copy
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Say there what the run is; from then on what there is of it can be fetched."""
        self.place.delete(SEAL)
        for name in (SPEC, STATUS):
            self.place.put(name, (self.folder / name).read_bytes())

    def add_chunks(self) -> None:
        """Copy the chunks that the journal of the run names and that of the copy does not."""
        with self._lock:
            journal = RunPaths(self.folder).journal
            if journal is None:
                return
            if self._named is None:
                self._named = self._find(journal)
            for chunk in journal.chunks:
                if self._named.get(chunk.number) == chunk.files:
                    continue
                for name, known in chunk.files.items():
                    if digest(self.folder / name) != known:
                        raise FaultlineError(
                            f"{self.folder / name}: is broken; `faultline runs resume "
                            f"{self.folder.name}` computes it again"
                        )
                    self.place.put(name, self.folder / name)
                self._named[chunk.number] = chunk.files
                self._name(journal)

    def finish(self) -> bool:
        """Copy all that is missing or another there; whether the run is finished, and sealed."""
        self.add_chunks()
        content = {
            name: (self.folder / name).read_bytes()
            for name in (*DATA[:-1], *PAGES, STATUS)
            if (self.folder / name).is_file()
        }
        if RunStatus.model_validate_json(content[STATUS]).state is not RunState.FINISHED:
            self.begin()
            return False
        seal = Seal(
            files={name: hashlib.sha256(text).hexdigest() for name, text in content.items()}
        )
        there = self._sealed()
        lacking = [
            name
            for name, text in content.items()
            if there.files.get(name) != seal.files[name] or self.place.size(name) != len(text)
        ]
        if lacking or there != seal:
            self.place.delete(SEAL)
            for name in lacking:
                self.place.put(name, content[name])
            self.place.put(SEAL, seal.model_dump_json(indent=1).encode())
        return True

    def _find(self, journal: Journal) -> dict[int, dict[str, str]]:
        """Chunks of the run that are there; others are struck out of the journal of the copy."""
        content = self.place.read(JOURNAL, MOST_BYTES)
        try:
            there = Journal.model_validate_json(content or b"").chunks
        except ValidationError:
            there = ()
        kept = {one.number: one.files for one in there if one.files and self._same(one, journal)}
        if len(kept) < len(there):
            self.place.delete(SEAL)
            self._named = kept
            self._name(journal)
        return kept

    def _same(self, chunk: Chunk, journal: Journal) -> bool:
        return any(own.files == chunk.files for own in journal.chunks) and all(
            self.place.size(name) == (self.folder / name).stat().st_size for name in chunk.files
        )

    def _name(self, journal: Journal) -> None:
        """Write the journal of the copy."""
        chunks = tuple(one for one in journal.chunks if one.number in (self._named or {}))
        text = journal.model_copy(update={"chunks": chunks}).text()
        self.place.put(JOURNAL, text.encode())

    def _sealed(self) -> Seal:
        try:
            return Seal.model_validate_json(self.place.read(SEAL, MOST_BYTES) or b"")
        except ValidationError:
            return Seal(files={})


def fetch_run(url: str, store: RunStore) -> str:
    """Fetch a copy into the store, whole or not at all; return the id of the run.

    What comes is not trusted: only files that a run has are asked for, each must have the SHA-256
    that the copy's journal and seal name, and no page of a report is taken. The run answers no
    request of its own accord (`RunStatus.origin`). A copy that was never finished becomes a run
    that failed, and can go on.

    Parameters
    ----------
    url : folder of the copy, whose last part is the id of the run

    Raises
    ------
    FaultlineError
        It cannot be opened, is no copy of a run or a broken one, is in the store already, or there
        is too little disk.
    """
    place, run_id = Place(url), url.rstrip("/").rpartition("/")[2]
    if not RUN_ID.fullmatch(run_id):
        raise FaultlineError(f"{place.shown}: does not end in the id of a run; name its folder")
    if os.path.lexists(store.root / run_id):
        raise FaultlineError(f"{run_id}: is in {store.root} already")
    store.prepare()
    half = store.root / f"{FETCH}{os.getpid()}-{run_id}"
    try:
        half.mkdir()
        _fetch(place, half)
        half.rename(store.root / run_id)
        sync(store.root)
    except OSError as error:
        raise FaultlineError(
            f"{store.root}: {run_id} cannot be fetched ({error.strerror or error})"
        ) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return run_id


def _fetch(place: Place, folder: Path) -> None:
    seal = _parsed(place, SEAL, Seal) if place.size(SEAL) is not None else None
    content = {}
    for name in seal.files if seal else (SPEC, JOURNAL, STATUS):
        if name in PAGES:
            continue
        text = place.read(name, MOST_BYTES)
        if text is None and name != JOURNAL:
            raise FaultlineError(f"{place.shown}/{name}: is missing; not a copy of a run")
        if seal and _sha256(text or b"") != seal.files[name]:
            raise FaultlineError(f"{place.shown}/{name}: is broken, or was changed")
        content[name] = text or b""
    if not content.keys() >= {SPEC, JOURNAL, STATUS}:
        raise FaultlineError(f"{place.shown}/{SEAL}: names too few files; not a copy of a run")
    spec = _model(place, SPEC, RunSpec, content[SPEC])
    status = _model(place, STATUS, RunStatus, content.pop(STATUS))
    if not content[JOURNAL]:
        del content[JOURNAL]
    for name, text in content.items():
        (folder / name).write_bytes(text)
        sync(folder / name)
    if JOURNAL in content:
        _fetch_chunks(place, folder, _model(place, JOURNAL, Journal, content[JOURNAL]), spec)
    whole = seal is not None and status.state is RunState.FINISHED and RunPaths(folder).whole
    kept = status.fetched(place.shown, whole).model_dump_json(indent=1)
    (folder / STATUS).write_text(kept + "\n")
    for path in (folder / STATUS, folder):
        sync(path)


def _fetch_chunks(place: Place, folder: Path, journal: Journal, spec: RunSpec) -> None:
    if journal.paths != spec.paths:
        raise FaultlineError(f"{place.shown}/{JOURNAL}: is not that of the run of {SPEC}")
    files = {name: known for chunk in journal.chunks for name, known in chunk.files.items()}
    sizes = {name: place.size(name) or 0 for name in files}
    asked, free = sum(sizes.values()), shutil.disk_usage(folder).free
    if asked > free:
        raise FaultlineError(
            f"{place.shown}: takes {asked / 1e9:.1f} GB of disk and {free / 1e9:.1f} GB are free"
        )
    for name, known in files.items():
        found, left = hashlib.sha256(), sizes[name]
        try:
            with (folder / name).open("wb") as file:
                for piece in place.pieces(name):
                    left -= len(piece)
                    if left < 0:
                        break
                    found.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except Absent:
            pass
        if found.hexdigest() != known:
            raise FaultlineError(f"{place.shown}/{name}: is missing, broken, or was changed")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parsed(place: Place, name: str, kind: type[_Model]) -> _Model:
    return _model(place, name, kind, place.read(name, MOST_BYTES) or b"")


def _model(place: Place, name: str, kind: type[_Model], content: bytes) -> _Model:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise FaultlineError(
            f"{place.shown}/{name}: not what a copy of a run holds; is it one, of this version?"
        ) from error
