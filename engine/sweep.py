"""Sweeps: scenarios x assets x intensities, each cell kept as soon as it is done."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.ensemble import PathEnsemble
from engine.risk import RiskTable, risk_table
from engine.rollout import Cancelled, Progress, rollout
from engine.runs.atomic import write_atomic
from engine.scenario import Scenario
from engine.spec import RunSettings, RunSpec
from model.errors import FaultlineError
from model.order_flow import OrderFlowModel
from model.profile import AssetProfile

MOST_CELLS = 10_000
Sources = Callable[[str], tuple[OrderFlowModel, AssetProfile]]  # of an asset


class SweepSpec(RunSettings):
    """A grid of stress tests that differ in scenario, asset and intensity alone."""

    scenarios: tuple[Scenario, ...] = Field(min_length=1)
    assets: tuple[str, ...] = Field(min_length=1)
    intensities: tuple[float, ...] = Field(default=(1.0,), min_length=1)

    @model_validator(mode="after")
    def _a_grid(self) -> Self:
        names = tuple(scenario.name for scenario in self.scenarios)
        for what, given in (("scenario", names), ("asset", self.assets)):
            twice = next((one for one in given if given.count(one) > 1), None)
            if twice is not None:
                raise ValueError(f"{what} {twice} is given twice; name it once")
        for one in self.intensities:
            if not 0.0 <= one <= 10.0 or self.intensities.count(one) > 1:
                raise ValueError(f"intensity {one:g}: choose values from 0 to 10, each once")
        if len(self) > MOST_CELLS:
            raise ValueError(f"{len(self):,} cells are more than {MOST_CELLS:,}; split the sweep")
        return self

    def __len__(self) -> int:
        return len(self.scenarios) * len(self.assets) * len(self.intensities)

    def cells(self) -> Iterator[RunSpec]:
        """Every cell, asset after asset, so that the unshocked arm of one is at hand."""
        common = {name: getattr(self, name) for name in RunSettings.model_fields}
        for asset in self.assets:
            for scenario in self.scenarios:
                for intensity in self.intensities:
                    yield RunSpec(asset=asset, scenario=scenario, intensity=intensity, **common)


class SweepCell(BaseModel):
    """What is kept of one cell; `risk` is None where it failed, and `reason` one line why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: RunSpec
    state: Literal["finished", "failed"]
    reason: str = ""
    risk: RiskTable | None = None
    seconds: float


def cell_path(folder: Path, spec: RunSpec, fingerprint: str = "") -> Path:
    """Where a sweep keeps a cell: named by the hash of its full spec and of what it is made from.

    Parameters
    ----------
    folder : of the sweep
    spec : of the cell
    fingerprint : changes when the same spec would give other paths, such as a hash of the weights
    """
    text = f"{spec.model_dump_json()}\n{fingerprint}"
    return folder / "cells" / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"


def read_cell(path: Path) -> SweepCell | None:
    """A finished cell; None where there is none, it failed or cannot be read: it is played then."""
    try:
        cell = SweepCell.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return cell if cell.state == "finished" else None


