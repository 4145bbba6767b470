"""More (or fewer) events a second."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from engine.shocks.base import intensity_reaching
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import tilt
from model.profile import AssetProfile

MAX_RATE = 100.0


class ActivityBurst(RampedShock):
    """Multiplies the number of events a second; a factor below 1 is a drought.

    The flow is played faster or slower, event by event the same. Intensity is the power of
    `factor`.
    """

    kind: Literal["activity_burst"] = "activity_burst"
    factor: float = Field(
        ge=1.0 / MAX_RATE, le=MAX_RATE, description="factor on the number of events a second"
    )

    @property
    def max_intensity(self) -> float:
        """The intensity at which the rate is multiplied or divided by 100, at most 10."""
        return intensity_reaching(self.factor, MAX_RATE)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        log_rate = intensity * math.log(self.factor)
        return tilt(Tilt.RATE, self.window_s, log_rate, self.ramp_s)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        factor = self.factor**intensity
        return (
            f"Multiplies the number of events a second by {factor:.3g}"
            f" (usually {profile.events_per_s:.3g}) {self.when()}."
        )
