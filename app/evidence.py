"""What an evaluation is asked to do and what it leaves behind: one file an asset."""

from __future__ import annotations

import shlex
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.manifest import Manifest
from app.stress import first_problem
from model.catalogue import Split
from model.errors import SpecError
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import FactSheet, Record


class EvaluationSettings(BaseModel):
    """What an evaluation is asked to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "small"
    baselines: tuple[Literal["hawkes", "zero-intelligence"], ...] = ("hawkes", "zero-intelligence")
    paths: int = Field(default=48, ge=2, le=4096, description="rollouts of each model")
    horizon_s: float = Field(default=300.0, ge=10, le=3600)
    split: Split = Field(
        default="test", description="choices are made on validation; test is reported once"
    )
    seed: int = Field(default=1, ge=0, lt=2**63)
    resamples: int = Field(default=200, ge=20, le=10_000, description="of the bootstrap")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    max_events: int = Field(default=20_000, ge=1, description="a runaway path is cut there")

    @classmethod
    def checked(cls, **settings: Any) -> EvaluationSettings:
        """Settings as a person typed them; `SpecError` names the field that is wrong."""
        try:
            return cls(**settings)
        except ValidationError as error:
            raise SpecError(first_problem(error)) from error

    def command(self, asset: str) -> str:
        """The command line that makes the evaluation of `asset` again."""
        words = {
            "--assets": asset, "--baselines": ",".join(self.baselines), "--model": self.model,
            "--paths": self.paths, "--horizon": f"{self.horizon_s:g}", "--seed": self.seed,
            "--resamples": self.resamples, "--device": self.device, "--split": self.split,
        }  # fmt: skip
        options = [str(word) for pair in words.items() for word in pair]
        return shlex.join(["faultline", "evaluate", *options])


class Provenance(Record):
    """How the numbers of an evaluation came about; dictionaries are keyed by model label."""

    settings: EvaluationSettings
    horizon_s: float = Field(description="as used: shorter where the split is short")
    split_s: tuple[float, float] = Field(description="seconds after local midnight")
    history_events: int = Field(description="real events before each start: context, not scored")
    seconds: dict[str, float] = Field(description="time that the rollouts took")
    events: dict[str, int]
    cut_paths: dict[str, int] = Field(description="paths that met the limit on events")
    counters: dict[str, dict[str, int]] = Field(description="events refused or repaired, by kind")
    manifest: Manifest


class Evidence(Record):
    """One asset's evaluation: scorecard, fact sheets (`Real` and each model) and provenance.

    `app.evaluations` reads it back for dashboard and reports.
    """

    scorecard: Scorecard
    sheets: dict[str, FactSheet]
    provenance: Provenance


class Scorecards(Record):
    """The scorecards of an evaluation by asset: `scorecard.json`."""

    assets: dict[str, Scorecard]
