"""One run in a process of its own: `python -m app.worker RUN_FOLDER`.

Everything it has to say goes into the run's folder; what it prints goes to `log.txt` there.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from engine.runs import RunState, RunStore
from engine.runs.processes import ProcessMark
from model.errors import FaultlineError

if TYPE_CHECKING:
    from engine.rollout import Progress

NICENESS = 10  # the dashboard stays quick while a run computes
REPORT_EVERY_S = 0.25


def main(folder: Path) -> int:
    """Do the run kept in `folder`, and close it in its last state; 0 unless it failed."""
    os.nice(NICENESS)
    store, run_id = RunStore(folder.parent), folder.name
    lock_path = store.folder(run_id) / "worker.lock"
    with lock_path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return 0  # another worker has it
        code = _close(store, run_id)
        lock_path.unlink(missing_ok=True)
    return code


def _close(store: RunStore, run_id: str) -> int:
    try:
        finished = _work(store, run_id)
        store.close(run_id, RunState.FINISHED if finished else RunState.CANCELLED)
        return 0
    except FaultlineError as error:
        message = str(error)
    except MemoryError:
        message = "not enough memory; choose fewer paths or a shorter horizon"
    except OSError as error:
        message = f"{error.filename or store.root}: {error.strerror or error}"
    except Exception as error:
        traceback.print_exc()
        message = f"internal error: {type(error).__name__}: {error}"
    print(message, file=sys.stderr)
    store.close(run_id, RunState.FAILED, " ".join(message.split()))
    return 1


def _work(store: RunStore, run_id: str) -> bool:
    """Simulate, measure, report; False where the run was cancelled."""
    status = store.status(run_id).begun(
        ProcessMark.of(os.getpid()), "loading the model; the first time, compiling"
    )
    store.write_status(run_id, status)

    # Loaded only now: the run is seen to have begun a second or two earlier.
    from app.results import keep_results
    from app.stress import run_stress
    from engine.rollout import Cancelled

    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal status, last
        status = status.advanced(progress)
        now = time.monotonic()
        if now - last >= REPORT_EVERY_S:
            last = now
            store.write_status(run_id, status)

    def stage(name: str) -> None:
        store.write_status(run_id, status.model_copy(update={"stage": name, "eta_s": None}))

    run = store.get(run_id)
    try:
        result = run_stress(run.spec, report, lambda: store.cancel_requested(run_id))
    except Cancelled:
        return False
    keep_results(result, run.folder, run_id, stage)
    return not store.cancel_requested(run_id)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
