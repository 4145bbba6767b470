"""Stop-loss orders wait below the price (or above it)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.shocks.base import ShockModel, scaled_share
from engine.shocks.plan import ShockPlan, Trigger
from engine.shocks.rows import trigger
from model.events import Side
from model.profile import AssetProfile


class StopLossCascade(ShockModel):
    """`count` stop orders that become market orders when the price comes to them.

    The first is set off when the touch is `distance_bps` from the mid at the start, each other one
    `step_bps` further on; every one that trades may set off the next. Together they are `share` of
    the volume usually traded in the window. A path on which no stop is set off is its unshocked
    twin. Intensity multiplies `share`.
    """

    kind: Literal["stop_loss_cascade"] = "stop_loss_cascade"
    side: Literal["buy", "sell"] = Field(
        default="sell", description="of the stop orders: sell stops wait below the price"
    )
    count: int = Field(ge=1, le=10_000, description="number of stop orders")
    share: float = Field(
        gt=0, le=10, description="all stops, as a share of the volume usually traded in the window"
    )
    distance_bps: float = Field(ge=0, le=5_000, description="first stop, from the mid at the start")
    step_bps: float = Field(ge=0, le=1_000, description="from one stop to the next")

    def stop_size(self, intensity: float, profile: AssetProfile) -> int:
        """Shares of each stop, at least one."""
        usual = profile.volume_per_s * self.duration_s
        return max(1, round(scaled_share(self.share / 10, intensity) * 10 * usual / self.count))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        first, step = (
            round(bps / 1e4 * profile.price_ticks) for bps in (self.distance_bps, self.step_bps)
        )
        return trigger(
            Trigger.STOPS, self.window_s, side=Side[self.side.upper()], count=self.count,
            size=self.stop_size(intensity, profile), distance_ticks=first, step_ticks=step,
        )  # fmt: skip

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        where = "below" if self.side == "sell" else "above"
        start, end = self.window_s
        return (
            f"{self.count} stop orders to {self.side} {self.stop_size(intensity, profile):,} shares"
            f" each wait {self.distance_bps:g} bp and more {where} the mid from {start:g} s to"
            f" {end:g} s."
        )
