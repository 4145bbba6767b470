"""Larger (or smaller) orders."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from engine.shocks.base import intensity_reaching
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import tilt
from model.profile import AssetProfile

MAX_SIZE = 100.0


class SizeInflation(RampedShock):
    """Multiplies the size of every new order of the flow, rounded to whole shares.

    Intensity is the power of `factor`.
    """

    kind: Literal["size_inflation"] = "size_inflation"
    factor: float = Field(
        ge=1.0 / MAX_SIZE, le=MAX_SIZE, description="factor on the size of new orders"
    )

    @property
    def max_intensity(self) -> float:
        """The intensity at which sizes are multiplied or divided by 100, at most 10."""
        return intensity_reaching(self.factor, MAX_SIZE)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        return tilt(Tilt.SIZE, self.window_s, intensity * math.log(self.factor), self.ramp_s)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        return f"Multiplies the size of new orders by {self.factor**intensity:.3g} {self.when()}."
