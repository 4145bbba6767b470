"""One stress test from its spec: find profile and model by name, and run the closed loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.backends import Backend, LocalBackend
from app.models import check_model, resolve_model
from engine.rollout import Progress, StressRun, rollout
from engine.runs.chunks import RunPaths
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
        return RunSpec.model_validate_json(path.read_bytes())
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


def run_in_chunks(
    spec: RunSpec,
    folder: Path,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    backend: Backend | None = None,
) -> StressRun:
    """As `run_stress`, but the paths go to `folder` chunk by chunk, and those there are kept.

    Parameters
    ----------
    spec, progress, cancelled : see `run_stress`
    folder : of the run
    backend : who plays the chunks; None: this process

    Returns
    -------
    StressRun
        Whose ensembles stay on disk, see `engine.stored_ensemble`.

    Raises
    ------
    FaultlineError
        As `run_stress`, or the backend has no worker left.
    OSError
        The disk is full, or the folder cannot be written; finished chunks stay.
    """
    backend = backend or LocalBackend()
    profile, paths = load_profile(spec.asset), RunPaths(folder)
    settled = paths.journal.chunk_paths if paths.journal else backend.chunk_paths(spec, profile)
    paths.begin(spec, settled)
    tell = _Meter(progress or (lambda _: None), paths, spec.paths)
    stop = cancelled or (lambda: False)
    for chunk in backend.chunks(spec, list(paths.missing()), folder, tell, stop):
        paths.add(chunk)
        tell()
    return paths.run(spec, profile)


class _Meter:
    """Tells how far a run has come: chunks on disk, and what is not finished yet."""

    def __init__(self, progress: Callable[[Progress], None], paths: RunPaths, total: int) -> None:
        self._progress, self._paths, self._total = progress, paths, total
        self._began, self._kept, self._kept_events = time.perf_counter(), paths.done, self._events

    @property
    def _events(self) -> int:
        return int(self._paths.timing().get("events", 0))

    def __call__(self, more_paths: float = 0.0, more_events: int = 0) -> None:
        come, events = self._paths.done + more_paths, self._events + more_events
        spent = max(time.perf_counter() - self._began, 1e-9)
        left = (self._total - come) * spent / max(come - self._kept, 1e-9)
        speed = (events - self._kept_events) / spent
        self._progress(Progress(events, come / self._total, speed, left))


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong with a set of settings, in one line: field, rule, value."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "spec"
    return f"{field}: {first['msg'].lower()}, got {first['input']!r}"
