"""The spread is wiped out: nothing rests near the mid."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.shocks.base import ShockModel
from engine.shocks.plan import BookOperation, ShockPlan
from engine.shocks.rows import operations, spaced
from model.profile import AssetProfile


class SpreadWipe(ShockModel):
    """Deletes every order nearer to the mid than half of a spread of `spreads` typical ones.

    Done at `start_s`, and `repeat` - 1 times more, equally spaced over the window. The spread is
    then at least as wide as asked. Intensity multiplies `spreads`.
    """

    kind: Literal["spread_wipe"] = "spread_wipe"
    spreads: float = Field(gt=0, le=1_000, description="the spread after it, in typical spreads")
    repeat: int = Field(default=1, ge=1, le=10_000, description="times that it is done")

    def spread_ticks(self, intensity: float, profile: AssetProfile) -> int:
        """The least spread after it, ticks."""
        return round(intensity * self.spreads * profile.spread_ticks)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        ticks = self.spread_ticks(intensity, profile)
        return operations(
            BookOperation.WIDEN, spaced(self.window_s, self.repeat), distance_ticks=ticks
        )

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        again = f", {self.repeat} times" if self.repeat > 1 else ""
        return (
            "Deletes the orders around the mid until the spread is at least"
            f" {self.spread_ticks(intensity, profile)} ticks wide at {self.start_s:g} s{again}."
        )
