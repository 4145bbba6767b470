"""Somebody who knows where the price will be."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from engine.shocks.base import ShockModel
from engine.shocks.plan import Anchor, ShockPlan
from engine.shocks.rows import orders, spaced
from model.events import Side
from model.profile import AssetProfile


class InformedTrader(ShockModel):
    """Takes whatever is offered on the wrong side of a price that only the trader knows.

    The known price lies `value_bps` from the mid at the start. `looks` times, at equal distances,
    an order of `size_share` of the usual touch is sent with the known price as its limit: it trades
    while quotes are worse than the truth and stops when the market has come there. Intensity
    multiplies `value_bps`.
    """

    kind: Literal["informed_trader"] = "informed_trader"
    value_bps: float = Field(
        ge=-2_000, le=2_000, description="known price from the mid at the start; negative: a fall"
    )
    size_share: float = Field(
        default=1.0, gt=0, le=100, description="size of each order in units of the usual touch"
    )
    looks: int = Field(ge=1, le=10_000, description="number of orders, equally spaced")

    def value_ticks(self, intensity: float, profile: AssetProfile) -> int:
        """The known price, ticks from the mid at the start."""
        return round(intensity * self.value_bps / 1e4 * profile.price_ticks)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        side = Side.BUY if self.value_bps > 0 else Side.SELL
        usual = profile.shape_occupied[0] * profile.shape_size[0]
        sizes = np.full(self.looks, max(1, round(self.size_share * usual)))
        value = self.value_ticks(intensity, profile)
        times_s = spaced(self.window_s, self.looks)
        return orders(times_s, sizes, side, value, anchor=Anchor.FIRST)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        verb = "buys below" if self.value_bps > 0 else "sells above"
        return (
            f"A trader who knows that the price is {intensity * self.value_bps:+g} bp from the mid"
            f" {verb} it, {self.looks} times from {start:g} s to {end:g} s."
        )
