"""Levels of a long rollout over its horizon, beside the real session."""

from __future__ import annotations

import pandas as pd

from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec
from app.horizon import LongRollout

TRADEFM, REAL = "TradeFM", "Real session"


def horizon_chart(found: LongRollout) -> ChartSpec:
    """Each level over the horizon in units of its real mean: mean and 10 to 90% of the paths."""
    rows = []
    for level in found.levels:
        unit = level.real or 1.0
        for i, (mean, low, high) in enumerate(zip(level.mean, level.low, level.high, strict=True)):
            minutes = (i + 0.5) * found.chunk_s / 60
            rows.append((level.label, TRADEFM, minutes, mean / unit, low / unit, high / unit))
            band = [value / unit for value in level.real_band]
            rows.append((level.label, REAL, minutes, 1.0, band[0], band[1]))
    return ChartSpec(
        kind="lines",
        name=f"horizon-{found.asset}",
        data=pd.DataFrame(rows, columns=["panel", "series", "x", "y", "low", "high"]),
        title=f"{found.asset}: {found.horizon_s / 60:.0f} minutes at a stretch",
        x=Axis(label="minutes since the start"),
        y=Axis(label="multiple of the real mean"),
        roles={REAL: Role.REAL, TRADEFM: Role.UNSHOCKED},
        caption=(
            f"{found.paths} paths of {found.model}, in chunks of {found.chunk_s:.0f} s; bands hold "
            "80% of the paths and 95% of the windows of the real session."
        ),
        alt=f"Spread, touch, activity and volatility of {found.asset} over a long rollout.",
    )