def run_sweep(
    spec: SweepSpec,
    folder: Path,
    sources: Sources,
    *,
    fingerprint: Callable[[RunSpec], str] = lambda _: "",
    resamples: int = 1000,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[SweepCell]:
    """Play every cell that is not in the folder yet, and keep each in one step.

    The unshocked arm depends on asset, seed and settings alone: it is played with the first cell
    of an asset and handed to the others, which gives the same numbers bit for bit. A cell that
    cannot be played is kept with the reason, and played again on the next start.

    Parameters
    ----------
    spec : SweepSpec
    folder : of the sweep; made if it is not there
    sources : gives the model and the profile of an asset
    fingerprint : see `cell_path`
    resamples : of the bootstrap
    progress, cancelled : as for `engine.rollout.rollout`; `fraction` is that of all cells

    Returns
    -------
    list of SweepCell
        In the order of `SweepSpec.cells`.

    Raises
    ------
    Cancelled
        Cells that are done are kept.
    OSError
        The folder cannot be written.
    """
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    cells = list(spec.cells())
    paths = [cell_path(folder, cell, fingerprint(cell)) for cell in cells]
    found = [read_cell(path) for path in paths]
    missing = found.count(None)
    clock = _Clock(len(cells), len(cells) - missing, progress)
    baseline: PathEnsemble | None = None
    for at, cell in enumerate(cells):
        if at > 0 and cell.asset != cells[at - 1].asset:
            baseline = None
        if found[at] is not None:
            continue
        clock.begin(f"{cell.asset}: {cell.scenario.title} x{cell.intensity:g}")
        began = time.perf_counter()
        state: Literal["finished", "failed"] = "finished"
        reason, risk = "", None
        try:
            model, profile = sources(cell.asset)
            run = rollout(
                model, profile, cell,
                baseline=baseline, progress=clock.inside, cancelled=cancelled,
            )  # fmt: skip
            baseline = run.baseline
            risk = risk_table(run, resamples)
            del run  # the shocked arm would be held while the next cell is played
        except MemoryError:
            state, reason = "failed", "not enough memory; choose fewer paths or a shorter horizon"
        except Cancelled:
            raise
        except FaultlineError as error:
            state, reason = "failed", " ".join(str(error).split())
        except Exception as error:  # one broken cell must not cost the others
            what = " ".join(str(error).split())
            state, reason = "failed", f"internal error: {type(error).__name__}: {what}"
        kept = SweepCell(
            spec=cell, state=state, reason=reason, risk=risk,
            seconds=time.perf_counter() - began,
        )  # fmt: skip
        write_atomic(paths[at], kept.model_dump_json() + "\n")
        found[at] = kept
        clock.end()
    return [cell for cell in found if cell is not None]


class _Clock:
    """Progress over all cells, from the progress inside one."""

    def __init__(self, total: int, done: int, tell: Callable[[Progress], None] | None) -> None:
        self._total, self._done, self._before = total, done, done
        self._tell, self._stage, self._events = tell, "", 0
        self._began = time.perf_counter()
        self._last = Progress(0, 0.0, 0.0, float("inf"))

    def begin(self, stage: str) -> None:
        self._stage = f"cell {self._done + 1} of {self._total}, {stage}"
        self.inside(Progress(0, 0.0, 0.0, float("inf")))

    def inside(self, progress: Progress) -> None:
        self._last = progress
        if self._tell is None:
            return
        done = self._done + progress.fraction
        elapsed = time.perf_counter() - self._began
        played = done - self._before
        left = elapsed * (self._total - done) / played if played > 0 else float("inf")
        events = self._events + progress.events
        self._tell(
            Progress(events, done / self._total, events / max(elapsed, 1e-9), left, self._stage)
        )

    def end(self) -> None:
        self._events += self._last.events
        self._done += 1
        self.inside(Progress(0, 0.0, 0.0, float("inf")))


def sweep_frame(cells: list[SweepCell]) -> pd.DataFrame:
    """The tidy table of a sweep: a row for each cell and measure.

    Columns: asset, scenario, intensity, state, reason, the columns of `RiskTable.to_frame`, and
    paths, cut_paths and horizon_s of the cell. A cell that failed has one row without a measure.
    """
    frames = []
    for cell in cells:
        spec, risk = cell.spec, cell.risk
        frame = pd.DataFrame([{"measure": ""}]) if risk is None else risk.to_frame()
        head: dict[str, object] = {
            "asset": spec.asset, "scenario": spec.scenario.name, "intensity": spec.intensity,
            "state": cell.state, "reason": cell.reason,
        }  # fmt: skip
        for at, (name, value) in enumerate(head.items()):
            frame.insert(at, name, value)
        if risk is not None:
            frame["paths"], frame["cut_paths"] = risk.paths, risk.cut_paths
            frame["horizon_s"] = risk.horizon_s
            note = _never_shocked(spec, risk)
            if note:
                frame["warning"] = note
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _never_shocked(spec: RunSpec, risk: RiskTable) -> str:
    """What to say of a cell whose paths were cut before its scenario began."""
    window = spec.scenario.window_s
    if window is None or risk.horizon_s > window[0]:
        return ""
    return (
        f"paths were cut at {risk.horizon_s:.4g} s, before the shock starts at {window[0]:g} s;"
        " raise max_events"
    )
