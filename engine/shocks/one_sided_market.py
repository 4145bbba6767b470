"""Makers leave one side of the book."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from engine.shocks.base import scaled_share
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.ramped import RampedShock
from engine.shocks.rows import keep_tilts, spaced, withdrawals
from model.events import Side
from model.profile import AssetProfile


class OneSidedMarket(RampedShock):
    """Cancels most of one side at the start and lets few new limit orders come to it.

    Orders that trade on arrival, cancels and the other side go on. Intensity multiplies `share`
    (at most 1) and is the power of `limit_keep`.
    """

    kind: Literal["one_sided_market"] = "one_sided_market"
    side: Literal["buy", "sell"] = Field(description="side that is left")
    share: float = Field(default=0.8, ge=0, le=1, description="share of its size cancelled at once")
    distance_spreads: float = Field(
        default=10.0, ge=0, le=1_000, description="reach from the touch, in typical spreads"
    )
    limit_keep: float = Field(
        gt=0, le=1, description="share of new limit orders of the side let through in the window"
    )

    def share_at(self, intensity: float) -> float:
        """Share of the size that is cancelled at an intensity."""
        return scaled_share(self.share, intensity)

    def distance_ticks(self, profile: AssetProfile) -> int:
        """Reach from the touch, ticks."""
        return round(self.distance_spreads * profile.spread_ticks)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        side = Side[self.side.upper()]
        log_keep = intensity * math.log(self.limit_keep)
        plan = keep_tilts(Tilt.KEEP_LIMIT_BUY, side, self.window_s, log_keep, self.ramp_s)
        if self.share == 0.0:
            return plan
        start, reach = spaced(self.window_s, 1), self.distance_ticks(profile)
        return plan.joined(withdrawals(start, side, reach, self.share_at(intensity)))

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        return (
            f"Takes away {self.share_at(intensity):.3g} of the size within"
            f" {self.distance_ticks(profile)} ticks of the touch on the {self.side} side and lets"
            f" {self.limit_keep**intensity:.3g} of its new limit orders through {self.when()}."
        )
