"""Which process works on a run, and whether that very process still lives."""

from __future__ import annotations

import platform
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict


class ProcessMark(BaseModel):
    """A process, told apart from a later one that was given the same number.

    `started` is the kernel's start time: on Linux clock ticks since boot, which setting the clock
    does not move; elsewhere seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessMark:
        """The mark of a running process."""
        return cls(host=platform.node(), pid=pid, started=_started(pid) or 0.0)

    @property
    def local(self) -> bool:
        """Whether it is a process of this host."""
        return self.host == platform.node()

    def alive(self) -> bool:
        """Whether the process runs; True for one on another host, which nobody here can see."""
        return not self.local or _started(self.pid) == self.started


def _started(pid: int) -> float | None:
    """Start time of a process, None where there is none or only its exit code is left."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The command in brackets may hold spaces and brackets: fields count from the last one.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else float(fields[19])
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
