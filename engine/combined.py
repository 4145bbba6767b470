"""Scenarios put together, each at an intensity of its own."""

from __future__ import annotations

from pydantic import ValidationError

from engine.scenario import Scenario
from model.errors import ScenarioError

LONGEST_NAME, LONGEST_TITLE = 64, 120


def combined(*parts: tuple[Scenario, float]) -> Scenario:
    """One scenario that does at intensity 1 what several do at their own; 0 leaves one out.

    Raises
    ------
    ScenarioError
        Shocks of two scenarios exclude each other, or there are too many.
    """
    used = [(scenario, intensity) for scenario, intensity in parts if intensity > 0.0]
    if not used:
        return Scenario.none()
    shocks = tuple(
        shock.model_copy(update={"intensity": shock.own(intensity)})
        for scenario, intensity in used
        for shock in scenario.shocks
    )
    name = "_with_".join(scenario.name for scenario, _ in used)
    title = " with ".join(f"{scenario.title} x{at:.3g}" for scenario, at in used)
    try:
        return Scenario(
            name=name[:LONGEST_NAME], title=title[:LONGEST_TITLE],
            description=" ".join(scenario.description for scenario, _ in used), shocks=shocks,
        )  # fmt: skip
    except ValidationError as error:
        reason = " ".join(error.errors()[0]["msg"].removeprefix("Value error, ").split())
        names = " and ".join(scenario.name for scenario, _ in used)
        raise ScenarioError(f"scenarios {names} cannot be combined: {reason}") from None
