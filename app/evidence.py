"""What an evaluation is asked to do and what it leaves behind: one file an asset."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.manifest import Manifest
from app.models import BASELINES, is_baseline
from app.stress import first_problem
from model.catalogue import Split
from model.errors import SpecError
from stylized_facts.score_row import Metric, ScoreRow
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import FactSheet, Number, Record
from stylized_facts.verdict import Verdict

NO_MODEL = "none"  # nothing of ours under test: the first synthetic directory is


class EvaluationSettings(BaseModel):
    """What an evaluation is asked to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(default="small", description=f"{NO_MODEL!r}: only what is synthetic")
    baselines: tuple[str, ...] = ("hawkes", "zero-intelligence")
    synthetic: tuple[str, ...] = Field(default=(), description="label=DIR, see app.synthetic")
    paths: int = Field(default=48, ge=2, le=4096, description="rollouts of each model")
    horizon_s: float = Field(default=300.0, ge=10, le=3600)
    split: Split = Field(
        default="test", description="choices are made on validation; test is reported once"
    )
    seed: int = Field(default=1, ge=0, lt=2**63)
    resamples: int = Field(default=200, ge=20, le=10_000, description="of the bootstrap")
    learned: bool = Field(
        default=True, description="discriminators, predictive score, memorisation"
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    max_events: int = Field(default=20_000, ge=1, description="a runaway path is cut there")

    @field_validator("baselines")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not is_baseline(name):
                raise ValueError(f"{name!r} is no baseline; use some of {', '.join(BASELINES)}")
        return names

    @property
    def models(self) -> tuple[str, ...]:
        """Names of everything that is rolled out, the model under test first."""
        return tuple(dict.fromkeys((*self._under_test, *self.baselines)))

    @property
    def _under_test(self) -> tuple[str, ...]:
        return () if self.model == NO_MODEL else (self.model,)

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
        options += [word for text in self.synthetic for word in ("--synthetic", text)]
        return shlex.join(["faultline", "evaluate", *options])


class Provenance(Record):
    """How the numbers of an evaluation came about; dictionaries are keyed by model label."""

    settings: EvaluationSettings
    horizon_s: float = Field(description="as used: shorter where the split is short")
    split_s: tuple[float, float] = Field(description="seconds after local midnight")
    history_s: float = Field(description="of the recording before each start: context, not scored")
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
    log_probability: list[Number] = Field(
        default=[], description="of a real event under the model, by window, nats; empty: not known"
    )
    provenance: Provenance


class QuantityRow(Record):
    """One quantity by one metric over all assets; the inner dictionaries are keyed by model."""

    quantity: str
    label: str
    metric: Metric
    ratio_to_floor: dict[str, Number] = Field(description="geometric mean over the assets")
    ratio_to_hawkes: dict[str, Number] = Field(description="geometric mean over the assets")
    distance: dict[str, dict[str, Number]] = Field(description="by asset")
    verdict: dict[str, dict[str, Verdict]] = Field(description="by asset")


class Scorecards(Record):
    """The scorecards of an evaluation by asset: `scorecard.json`.

    `ratio_to_hawkes` and `ratio_to_floor` are those of the model under test, geometric means over
    the assets that have them.
    """

    model: str = ""
    ratio_to_hawkes: Number = float("nan")
    ratio_to_floor: Number = float("nan")
    ratio_to_floor_by_model: dict[str, Number] = {}
    rows: list[QuantityRow] = []
    assets: dict[str, Scorecard]

    @classmethod
    def of(cls, assets: dict[str, Scorecard]) -> Scorecards:
        """Put the scorecards of one evaluation together, in the order of their rows."""
        cards = list(assets.values())
        models = list(dict.fromkeys(label for card in cards for label in card.models))
        floors = {m: _mean([card.ratio_to_floor.get(m, _NAN) for card in cards]) for m in models}
        found: dict[tuple[str, str], dict[str, ScoreRow]] = {}
        for asset, card in assets.items():
            for row in card.rows:
                found.setdefault((row.quantity, row.metric), {})[asset] = row
        return cls(
            model=models[0],
            ratio_to_hawkes=_mean([card.ratio_to_hawkes for card in cards]),
            ratio_to_floor=floors[models[0]],
            ratio_to_floor_by_model=floors,
            rows=[_row_of(rows, models) for rows in found.values()],
            assets=assets,
        )


_NAN = float("nan")


def _row_of(rows: dict[str, ScoreRow], models: list[str]) -> QuantityRow:
    first = next(iter(rows.values()))
    each = list(rows.values())
    return QuantityRow(
        quantity=first.quantity,
        label=first.label,
        metric=first.metric,
        ratio_to_floor={m: _mean([r.ratio_to_floor.get(m, _NAN) for r in each]) for m in models},
        ratio_to_hawkes={m: _mean([r.ratio_to_hawkes.get(m, _NAN) for r in each]) for m in models},
        distance={asset: row.distance for asset, row in rows.items()},
        verdict={asset: row.verdict for asset, row in rows.items()},
    )


def _mean(ratios: Sequence[float]) -> float:
    """Geometric mean of what is finite and above 0; NaN where nothing is."""
    known = [ratio for ratio in ratios if math.isfinite(ratio) and ratio > 0]
    return math.exp(sum(map(math.log, known)) / len(known)) if known else _NAN
