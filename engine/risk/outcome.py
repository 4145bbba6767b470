"""Outcomes that a stress may lead to, path by path."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from engine.ensemble import PathEnsemble
from engine.risk.paths import sample_quotes
from model.events import NS_PER_S, Float64
from model.order_flow import Bools


class OutcomeModel(BaseModel):
    """Something that happens on a path or does not."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Loss(OutcomeModel):
    """The mid has fallen (or risen) by more than `bps` at `at_s`."""

    kind: Literal["loss"] = "loss"
    unit: ClassVar[str] = "bp"
    bps: float = Field(gt=0, description="loss, bp of the mid at the start")
    at_s: float = Field(gt=0, description="seconds after the start")
    position: Literal["long", "short"] = Field(default="long", description="who loses")

    def happened(self, ensemble: PathEnsemble) -> Bools:
        """Whether it happened: bool [P]."""
        return self.reached(ensemble) > self.bps

    def reached(self, ensemble: PathEnsemble) -> Float64:
        """How far each path went towards it: loss at the time, bp [P]."""
        times = np.array([0, round(self.at_s * NS_PER_S)])
        mids = sample_quotes(ensemble, times).mid_ticks
        move = 1e4 * (mids[:, 1] / mids[:, 0] - 1.0)
        return np.asarray(-move if self.position == "long" else move)


class WideSpread(OutcomeModel):
    """The spread is wider than `ticks` for `for_s` seconds on end, sampled each second."""

    kind: Literal["wide_spread"] = "wide_spread"
    unit: ClassVar[str] = "s"
    ticks: float = Field(gt=0, description="spread, ticks")
    for_s: int = Field(ge=1, description="seconds on end")

    def happened(self, ensemble: PathEnsemble) -> Bools:
        """Whether it happened: bool [P]."""
        return self.reached(ensemble) >= self.for_s

    def reached(self, ensemble: PathEnsemble) -> Float64:
        """How far each path went towards it: longest time that the spread is wider, s [P]."""
        grid = np.arange(0, ensemble.horizon_ns + 1, NS_PER_S)
        wide = sample_quotes(ensemble, grid).spread_ticks > self.ticks
        return _longest_run(wide)


class Pause(OutcomeModel):
    """Trading is paused at least once; the scenario needs price bands for that."""

    kind: Literal["pause"] = "pause"
    unit: ClassVar[str] = "pauses"

    def happened(self, ensemble: PathEnsemble) -> Bools:
        """Whether it happened: bool [P]."""
        return self.reached(ensemble) > 0

    def reached(self, ensemble: PathEnsemble) -> Float64:
        """How far each path went towards it: number of pauses [P]."""
        return np.asarray(ensemble.by_path["pauses"], np.float64)


Outcome = Annotated[Loss | WideSpread | Pause, Field(discriminator="kind")]


def _longest_run(flags: Bools) -> Float64:
    """Length of the longest run of True in each row: float64 [P]."""
    steps = np.arange(1, flags.shape[1] + 1)
    last_false = np.maximum.accumulate(np.where(flags, 0, steps), axis=1)
    return np.asarray(np.max(np.where(flags, steps - last_false, 0), axis=1), np.float64)
