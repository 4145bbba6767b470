"""One order, far too large."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from engine.shocks.base import ShockModel
from engine.shocks.plan import MARKET, ShockPlan
from engine.shocks.rows import orders, spaced
from model.events import Side
from model.profile import AssetProfile


class FatFinger(ShockModel):
    """Sends one order of many times the size that usually rests at the touch.

    It goes through the book as far as `through_bps` behind the opposite touch (none: whatever the
    price); what does not trade is dropped. Intensity multiplies `touches`. The window only marks
    when its effect is looked at.
    """

    kind: Literal["fat_finger"] = "fat_finger"
    side: Literal["buy", "sell"] = Field(description="side of the order")
    touches: float = Field(
        gt=0, le=10_000, description="size in units of what usually rests at the touch"
    )
    through_bps: float | None = Field(
        default=None, ge=0, le=10_000, description="worst price, from the opposite touch"
    )

    def shares(self, intensity: float, profile: AssetProfile) -> int:
        """Size of the order, shares."""
        usual = profile.shape_occupied[0] * profile.shape_size[0]
        return max(1, round(intensity * self.touches * usual))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        size = np.array([self.shares(intensity, profile)])
        through = MARKET
        if self.through_bps is not None:
            through = round(self.through_bps / 1e4 * profile.price_ticks)
        return orders(spaced(self.window_s, 1), size, Side[self.side.upper()], through)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        verb = "Sells" if self.side == "sell" else "Buys"
        return (
            f"{verb} {self.shares(intensity, profile):,} shares at once,"
            f" {intensity * self.touches:g} times what usually rests at the touch,"
            f" at {self.start_s:g} s."
        )
