"""The asset trades like a less (or more) liquid one."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from engine.shocks.base import intensity_reaching
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import BOTH_SIDES, spaced, tilt, withdrawals
from model.profile import AssetProfile

MAX_FACTOR = 100.0
_WHOLE_BOOK_TICKS = 1 << 20


class LiquidityTier(RampedShock):
    """Multiplies depth, order sizes and activity together: another tier of liquidity.

    Sizes of new orders are multiplied by `size`, the number of events a second by `rate`; where
    `size` is below 1, the resting orders are thinned to that share at the start. What the model is
    told of the asset stays the same. Intensity is the power of both.
    """

    kind: Literal["liquidity_tier"] = "liquidity_tier"
    size: float = Field(
        ge=1.0 / MAX_FACTOR, le=MAX_FACTOR, description="factor on sizes, new and resting"
    )
    rate: float = Field(
        ge=1.0 / MAX_FACTOR, le=MAX_FACTOR, description="factor on the number of events a second"
    )

    @property
    def max_intensity(self) -> float:
        """The intensity at which a factor reaches 100 or its inverse, at most 10."""
        return min(intensity_reaching(factor, MAX_FACTOR) for factor in (self.size, self.rate))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        plan = tilt(Tilt.SIZE, self.window_s, intensity * math.log(self.size), self.ramp_s)
        log_rate = intensity * math.log(self.rate)
        plan = plan.joined(tilt(Tilt.RATE, self.window_s, log_rate, self.ramp_s))
        if self.size < 1.0:
            share = 1.0 - self.size**intensity
            start = spaced(self.window_s, 1)
            plan = plan.joined(withdrawals(start, BOTH_SIDES, _WHOLE_BOOK_TICKS, share))
        return plan

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        thinned = " and thins the resting orders likewise" if self.size < 1.0 else ""
        return (
            f"Multiplies order sizes by {self.size**intensity:.3g}{thinned}, and the number of"
            f" events a second by {self.rate**intensity:.3g}, {self.when()}."
        )
