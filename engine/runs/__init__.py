"""Where runs are kept."""

from engine.runs.status import RunState, RunStatus
from engine.runs.store import RunStore, StoredRun, default_root

__all__ = ["RunState", "RunStatus", "RunStore", "StoredRun", "default_root"]
