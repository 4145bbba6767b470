"""One study in a process of its own: `python -m app.studies.worker FOLDER`.

Everything it has to say goes into the study's folder; what it prints goes to `log.txt` there.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
import traceback
from pathlib import Path

from app.execute import message_of
from app.studies.jobs import close, read_status, write_status
from app.studies.report import write_study
from app.studies.study import play_study, read_study_file
from engine.rollout import Cancelled, Progress
from engine.runs import RunState
from engine.runs.processes import ProcessMark
from model.errors import FaultlineError

NICENESS = 10  # the dashboard stays quick while a study computes
REPORT_EVERY_S, LOOK_EVERY_S = 0.25, 0.2
END_AFTER_S = 1.5  # from a cancel to the end of a worker that is busy elsewhere


def main(folder: Path) -> int:
    """Play the study kept in `folder`, and close it in its last state; 0 unless it failed."""
    os.nice(NICENESS)
    status = read_status(folder).model_copy(
        update={
            "state": RunState.RUNNING,
            "worker": ProcessMark.of(os.getpid()),
            "stage": "loading the model; the first time, compiling",
        }
    )
    write_status(folder, status)
    threading.Thread(target=_end_when_cancelled, args=(folder,), daemon=True).start()
    told = 0.0

    def tell(progress: Progress) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < REPORT_EVERY_S:
            return
        told = now
        eta = progress.eta_s if math.isfinite(progress.eta_s) else None
        write_status(
            folder,
            status.model_copy(
                update={"stage": progress.stage, "fraction": progress.fraction, "eta_s": eta}
            ),
        )

    try:
        report = play_study(
            read_study_file(folder / "study.json"), folder, tell, (folder / "cancel").exists
        )
        write_study(report, folder)
    except Cancelled:
        close(folder, RunState.CANCELLED)
        return 0
    except Exception as error:
        if not isinstance(error, FaultlineError | OSError | MemoryError):
            traceback.print_exc()
        message = message_of(error, str(folder))
        print(message, file=sys.stderr)
        close(folder, RunState.FAILED, message)
        return 1
    close(folder, RunState.FINISHED)
    return 0


def _end_when_cancelled(folder: Path) -> None:
    """End the process soon after it is cancelled, whatever it is at: every file is whole."""
    while not (folder / "cancel").exists():
        time.sleep(LOOK_EVERY_S)
    time.sleep(END_AFTER_S)
    if not read_status(folder).state.last:
        close(folder, RunState.CANCELLED)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
