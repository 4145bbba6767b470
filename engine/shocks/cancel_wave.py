"""Orders are cancelled more often than usual."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from engine.shocks.base import intensity_reaching
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import BOTH_SIDES, keep_tilts, tilt
from model.events import Side
from model.profile import AssetProfile

MAX_RATE = 100.0


class CancelWave(RampedShock):
    """Multiplies the number of cancels a second; new orders come as often as before.

    The flow is played `factor` times as fast while all but 1/`factor` of everything else is left
    out, which holds for every model. Intensity is the power of `factor`.
    """

    kind: Literal["cancel_wave"] = "cancel_wave"
    factor: float = Field(ge=1, le=MAX_RATE, description="factor on the number of cancels a second")
    sides: Literal["buy", "sell", "both"] = Field(default="both", description="sides cancelled")

    @property
    def max_intensity(self) -> float:
        """The intensity at which cancels come 100 times as often, at most 10."""
        return intensity_reaching(self.factor, MAX_RATE)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        log_rate = intensity * math.log(self.factor)
        plan = tilt(Tilt.RATE, self.window_s, log_rate, self.ramp_s)
        for first in (Tilt.KEEP_LIMIT_BUY, Tilt.KEEP_AGGRESSIVE_BUY):
            part = keep_tilts(first, BOTH_SIDES, self.window_s, -log_rate, self.ramp_s)
            plan = plan.joined(part)
        if self.sides != "both":
            other = 1 - Side[self.sides.upper()]
            part = keep_tilts(Tilt.KEEP_CANCEL_BUY, other, self.window_s, -log_rate, self.ramp_s)
            plan = plan.joined(part)
        return plan

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        sides = "both sides" if self.sides == "both" else f"the {self.sides} side"
        return (
            f"Multiplies the number of cancels a second on {sides} by"
            f" {self.factor**intensity:.3g} {self.when()}."
        )
