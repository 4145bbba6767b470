"""Resting orders leave the book and few new ones come."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from engine.shocks.base import ShockModel, scaled_share
from engine.shocks.plan import ShockPlan, Tilt
from engine.shocks.rows import BOTH_SIDES, keep_tilts, spaced, withdrawals
from model.events import Side
from model.profile import AssetProfile


class LiquidityWithdrawal(ShockModel):
    """Takes away a share of the resting size near the touch, and thins new limit orders.

    At `start_s` (and `repeat` - 1 times more, equally spaced over the window) resting orders are
    deleted, evenly over the levels, until `share` of the size within `distance_spreads` of the
    touch is gone. During the window a new order that does not cross is let through with
    probability `limit_keep`. Intensity multiplies `share` (at most 1) and is the power of
    `limit_keep`.
    """

    kind: Literal["liquidity_withdrawal"] = "liquidity_withdrawal"
    share: float = Field(
        ge=0, le=1, description="share of the resting size taken away each time (0: thinning alone)"
    )
    distance_spreads: float = Field(
        default=3.0,
        ge=0,
        le=1_000,
        description="reach from the touch, in typical spreads of the asset (0: the touch alone)",
    )
    sides: Literal["buy", "sell", "both"] = Field(default="both", description="sides withdrawn")
    limit_keep: float = Field(
        default=1.0, gt=0, le=1, description="share of new limit orders let through in the window"
    )
    repeat: int = Field(
        default=1, ge=1, le=1_000, description="withdrawals, equally spaced over the window"
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.share == 0.0 and self.limit_keep == 1.0:
            raise ValueError("share 0 and limit_keep 1 do nothing; change one of them")
        return self

    def share_at(self, intensity: float) -> float:
        """Share of the resting size taken away at an intensity."""
        return scaled_share(self.share, intensity)

    def distance_ticks(self, profile: AssetProfile) -> int:
        """Reach from the touch, ticks."""
        return round(self.distance_spreads * profile.spread_ticks)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        side = BOTH_SIDES if self.sides == "both" else int(Side[self.sides.upper()])
        share = self.share_at(intensity)
        plan = ShockPlan.empty()
        if share > 0.0:
            times_s = spaced(self.window_s, self.repeat)
            plan = withdrawals(times_s, side, self.distance_ticks(profile), share)
        if self.limit_keep < 1.0:
            log_keep = intensity * math.log(self.limit_keep)
            plan = plan.joined(keep_tilts(Tilt.KEEP_LIMIT_BUY, side, self.window_s, log_keep))
        return plan

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        sides = "both sides" if self.sides == "both" else f"the {self.sides} side"
        parts = []
        if self.share > 0.0:
            again = f" and every {self.duration_s / self.repeat:.3g} s after that"
            parts.append(
                f"takes away {self.share_at(intensity):.3g} of the size resting within"
                f" {self.distance_ticks(profile)} ticks of the touch on {sides} at {start:g} s"
                + (again if self.repeat > 1 else "")
            )
        if self.limit_keep < 1.0:
            keep = self.limit_keep**intensity
            parts.append(
                f"lets {keep:.3g} of new limit orders through from {start:g} s to {end:g} s"
            )
        text = "; ".join(parts)
        return text[0].upper() + text[1:] + "."
