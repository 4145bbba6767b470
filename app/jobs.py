"""Runs in processes of their own: a queue on disk, one worker at a time, cancelled within 3 s.

Whatever is known of a run is in its folder (`engine.runs`), so that a killed server loses nothing:
workers go on without it, and the next server finds them, their results, and what still waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import app
from engine.runs import RunState, RunStore
from engine.spec import RunSpec
from model.errors import FaultlineError

WORKER = (sys.executable, "-P", "-m", "app.worker")
POLL_S = 0.2
TERMINATE_AFTER_S = 1.2  # the worker looks at the cancel file between events; then SIGTERM
KILL_AFTER_S = 2.0  # compiled code may not let a Python signal handler run


class JobRunner:
    """Starts queued runs, a few at a time, and ends those that are to be cancelled.

    Several servers may use one store: the one that holds the lock file starts the workers, the
    others only add to the queue.

    Parameters
    ----------
    store : RunStore
    command : sequence of str
        What to start; the run's folder is added as the last argument.
    limit : int
        Runs at work at the same time.
    """

    def __init__(self, store: RunStore, command: Sequence[str] = WORKER, limit: int = 1) -> None:
        self.store = store
        self._command = tuple(command)
        self._limit = limit
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: set[str] = set()
        self._cancel_seen: dict[str, float] = {}
        self._lock_file: IO[str] | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="faultline-jobs", daemon=True)

    def start(self) -> None:
        """Begin to serve the queue, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Serve the queue no longer. Workers at work go on."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._lock_file:
            self._lock_file.close()

    def submit(self, spec: RunSpec) -> str:
        """Add a run to the queue and return its id; `FaultlineError` if it cannot be written."""
        run_id = self.store.create(spec)
        self._wake.set()
        return run_id

    def cancel(self, run_id: str) -> None:
        """Ask for a run to be cancelled; it is over within 3 s."""
        self.store.request_cancel(run_id)
        self._wake.set()

    def position(self, run_id: str) -> int:
        """How many runs are to be finished before this one starts; 0 for one at work."""
        before = [other for other in self._open() if other < run_id]
        return len(before)

    def _loop(self) -> None:
        said = ""
        while not self._stopping:
            try:
                if self._dispatches():
                    self._pass()
            except (FaultlineError, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    print(f"faultline: the queue of runs stands still: {said}", file=sys.stderr)
            self._wake.wait(POLL_S)
            self._wake.clear()

    def _dispatches(self) -> bool:
        """Whether this process is the one that starts workers."""
        if self._lock_file is None:
            self.store.prepare()
            file = (self.store.root / ".dispatcher").open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._lock_file = file
        return True

    def _pass(self) -> None:
        """Reap, cancel, start."""
        for run_id, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[run_id]
                self._bury(run_id, child.returncode)
        running = 0
        waiting = []
        for run_id in self._open():
            status = self.store.status(run_id)
            if self.store.cancel_requested(run_id):
                self._enforce_cancel(run_id)
            if status.state is RunState.RUNNING or run_id in self._children:
                running += 1
            elif status.state is RunState.QUEUED:
                waiting.append(run_id)
        for run_id in waiting[: max(0, self._limit - running)]:
            self._children[run_id] = _spawn([*self._command, str(self.store.folder(run_id))])

    def _open(self) -> list[str]:
        """Ids of the runs that are not over, the oldest first."""
        found = []
        for run_id in reversed(self.store.ids()):
            if run_id in self._ended:
                continue
            try:
                over = self.store.status(run_id).state.last
            except FaultlineError:
                over = True
            if over and run_id not in self._children:
                self._ended.add(run_id)
                self._cancel_seen.pop(run_id, None)
            else:
                found.append(run_id)
        return found

    def _enforce_cancel(self, run_id: str) -> None:
        """Give a worker that was asked to stop a moment, then end it."""
        now = time.monotonic()
        waited = now - self._cancel_seen.setdefault(run_id, now)
        if waited < TERMINATE_AFTER_S:
            return
        number = signal.SIGTERM if waited < KILL_AFTER_S else signal.SIGKILL
        worker = self.store.status(run_id).worker
        child = self._children.get(run_id)
        if child is not None:
            _signal_group(child.pid, number)
        elif worker is not None and worker.alive():
            _signal_group(worker.pid, number)
        if number == signal.SIGKILL:
            self.store.close(run_id, RunState.CANCELLED)

    def _bury(self, run_id: str, code: int) -> None:
        """Close a run whose worker ended without closing it."""
        if self.store.cancel_requested(run_id):
            self.store.close(run_id, RunState.CANCELLED)
        else:
            what = f"signal {-code}" if code < 0 else f"exit code {code}"
            hint = "; too little memory? try fewer paths" if code == -signal.SIGKILL else ""
            message = f"the process of this run died ({what}){hint}"
            self.store.close(run_id, RunState.FAILED, message)


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own; what it prints goes to the run's log."""
    with (Path(command[-1]) / "log.txt").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=worker_environment(os.environ),
        )


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Environment of a worker: our own packages first, and idle threads that do not spin.

    `-P` keeps the current folder out of the import path: the names of our packages (`app`, `model`)
    are too common to be looked up wherever the server happened to be started.
    """
    packages = str(Path(app.__file__).resolve().parent.parent)
    return dict(environment) | {
        "PYTHONPATH": packages,
        "OMP_WAIT_POLICY": "PASSIVE",
        "GOMP_SPINCOUNT": "0",
        "PYTHONUNBUFFERED": "1",
    }


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
