"""A number with its interval, as it is written down."""

from __future__ import annotations

import math
from typing import Self

from pydantic import BaseModel, ConfigDict

from engine.risk.bootstrap import Interval


class Estimate(BaseModel):
    """A number and the ends of its confidence interval; None where it is not defined."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: float | None
    lower: float | None = None
    upper: float | None = None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """An interval with None for NaN."""
        value, lower, upper = (None if math.isnan(part) else float(part) for part in interval)
        return cls(value=value, lower=lower, upper=upper)
