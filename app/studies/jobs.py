"""Studies in processes of their own: a folder each, and nothing that is not on disk.

A study's folder lies below the run store, in `studies`. It holds `study.json`, `progress.json`,
`log.txt`, and what the study writes. A worker goes on without the server that started it, and looks
itself whether it is to be cancelled.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from app.jobs import worker_environment
from engine.runs import RunState, default_root
from engine.runs.atomic import write_atomic
from engine.runs.processes import ProcessMark
from engine.runs.run_id import stamped
from engine.runs.store import strange_file
from model.errors import FaultlineError

if TYPE_CHECKING:  # it loads the simulator, which those who only look at studies do not need
    from app.studies.study import Study

WORKER = (sys.executable, "-P", "-m", "app.studies.worker")
STUDY_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
KILL_AFTER_S = 2.0  # a worker that does not end by itself when it is cancelled
STARTS_WITHIN_S = 60.0  # else it died before its first word


class StudyStatus(BaseModel):
    """What `progress.json` holds.

    Attributes
    ----------
    title : what was asked, in a line
    fraction : 0..1; `eta_s` is what remains, None where not known
    message : one line for people: why it failed, or empty
    worker : the process that works on it, as soon as it is known
    """

    model_config = ConfigDict(frozen=True)

    state: RunState
    created: datetime
    title: str = ""
    stage: str = ""
    fraction: float = 0.0
    eta_s: float | None = None
    message: str = ""
    worker: ProcessMark | None = None


class Studies:
    """Studies under one folder, which is made when the first study is.

    Parameters
    ----------
    root : None: `studies` below the run store
    command : what to start; the study's folder is added; None: `WORKER`
    """

    def __init__(self, root: Path | None = None, command: tuple[str, ...] | None = None) -> None:
        self.root = (root or default_root() / "studies").absolute()
        self._command = command or WORKER

    def submit(self, study: Study, title: str, files: Mapping[str, bytes] | None = None) -> str:
        """Keep a new study with files of its own, start it, and return its id.

        Raises
        ------
        FaultlineError
            Another study is at work, or the folder cannot be written.
        """
        self._nothing_else_runs()
        study_id = stamped()
        folder = self.root / study_id
        try:
            folder.mkdir(parents=True)
            for name, content in (files or {}).items():
                (folder / name).write_bytes(content)
            write_atomic(folder / "study.json", study.model_dump_json(indent=1) + "\n")
            self._start(folder, title)
        except OSError as error:
            raise FaultlineError(
                f"{self.root}: study cannot be written ({error.strerror}); free some space or"
                " choose another folder with --runs or FAULTLINE_RUNS"
            ) from error
        return study_id

    def resume(self, study_id: str) -> None:
        """Start a study that has ended again; a sweep goes on where it stopped."""
        self._nothing_else_runs()
        folder = self.folder(study_id)
        (folder / "cancel").unlink(missing_ok=True)
        self._start(folder, read_status(folder).title)

    def _nothing_else_runs(self) -> None:
        if any(not self.status(one).state.last for one in self.ids()):
            raise FaultlineError("another study is at work; wait for it, or cancel it")

    def _start(self, folder: Path, title: str) -> None:
        status = StudyStatus(
            state=RunState.QUEUED, created=datetime.now(UTC), title=title, stage="starting"
        )
        write_status(folder, status)
        with (folder / "log.txt").open("ab") as log:
            child = subprocess.Popen(
                [*self._command, str(folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, env=worker_environment(os.environ),
            )  # fmt: skip
        _children.append(child)
        if read_status(folder).state is RunState.QUEUED:  # a worker takes a second to begin
            mark = ProcessMark.of(child.pid)
            write_status(folder, status.model_copy(update={"worker": mark}))

    def folder(self, study_id: str) -> Path:
        """Folder of a study that exists; `FaultlineError` for anything else."""
        if not STUDY_ID.fullmatch(study_id):
            raise FaultlineError(f"{study_id[:60]!r} is not the id of a study")
        folder = self.root / study_id
        if folder.is_symlink() or not folder.is_dir():
            raise FaultlineError(f"study {study_id}: no such study in {self.root}")
        if strange := strange_file(folder):
            raise FaultlineError(
                f"study {study_id}: {strange} is a link or a device, which no study holds; delete "
                f"{folder}"
            )
        return folder

    def ids(self) -> list[str]:
        """Ids of all studies, the newest first."""
        try:
            names = os.listdir(self.root)
        except OSError:
            return []
        return sorted((name for name in names if STUDY_ID.fullmatch(name)), reverse=True)

    def status(self, study_id: str) -> StudyStatus:
        """How far a study is; one whose worker died without a word has failed, or is cancelled.

        A worker that was cancelled and does not end is killed.
        """
        folder = self.folder(study_id)
        _reap()
        status = read_status(folder)
        if status.state.last:
            return status
        if status.worker is None:
            age = (datetime.now(UTC) - status.created).total_seconds()
            gone = age > STARTS_WITHIN_S
        else:
            gone = not status.worker.alive()
            if not gone and _cancelled_for(folder) > KILL_AFTER_S:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(status.worker.pid, signal.SIGKILL)
                gone = True
        if not gone:
            return status
        status = read_status(folder)  # it may have written its last word between our two looks
        if status.state.last:
            return status
        cancelled = (folder / "cancel").exists()
        return close(
            folder,
            RunState.CANCELLED if cancelled else RunState.FAILED,
            "" if cancelled else "the process of this study died; too little memory?",
        )

    def cancel(self, study_id: str) -> None:
        """Ask for a study to be cancelled; it is over within 3 s."""
        (self.folder(study_id) / "cancel").touch()

    def log_tail(self, study_id: str, size: int = 4000) -> str:
        """The last lines of a study's log."""
        try:
            return (self.folder(study_id) / "log.txt").read_text(errors="replace")[-size:]
        except OSError:
            return ""


_children: list[subprocess.Popen[bytes]] = []  # started by this process, to be reaped by it


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def _cancelled_for(folder: Path) -> float:
    """Seconds since a study was cancelled; below 0 where it was not."""
    try:
        return time.time() - (folder / "cancel").stat().st_mtime
    except OSError:
        return -1.0


def read_status(folder: Path) -> StudyStatus:
    """The status of a study as it is written down; `FaultlineError` where it cannot be read."""
    path = folder / "progress.json"
    try:
        return StudyStatus.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise FaultlineError(f"{path}: status cannot be read; delete the study's folder") from error


def write_status(folder: Path, status: StudyStatus) -> None:
    """Replace the status of a study in one step."""
    write_atomic(
        folder / "progress.json", status.model_dump_json() + "\n", durable=status.state.last
    )


def close(folder: Path, state: RunState, message: str = "") -> StudyStatus:
    """End a study in a last state and return the status."""
    status = read_status(folder)
    fraction = 1.0 if state is RunState.FINISHED else status.fraction
    change = {"state": state, "message": message, "stage": "", "eta_s": None, "fraction": fraction}
    status = status.model_copy(update=change)
    write_status(folder, status)
    return status
