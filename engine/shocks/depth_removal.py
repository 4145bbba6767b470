"""Everything near the touch goes at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.shocks.base import ShockModel, scaled_share
from engine.shocks.plan import ShockPlan
from engine.shocks.rows import BOTH_SIDES, spaced, withdrawals
from model.events import Side
from model.profile import AssetProfile


class DepthRemoval(ShockModel):
    """Deletes a share of what rests within a distance of the touch, once, at `start_s`.

    Whole orders, evenly over the levels. Intensity multiplies `share` (at most 1). The window only
    marks when its effect is looked at.
    """

    kind: Literal["depth_removal"] = "depth_removal"
    share: float = Field(gt=0, le=1, description="share of the resting size taken away")
    distance_bps: float = Field(ge=0, le=10_000, description="reach from the touch")
    sides: Literal["buy", "sell", "both"] = Field(default="both", description="sides emptied")

    def share_at(self, intensity: float) -> float:
        """Share of the resting size taken away at an intensity."""
        return scaled_share(self.share, intensity)

    def distance_ticks(self, profile: AssetProfile) -> int:
        """Reach from the touch, ticks."""
        return round(self.distance_bps / 1e4 * profile.price_ticks)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        side = BOTH_SIDES if self.sides == "both" else int(Side[self.sides.upper()])
        reach = self.distance_ticks(profile)
        return withdrawals(spaced(self.window_s, 1), side, reach, self.share_at(intensity))

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        sides = "both sides" if self.sides == "both" else f"the {self.sides} side"
        return (
            f"Takes away {self.share_at(intensity):.3g} of the size resting within"
            f" {self.distance_ticks(profile)} ticks of the touch on {sides} at {self.start_s:g} s."
        )
