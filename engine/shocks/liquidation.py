"""A parent order worked in the market."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from engine.shocks.base import ShockModel, scaled_share
from engine.shocks.plan import MARKET, Anchor, ShockPlan, Trigger
from engine.shocks.rows import nanoseconds, orders, spaced, trigger
from model.events import Float64, Int64, Side
from model.profile import AssetProfile

# Weights of the volume that is traded towards the end of a session, tenth by tenth of the window.
RISING = (1.0, 1.0, 1.1, 1.2, 1.3, 1.5, 1.8, 2.2, 2.8, 4.0)
MOST_POV = 0.5


class Liquidation(ShockModel):
    """Sells (or buys) a share of the asset's usual traded volume within a window.

    The parent order is `share` x usual traded shares a second x `duration_s`. `schedule` says how
    it is worked: `market` sends all of it at `start_s`; `twap` equal slices at equal distances, the
    first at `start_s`; `vwap` slices in proportion to `volume_curve`; `pov` follows the market and
    keeps at `participation` of what has been traded since the start, looking `slices` times. Orders
    take what rests up to `limit_bps` from the mid at the start (none: whatever the price); what one
    cannot trade on arrival is not resent, save by `pov`. Intensity multiplies `share`.
    """

    kind: Literal["liquidation"] = "liquidation"
    side: Literal["buy", "sell"] = Field(description="side of the parent order")
    share: float = Field(
        gt=0, le=1, description="size as a share of the volume usually traded in the window"
    )
    slices: int = Field(
        ge=1, le=10_000, description="number of market orders (pov: of looks at the volume)"
    )
    schedule: Literal["market", "twap", "vwap", "pov"] = Field(
        default="twap", description="how the parent order is worked"
    )
    participation: float | None = Field(
        default=None, gt=0, le=MOST_POV, description="pov: share of all volume since the start"
    )
    volume_curve: Annotated[tuple[float, ...], Field(strict=False)] = Field(
        default=RISING, min_length=1, description="vwap: weights of equal parts of the window"
    )
    limit_bps: float | None = Field(
        default=None, ge=0, le=10_000, description="worst price, from the mid at the start"
    )

    @model_validator(mode="after")
    def _fits_the_schedule(self) -> Self:
        if (self.schedule == "pov") != (self.participation is not None):
            raise ValueError("participation belongs to schedule: pov, which needs it")
        if min(self.volume_curve) < 0.0 or sum(self.volume_curve) <= 0.0:
            raise ValueError("volume_curve must hold weights of 0 or more, not all 0")
        if self.schedule == "market" and self.slices != 1:
            raise ValueError("schedule: market sends one order; write slices: 1")
        return self

    def share_at(self, intensity: float) -> float:
        """Share of the usual volume at an intensity."""
        return scaled_share(self.share, intensity)

    def total_shares(self, intensity: float, profile: AssetProfile) -> int:
        """Size of the parent order, shares."""
        volume = profile.volume_per_s * self.duration_s
        return round(self.share_at(intensity) * volume)

    def slice_sizes(self, intensity: float, profile: AssetProfile) -> Int64:
        """Sizes of the slices, shares; they add up to the parent."""
        done = np.linspace(0.0, 1.0, self.slices + 1)
        if self.schedule == "vwap":
            curve = np.concatenate(([0.0], np.cumsum(self.volume_curve)))
            parts: Float64 = np.linspace(0.0, 1.0, len(curve))
            done = np.interp(done, parts, curve / curve[-1])
        return np.asarray(np.diff(np.rint(self.total_shares(intensity, profile) * done)), np.int64)

    def limit_ticks(self, profile: AssetProfile) -> int:
        """Limit price as ticks from the mid at the start, or `MARKET`."""
        if self.limit_bps is None:
            return MARKET
        away = round(self.limit_bps / 1e4 * profile.price_ticks)
        return away if self.side == "buy" else -away

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        side, limit = Side[self.side.upper()], self.limit_ticks(profile)
        if self.participation is not None:
            return trigger(
                Trigger.PARTICIPATION, self.window_s, side=side, share=self.participation,
                size=self.total_shares(intensity, profile), distance_ticks=limit,
                interval_ns=nanoseconds(self.duration_s / self.slices),
            )  # fmt: skip
        times_s, sizes = spaced(self.window_s, self.slices), self.slice_sizes(intensity, profile)
        return orders(times_s, sizes, side, limit, anchor=Anchor.FIRST)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        verb = "Sells" if self.side == "sell" else "Buys"
        limit = "" if self.limit_bps is None else f", no worse than {self.limit_bps:g} bp away"
        if self.participation is not None:
            return (
                f"{verb} {self.participation:.3g} of the volume traded from {start:g} s to"
                f" {end:g} s, up to {self.total_shares(intensity, profile):,} shares{limit}."
            )
        sent = int((self.slice_sizes(intensity, profile) > 0).sum())
        return (
            f"{verb} {self.total_shares(intensity, profile):,} {profile.size_unit}"
            f" ({self.share_at(intensity):.3g} of the volume usually traded in the"
            f" window) in {sent} market orders from {start:g} s to {end:g} s{limit}."
        )
