"""What must be known of an asset to seed its book and to speak to a model about it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model.errors import FaultlineError, wrong_field
from model.events import Float64, Int64
from model.token_tables import TokenTables


class AssetProfile(BaseModel):
    """Aggregate, scale-free description of an asset, measured on the training split.

    A model never sees the name: an asset enters through these numbers alone.
    Lists over distance are indexed by ticks behind the touch, 0 first, the same for both sides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    asset: str
    venue: str = ""
    date: str = ""
    currency: str = "USD"
    size_unit: str = Field("shares", description="what sizes are counted in")
    tick_size: float = Field(gt=0)
    price_ticks: int = Field(gt=0, description="typical mid price, ticks")
    spread_ticks: float = Field(gt=0, description="time-weighted median spread, ticks")
    spread_pmf: list[float] = Field(description="time-weighted P(spread = 1, 2, ... ticks)")
    liquidity: int = Field(ge=0, le=2, description="tier by traded volume: 0 low, 1 medium, 2 high")
    events_per_s: float = Field(gt=0)
    busiest: float | None = Field(
        default=None,
        gt=0,
        description="highest activity of the training split (half-life 10 s) over events_per_s;"
        " beyond twice that the model's own bursts are slowed, without it never",
    )
    volume_per_s: float = Field(gt=0, description="traded size a second, hidden trades included")
    volatility_bps: float = Field(
        gt=0, description="standard deviation of 10-second log returns, bp"
    )
    shape_occupied: list[float] = Field(description="P(a level at this distance holds an order)")
    shape_size: list[float] = Field(
        description="mean size of a level at this distance, if occupied"
    )
    order_size_quantiles: list[float] = Field(
        description="sizes of new orders, equally spaced levels 0..1"
    )
    session_start_ns: int = 0
    session_end_ns: int = 0
    tokens: TokenTables | None = Field(
        default=None, description="the asset's own bins; without them those of its tick regime"
    )

    @classmethod
    def read(cls, path: Path) -> AssetProfile:
        """Read a profile from JSON; `FaultlineError` names the file and the field that is wrong."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise FaultlineError(
                f"{path}: asset profile cannot be read ({error.strerror})"
            ) from error
        except ValidationError as error:
            raise FaultlineError(f"{path}: {wrong_field(error)}") from error

    def write(self, path: Path) -> None:
        """Write the profile as JSON, a line for each field."""
        fields = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in self.model_dump().items()]
        path.write_text("{\n " + ",\n ".join(fields) + "\n}\n")

    def order_sizes(self, u: Float64) -> Int64:
        """Sizes of new orders at probability levels `u`, int64, at least 1."""
        levels = np.linspace(0.0, 1.0, len(self.order_size_quantiles))
        sizes = np.interp(u, levels, self.order_size_quantiles)
        return np.asarray(np.maximum(1, np.rint(sizes)), np.int64)
