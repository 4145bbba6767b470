"""Sweeps: from names and files to a grid, and from its cells to tables and a heat map."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from app.charts.csv_text import csv_text
from app.charts.numbers import interval, number
from app.charts.studies import ARMS, sweep_heatmap
from app.manifest import run_hashes
from app.models import check_model, is_baseline, resolve_model
from app.studies.report import Answer, StudyReport, StudyTable
from app.studies.settings import one_line, settings_words, spelt_out
from engine.rollout import Progress
from engine.runs.atomic import write_atomic
from engine.scenario import load_scenario
from engine.spec import RunSpec
from engine.sweep import SweepCell, SweepSpec, cell_path, read_cell, run_sweep, sweep_frame
from model.catalogue import find_asset, load_profile
from model.errors import FaultlineError, SpecError
from model.order_flow import OrderFlowModel
from model.profile import AssetProfile
from model.yaml_text import read_yaml_file

MEASURE, ARM = "var_95_bp", "effect"


def build_sweep(
    scenarios: Sequence[str], assets: Sequence[str], intensities: Sequence[float], **settings: Any
) -> SweepSpec:
    """A checked grid from what a person typed.

    Parameters
    ----------
    scenarios : names of bundled scenarios, or paths of YAML files
    assets : assets of the catalogue
    intensities : numbers
    settings : fields of `engine.spec.RunSettings`

    Raises
    ------
    FaultlineError
        One line: unknown asset, scenario or model, or a setting out of range.
    """
    known = tuple(find_asset(asset).asset for asset in assets)
    try:
        spec = SweepSpec(
            scenarios=tuple(load_scenario(name) for name in scenarios), assets=known,
            intensities=tuple(intensities), **settings,
        )  # fmt: skip
    except ValidationError as error:
        raise SpecError(one_line(error)) from error
    for asset in known:
        load_profile(asset)
        check_model(spec.model, asset)
    return spec


def read_sweep(path: Path) -> SweepSpec:
    """A grid from YAML: `scenarios`, `assets`, `intensities` and settings of the runs.

    Scenario files are looked up beside the YAML file; errors name it. The `sweep.json` that a
    sweep leaves behind, with its scenarios spelt out, is read as well.
    """
    content = read_yaml(path)
    if any(isinstance(one, dict) for one in as_list(content.get("scenarios", []))):
        try:
            return SweepSpec.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise SpecError(f"{path}: {one_line(error)}") from error
    allowed = {*SweepSpec.model_fields}
    unknown = next((key for key in content if key not in allowed), None)
    if unknown is not None:
        raise SpecError(f"{path}: {unknown}: unknown key; allowed: {', '.join(sorted(allowed))}")
    lists = {key: as_list(content.pop(key, [])) for key in ("scenarios", "assets", "intensities")}
    try:
        names = [beside(path, str(name)) for name in lists["scenarios"]]
        return build_sweep(
            names,
            [str(asset) for asset in lists["assets"]],
            lists["intensities"] or [1.0],
            **content,
        )
    except FaultlineError as error:
        raise SpecError(f"{path}: {error}") from error


def as_list(value: Any) -> list[Any]:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; `SpecError` names the file where there is none."""
    content = read_yaml_file(path, SpecError)
    if not isinstance(content, dict):
        raise SpecError(f"{path}: must map names to values")
    return content


def beside(path: Path, name: str) -> str:
    """A file name as seen from the folder of `path`; a name of the catalogue as it is."""
    return str(path.parent / name) if name.endswith((".yaml", ".yml")) else name


def sources_of(
    spec_model: str, device: str
) -> Callable[[str], tuple[OrderFlowModel, AssetProfile]]:
    """Model and profile by asset, each loaded once."""
    load = cache(lambda asset: resolve_model(spec_model, asset, device))

    def source(asset: str) -> tuple[OrderFlowModel, AssetProfile]:
        # A checkpoint knows no asset: one serves all.
        return load(asset if is_baseline(spec_model) else ""), load_profile(asset)

    return source


