"""What a page needs of a finished run, so that it never reads the paths."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.risk import AchievedRow, Bands, RiskTable
from engine.risk.stress_realism import StressRealism
from engine.runs.atomic import write_atomic
from model.errors import FaultlineError


class RunSummary(BaseModel):
    """What `summary.json` holds: risk numbers, bands over time, losses, counts and seconds.

    Losses of every path are in `bands`, by arm. `counters` are what was refused or repaired, by
    arm and kind; `timing` is that of `engine.rollout.StressRun`. `stress_realism`: stylized facts
    under stress, and how far outside the model's support the flow is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk: RiskTable
    achieved: tuple[AchievedRow, ...]
    bands: Bands
    counters: dict[str, dict[str, int]]
    timing: dict[str, float]
    stress_realism: StressRealism | None = None

    def write(self, path: Path) -> None:
        """Write as JSON, in one step."""
        write_atomic(path, self.model_dump_json() + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote; `FaultlineError` where the file is missing or broken."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise FaultlineError(f"{path}: not the summary of a run; run it again") from error
