"""What every shock has: a window, an intensity, a plan and a sentence."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from engine.shocks.plan import ShockPlan
from model.errors import ScenarioError
from model.profile import AssetProfile

MAX_INTENSITY = 10.0
LONGEST_S = 23_400.0  # one session


class ShockModel(BaseModel, ABC):
    """Settings of one shock, in the units of the YAML file.

    Intensity 1 is the shock as written. Shares are multiplied by the intensity and capped at 1;
    factors are raised to the power of it. Intensity 0 compiles to an empty plan.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    exclusive: ClassVar[bool] = False  # of those of its kind only one can be in force at a time

    start_s: float = Field(ge=0, le=LONGEST_S, description="start, seconds after the run's start")
    duration_s: float = Field(gt=0, le=LONGEST_S, description="length, seconds")
    intensity: float = Field(
        default=1.0, gt=0, le=MAX_INTENSITY, description="multiplies the intensity of the scenario"
    )
    assets: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), max_length=64, description="assets that it is meant for (none given: all)"
    )

    @property
    def window_s(self) -> tuple[float, float]:
        """Start and end, seconds after the start of the horizon."""
        return self.start_s, self.start_s + self.duration_s

    @property
    def max_intensity(self) -> float:
        """The highest intensity of its own that makes sense, at most `MAX_INTENSITY`."""
        return MAX_INTENSITY

    def compile(self, intensity: float, profile: AssetProfile, horizon_s: float) -> ShockPlan:
        """Rows that carry out the shock on the asset of `profile`.

        Raises
        ------
        ScenarioError
            The intensity is out of range, or the window ends after `horizon_s`.
        """
        most = min(MAX_INTENSITY, self.max_intensity / self.intensity)
        if not 0.0 <= intensity <= most:
            raise ScenarioError(f"intensity {intensity:g} is out of range; choose 0 to {most:.4g}")
        start, end = self.window_s
        if end > horizon_s:
            raise ScenarioError(
                f"window {start:g} to {end:g} s ends after the horizon of {horizon_s:g} s; "
                f"choose a horizon of at least {end:g} s or an earlier start_s"
            )
        if intensity == 0.0:
            return ShockPlan.empty()
        return self._rows(self.own(intensity), profile)

    def describe(self, intensity: float, profile: AssetProfile) -> str:
        """One sentence that says what is done to the asset of `profile` at this intensity."""
        if intensity == 0.0:
            return "Does nothing (intensity 0)."
        return self._sentence(self.own(intensity), profile)

    def own(self, intensity: float) -> float:
        """The intensity of this shock where the scenario has `intensity`."""
        return intensity * self.intensity

    @abstractmethod
    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        """The plan at an intensity above 0."""

    @abstractmethod
    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        """The description at an intensity above 0."""


def scaled_share(share: float, intensity: float) -> float:
    """A share at an intensity: multiplied by it, at most 1."""
    return min(1.0, share * intensity)


def intensity_reaching(factor: float, limit: float) -> float:
    """The intensity at which factor**intensity reaches `limit` (or 1/limit), at most 10."""
    slope = abs(math.log(factor))
    return MAX_INTENSITY if slope == 0.0 else min(MAX_INTENSITY, math.log(limit) / slope)
