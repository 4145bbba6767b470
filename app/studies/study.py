"""A study as it is asked for, whatever its kind, and how it is played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.studies.limits import check_study
from app.studies.portfolio import play_portfolio
from app.studies.report import StudyReport
from app.studies.reverse import RareSpec, ReverseSpec, in_words, play_rare, play_reverse
from app.studies.sweep import ARM, MEASURE, play_sweep
from engine.portfolio import PortfolioSpec
from engine.rollout import Progress
from engine.sweep import SweepSpec
from model.errors import FaultlineError

RETURNS = "returns.csv"  # of a portfolio, in the study's folder


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SweepStudy(_Frozen):
    """Scenarios x assets x intensities."""

    kind: Literal["sweep"] = "sweep"
    spec: SweepSpec
    measure: str = MEASURE
    arm: str = ARM


class ReverseStudy(_Frozen):
    """From an outcome back to a shock."""

    kind: Literal["reverse"] = "reverse"
    spec: ReverseSpec


class RareStudy(_Frozen):
    """How rare a loss is."""

    kind: Literal["rare"] = "rare"
    spec: RareSpec


class PortfolioStudy(_Frozen):
    """Positions in several assets; `returns`: whether the folder holds a table of returns."""

    kind: Literal["portfolio"] = "portfolio"
    spec: PortfolioSpec
    returns: bool = False


Study = Annotated[
    SweepStudy | ReverseStudy | RareStudy | PortfolioStudy, Field(discriminator="kind")
]
_ADAPTER: TypeAdapter[Study] = TypeAdapter(Study)


def read_study_file(path: Path) -> Study:
    """Read the `study.json` of a folder; `FaultlineError` where it cannot be."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise FaultlineError(
            f"{path}: not a study that this version can read; ask for it again"
        ) from error


def study_title(study: Study) -> str:
    """What was asked, in a line."""
    if isinstance(study, SweepStudy):
        grid = study.spec
        return (
            f"Sweep · {len(grid.scenarios)} scenarios × {', '.join(grid.assets)} ×"
            f" {len(grid.intensities)} intensities"
        )
    if isinstance(study, PortfolioStudy):
        assets = ", ".join(position.asset for position in study.spec.positions)
        return f"Portfolio · {assets} · {study.spec.scenario.title} ×{study.spec.intensity:g}"
    run = study.spec.run
    what = f"{run.asset} · {run.scenario.title}"
    if isinstance(study, RareStudy):
        return f"Rare loss · {what} ×{run.intensity:g} · {in_words(study.spec.outcome)}"
    return f"Reverse stress · {what} · {in_words(study.spec.outcome)}"


def play_study(
    study: Study,
    folder: Path,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StudyReport:
    """Play a study into its folder.

    Raises
    ------
    FaultlineError
        It cannot be played, or does not fit; `Cancelled` where `cancelled` said yes.
    """
    check_study(study.spec, folder)
    if isinstance(study, SweepStudy):
        return play_sweep(
            study.spec, folder, measure=study.measure, arm=study.arm, progress=progress,
            cancelled=cancelled,
        )  # fmt: skip
    if isinstance(study, PortfolioStudy):
        returns = folder / RETURNS if study.returns else None
        return play_portfolio(study.spec, folder, returns, progress, cancelled)
    if isinstance(study, RareStudy):
        return play_rare(study.spec, folder, progress, cancelled)
    return play_reverse(study.spec, folder, progress, cancelled)
