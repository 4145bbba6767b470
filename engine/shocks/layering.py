"""Large orders behind the touch of one side that are not meant to trade."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from engine.shocks.base import ShockModel
from engine.shocks.plan import Anchor, ShockPlan
from engine.shocks.rows import orders, spaced
from model.events import Side
from model.profile import AssetProfile


class Layering(ShockModel):
    """Rests orders at several levels of one side, takes them back, and starts over.

    Each of `layers` levels, `step_ticks` apart from `step_ticks` behind the touch on, gets an order
    of `touches` times what usually rests at the touch; after 1/`rounds` of the window all are
    cancelled and placed anew around the touch of then. Intensity multiplies `touches`.
    """

    kind: Literal["layering"] = "layering"
    side: Literal["buy", "sell"] = Field(description="side on which the orders rest")
    touches: float = Field(
        gt=0, le=1_000, description="size of each order in units of the usual touch"
    )
    layers: int = Field(default=4, ge=1, le=100, description="number of levels")
    step_ticks: int = Field(default=1, ge=1, le=1_000, description="from one level to the next")
    rounds: int = Field(default=10, ge=1, le=1_000, description="times that they are placed")

    def order_size(self, intensity: float, profile: AssetProfile) -> int:
        """Shares of each order."""
        usual = profile.shape_occupied[0] * profile.shape_size[0]
        return max(1, round(intensity * self.touches * usual))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        times_s = np.repeat(spaced(self.window_s, self.rounds), self.layers)
        behind = np.tile(self.step_ticks * np.arange(1, self.layers + 1), self.rounds)
        sizes = np.full(len(times_s), self.order_size(intensity, profile))
        return orders(
            times_s, sizes, Side[self.side.upper()], -behind, anchor=Anchor.OWN,
            lifetime_s=self.duration_s / self.rounds,
        )  # fmt: skip

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        again = f"placed anew {self.rounds} times"
        return (
            f"Rests {self.layers} orders of {self.order_size(intensity, profile):,} shares behind"
            f" the {self.side} touch from {start:g} s to {end:g} s, {again}."
        )
