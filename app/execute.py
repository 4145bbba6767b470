"""A run of the store from the moment it is taken up to its last state, in this process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from engine.runs import RunState, RunStore
from engine.runs.processes import ProcessMark
from model.errors import FaultlineError

if TYPE_CHECKING:
    from app.backends import Backend
    from app.report import StressReport
    from engine.rollout import Progress

REPORT_EVERY_S = 0.25
FORMATS = ("html", "pdf", "json")  # as app.report.FORMATS, which takes seconds to load


class Busy(FaultlineError):
    """Another process works on the run, or has done so."""


def execute(
    store: RunStore,
    run_id: str,
    formats: Sequence[str] = FORMATS,
    watch: Callable[[Progress], None] = lambda _: None,
    stage: Callable[[str], None] = lambda _: None,
    backend: Backend | None = None,
) -> StressReport | None:
    """Compute what is missing of a queued run, measure it, report, and close it.

    Parameters
    ----------
    store, run_id : the run
    formats : of the report
    watch : called a few times a second while paths are computed
    stage : called with the name of each later stage as it begins
    backend : who plays the paths; None: this process

    Returns
    -------
    StressReport or None
        None where the run was cancelled.

    Raises
    ------
    Busy
        Another process works on it, or it does not wait.
    FaultlineError
        Too little memory or disk, see `app.limits.check_fits`; or see `app.stress.run_in_chunks`.
    OSError
        The disk is full, or the folder cannot be written. Finished chunks stay, as they do
        whatever else ends the run: it can go on where it stopped.
    """
    with store.claim(run_id) as mine:
        if not mine:
            raise Busy(f"{run_id}: another process works on this run")
        state = store.status(run_id).state
        if state is not RunState.QUEUED:  # a worker that comes late, after a cancel
            raise Busy(f"{run_id}: is {state}; only a run that waits is taken up")
        try:
            report = _work(store, run_id, formats, watch, stage, backend)
        except KeyboardInterrupt:
            store.close(run_id, RunState.CANCELLED, "interrupted")
            raise
        except Exception as error:
            with suppress(OSError):  # on a full disk; those who look see that the process is gone
                store.close(run_id, RunState.FAILED, message_of(error))
            raise
        store.close(run_id, RunState.FINISHED if report else RunState.CANCELLED)
        return report


def message_of(error: Exception, where: str = "run") -> str:
    """What ended a run, in one line; `where` stands for a file that the system does not name."""
    if isinstance(error, FaultlineError):
        message = str(error)
    elif isinstance(error, MemoryError):
        message = "not enough memory; choose fewer paths or a shorter horizon"
    elif isinstance(error, OSError):
        message = f"{error.filename or where}: {error.strerror or error}"
    else:
        message = f"internal error: {type(error).__name__}: {error}"
    return " ".join(message.split())


def _work(
    store: RunStore,
    run_id: str,
    formats: Sequence[str],
    watch: Callable[[Progress], None],
    stage: Callable[[str], None],
    backend: Backend | None,
) -> StressReport | None:
    status = store.status(run_id).begun(
        ProcessMark.of(os.getpid()), "loading the model; the first time, compiling"
    )
    store.write_status(run_id, status)

    # Loaded only now: the run is seen to have begun a second or two earlier.
    from app.fingerprint import fingerprint
    from app.limits import check_fits
    from app.manifest import collect_manifest, write_manifest
    from app.stress import run_in_chunks
    from engine.rollout import Cancelled
    from engine.runs.chunks import RunPaths

    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal status, last
        status = status.advanced(progress)
        watch(progress)
        now = time.monotonic()
        if now - last >= REPORT_EVERY_S:
            last = now
            with suppress(OSError):  # progress is not worth a run
                store.write_status(run_id, status)

    def begin(name: str) -> None:
        stage(name)
        with suppress(OSError):
            store.write_status(run_id, status.model_copy(update={"stage": name, "eta_s": None}))

    run = store.get(run_id)
    request = fingerprint(run.spec)
    check_fits(run.spec, store)
    if status.fingerprint not in ("", request) and RunPaths(run.folder).done:
        raise FaultlineError(
            f"{run_id}: its paths were computed with other versions or files, and more would not "
            f"belong to them; run it again: faultline run --spec {run.folder / 'spec.json'}"
        )
    manifest = collect_manifest([run.spec], run_ids=[run_id], fingerprint=request)
    write_manifest(manifest, run.folder)
    stop = partial(store.cancel_requested, run_id)
    try:
        result = run_in_chunks(run.spec, run.folder, report, stop, backend)
    except Cancelled:
        return None
    if backend is not None and backend.hardware:  # other machines than this one
        write_manifest(manifest.model_copy(update={"hardware": backend.hardware}), run.folder)
    from app.results import keep_results  # charts and statistics, which the paths did not wait for

    document = keep_results(result, run.folder, run_id, begin, formats)
    return None if store.cancel_requested(run_id) else document
