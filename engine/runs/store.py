"""The run store: a folder for each run, and nothing that is not on disk.

A run's folder holds `spec.json`, `status.json`, `log.txt`, `manifest.json`, the paths in chunks
(`engine.runs.chunks`) and, once finished, `summary.json` and `report.*`. Dashboard, command line
and workers use one store at the same time: every file appears in one step, and the last states of
a run change only where somebody asks for it to go on.
"""

from __future__ import annotations

import fcntl
import math
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import ValidationError

from engine.runs.atomic import sync, write_atomic
from engine.runs.run_id import RUN_ID, made, new_id
from engine.runs.status import RunState, RunStatus
from engine.spec import RunSpec
from model.errors import FaultlineError

LOG_TAIL_BYTES = 4_000
DIED = "the process of this run died"
HALF, GONE = ".new-", ".gone-"  # folders that are being made, or deleted
PROBE = ".probe-"
SCRATCH, FETCH = ".reproduce-", ".fetch-"  # then the process that uses the folder
HALF_AGE_S = 60.0
CHANGED = ".changed"  # touched when a run that was over waits again


def default_root() -> Path:
    """`FAULTLINE_RUNS`, else the folder `faultline/runs` in the user's data folder (XDG)."""
    chosen = os.environ.get("FAULTLINE_RUNS")
    if chosen:
        return Path(os.path.expanduser(chosen))  # which leaves a user that there is not as it is
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(os.path.expanduser(data)) / "faultline" / "runs"


@dataclass(frozen=True)
class StoredRun:
    """A run as found on disk."""

    id: str
    folder: Path
    spec: RunSpec
    status: RunStatus


