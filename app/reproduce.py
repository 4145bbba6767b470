"""A run computed again, and set against what was kept of it."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from app.manifest import Manifest, collect_manifest, read_manifest
from app.stress import run_in_chunks
from engine.ensemble import COLUMNS, PathEnsemble
from engine.risk import Estimate, RiskTable, risk_table
from engine.rollout import Progress, StressRun
from engine.runs import StoredRun
from engine.runs.chunks import RunPaths
from engine.runs.store import SCRATCH
from engine.runs.summary import RunSummary
from model.catalogue import load_profile
from model.errors import FaultlineError

# What bits depend on; other packages only draw and measure.
NUMERICS = ("faultline", "python", "numpy", "numba", "torch", "scipy")


class Difference(BaseModel):
    """Something that is not the same: what it is called, as it was kept and as it is now."""

    model_config = ConfigDict(frozen=True)

    what: str
    kept: str
    now: str


class Reproduction(BaseModel):
    """What came of computing a run again.

    Attributes
    ----------
    standard : how it was compared: `bits` on the same versions, files and hardware, else
        `intervals`, whose risk numbers must agree
    circumstances : versions, files and hardware that are not those of the run
    differences : columns of paths that differ, or risk numbers whose intervals do not overlap
    same_bits : whether all paths are the same, bit for bit
    """

    model_config = ConfigDict(frozen=True)

    standard: Literal["bits", "intervals"]
    circumstances: tuple[Difference, ...]
    differences: tuple[Difference, ...]
    same_bits: bool

    @property
    def holds(self) -> bool:
        """Whether the run was reproduced by the standard that applies."""
        return not self.differences


def reproduce(
    stored: StoredRun, progress: Callable[[Progress], None] | None = None
) -> Reproduction:
    """Compute a finished run again, in a folder that is deleted afterwards, and compare.

    Paths are cut into the same chunks. On the same versions, files and hardware every column of
    every path must be the same, bit for bit. Elsewhere rounding may send paths apart, which then
    are other draws of the same law: for every risk number the two intervals must overlap.

    Raises
    ------
    FaultlineError
        The run has no manifest, or a file of it is broken, or it cannot be run here.
    """
    profile, paths = load_profile(stored.spec.asset), RunPaths(stored.folder)
    if paths.journal is None:
        raise FaultlineError(f"{stored.id}: holds no paths; it has not finished")
    if broken := paths.broken():
        raise FaultlineError(
            f"{stored.id}: {len(broken)} of its chunks of paths are broken; "
            f"`faultline runs resume {stored.id}` computes them again"
        )
    was, kept = read_manifest(stored.folder), paths.run(stored.spec, profile)
    prefix = f"{SCRATCH}{os.getpid()}-"
    with tempfile.TemporaryDirectory(dir=stored.folder.parent, prefix=prefix) as name:
        folder = Path(name)
        RunPaths(folder).begin(stored.spec, paths.journal.chunk_paths)
        again = run_in_chunks(stored.spec, folder, progress)
        circumstances = tuple(_circumstances(was, collect_manifest([stored.spec])))
        bits = tuple(_bits(kept, again))
        if not circumstances or not bits:
            standard: Literal["bits", "intervals"] = "intervals" if circumstances else "bits"
            differences = bits
        else:
            standard = "intervals"
            summary = RunSummary.read(stored.folder / "summary.json")
            differences = tuple(_intervals(summary.risk, risk_table(again)))
    return Reproduction(
        standard=standard,
        circumstances=circumstances,
        differences=differences,
        same_bits=not bits,
    )


def _circumstances(was: Manifest, now: Manifest) -> Iterator[Difference]:
    old = {f.name: f.sha256 for f in was.files} | {n: was.versions.get(n, "") for n in NUMERICS}
    new = {f.name: f.sha256 for f in now.files} | {n: now.versions.get(n, "") for n in NUMERICS}
    for part in ("processor", "accelerator"):
        old[part], new[part] = was.hardware.get(part, "none"), now.hardware.get(part, "none")
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield Difference(what=name, kept=old.get(name, "none"), now=new.get(name, "none"))


def _bits(kept: StressRun, again: StressRun) -> Iterator[Difference]:
    """Columns that differ, chunk by chunk, the first path of each."""
    for arm in ("baseline", "shocked"):
        pairs = zip(getattr(kept, arm).parts(), getattr(again, arm).parts(), strict=True)
        for one, other in pairs:
            yield from _columns(arm, one, other)


def _columns(arm: str, one: PathEnsemble, other: PathEnsemble) -> Iterator[Difference]:
    for name in COLUMNS:
        first, second = getattr(one, name), getattr(other, name)
        if np.array_equal(first, second, equal_nan=first.dtype.kind == "f"):
            continue
        position, values = 0, ("other length", "other length")
        if first.shape == second.shape:
            row = int(np.flatnonzero(first != second)[0])
            values = (str(first[row]), str(second[row]))
            per_path = len(first) == len(one)
            position = row if per_path else int(np.searchsorted(one.offsets, row, "right")) - 1
        yield Difference(
            what=f"{arm} path {one.paths[position]}: {name}", kept=values[0], now=values[1]
        )


def _intervals(kept: RiskTable, again: RiskTable) -> Iterator[Difference]:
    """Risk numbers whose intervals do not overlap, or of which one is missing."""
    rows = {row.measure: row for row in again.rows}
    for row in kept.rows:
        for arm in ("unshocked", "shocked", "effect"):
            was: Estimate | None = getattr(row, arm)
            now: Estimate | None = getattr(rows.get(row.measure), arm, None)
            if not _overlap(was or Estimate(value=None), now or Estimate(value=None)):
                yield Difference(
                    what=f"{row.label}, {arm} ({row.unit})", kept=_text(was), now=_text(now)
                )


def _overlap(one: Estimate, other: Estimate) -> bool:
    """Whether two intervals meet; an end that is missing lies at infinity."""
    if one.value is None or other.value is None:  # not defined, or not reached in time
        return one.upper is None and other.upper is None
    low = max(-math.inf if e.lower is None else e.lower for e in (one, other))
    return low <= min(math.inf if e.upper is None else e.upper for e in (one, other))


def _text(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return "none"
    if estimate.lower is None or estimate.upper is None:
        return f"{estimate.value:.6g}"
    return f"{estimate.value:.6g} ({estimate.lower:.6g} to {estimate.upper:.6g})"
