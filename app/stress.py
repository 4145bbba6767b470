"""One stress test from its spec: find profile and model by name, and run the closed loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.models import check_model, resolve_model
from engine.rollout import Progress, StressRun, rollout
from engine.scenario import Scenario, load_scenario
from engine.spec import RunSpec
from model.catalogue import find_asset, load_profile
from model.errors import SpecError


def build_spec(
    asset: str, scenario: str, values: Mapping[str, float] | None = None, **settings: Any
) -> RunSpec:
    """A checked `RunSpec` from what a person typed.

    Parameters
    ----------
    asset : an asset of the catalogue, upper or lower case
    scenario : name of a bundled scenario, or path of a YAML file
    values : parameters of the scenario that are not to have their defaults
    settings : the other fields of `RunSpec`

    Raises
    ------
    SpecError
        A field outside its range; the message names it.
    FaultlineError
        Unknown asset, or a scenario that is unknown or breaks the schema.
    """
    return spec_of(asset, load_scenario(scenario, values), **settings)


def spec_of(asset: str, scenario: Scenario, **settings: Any) -> RunSpec:
    """A checked `RunSpec` of a scenario that has been read; see `build_spec`."""
    known = find_asset(asset).asset
    try:
        return RunSpec(asset=known, scenario=scenario, **settings)
    except ValidationError as error:
        raise SpecError(first_problem(error)) from error


def read_spec(path: Path) -> RunSpec:
    """Read a spec, such as the `spec.json` of a run; `SpecError` names file and field."""
    try:
        return RunSpec.model_validate_json(path.read_text())
    except OSError as error:
        raise SpecError(f"{path}: spec cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise SpecError(f"{path}: {first_problem(error)}") from error


def check_spec(spec: RunSpec) -> None:
    """Find out before any work whether `spec` can be run, and say what is wrong.

    Raises
    ------
    FaultlineError
        The asset has no profile, the shocks do not fit the horizon, or the model is unknown.
    """
    spec.scenario.compile(spec.intensity, load_profile(spec.asset), spec.horizon_s)
    check_model(spec.model, spec.asset)


def run_stress(
    spec: RunSpec,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StressRun:
    """Run one stress test: the paths without the shock and with it, from the same random numbers.

    Parameters
    ----------
    spec : RunSpec
    progress : called a few times a second
    cancelled : asked between events; True ends the run with `engine.rollout.Cancelled`

    Raises
    ------
    FaultlineError
        The asset has no profile, or the model is unknown, broken or not fitted to the asset.
    """
    profile = load_profile(spec.asset)
    model = resolve_model(spec.model, spec.asset, spec.device)
    return rollout(model, profile, spec, progress=progress, cancelled=cancelled)


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong with a set of settings, in one line: field, rule, value."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "spec"
    return f"{field}: {first['msg'].lower()}, got {first['input']!r}"
