"""The model's own distribution of the next event, reweighted."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from engine.shocks.base import intensity_reaching
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import tilt
from model.profile import AssetProfile

MAX_ODDS = 1_000.0


class Reweighting(RampedShock):
    """Multiplies odds inside the model: exact, with the likelihood ratio kept for each path.

    Only models that draw the next event from a table of probabilities offer it (TradeFM does).
    `cancel` multiplies the odds of a cancel against a new order, `buy` those of pressure upwards,
    `deeper` and `larger` those of each bin of depth and of size against the one before it. The log
    of the probability of what was drawn, tilted over untilted, is summed over each path
    (`by_path["log_ratio"]`). Intensity is the power of all.
    """

    kind: Literal["reweighting"] = "reweighting"
    cancel: float = Field(default=1.0, ge=1 / MAX_ODDS, le=MAX_ODDS, description="odds of a cancel")
    buy: float = Field(default=1.0, ge=1 / MAX_ODDS, le=MAX_ODDS, description="odds of buying")
    deeper: float = Field(default=1.0, ge=0.1, le=10, description="odds of the next depth bin")
    larger: float = Field(default=1.0, ge=0.1, le=10, description="odds of the next size bin")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.cancel == self.buy == self.deeper == self.larger == 1.0:
            raise ValueError("every factor is 1, which does nothing; change one of them")
        return self

    @property
    def max_intensity(self) -> float:
        """The intensity at which some odds are multiplied by 1,000, at most 10."""
        factors = (self.cancel, self.buy, self.deeper, self.larger)
        return min(intensity_reaching(factor, MAX_ODDS) for factor in factors)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        plan = ShockPlan.empty()
        for kind, factor in (
            (Tilt.CANCEL_ODDS, self.cancel),
            (Tilt.PRESSURE, self.buy),
            (Tilt.DEPTH_ODDS, self.deeper),
            (Tilt.SIZE_ODDS, self.larger),
        ):
            if factor != 1.0:
                log_odds = intensity * math.log(factor)
                plan = plan.joined(tilt(kind, self.window_s, log_odds, self.ramp_s))
        return plan

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        parts = [
            f"{what} by {factor**intensity:.3g}"
            for what, factor in (
                ("of a cancel", self.cancel),
                ("of pressure upwards", self.buy),
                ("of each further depth bin", self.deeper),
                ("of each further size bin", self.larger),
            )
            if factor != 1.0
        ]
        return f"Multiplies, inside the model, the odds {', '.join(parts)} {self.when()}."
