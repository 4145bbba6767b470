"""Charts of assets: what ships of each, and a recording over its session."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec
from app.own_recordings import RecordingLook
from model.profile import AssetProfile
from stylized_facts.sheet import FactSheet

REAL = "Real"
SHAPE_TICKS = 40
_LEVELS = {
    "mid": ("Mid price", ""),
    "spread_ticks": ("Spread", "ticks"),
    "touch_depth": ("Depth at the touch, both sides", ""),
}


def spread_shapes(profiles: Mapping[str, AssetProfile]) -> ChartSpec:
    """How the spread of each asset is distributed about its median, a panel an asset."""
    frames = []
    for asset, profile in profiles.items():
        reach = np.cumsum(profile.spread_pmf)
        ticks = np.arange(1, len(reach) + 1)
        x = ticks / profile.spread_ticks
        thin = np.unique(np.linspace(0, len(x) - 1, min(len(x), 400)).astype(int))
        frames.append(
            pd.DataFrame({"panel": asset, "series": asset, "x": x[thin], "y": reach[thin]})
        )
    return ChartSpec(
        kind="lines",
        name="spread_shapes",
        data=pd.concat(frames),
        title="Spread about its median",
        x=Axis(label="spread, multiples of its median", log=True),
        y=Axis(label="share of the time at or below"),
        roles=dict.fromkeys(profiles, Role.REAL),
        caption="Steep where the spread hardly changes; medians in ticks are in the table above.",
        definition="Time-weighted distribution of the spread over the training split.",
        alt="Distribution functions of the spread of " + ", ".join(profiles) + ".",
    )


def book_shapes(profiles: Mapping[str, AssetProfile]) -> ChartSpec:
    """Mean size that rests at each distance from the touch, a panel an asset."""
    frames = []
    for asset, profile in profiles.items():
        size = np.asarray(profile.shape_occupied) * np.asarray(profile.shape_size)
        y = (size / (size[0] or 1.0))[:SHAPE_TICKS]
        frames.append(
            pd.DataFrame({"panel": asset, "series": asset, "x": np.arange(len(y)), "y": y})
        )
    return ChartSpec(
        kind="lines",
        name="book_shapes",
        data=pd.concat(frames),
        title="Shape of the book behind the touch",
        x=Axis(label="ticks behind the touch"),
        y=Axis(label="mean size, multiples of the touch"),
        roles=dict.fromkeys(profiles, Role.REAL),
        caption="Mean resting size of a tick behind the touch over that at the touch, both sides.",
        definition=(
            "Probability that a tick at this distance holds an order, times its mean size where it "
            "does, over the same at distance 0; training split. A distance that the recording "
            "hardly shows takes the mean of the last ten that it does."
        ),
        alt="Mean resting size by distance from the touch for " + ", ".join(profiles) + ".",
    )


def activity(sheets: Mapping[str, FactSheet]) -> ChartSpec:
    """Events a second over the held-out end of each session, a panel an asset."""
    frames = [
        pd.DataFrame(
            {
                "panel": asset,
                "series": asset,
                "x": [(one.start_s - sheet.intraday[0].start_s) / 60 for one in sheet.intraday],
                "y": np.array([one.events_per_s for one in sheet.intraday])
                / (np.mean([one.events_per_s for one in sheet.intraday]) or 1.0),
            }
        )
        for asset, sheet in sheets.items()
        if sheet.intraday
    ]
    empty = pd.DataFrame(columns=["panel", "series", "x", "y"])
    return ChartSpec(
        kind="lines",
        name="activity",
        data=pd.concat(frames) if frames else empty,
        title="Activity over the held-out end of the session",
        x=Axis(label="minutes since the test split begins"),
        y=Axis(label="multiple of the mean"),
        roles=dict.fromkeys(sheets, Role.REAL),
        caption="Events a second in bins of five minutes over their mean, test split.",
        definition="Adds and cancels of each bin over its length, over the mean of the bins.",
        alt="Events a second by time of day for " + ", ".join(sheets) + ".",
    )


def session_chart(look: RecordingLook, asset: str, level: str, unit: str) -> ChartSpec:
    """One of `app.own_recordings.LEVELS` over the session of a recording, in `unit`."""
    what, own_unit = _LEVELS[level]
    levels = look.levels
    return ChartSpec(
        kind="lines",
        name=f"session_{level}",
        data=pd.DataFrame(
            {
                "series": REAL,
                "x": levels["minute"] / 60,
                "y": levels[level],
                "low": levels[f"{level}_low"],
                "high": levels[f"{level}_high"],
            }
        ),
        title=f"{what}, {asset}",
        x=Axis(label="hours since midnight"),
        y=Axis(label=own_unit or unit, log=level == "touch_depth"),
        roles={REAL: Role.REAL},
        caption=(
            f"Last value in each of {len(levels)} even stretches of the session; the band holds "
            f"all values.{' The book is rebuilt from the messages.' if look.rebuilt else ''}"
        ),
        definition=f"{what} after each event of the recording, where both sides have orders.",
        alt=(
            f"{what} of {asset} over the session, from {levels[f'{level}_low'].min():,.6g} to "
            f"{levels[f'{level}_high'].max():,.6g} {own_unit or unit}."
        ),
    )
