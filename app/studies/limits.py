"""What a study will need, and whether it is there. Asked before its first path.

A study plays all paths of a run in one go and measures them in memory, one run after another: what
the largest of its runs needs is what it needs. The figures behind the estimates were measured, see
docs/reliability.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from app.limits import (
    GB,
    REPORT_DISK,
    events_of_arm,
    free_bytes,
    free_disk,
    largest,
    measured_bytes,
    process_bytes,
)
from app.models import is_baseline
from app.studies.reverse import RareSpec, ReverseSpec
from app.studies.sweep import missing_cells
from engine.portfolio import PortfolioSpec, run_of
from engine.scenario import Scenario
from engine.spec import RunSpec
from engine.sweep import SweepSpec
from model.catalogue import load_profile
from model.errors import SpecError
from model.profile import AssetProfile

_Run = tuple[RunSpec, AssetProfile]
StudySpec = SweepSpec | ReverseSpec | RareSpec | PortfolioSpec

# Bytes of an event of one arm, of which 80 are in the record and 78 in columns. Both arms are
# recorded, gathered one after the other, and stay; or the shocked arm is played beside the other's
# columns; or there is the record alone. Then of a path: its book, and cache of a small model.
BOTH_ARMS, ONE_ARM, RECORD, COLUMNS = 480.0, 400.0, 120.0, 78.0
BOOK, BOOK_AND_CACHE = 0.2e6, 1.0e6
JOINT_DRAW = 64.0  # bytes of a position in a joint draw
CELL_DISK = 40e3  # of a cell of a sweep


def check_study(spec: StudySpec, folder: Path) -> None:
    """Refuse a study that cannot be played here, before it begins.

    Parameters
    ----------
    spec : of any kind
    folder : that it will write to; cells of a sweep that are there need nothing any more

    Raises
    ------
    SpecError
        Memory or disk will not do; the message names the most paths, and the longest horizon, that
        fit.
    """
    runs = _runs(spec, folder)
    if not runs:
        return
    memory, free = study_memory(spec, runs), free_bytes()
    if memory > free:
        run, what = runs[0][0], "trajectories" if isinstance(spec, RareSpec) else "paths"
        raise SpecError(
            f"{what}: {run.paths:,} {what} of {run.horizon_s:g} s, which a study plays at once,"
            f" need about {memory / GB:.1f} GB of memory and {free / GB:.1f} GB are free; "
            + _what_fits(spec, runs, free)
        )
    disk, left = study_disk(spec), free_disk(folder)
    if disk > left:
        raise SpecError(
            f"{folder}: this study needs about {disk / GB:.3f} GB of disk and {left / GB:.3f} GB "
            "are free; free some, or choose another folder"
        )


def study_memory(spec: StudySpec, runs: Sequence[_Run] | None = None) -> int:
    """The most memory that a study has in use at once, bytes, on the safe side.

    `runs` are its own with other settings; None: as they are.
    """
    need = max(_run_bytes(spec, *one) for one in runs or _runs(spec))
    if isinstance(spec, PortfolioSpec):
        need = max(need, process_bytes(spec) + JOINT_DRAW * spec.draws * len(spec.positions))
    return int(need)


def study_disk(spec: StudySpec) -> int:
    """What a study leaves on disk, bytes."""
    return int(REPORT_DISK + (CELL_DISK * len(spec) if isinstance(spec, SweepSpec) else 0.0))


def _run_bytes(spec: StudySpec, run: RunSpec, profile: AssetProfile) -> float:
    arm = events_of_arm(run, profile)
    path = BOOK if is_baseline(run.model) else BOOK_AND_CACHE
    if isinstance(spec, RareSpec):
        return process_bytes(run) + path * run.paths + RECORD * arm
    arms, event = (1.0, ONE_ARM) if isinstance(spec, ReverseSpec) else (2.0, BOTH_ARMS)
    simulating = arms * path * run.paths + event * arm
    return process_bytes(run) + max(simulating, 2.0 * COLUMNS * arm + measured_bytes(run, profile))


def _runs(spec: StudySpec, folder: Path | None = None) -> list[_Run]:
    """A run of each asset, which all need the same; those of a rare loss are its trajectories."""
    if isinstance(spec, SweepSpec):
        cells = spec.cells() if folder is None else missing_cells(spec, folder)
        return [(cell, load_profile(asset)) for asset, cell in {c.asset: c for c in cells}.items()]
    if isinstance(spec, PortfolioSpec):
        profiles = [load_profile(one.asset) for one in spec.positions]
        pairs = zip(spec.positions, profiles, strict=True)
        return [(run_of(spec, one, profile), profile) for one, profile in pairs]
    run = spec.run
    if isinstance(spec, RareSpec):
        played = {"paths": spec.trajectories, "horizon_s": spec.outcome.at_s}
        run = run.model_copy(update=played)
    return [(run, load_profile(run.asset))]


def _what_fits(spec: StudySpec, runs: Sequence[_Run], free: int) -> str:
    """The largest settings whose estimate fits."""

    def fits(change: dict[str, int]) -> bool:
        changed = [(run.model_copy(update=change), profile) for run, profile in runs]
        return study_memory(spec, changed) <= free

    first, _ = runs[0]
    if isinstance(spec, RareSpec):
        # Its paths end with the outcome, whatever the horizon.
        return largest(first, fits, math.inf).replace("paths", "trajectories")
    return largest(first, fits, _least_s(spec, runs))


def _least_s(spec: SweepSpec | ReverseSpec | PortfolioSpec, runs: Sequence[_Run]) -> float:
    """A horizon that holds all shocks of a study, and the outcome that it asks for."""
    scenarios: list[Scenario | None] = [run.scenario for run, _ in runs]
    least = 0.0
    if isinstance(spec, SweepSpec):
        scenarios = list(spec.scenarios)
    if isinstance(spec, ReverseSpec):
        scenarios.append(spec.second)
        least = float(getattr(spec.outcome, "at_s", getattr(spec.outcome, "for_s", 0.0)))
    ends = (one.window_s[1] for one in scenarios if one is not None and one.window_s is not None)
    return max(least, *ends, 0.0)
