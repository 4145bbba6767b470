"""The paths of a run on disk: chunk by chunk, and a journal of the chunks that are finished."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.ensemble import chunk_file, chunk_files, write_ensemble
from engine.rollout import StressRun
from engine.runs.atomic import write_atomic
from engine.spec import MOST_PATHS, RunSpec
from engine.stored_ensemble import StoredEnsemble
from model.errors import FaultlineError
from model.profile import AssetProfile

JOURNAL = "chunks.json"
ARMS = ("baseline", "shocked")
OPENING = "opening"  # the books that the paths of a chunk open with
CHUNK_EVENTS = {"cpu": 1 << 20, "cuda": 1 << 23}  # expected, of both arms; memory follows from it
CHUNK_PATHS = {"cpu": 128, "cuda": 1024}  # more are no faster
LEAST_CHUNK_PATHS = 16  # fewer would leave the processor waiting


class Chunk(BaseModel):
    """Paths `first` .. `first + paths - 1`, both arms, as they are on disk.

    `files` holds the SHA-256 of each file; `timing` is that of `engine.rollout.StressRun`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=0)
    first: int = Field(ge=0)
    paths: int = Field(ge=1)
    files: dict[
        Annotated[str, Field(pattern=r"^[a-z]+-[0-9]{5}\.parquet$")],
        Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")],  # never that of a file that is not there
    ]
    timing: dict[str, Annotated[float, Field(ge=0.0, le=1e15)]]  # not NaN either


class Journal(BaseModel):
    """What `chunks.json` holds: how the paths are cut up, and which chunks are there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: int = Field(ge=1, le=MOST_PATHS)
    chunk_paths: int = Field(ge=1, le=MOST_PATHS)
    chunks: tuple[Chunk, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Each chunk is its own part of the paths, in its own files: nobody wrote it by hand."""
        parts = dict(self.parts())
        if len({chunk.number for chunk in self.chunks}) < len(self.chunks):
            raise ValueError("a chunk is named twice")
        for chunk in self.chunks:
            own = range(chunk.first, chunk.first + chunk.paths)
            arms, opening = (
                {chunk_file(Path(f"{kind}.parquet"), chunk.number).name for kind in kinds}
                for kinds in (ARMS, (OPENING,))
            )
            if parts.get(chunk.number) != own or not arms <= chunk.files.keys() <= arms | opening:
                raise ValueError(f"chunk {chunk.number} is not a part of the run")
        return self

    def parts(self) -> Iterator[tuple[int, range]]:
        """Number and path numbers of each chunk of the run, there or not."""
        for number, first in enumerate(range(0, self.paths, self.chunk_paths)):
            yield number, range(first, min(self.paths, first + self.chunk_paths))

    def text(self) -> str:
        """As it is written."""
        return self.model_dump_json(indent=1) + "\n"


def expected_events(spec: RunSpec, profile: AssetProfile) -> float:
    """Events of one path of one arm, if the model is as busy as the asset usually is."""
    usual = profile.events_per_s * spec.horizon_s
    return min(float(spec.max_events), usual) + spec.burn_in_events


def chunk_size(spec: RunSpec, profile: AssetProfile, device: str = "cpu") -> int:
    """Paths of a chunk: as many as a device is fast with and memory holds, chunks of like size."""
    fit = CHUNK_EVENTS[device] / (2.0 * expected_events(spec, profile))
    most = min(CHUNK_PATHS[device], max(LEAST_CHUNK_PATHS, int(fit)))
    return math.ceil(spec.paths / math.ceil(spec.paths / most))


