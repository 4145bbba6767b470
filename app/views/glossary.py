"""What every measure means, and what the store takes of the disk."""

from __future__ import annotations

import os
import shutil

from app.views.runs import finished_runs, summary_of
from engine.runs import RunStore
from engine.shocks import SHOCKS
from model.catalogue import DATA_VARIABLE
from model.errors import FaultlineError

LOOKED_AT = 30  # of the newest runs: their tables hold their own definitions
WORDS = {
    "Path": "One simulated market from the start to the horizon.",
    "Shocked and unshocked": "The same paths with and without the shock, from the same random "
    "numbers.",
    "Effect": "The shocked number less the unshocked one, taken on pairs of paths.",
    "Interval": "Where the number would lie in 95 of 100 repetitions with other random numbers; it "
    "says nothing about the error of the model.",
    "Intensity": "Multiplies the shocks of a scenario: 1 as described, 0 nothing.",
    "bp": "Basis point, a hundredth of a per cent of the price at the start.",
    "Tick": "The smallest step of the price.",
    "Spread": "Lowest ask less highest bid.",
    "Touch": "The best bid and the best ask; depth at the touch is what rests there.",
    "Mid price": "Half way between the best bid and the best ask.",
    "Floor": "The distance between two parts of the real data: no model can be expected nearer.",
}


def glossary() -> dict[str, dict[str, str]]:
    """Names and meanings by heading; those of the measures come from the newest runs."""
    measures: dict[str, str] = {}
    achieved: dict[str, str] = {}
    for run in list(finished_runs(LOOKED_AT).values()):
        try:
            summary = summary_of(run)
        except FaultlineError:
            continue
        for row in summary.risk.rows:
            measures.setdefault(
                f"{row.label}, {row.unit}" if row.unit else row.label, row.definition
            )
        for one in summary.achieved:
            achieved.setdefault(one.quantity, one.definition)
    shocks = {
        kind.replace("_", " ").capitalize(): " ".join((shock.__doc__ or "").split())
        for kind, shock in SHOCKS.items()
    }
    return {
        "Words": WORDS,
        "Risk measures": measures
        or {"After the first run": "the measures of its table are explained here."},
        "What shocks achieve": achieved,
        "Shocks": {name: text.replace("`", "") for name, text in shocks.items()},
    }


def disk_use(store: RunStore) -> dict[str, str]:
    """Where runs and recordings lie, and how much room they take."""
    sizes = [
        entry.stat().st_size
        for run_id in store.ids()
        for entry in os.scandir(store.root / run_id)
        if entry.is_file()
    ]
    root = store.root if store.root.is_dir() else store.root.parent
    free = shutil.disk_usage(root).free if root.is_dir() else 0
    return {
        "Folder of the runs": str(store.root),
        "Runs": f"{len(store.ids()):,}, {sum(sizes) / 2**20:,.1f} MiB",
        "Free on that disk": f"{free / 2**30:,.1f} GiB",
        "Folder of the recordings": os.environ.get(DATA_VARIABLE) or "not set",
    }
