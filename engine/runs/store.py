"""The run store: a folder for each run, and nothing that is not on disk.

A run's folder holds `spec.json`, `status.json`, `log.txt` and, once finished, `baseline.parquet`,
`shocked.parquet`, `summary.json` and `report.*`. Dashboard, command line and workers use one store
at the same time: every file appears in one step, and the last states of a run never change.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from engine.runs.atomic import write_atomic
from engine.runs.status import RunState, RunStatus
from engine.spec import RunSpec
from model.errors import FaultlineError

RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
LOG_TAIL_BYTES = 4_000


def default_root() -> Path:
    """`FAULTLINE_RUNS`, else the folder `faultline/runs` in the user's data folder (XDG)."""
    chosen = os.environ.get("FAULTLINE_RUNS")
    if chosen:
        return Path(chosen).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "faultline" / "runs"


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
            probe = self.root / f".probe-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise FaultlineError(
                f"{self.root}: runs cannot be written here ({error.strerror}); "
                "choose another folder with --runs or FAULTLINE_RUNS"
            ) from error

    def create(self, spec: RunSpec) -> str:
        """Keep a new run, queued, and return its id.

        Raises
        ------
        FaultlineError
            The store cannot be written; nothing is left behind.
        """
        self.prepare()
        now = datetime.now(UTC)
        # Microseconds and a random digit: ids sort by the time of their making.
        run_id = f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond:05x}{secrets.randbelow(16):x}"
        half = self.root / f".new-{run_id}"
        try:
            half.mkdir()
            write_atomic(half / "spec.json", spec.model_dump_json(indent=1) + "\n")
            write_atomic(half / "status.json", RunStatus.queued().model_dump_json(indent=1) + "\n")
            half.rename(self.root / run_id)
        except OSError as error:
            shutil.rmtree(half, ignore_errors=True)
            raise FaultlineError(
                f"{self.root}: run cannot be written ({error.strerror}); "
                "free some space or choose another folder with --runs or FAULTLINE_RUNS"
            ) from error
        return run_id

    def folder(self, run_id: str) -> Path:
        """Folder of a run that exists.

        Raises
        ------
        FaultlineError
            `run_id` is no id (it is never taken as a path), or there is no such run.
        """
        if not RUN_ID.fullmatch(run_id):
            raise FaultlineError(
                f"{run_id[:60]!r} is not a run id; ids look like 20260102T030405Z-0a1b2c"
            )
        folder = self.root / run_id
        if not (folder / "spec.json").is_file():
            raise FaultlineError(f"{run_id}: no such run in {self.root}; it may have been deleted")
        return folder

    def ids(self) -> list[str]:
        """Ids of all runs, the newest first."""
        try:
            names = os.listdir(self.root)
        except OSError:
            return []
        return sorted((name for name in names if RUN_ID.fullmatch(name)), reverse=True)

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
            spec = RunSpec.model_validate_json((folder / "spec.json").read_text())
        except (OSError, ValidationError) as error:
            raise FaultlineError(
                f"{folder / 'spec.json'}: not the settings of a run this version can read; "
                "run it again"
            ) from error
        return StoredRun(run_id, folder, spec, self.status(run_id))

    def status(self, run_id: str) -> RunStatus:
        """Status of a run; see `get`."""
        status = self._read_status(run_id)
        if status.state is RunState.RUNNING and status.worker and not status.worker.alive():
            # It may have written its last word between our two looks.
            status = self._read_status(run_id)
            if not status.state.last and self.cancel_requested(run_id):
                status = self.close(run_id, RunState.CANCELLED)
            elif not status.state.last:
                status = self.close(run_id, RunState.FAILED, "the process of this run died")
        return status

    def write_status(self, run_id: str, status: RunStatus) -> None:
        """Replace the status of a run in one step."""
        write_atomic(
            self.folder(run_id) / "status.json",
            status.model_dump_json(indent=1) + "\n",
            durable=status.state.last,
        )

    def close(self, run_id: str, state: RunState, message: str = "") -> RunStatus:
        """End a run in a last state, unless it has one already; return what then holds."""
        status = self._read_status(run_id)
        if not status.state.last:
            status = status.closed(state, message)
            self.write_status(run_id, status)
        return status

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

    def _read_status(self, run_id: str) -> RunStatus:
        path = self.folder(run_id) / "status.json"
        try:
            return RunStatus.model_validate_json(path.read_text())
        except (OSError, ValidationError) as error:
            raise FaultlineError(
                f"{path}: status cannot be read; delete the run's folder"
            ) from error
