"""Shocks that rise and fall over a ramp."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from engine.shocks.base import LONGEST_S, ShockModel


class RampedShock(ShockModel):
    """A tilt of the flow that rises and falls linearly, on the log scale, inside its window."""

    ramp_s: float = Field(
        default=0.0, ge=0, le=LONGEST_S, description="time to rise, and to fall, inside the window"
    )

    @model_validator(mode="after")
    def _ramps_fit(self) -> Self:
        if 2.0 * self.ramp_s >= self.duration_s:
            raise ValueError(
                f"ramp_s {self.ramp_s:g} does not fit: it must be less than half of duration_s"
            )
        return self

    @property
    def plateau_s(self) -> tuple[float, float]:
        """Start and end of the part of the window in which the tilt is in full force."""
        start, end = self.window_s
        return start + self.ramp_s, end - self.ramp_s

    def when(self) -> str:
        """The window in words."""
        start, end = self.window_s
        ramp = f", rising and falling over {self.ramp_s:g} s" if self.ramp_s > 0.0 else ""
        return f"from {start:g} s to {end:g} s{ramp}"
