"""Trading stops."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.shocks.base import ShockModel
from engine.shocks.plan import BookOperation, ShockPlan
from engine.shocks.rows import nanoseconds, operations, spaced
from model.profile import AssetProfile


class TradingHalt(ShockModel):
    """Nothing trades during the window.

    Orders that would trade are refused; limit orders and cancels go on. Trading opens again on the
    book as it then is, without an auction. Intensity multiplies the length of the halt, up to
    `duration_s`.
    """

    exclusive = True
    kind: Literal["trading_halt"] = "trading_halt"
    share: float = Field(
        default=1.0, gt=0, le=1, description="length of the halt as a share of the window"
    )

    def length_s(self, intensity: float) -> float:
        """Length of the halt at an intensity, seconds."""
        return min(1.0, intensity * self.share) * self.duration_s

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        length = nanoseconds(self.length_s(intensity))
        return operations(BookOperation.HALT, spaced(self.window_s, 1), size=length)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        return f"Halts trading from {self.start_s:g} s for {self.length_s(intensity):g} s."
