"""The flow leans to one side."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from engine.shocks.base import intensity_reaching
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import tilt
from model.profile import AssetProfile

MAX_ODDS = 1_000.0


class OrderFlowImbalance(RampedShock):
    """Multiplies the odds that an event pushes the price in one direction.

    New buy orders and cancelled sell orders push up, new sell orders and cancelled buy orders
    push down; the mix of actions and the rate are left alone. Intensity is the power of `factor`.
    """

    kind: Literal["order_flow_imbalance"] = "order_flow_imbalance"
    direction: Literal["buy", "sell"] = Field(description="side that gains: buy pushes up")
    factor: float = Field(ge=1, le=MAX_ODDS, description="factor on the odds of that side")

    @property
    def max_intensity(self) -> float:
        """The intensity at which the odds are multiplied by 1,000, at most 10."""
        return intensity_reaching(self.factor, MAX_ODDS)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        sign = 1.0 if self.direction == "buy" else -1.0
        log_odds = sign * intensity * math.log(self.factor)
        return tilt(Tilt.PRESSURE, self.window_s, log_odds, self.ramp_s)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        return (
            f"Multiplies the odds of {self.direction} pressure by"
            f" {self.factor**intensity:.3g} {self.when()}."
        )
