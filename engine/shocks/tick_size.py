"""A coarser tick size."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from engine.shocks.base import ShockModel, intensity_reaching
from engine.shocks.plan import BookOperation, ShockPlan
from engine.shocks.rows import operations
from model.profile import AssetProfile

MAX_TICKS = 100


class TickSize(ShockModel):
    """Allows only every `factor`-th tick as a price, during the window.

    Resting orders move to the next allowed price away from the other side, with their priority; so
    does every new order (aggressive ones still trade). A finer tick than the asset's cannot be had:
    the tick is the unit in which prices, books and the model's distances are counted, and no
    recording shows an order between two ticks. Intensity is the power of `factor`, rounded.
    """

    exclusive = True
    kind: Literal["tick_size"] = "tick_size"
    factor: int = Field(ge=2, le=MAX_TICKS, description="new tick in units of the old one")

    @property
    def max_intensity(self) -> float:
        """The intensity at which the tick is 100 times the old one, at most 10."""
        return intensity_reaching(self.factor, MAX_TICKS)

    def factor_at(self, intensity: float) -> int:
        """The new tick in units of the old one at an intensity."""
        return max(1, round(math.exp(intensity * math.log(self.factor))))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        grid = np.array([self.factor_at(intensity), 1])
        return operations(BookOperation.GRID, np.array(self.window_s), distance_ticks=grid)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        return (
            f"Makes the tick {self.factor_at(intensity)} times as large from {start:g} s to"
            f" {end:g} s."
        )
