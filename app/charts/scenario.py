"""What a scenario is going to do, before it is run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec
from engine.scenario import Scenario
from engine.shocks import ShockPlan
from model.events import NS_PER_S
from model.profile import AssetProfile

FORCE, ACTS = "In force", "Orders and changes of the book"
MOST_ACTS = 200  # drawn of a shock: more are not told apart
Points = list[tuple[float, float]]


def intensity_chart(
    scenario: Scenario, intensity: float, profile: AssetProfile, horizon_s: float
) -> ChartSpec | None:
    """Intensity of every shock over time, a panel each; None where nothing is done.

    Raises
    ------
    ScenarioError
        A shock does not fit the horizon, or the intensity.
    """
    frames = []
    for position, shock in enumerate(scenario.shocks):
        if not scenario.acts_on(position, profile.asset):
            continue
        plan = shock.compile(intensity, profile, horizon_s)
        if plan.does_nothing:
            continue
        own = shock.own(intensity)
        for series, points in ((FORCE, _force(plan, own, horizon_s)), (ACTS, _acts(plan, own))):
            frame = pd.DataFrame(points, columns=["x", "y"]).assign(series=series)
            frames.append(frame.assign(panel=f"{position + 1}. {shock.kind.replace('_', ' ')}"))
    if not frames:
        return None
    panels = len({frame["panel"].iloc[0] for frame in frames if len(frame)})
    return ChartSpec(
        kind="lines",
        name=f"scenario-{scenario.name}",
        data=pd.concat(frames),
        title="Intensity over time",
        x=Axis(label="seconds from the start"),
        y=Axis(label="intensity"),
        roles={FORCE: Role.SHOCKED, ACTS: Role.REAL},
        caption=(
            "1 is the shock as described. The line shows the time in which a shock changes the "
            "flow or watches the market; spikes are orders that it sends and changes of the book."
        ),
        alt=f"Intensity over time of {panels} shocks, over {horizon_s:g} seconds.",
    )


def _force(plan: ShockPlan, intensity: float, horizon_s: float) -> Points:
    """Outline of what acts over a stretch of time: tilts with their ramps, triggers."""
    points: Points = [(0.0, 0.0)]
    for start, end, ramp in sorted(set(_stretches(plan))):
        points += [(start, 0.0), (start + ramp, intensity), (end - ramp, intensity), (end, 0.0)]
    return [*points, (horizon_s, 0.0)]


def _stretches(plan: ShockPlan) -> Iterator[tuple[float, float, float]]:
    seconds = 1.0 / NS_PER_S
    tilts = (plan.tilt_start_ns, plan.tilt_end_ns, plan.tilt_ramp_ns)
    for start, end, ramp in zip(*tilts, strict=True):
        yield float(start * seconds), float(end * seconds), float(ramp * seconds)
    for start, end in zip(plan.trigger_start_ns, plan.trigger_end_ns, strict=True):
        yield float(start * seconds), float(end * seconds), 0.0


def _acts(plan: ShockPlan, intensity: float) -> Points:
    """A spike for each time at which something is sent or done."""
    times = np.unique(np.concatenate((plan.order_time_ns, plan.op_time_ns))) / NS_PER_S
    kept = times[:: max(1, -(-len(times) // MOST_ACTS))]
    return [(float(time), height) for time in kept for height in (0.0, intensity, float("nan"))]
