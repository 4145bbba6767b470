"""The venue takes only so many messages a second."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.shocks.base import ShockModel
from engine.shocks.plan import ShockPlan, Trigger
from engine.shocks.rows import trigger
from model.profile import AssetProfile


class MessageThrottle(ShockModel):
    """Refuses the events of the flow beyond `share` of the usual number in each full second.

    Orders of other shocks are not counted. Intensity divides the number that is allowed.
    """

    exclusive = True
    kind: Literal["message_throttle"] = "message_throttle"
    share: float = Field(
        gt=0, le=100, description="events allowed in a second, in units of the usual number"
    )

    def most_per_s(self, intensity: float, profile: AssetProfile) -> int:
        """Events allowed in a second."""
        return max(1, round(self.share * profile.events_per_s / intensity))

    def _rows(self, intensity: float, profile: AssetProfile) -> ShockPlan:
        most = self.most_per_s(intensity, profile)
        return trigger(Trigger.THROTTLE, self.window_s, count=most)

    def _sentence(self, intensity: float, profile: AssetProfile) -> str:
        start, end = self.window_s
        return (
            f"Takes {self.most_per_s(intensity, profile)} events of the flow a second at most from"
            f" {start:g} s to {end:g} s."
        )
