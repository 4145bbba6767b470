"""Limit up, limit down: price bands with pauses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.shocks.base import LONGEST_S, ShockModel
from engine.shocks.plan import ShockPlan, Trigger
from engine.shocks.rows import nanoseconds, trigger
from model.profile import AssetProfile


class PriceBands(ShockModel):
    """No trade further than `band_bps` from a reference price; a pause if the market sticks there.

    The rule of the US plan to address extraordinary market volatility (limit up, limit down), which
    has 500 bp, a reference over 5 minutes, 15 s and 5 minutes for liquid shares. The reference is
    the mean of trades (weights fall exponentially over `reference_s`), taken anew when it has moved
    by 1% and not within 30 s. Orders beyond a band get its price. A limit state begins when the
    best offer stands at the lower band or the best bid at the upper; after `limit_s` of it all
    trading stops for `pause_s`: limit orders and cancels go on, orders that would trade are
    refused. It opens again without an auction, with the mid as reference. Intensity divides
    `band_bps`.
    """

    exclusive = True
    kind: Literal["price_bands"] = "price_bands"
    band_bps: float = Field(default=500.0, gt=0, lt=9_000, description="width to either side")
    reference_s: float = Field(
        default=300.0, gt=0, le=LONGEST_S, description="memory of the reference price"
    )
    limit_s: float = Field(default=15.0, gt=0, le=LONGEST_S, description="limit state until pause")
    pause_s: float = Field(default=300.0, gt=0, le=LONGEST_S, description="length of a pause")

    def band_at(self, intensity: float) -> float:
        """Width to either side at an intensity, bp."""
        return min(9_000.0, self.band_bps / intensity)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        limit, pause, memory = (
            nanoseconds(time_s) for time_s in (self.limit_s, self.pause_s, self.reference_s)
        )
        return trigger(
            Trigger.BANDS, self.window_s, share=self.band_at(intensity) / 1e4, interval_ns=limit,
            pause_ns=pause, memory_ns=memory,
        )  # fmt: skip

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        band = f"{self.band_at(intensity):.4g} bp"
        return (
            f"Allows no trade further than {band} from the reference price"
            f" from {start:g} s to {end:g} s; after {self.limit_s:g} s at a band trading pauses for"
            f" {self.pause_s:g} s."
        )
