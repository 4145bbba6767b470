"""Orders are placed deeper, and more of them cross the spread."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from engine.shocks.base import intensity_reaching
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import tilt
from model.profile import AssetProfile

MAX_DEPTH = 50.0


class Volatility(RampedShock):
    """New limit orders go deeper into the book, and some of them cross the spread instead.

    An order that would rest d ticks behind its touch rests d' ticks behind it, d' + 1 = `depth` x
    (d + 1); orders inside the spread stay. Of all new limit orders a share `crossing` is sent at
    the opposite touch, where it trades. Intensity is the power of `depth` and of 1 - `crossing`.
    """

    kind: Literal["volatility"] = "volatility"
    depth: float = Field(
        default=1.0, ge=1, le=MAX_DEPTH, description="factor on the distance of new limit orders"
    )
    crossing: float = Field(
        default=0.0, ge=0, lt=1, description="share of new limit orders that cross the spread"
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.depth == 1.0 and self.crossing == 0.0:
            raise ValueError("depth 1 and crossing 0 do nothing; change one of them")
        return self

    @property
    def max_intensity(self) -> float:
        """The intensity at which distances are multiplied by 50, at most 10."""
        return intensity_reaching(self.depth, MAX_DEPTH)

    def crossing_at(self, intensity: float) -> float:
        """Share of new limit orders that cross at an intensity."""
        return 1.0 - math.exp(intensity * math.log1p(-self.crossing))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        plan = ShockPlan.empty()
        for kind, log_value in (
            (Tilt.DEPTH, math.log(self.depth)),
            (Tilt.PATIENCE, math.log1p(-self.crossing)),
        ):
            if log_value != 0.0:
                plan = plan.joined(tilt(kind, self.window_s, intensity * log_value, self.ramp_s))
        return plan

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        return (
            f"Places new limit orders {self.depth**intensity:.3g} times as deep and lets"
            f" {self.crossing_at(intensity):.3g} of them cross the spread {self.when()}."
        )
