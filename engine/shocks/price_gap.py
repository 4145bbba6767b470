"""The price jumps and the market goes on from there."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.shocks.base import ShockModel
from engine.shocks.plan import BookOperation, ShockPlan
from engine.shocks.rows import operations, spaced
from model.profile import AssetProfile


class PriceGap(ShockModel):
    """Moves the whole book by `gap_bps` at `start_s`, without a trade.

    Everybody re-quotes at the new price: orders keep their sizes, distances and priority, and the
    flow, which is counted from the touch, goes on from there. Intensity multiplies `gap_bps`. The
    window only marks when its effect is looked at.
    """

    kind: Literal["price_gap"] = "price_gap"
    gap_bps: float = Field(ge=-9_000, le=9_000, description="move of the book; negative: down")

    @property
    def max_intensity(self) -> float:
        """The intensity at which the price has moved by 90%, at most 10."""
        return min(10.0, 9_000 / max(abs(self.gap_bps), 1e-9))

    def gap_ticks(self, intensity: float, profile: AssetProfile) -> int:
        """The move in ticks."""
        return round(intensity * self.gap_bps / 1e4 * profile.price_ticks)

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        ticks = self.gap_ticks(intensity, profile)
        return operations(BookOperation.SHIFT, spaced(self.window_s, 1), distance_ticks=ticks)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        ticks = self.gap_ticks(intensity, profile)
        where = "up" if ticks > 0 else "down"
        return f"Moves the whole book {where} by {abs(ticks)} ticks at {self.start_s:g} s."
