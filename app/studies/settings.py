"""Settings of studies as words of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from app.stress import first_problem
from engine.scenario import Scenario, list_scenarios, load_scenario
from engine.spec import RunSettings


def settings_words(spec: RunSettings) -> list[str]:
    """Options for the settings that all runs of a study share; `--paths` comes first."""
    return [
        "--paths", str(spec.paths), "--horizon", f"{spec.horizon_s:g}",
        "--max-events", str(spec.max_events), "--burn-in", str(spec.burn_in_events),
        "--seed", str(spec.seed), "--model", spec.model, "--device", spec.device,
    ]  # fmt: skip


def spelt_out(scenarios: Sequence[Scenario]) -> bool:
    """Whether one of them is not in the catalogue as it stands, so that a name does not say it."""
    known = list_scenarios()
    return any(one.name not in known or load_scenario(one.name) != one for one in scenarios)


def one_line(error: ValidationError) -> str:
    """The first thing that is wrong with a study; rules of our own say it themselves."""
    first = error.errors()[0]
    if first["type"] != "value_error":
        return first_problem(error)
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['ctx']['error']}" if where else str(first["ctx"]["error"])
