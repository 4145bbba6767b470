"""A stream of orders that are cancelled at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from engine.shocks.base import LONGEST_S, ShockModel
from engine.shocks.plan import Anchor, ShockPlan
from engine.shocks.rows import orders, spaced
from model.events import Side
from model.profile import AssetProfile

MAX_MESSAGES = 200_000


class QuoteStuffing(ShockModel):
    """Sends orders behind the touch on both sides in turn and cancels each after `lifetime_s`.

    Every order and every cancel is a message. Intensity multiplies `messages_per_s`.
    """

    kind: Literal["quote_stuffing"] = "quote_stuffing"
    messages_per_s: float = Field(
        gt=0, le=10_000, description="orders and cancels a second, half of them orders"
    )
    size: int = Field(default=100, ge=1, le=1_000_000, description="shares of each order")
    behind_ticks: int = Field(default=3, ge=0, le=1_000, description="distance behind the touch")
    lifetime_s: float = Field(
        default=0.05, gt=0, le=LONGEST_S, description="time until an order is cancelled"
    )

    @property
    def max_intensity(self) -> float:
        """The intensity at which 200,000 messages are sent, at most 10."""
        return min(10.0, MAX_MESSAGES / (self.messages_per_s * self.duration_s))

    def count(self, intensity: float) -> int:
        """Number of orders, each of which is two messages."""
        return max(1, round(0.5 * intensity * self.messages_per_s * self.duration_s))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        times_s = spaced(self.window_s, self.count(intensity))
        plan = ShockPlan.empty()
        for side in Side:
            own = times_s[int(side) :: 2]
            sizes = np.full(len(own), self.size)
            plan = plan.joined(
                orders(
                    own, sizes, side, -self.behind_ticks, anchor=Anchor.OWN,
                    lifetime_s=self.lifetime_s,
                )
            )  # fmt: skip
        return plan

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        return (
            f"Sends {self.count(intensity):,} orders of {self.size} shares"
            f" {self.behind_ticks} ticks behind the touch from {start:g} s to {end:g} s"
            f" and cancels each after {self.lifetime_s:g} s."
        )
