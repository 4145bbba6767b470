"""What a run is asked to do."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.scenario import Scenario

MOST_PATHS = 65_536


class RunSettings(BaseModel):
    """How paths are played, whatever the asset and the scenario. Units: seconds, paths, events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: int = Field(default=64, ge=1, le=MOST_PATHS)
    horizon_s: float = Field(
        default=300.0, gt=0, le=23_400, description="market time after burn-in"
    )
    max_events: int = Field(
        default=100_000, ge=1, description="a path is cut, and counted as cut, after so many events"
    )
    burn_in_events: int = Field(default=256, ge=0, le=10_000)
    seed: int = Field(default=1, ge=0, lt=2**63)
    model: str = Field(
        default="small", description="bundled model, `hawkes`, `zero-intelligence`, or a folder"
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"


class RunSpec(RunSettings):
    """One stress test of one asset: settings only, no data. JSON in, JSON out.

    The same spec on the same device and versions gives the same paths, bit for bit.
    """

    asset: str
    scenario: Scenario
    intensity: float = Field(
        default=1.0, ge=0, le=10, description="multiplies the scenario's shocks"
    )