def play_sweep(
    spec: SweepSpec,
    folder: Path,
    *,
    measure: str = MEASURE,
    arm: str = ARM,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StudyReport:
    """Play what is missing, and write `sweep.json`, `sweep.parquet` and `sweep.csv`.

    Raises
    ------
    FaultlineError
        Every cell failed (with the reason of the first), or there is no such measure.
    """
    write_atomic(folder / "sweep.json", spec.model_dump_json(indent=1) + "\n")
    cells = run_sweep(
        spec, folder, sources_of(spec.model, spec.device), fingerprint=_fingerprint(spec),
        progress=progress, cancelled=cancelled,
    )  # fmt: skip
    frame = sweep_frame(cells)
    temporary = folder / ".sweep.parquet.tmp"
    frame.to_parquet(temporary, index=False)
    temporary.replace(folder / "sweep.parquet")
    write_atomic(folder / "sweep.csv", csv_text(frame))
    return sweep_report(spec, cells, frame, measure, arm)


def missing_cells(spec: SweepSpec, folder: Path) -> list[RunSpec]:
    """The cells that `play_sweep` would play: those that are not in the folder yet."""
    fingerprint = _fingerprint(spec)
    return [
        cell for cell in spec.cells()
        if read_cell(cell_path(folder, cell, fingerprint(cell))) is None
    ]  # fmt: skip


def _fingerprint(spec: SweepSpec) -> Callable[[RunSpec], str]:
    hashes = cache(lambda asset: json.dumps(_inputs(spec, asset), sort_keys=True))
    return lambda cell: hashes(cell.asset)


def _inputs(spec: SweepSpec, asset: str) -> Mapping[str, str]:
    """Hashes of profile and weights; the scenario is part of each cell's spec already."""
    cell = next(one for one in spec.cells() if one.asset == asset)
    return {name: value for name, value in run_hashes(cell).items() if "scenario" not in name}


def sweep_report(
    spec: SweepSpec, cells: Sequence[SweepCell], frame: pd.DataFrame, measure: str, arm: str
) -> StudyReport:
    """What is shown of a sweep: one measure as heat map and table, and what failed."""
    failed = [cell for cell in cells if cell.state == "failed"]
    if len(failed) == len(cells):
        raise FaultlineError(f"every cell of the sweep failed; the first: {failed[0].reason}")
    measures = [name for name in dict.fromkeys(frame["measure"]) if name]
    if measure not in measures:
        raise SpecError(f"measure {measure}: not in this sweep; choose {', '.join(measures)}")
    own = frame[frame["measure"] == measure]
    label, unit, definition = (str(own.iloc[0][name]) for name in ("label", "unit", "definition"))
    worst = own.loc[own[arm].idxmax()]
    what = f"{label} ({ARMS[arm]})"
    ends = interval(worst[f"{arm}_lower"], worst[f"{arm}_upper"])
    where = f"{worst['asset']}, {worst['scenario']} ×{worst['intensity']:g}"
    tables = [
        StudyTable(
            name="measure", title=what,
            data=own[["asset", "scenario", "intensity", arm, f"{arm}_lower", f"{arm}_upper",
                      "paths", "cut_paths", "horizon_s", "warning"]].rename(columns=_COLUMNS),
            definitions={
                ARMS[arm].split(",")[0]: f"{definition}; {unit}",
                "cut": "paths that reached max_events before the horizon",
                "until, s": "time that every path reached: all are measured up to it",
            },
            note="95% bootstrap intervals over paths. All measures are in sweep.csv.",
        )
    ]  # fmt: skip
    if failed:
        reasons = frame[frame["state"] == "failed"]
        tables.append(
            StudyTable(name="failed", title="Cells that failed",
                       data=reasons[["asset", "scenario", "intensity", "reason"]])
        )  # fmt: skip
    return StudyReport(
        title=f"Sweep of {len(spec.scenarios)} scenarios over {', '.join(spec.assets)}",
        verdict=(
            f"{what} is highest in {where}: {number(worst[arm])} {unit} ({ends})."
            + (f" {len(failed)} of {len(cells)} cells failed." if failed else "")
        ),
        answers=(
            Answer(label=f"Highest {label}", value=f"{number(worst[arm])} {unit}", note=where,
                   definition=f"{definition}; {ARMS[arm]}"),
            Answer(label="Cells", value=f"{len(cells) - len(failed)} of {len(cells)}",
                   note="finished", definition="a cell is one scenario, asset and intensity"),
            Answer(label="Time", value=f"{number(sum(cell.seconds for cell in cells))} s",
                   definition="seconds that the cells took, those found again included"),
        ),
        charts=(sweep_heatmap(frame, measure, arm),),
        tables=tuple(tables),
        remarks=(
            "Every number is conditional on its scenario and on the model that wrote the flow.",
            *dict.fromkeys(f"{warning}." for warning in own["warning"] if warning),
        ),
        command=sweep_command(spec, measure, arm),
    )  # fmt: skip


_COLUMNS = {
    **{arm: what.split(",")[0] for arm, what in ARMS.items()},
    **{f"{arm}_lower": "from" for arm in ARMS},
    **{f"{arm}_upper": "to" for arm in ARMS},
    "cut_paths": "cut",
    "horizon_s": "until, s",
    "warning": "remark",
}


def sweep_command(spec: SweepSpec, measure: str, arm: str) -> str:
    """The `faultline sweep` that makes the grid again."""
    if spelt_out(spec.scenarios):
        return "faultline sweep --spec sweep.json"
    words = ["faultline", "sweep"]
    for option, values in (
        ("--scenario", [scenario.name for scenario in spec.scenarios]),
        ("--asset", spec.assets),
        ("--intensity", [f"{value:g}" for value in spec.intensities]),
    ):
        words += [word for value in values for word in (option, value)]
    words += settings_words(spec)
    return shlex.join([*words, "--measure", measure, "--arm", arm])
