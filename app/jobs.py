"""Runs in processes of their own: a queue on disk, cancelled within a second.

Whatever is known of a run is in its folder (`engine.runs`), so that a killed server loses nothing:
workers go on without it, and the next server finds them, their results, what still waits, and what
a crash or a reboot has cut short, which goes on where it stopped.
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
from typing import IO, NamedTuple

import app
from app.fingerprint import fingerprint, known_run
from app.limits import has_room
from engine.runs import RunState, RunStatus, RunStore
from engine.runs.run_id import made
from engine.runs.store import DIED
from engine.spec import RunSpec
from model.errors import FaultlineError

WORKER = (sys.executable, "-P", "-m", "app.worker")
POLL_S = 0.2
CANCEL_POLL_S = 0.05  # while a run is to be cancelled
TERMINATE_AFTER_S = 0.35  # the worker looks at the cancel file between events; then SIGTERM
KILL_AFTER_S = 0.6  # compiled code may not let a Python signal handler run
MOST_AUTOMATIC = 1  # a run that was cut short goes on by itself so often
CORES_PER_RUN = 4


class _Child(NamedTuple):
    """A worker that was started here, and for which attempt at its run."""

    process: subprocess.Popen[bytes]
    attempt: int


class JobRunner:
    """Starts queued runs, a few at a time, and ends those that are to be cancelled.

    Several servers may use one store: the one that holds the lock file starts the workers, the
    others only add to the queue.

    Parameters
    ----------
    store : RunStore
    command : sequence of str
        What to start; the run's folder is added as the last argument.
    limit : int or None
        Runs at work at the same time; None: one for every four cores. One whose memory, or that of
        the GPU, is not free waits all the same, unless none is at work.
    """

    def __init__(
        self, store: RunStore, command: Sequence[str] = WORKER, limit: int | None = None
    ) -> None:
        self.store = store
        self._command = tuple(command)
        self._limit = limit or max(1, (os.cpu_count() or 1) // CORES_PER_RUN)
        self._children: dict[str, _Child] = {}
        self._ended: set[str] = set()
        self._changed = 0
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

    def submit(self, spec: RunSpec, *, again: bool = False) -> str:
        """Add a run to the queue and return its id.

        The same request is not computed twice: where there is a run of it, its id is returned.

        Parameters
        ----------
        again : compute it all the same

        Raises
        ------
        FaultlineError
            The model is not known, or the store cannot be written.
        """
        request = fingerprint(spec)
        there = None if again else known_run(self.store, request)
        if there is not None:
            return there.id
        run_id = self.store.create(spec, request)
        self._wake.set()
        return run_id

    def resume(self, run_id: str) -> None:
        """Queue a run that failed or was cancelled; what it has computed is kept.

        Raises
        ------
        FaultlineError
            It is not over.
        """
        self.store.reopen(run_id)
        self._wake.set()

    def cancel(self, run_id: str) -> None:
        """Ask for a run to be cancelled; it is over within a second."""
        self.store.request_cancel(run_id)
        self._wake.set()

    def position(self, run_id: str) -> int:
        """How many runs are to be finished before this one starts; 0 for one at work."""
        return sum(made(other) < made(run_id) for other in self._open())

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
            self._wake.wait(CANCEL_POLL_S if self._cancel_seen else POLL_S)
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
            code = child.process.poll()
            if code is not None:
                del self._children[run_id]
                self._bury(run_id, child.attempt, code)
        running = 0
        waiting, loading = list[str](), list[RunSpec]()
        for run_id in self._open():
            status = self.store.status(run_id)
            if self.store.cancel_requested(run_id):
                self._enforce_cancel(run_id, status)
            if _goes_on(status):
                self.store.reopen(run_id, automatic=True)
            elif status.state is RunState.RUNNING or run_id in self._children:
                running += 1
                if status.fraction == 0.0:
                    loading.append(self.store.get(run_id).spec)
            elif status.state is RunState.QUEUED and status.queue:
                waiting.append(run_id)
        for run_id in waiting[: max(0, self._limit - running)]:
            run = self.store.get(run_id)
            if running and not has_room(run.spec, loading):
                break  # the others wait as well: a big run must not wait for ever
            running += 1
            loading.append(run.spec)
            command = [*self._command, str(run.folder)]
            process = _spawn(command, threads=_threads(self._limit))
            self._children[run_id] = _Child(process, run.status.attempt)

    def _open(self) -> list[str]:
        """Ids of the runs that are not over, the oldest first."""
        found = []
        changed = self.store.changed()
        if changed != self._changed:
            self._ended.clear()
            self._changed = changed
        for run_id in reversed(self.store.ids()):
            if run_id in self._ended:
                continue
            try:
                status = self.store.status(run_id)
                over = status.state.last and not _goes_on(status)
            except FaultlineError:
                over = True
            if over and run_id not in self._children:
                self._ended.add(run_id)
                self._cancel_seen.pop(run_id, None)
            else:
                found.append(run_id)
        return found

    def _enforce_cancel(self, run_id: str, status: RunStatus) -> None:
        """Give a worker that was asked to stop a moment, then end it."""
        now = time.monotonic()
        waited = now - self._cancel_seen.setdefault(run_id, now)
        if waited < TERMINATE_AFTER_S:
            return
        number = signal.SIGTERM if waited < KILL_AFTER_S else signal.SIGKILL
        worker, child = status.worker, self._children.get(run_id)
        if child is not None:
            _signal(child.process.pid, number)
        elif worker is not None and worker.local and worker.alive():
            _signal(worker.pid, number)
        if number == signal.SIGKILL:
            self.store.close(run_id, RunState.CANCELLED, attempt=status.attempt)

    def _bury(self, run_id: str, attempt: int, code: int) -> None:
        """Close a run whose worker ended without closing it."""
        status = self.store.status(run_id)
        if status.attempt != attempt or (status.worker is not None and status.worker.alive()):
            return  # it was reopened meanwhile, or another process has it
        if self.store.cancel_requested(run_id):
            self.store.close(run_id, RunState.CANCELLED, attempt=attempt)
        else:
            what = f"signal {-code}" if code < 0 else f"exit code {code}"
            hint = "; too little memory? try fewer paths" if code == -signal.SIGKILL else ""
            message = f"{DIED} ({what}){hint}"
            self.store.close(
                run_id, RunState.FAILED, message, interrupted=code < 0, attempt=attempt
            )


def _goes_on(status: RunStatus) -> bool:
    """Whether a run that was cut short is to be taken up again without being asked for."""
    return status.interrupted and status.queue and status.automatic < MOST_AUTOMATIC


def _threads(limit: int) -> int:
    """Threads of each worker where `limit` of them share the machine."""
    return max(1, (os.cpu_count() or 1) // limit)


def _spawn(command: list[str], threads: int) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own; what it prints goes to the run's log."""
    with (Path(command[-1]) / "log.txt").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={"NUMBA_NUM_THREADS": str(threads)} | worker_environment(os.environ),
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


def _signal(pid: int, number: signal.Signals) -> None:
    """Signal a process, and its group if it leads one, as all workers started here do."""
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