class RunStore:
    """Runs under one folder, which is made when the first run is.

    Parameters
    ----------
    root : Path or None
        None: `default_root()`.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or default_root()).absolute()

    def prepare(self) -> None:
        """Make the folder of the store.

        Raises
        ------
        FaultlineError
            It cannot be made or written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f"{PROBE}{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise FaultlineError(
                f"{self.root}: runs cannot be written here ({error.strerror}); "
                "choose another folder with --runs or FAULTLINE_RUNS"
            ) from error

    def create(self, spec: RunSpec, fingerprint: str = "", *, queue: bool = True) -> str:
        """Keep a new run, queued, and return its id.

        `fingerprint` and `queue` are explained with `RunStatus`.

        Raises
        ------
        FaultlineError
            The store cannot be written; nothing is left behind.
        """
        self.prepare()
        run_id = new_id(spec)
        half = self.root / f"{HALF}{run_id}"
        status = RunStatus.queued(fingerprint, queue)
        try:
            half.mkdir()
            write_atomic(half / "spec.json", spec.model_dump_json(indent=1) + "\n")
            write_atomic(half / "status.json", status.model_dump_json(indent=1) + "\n")
            half.rename(self.root / run_id)
            sync(self.root)
        except OSError as error:
            shutil.rmtree(half, ignore_errors=True)
            raise FaultlineError(
                f"{self.root}: run cannot be written ({error.strerror}); "
                "free some space or choose another folder with --runs or FAULTLINE_RUNS"
            ) from error
        return run_id

    def folder(self, run_id: str) -> Path:
        """Folder of a run that exists, and of which every file lies in it.

        Raises
        ------
        FaultlineError
            `run_id` is no id (it is never taken as a path), there is no such run, or it holds a
            link, which would lead out of the store, or a pipe, for which a reader would wait.
        """
        folder = self._named(run_id)
        if strange := strange_file(folder):
            raise FaultlineError(
                f"{run_id}: {strange} is a link or a device, which no run holds; it is not opened: "
                f"`faultline runs rm {run_id}` deletes the run and leaves what is linked to"
            )
        if not (folder / "spec.json").is_file():
            raise self._missing(run_id)
        return folder

    def _named(self, run_id: str) -> Path:
        """Folder of what is called so, whatever it holds."""
        if not RUN_ID.fullmatch(run_id):
            raise FaultlineError(
                f"{run_id[:60]!r} is not a run id; ids look like 20260102T030405Z-amzn-calm-0a1b2c"
            )
        folder = self.root / run_id
        # A link would lead out of the store: what is deleted or taken away lies in it.
        if folder.is_symlink() or not folder.is_dir():
            raise self._missing(run_id)
        return folder

    def _missing(self, run_id: str) -> FaultlineError:
        return FaultlineError(f"{run_id}: no such run in {self.root}; it may have been deleted")

    def ids(self) -> list[str]:
        """Ids of all runs, the newest first."""
        try:
            names = os.listdir(self.root)
        except OSError:
            return []
        found = (name for name in names if RUN_ID.fullmatch(name))
        return sorted(found, key=made, reverse=True)

    def runs(self, limit: int | None = None) -> list[StoredRun]:
        """The newest runs, the newest first; folders that cannot be read are left out."""
        found: list[StoredRun] = []
        for run_id in self.ids():
            try:
                found.append(self.get(run_id))
            except FaultlineError:
                continue
            if len(found) == limit:
                break
        return found

    def get(self, run_id: str) -> StoredRun:
        """One run. A run whose worker has died without a word is marked failed first.

        Raises
        ------
        FaultlineError
            No such run, or a file of it is not readable.
        """
        folder = self.folder(run_id)
        try:
            spec = RunSpec.model_validate_json((folder / "spec.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise FaultlineError(
                f"{folder / 'spec.json'}: not the settings of a run this version can read; "
                "run it again"
            ) from error
        return StoredRun(run_id, folder, spec, self.status(run_id))

    def status(self, run_id: str) -> RunStatus:
        """Status of a run; see `get`."""
        status = self._read_status(run_id)
        if status.abandoned:
            with self._alone(run_id):
                # It may have written its last word between our two looks.
                status = self._read_status(run_id)
                if status.abandoned:
                    if self.cancel_requested(run_id):
                        status = status.closed(RunState.CANCELLED)
                    else:
                        status = status.closed(RunState.FAILED, DIED, interrupted=True)
                    with suppress(OSError):  # no room to write: the next one to look says so again
                        self.write_status(run_id, status)
        return status

    def write_status(self, run_id: str, status: RunStatus) -> None:
        """Replace the status of a run in one step."""
        write_atomic(
            self.folder(run_id) / "status.json",
            status.model_dump_json(indent=1) + "\n",
            durable=status.state.last,
        )

    def close(
        self,
        run_id: str,
        state: RunState,
        message: str = "",
        *,
        interrupted: bool = False,
        attempt: int | None = None,
    ) -> RunStatus:
        """End a run in a last state, unless it has one already; return what then holds.

        With `attempt` only that attempt is ended, and not one that somebody began meanwhile.
        """
        with self._alone(run_id):
            status = self._read_status(run_id)
            if not status.state.last and attempt in (None, status.attempt):
                status = status.closed(state, message, interrupted=interrupted)
                self.write_status(run_id, status)
        return status

    def reopen(self, run_id: str, *, queue: bool = True, automatic: bool = False) -> RunStatus:
        """Queue a run that is over once more; what it has computed is kept.

        Raises
        ------
        FaultlineError
            It is not over.
        """
        self.status(run_id)  # closes it where its worker died
        with self._alone(run_id):
            status = self._read_status(run_id)
            if not status.state.last:
                raise FaultlineError(
                    f"{run_id}: is {status.state}; only a run that is over can go on"
                )
            (self.folder(run_id) / "cancel").unlink(missing_ok=True)
            status = status.reopened(queue, automatic)
            self.write_status(run_id, status)
        (self.root / CHANGED).touch()
        return status

    def changed(self) -> int:
        """A number that is another one after some run was reopened."""
        try:
            return (self.root / CHANGED).stat().st_mtime_ns
        except OSError:
            return 0

    def remove(self, run_id: str) -> None:
        """Delete a run and all that belongs to it, broken or not.

        Raises
        ------
        FaultlineError
            It is at work, or cannot be deleted.
        """
        folder = self._named(run_id)
        try:
            running = self.status(run_id).state is RunState.RUNNING
        except FaultlineError:
            running = False  # nobody can work on a run whose status is not readable
        if running:
            raise FaultlineError(f"{run_id}: is at work; cancel it first")
        gone = self.root / f"{GONE}{run_id}"
        try:
            folder.rename(gone)  # from here on there is no such run, wherever we are killed
            with suppress(FileNotFoundError):  # another process collects garbage
                shutil.rmtree(gone)
        except OSError as error:
            raise FaultlineError(f"{folder}: cannot be deleted ({error.strerror})") from error

    def collect_garbage(self) -> list[str]:
        """Delete what kills have left behind; names of what was deleted.

        That are folders half made or half deleted, and temporary files in runs that are over.
        What is younger than `HALF_AGE_S` may be in the making and stays.
        """
        deleted = []
        for path in self.root.glob(".*") if self.root.is_dir() else ():
            half = path.name.startswith((HALF, PROBE)) and _age_s(path) > HALF_AGE_S
            if half or path.name.startswith(GONE) or _left(path.name):
                if path.name.startswith(PROBE):
                    path.unlink(missing_ok=True)
                shutil.rmtree(path, ignore_errors=True)
                deleted.append(path.name)
        for run in self.runs():
            if run.status.state.last:
                for path in run.folder.glob(".*.tmp"):
                    path.unlink(missing_ok=True)
                    deleted.append(f"{run.id}/{path.name}")
        return deleted

    @contextmanager
    def claim(self, run_id: str) -> Iterator[bool]:
        """Be the only process that works on a run; False where another one is."""
        # A file that is never replaced: two processes would else hold locks on two of one name.
        with (self.folder(run_id) / "spec.json").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True

    def request_cancel(self, run_id: str) -> None:
        """Ask for a run to be cancelled; one that waits is cancelled at once."""
        (self.folder(run_id) / "cancel").touch()
        if self._read_status(run_id).state is RunState.QUEUED:
            self.close(run_id, RunState.CANCELLED)

    def cancel_requested(self, run_id: str) -> bool:
        """Whether somebody asked for the run to be cancelled."""
        return (self.folder(run_id) / "cancel").exists()

    def log_tail(self, run_id: str) -> str:
        """The last lines of the run's log, empty where it has none."""
        try:
            with (self.folder(run_id) / "log.txt").open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - LOG_TAIL_BYTES))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    @contextmanager
    def _alone(self, run_id: str) -> Iterator[None]:
        """Keep other processes from ending or reopening the run meanwhile."""
        handle = os.open(self.folder(run_id), os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _read_status(self, run_id: str) -> RunStatus:
        path = self.folder(run_id) / "status.json"
        try:
            return RunStatus.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise FaultlineError(
                f"{path}: status cannot be read; delete the run's folder"
            ) from error


def strange_file(folder: Path) -> str:
    """Name of something in a folder that is neither a file nor a folder; empty if there is none."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                plain = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
                if not plain and os.path.lexists(entry.path):  # it may just have been deleted
                    return entry.name
    except OSError:  # the folder may, too
        pass
    return ""


def _left(name: str) -> bool:
    """Whether a folder was the scratch of a process that is gone."""
    if not name.startswith((SCRATCH, FETCH)):
        return False
    pid = name.split("-")[1]
    return not (pid.isdecimal() and psutil.pid_exists(int(pid)))


def _age_s(path: Path) -> float:
    """Seconds since a file was changed; where the clock was set back since then, very many."""
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
    return age if age >= 0.0 else math.inf
