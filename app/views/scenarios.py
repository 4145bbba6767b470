"""Bundled scenarios as pages show them."""

from __future__ import annotations

import math
from functools import cache

from engine.scenario import Scenario, list_scenarios, load_scenario

# The default run answers within a minute on two cores.
SCENARIO, PATHS, HORIZON_S, SEED = "flash_crash", 64, 180, 1
AFTER_S, ROUND_S = 30, 30  # time left to see what follows a shock


@cache
def bundled() -> dict[str, Scenario]:
    """The scenarios that come with the program by name, without the one that does nothing."""
    return {name: load_scenario(name) for name in list_scenarios()[1:]}


def title_of(name: str) -> str:
    """Title of a bundled scenario."""
    return bundled()[name].title


def fitting_horizon_s(scenario: Scenario) -> int:
    """A horizon that holds the scenario and what follows it, in round numbers."""
    end = scenario.window_s[1] if scenario.window_s else 0.0
    return max(HORIZON_S, ROUND_S * math.ceil((end + AFTER_S) / ROUND_S))