class RunPaths:
    """The paths in a run's folder, while they are being computed and afterwards.

    A chunk counts from the moment that the journal names it, which is when its files are on disk.
    Whatever else lies in the folder is left over from a kill and gets replaced.

    Parameters
    ----------
    folder : of the run; one process at a time may write to it
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = _read_journal(folder / JOURNAL)

    def begin(self, spec: RunSpec, chunk_paths: int) -> None:
        """Settle how the paths are cut up, unless that is settled; drop chunks that are broken.

        Where it is settled anew, files of chunks that were cut in another way are deleted: readers
        take all that there are.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        if self.journal is None or self.journal.paths != spec.paths:
            for kind in (*ARMS, OPENING):
                for path in chunk_files(self.folder / f"{kind}.parquet"):
                    path.unlink()
            self._write(Journal(paths=spec.paths, chunk_paths=chunk_paths))
        elif broken := self.broken():
            kept = [chunk for chunk in self.journal.chunks if chunk.number not in broken]
            self._write(self.journal.model_copy(update={"chunks": tuple(kept)}))

    def broken(self) -> set[int]:
        """Numbers of chunks of the journal whose files are missing or have another hash."""
        return {
            chunk.number
            for chunk in self._settled().chunks
            if any(digest(self.folder / name) != known for name, known in chunk.files.items())
        }

    @property
    def whole(self) -> bool:
        """Whether the files of all paths are there; what they hold is not looked at."""
        return (
            self.journal is not None
            and not any(True for _ in self.missing())
            and all(
                (self.folder / name).is_file()
                for chunk in self.journal.chunks
                for name in chunk.files
            )
        )

    def missing(self) -> Iterator[tuple[int, range]]:
        """Number and path numbers of each chunk that the journal does not name."""
        journal = self._settled()
        there = {chunk.number for chunk in journal.chunks}
        yield from (part for part in journal.parts() if part[0] not in there)

    def keep(self, number: int, run: StressRun) -> None:
        """Write the files of a chunk, then the journal; see `write_chunk`."""
        self.add(write_chunk(self.folder, number, run))

    def add(self, chunk: Chunk) -> None:
        """Name a chunk whose files are on disk in the journal: from now on it counts.

        Raises
        ------
        OSError
            The disk is full, or the folder cannot be written; the journal does not name the chunk.
        """
        journal = self._settled()
        chunks = sorted([*journal.chunks, chunk], key=lambda one: one.number)
        self._write(journal.model_copy(update={"chunks": tuple(chunks)}))

    def run(self, spec: RunSpec, profile: AssetProfile) -> StressRun:
        """Both arms of the finished run, on disk; see `StoredEnsemble`.

        Raises
        ------
        FaultlineError
            Paths are missing, or a file is broken.
        """
        lacking = [number for number, _ in self.missing()]
        if lacking:
            raise FaultlineError(
                f"{self.folder}: {len(lacking)} chunks of paths are missing; "
                f"`faultline runs resume {self.folder.name}` computes them"
            )
        baseline, shocked = (open_arm(self.folder, arm) for arm in ARMS)
        if spec.scenario.compile(spec.intensity, profile, spec.horizon_s).does_nothing:
            shocked = baseline  # one object, as in the run that was computed
        return StressRun(spec, profile, baseline, shocked, self.timing())

    def timing(self) -> dict[str, float]:
        """Seconds and events of all chunks; events a second over them."""
        timing: dict[str, float] = {}
        for chunk in self._settled().chunks:
            for name, value in chunk.timing.items():
                timing[name] = timing.get(name, 0.0) + value
        if timing.get("total"):
            timing["events_per_s"] = timing.get("events", 0.0) / timing["total"]
        return timing

    @property
    def done(self) -> int:
        """Paths that are on disk."""
        return sum(chunk.paths for chunk in self.journal.chunks) if self.journal else 0

    def _settled(self) -> Journal:
        if self.journal is None:
            raise FaultlineError(f"{self.folder}: holds no paths ({JOURNAL} is missing)")
        return self.journal

    def _write(self, journal: Journal) -> None:
        write_atomic(self.folder / JOURNAL, journal.text())
        self.journal = journal


def write_chunk(folder: Path, number: int, run: StressRun) -> Chunk:
    """Write both arms of a chunk and the books that they open with to a run's folder.

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written.
    """
    files = {}
    for arm, ensemble in zip(ARMS, (run.baseline, run.shocked), strict=True):
        path = chunk_file(folder / f"{arm}.parquet", number)
        write_ensemble(ensemble, path)
        files[path.name] = digest(path)
    if run.opening is not None:
        path = chunk_file(folder / f"{OPENING}.parquet", number)
        run.opening.write(path)
        files[path.name] = digest(path)
    return Chunk(
        number=number, first=int(run.baseline.paths[0]), paths=len(run.baseline), files=files,
        timing=run.timing,
    )  # fmt: skip


def open_arm(folder: Path, arm: str) -> StoredEnsemble:
    """The `baseline` or the `shocked` paths of a run's folder, columns read when asked for.

    Raises
    ------
    FaultlineError
        There are none, or a file is broken.
    """
    path = folder / f"{arm}.parquet"
    files = chunk_files(path) or ([path] if path.is_file() else [])
    if not files:
        raise FaultlineError(f"{folder}: holds no {arm} paths; it has not finished")
    return StoredEnsemble(files)


def _read_journal(path: Path) -> Journal | None:
    """The journal; None where there is none or it cannot be read: the chunks are then computed."""
    try:
        return Journal.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
