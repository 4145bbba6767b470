"""A parent order worked in slices of market orders."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from engine.shocks.base import ShockModel, scaled_share
from engine.shocks.plan import ShockPlan
from engine.shocks.rows import market_orders, spaced
from model.events import Int64, Side
from model.profile import AssetProfile


class Liquidation(ShockModel):
    """Sells (or buys) a share of the asset's usual traded volume within a window.

    The parent order is `share` x usual traded shares a second x `duration_s`, cut into equal
    slices sent as market orders at equal distances, the first at `start_s`. What a slice cannot
    trade on arrival is not resent. Intensity multiplies `share`.
    """

    kind: Literal["liquidation"] = "liquidation"
    side: Literal["buy", "sell"] = Field(description="side of the parent order")
    share: float = Field(
        gt=0, le=1, description="size as a share of the volume usually traded in the window"
    )
    slices: int = Field(ge=1, le=10_000, description="number of market orders")

    def share_at(self, intensity: float) -> float:
        """Share of the usual volume at an intensity."""
        return scaled_share(self.share, intensity)

    def total_shares(self, intensity: float, profile: AssetProfile) -> int:
        """Size of the parent order, shares."""
        volume = profile.volume_per_s * self.duration_s
        return round(self.share_at(intensity) * volume)

    def slice_sizes(self, intensity: float, profile: AssetProfile) -> Int64:
        """Sizes of the slices, shares; they differ by one at most and add up to the parent."""
        parts = np.linspace(0.0, self.total_shares(intensity, profile), self.slices + 1)
        return np.asarray(np.diff(np.rint(parts)), np.int64)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        times_s = spaced(self.window_s, self.slices)
        sizes = self.slice_sizes(intensity, profile)
        return market_orders(times_s, sizes, Side[self.side.upper()])

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        verb = "Sells" if self.side == "sell" else "Buys"
        orders = int((self.slice_sizes(intensity, profile) > 0).sum())
        return (
            f"{verb} {self.total_shares(intensity, profile):,} {profile.size_unit}"
            f" ({self.share_at(intensity):.3g} of the volume usually traded in the"
            f" window) in {orders} market orders from {start:g} s to {end:g} s."
        )
