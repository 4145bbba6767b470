"""How far a run has come."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from engine.runs.processes import ProcessMark

if TYPE_CHECKING:  # it would load the simulator, which those who only look at runs do not need
    from engine.rollout import Progress


class RunState(StrEnum):
    """A run is queued, then running, then in one of three last states.

    A last state changes only where somebody asks for the run to go on (`RunStore.reopen`).
    """

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def last(self) -> bool:
        """Whether nothing will follow."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


class RunStatus(BaseModel):
    """What `status.json` holds. Times are UTC.

    Attributes
    ----------
    fraction : 0..1 of the simulation; `eta_s` is what remains of it, None where not known
    events : executed so far, all paths of both arms; `events_per_s` over the run so far
    message : one line for people: why it failed, or empty
    worker : the process that works on it, or is about to; None while it waits in the queue
    fingerprint : of all that the result depends on; runs with the same one have the same paths
    attempt : how many times the run was taken up, from 1
    interrupted : the worker died without a last word: the run can go on where it stopped
    automatic : how many times in a row it went on by itself since a person asked for it
    queue : the dashboard's queue takes it up; False for a run of the command line
    origin : where the run was fetched from; empty for one of this store's own
    """

    model_config = ConfigDict(frozen=True)

    state: RunState
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    stage: str = ""
    fraction: float = 0.0
    events: int = 0
    events_per_s: float = 0.0
    eta_s: float | None = None
    message: str = ""
    worker: ProcessMark | None = None
    fingerprint: str = ""
    attempt: int = 1
    interrupted: bool = False
    automatic: int = 0
    queue: bool = True
    origin: str = ""

    @classmethod
    def queued(cls, fingerprint: str = "", queue: bool = True) -> RunStatus:
        """A run that waits, from now."""
        now = datetime.now(UTC)
        return cls(
            state=RunState.QUEUED, created=now, fingerprint=fingerprint, queue=queue,
            worker=_own(queue),
        )  # fmt: skip

    def reopened(self, queue: bool = True, automatic: bool = False) -> RunStatus:
        """The status of a run that was over and waits to go on, by itself if `automatic`."""
        return RunStatus(
            state=RunState.QUEUED,
            created=self.created,
            started=self.started,
            fingerprint=self.fingerprint,
            attempt=self.attempt + 1,
            automatic=self.automatic + 1 if automatic else 0,
            queue=queue,
            worker=_own(queue),
            origin=self.origin,
        )

    def fetched(self, origin: str, whole: bool) -> RunStatus:
        """The status here of a run that had this one at `origin`, over whatever it says itself."""
        return RunStatus(
            state=RunState.FINISHED if whole else RunState.FAILED,
            created=self.created,
            started=self.started,
            ended=self.ended or datetime.now(UTC),
            fraction=1.0 if whole else 0.0,
            events=self.events,
            events_per_s=self.events_per_s,
            message="" if whole else "fetched before it was finished",
            fingerprint=self.fingerprint,
            attempt=self.attempt,
            queue=False,
            origin=origin,
        )

    @property
    def abandoned(self) -> bool:
        """Whether the process that was to bring the run to its end is gone."""
        return not self.state.last and self.worker is not None and not self.worker.alive()

    def begun(self, worker: ProcessMark, stage: str) -> RunStatus:
        """The status once `worker` has taken the run up."""
        return self.model_copy(
            update={
                "state": RunState.RUNNING,
                "started": self.started or datetime.now(UTC),
                "stage": stage,
                "worker": worker,
            }
        )

    def advanced(self, progress: Progress) -> RunStatus:
        """The status where the simulation has come to `progress`."""
        return self.model_copy(
            update={
                "stage": "simulating",
                "fraction": progress.fraction,
                "events": progress.events,
                "events_per_s": progress.events_per_s,
                "eta_s": progress.eta_s if math.isfinite(progress.eta_s) else None,
            }
        )

    def closed(self, state: RunState, message: str = "", *, interrupted: bool = False) -> RunStatus:
        """The status of the run ended in `state` now."""
        return self.model_copy(
            update={
                "state": state,
                # Somebody may have set the clock back meanwhile.
                "ended": max(datetime.now(UTC), self.started or self.created),
                "fraction": 1.0 if state is RunState.FINISHED else self.fraction,
                "stage": "",
                "eta_s": None,
                "message": message,
                "interrupted": interrupted,
            }
        )


def _own(queue: bool) -> ProcessMark | None:
    """The mark of this process, which is about to take up a run that is not for the queue."""
    return None if queue else ProcessMark.of(os.getpid())
