"""One run in a process of its own: `python -m app.worker RUN_FOLDER`.

Everything it has to say goes into the run's folder; what it prints goes to `log.txt` there.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from app.execute import Busy, execute, message_of
from engine.runs import RunStore
from model.errors import FaultlineError

NICENESS = 10  # the dashboard stays quick while a run computes


def main(folder: Path) -> int:
    """Do the run kept in `folder`, and close it in its last state; 0 unless it failed."""
    os.nice(NICENESS)
    try:
        execute(RunStore(folder.parent), folder.name)
    except Busy:
        return 0
    except Exception as error:
        if not isinstance(error, FaultlineError | OSError | MemoryError):
            traceback.print_exc()
        print(message_of(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
