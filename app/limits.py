"""What a run will need, and whether it is there: memory, disk, time. Asked before the run.

The figures behind the estimates were measured, see docs/reliability.md.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from app.models import is_baseline, model_folder
from engine.runs import RunStore
from engine.runs.chunks import chunk_size, expected_events
from engine.runs.index import search, size_of
from engine.spec import RunSettings, RunSpec
from model.catalogue import load_profile
from model.errors import FaultlineError, SpecError
from model.profile import AssetProfile

BUDGET_VARIABLE = "FAULTLINE_RUNS_GB"
GB = 1e9
GPU = Path("/dev/nvidia0")
# Bytes. Of a process with its packages; of one path while it runs: book, tokens, cache of a small
# model; of an event while its chunk is simulated and written; of an event on disk; of all events of
# an arm while they are measured column by column, and of one second of one path on the risk grid.
PROCESS = {"baseline": 420e6, "tradefm": 650e6}
PATH, CHUNK_EVENT, DISK_EVENT, MEASURED_EVENT, GRID_SECOND = 0.5e6, 330.0, 14.0, 48.0, 160.0
COLUMNS_KEPT = 2 * 268e6  # see `engine.stored_ensemble.KEPT_BYTES`
REPORT_DISK = 8e6
SPEED = {"baseline": 40_000.0, "tradefm": 10_000.0}  # events a second where no run tells
BUSY = 1.5  # paths may be so much busier than the asset usually is
LOW_DISK = 1e9  # a run that leaves less free is warned of


class Need(BaseModel):
    """What a run will take. `events` are those of both arms.

    `memory_bytes` is the most that is in use at once, `disk_bytes` what stays, and `seconds` from
    the speed of earlier runs of the model, or a usual one.
    """

    model_config = ConfigDict(frozen=True)

    memory_bytes: int
    disk_bytes: int
    seconds: float
    events: int


def estimate(spec: RunSpec, store: RunStore | None = None) -> Need:
    """Memory, disk and time that a run will take, on the safe side by about a half.

    Parameters
    ----------
    spec : RunSpec
    store : earlier runs in it tell the speed of the model

    Raises
    ------
    FaultlineError
        The asset or the model is not known.
    """
    profile = load_profile(spec.asset)
    arm = events_of_arm(spec, profile)
    chunk = chunk_size(spec, profile, "cuda" if on_gpu(spec) else "cpu")
    simulating = 2.0 * chunk * (PATH + CHUNK_EVENT * arm / spec.paths)
    measuring = min(COLUMNS_KEPT, 2.0 * 8.0 * 12.0 * arm) + measured_bytes(spec, profile)
    return Need(
        memory_bytes=int(process_bytes(spec) + max(simulating, measuring)),
        disk_bytes=int(DISK_EVENT * 2.0 * arm + REPORT_DISK),
        seconds=2.0 * arm / _speed(spec, store),
        events=int(2.0 * arm),
    )


def process_bytes(spec: RunSettings) -> float:
    """Of a process with its packages and the weights of its model."""
    if is_baseline(spec.model):
        return PROCESS["baseline"]
    return PROCESS["tradefm"] + 6.0 * size_of(model_folder(spec.model))


def events_of_arm(spec: RunSpec, profile: AssetProfile) -> float:
    """Events of all paths of one arm, paths being busier than the asset usually is."""
    usual = BUSY * expected_events(spec, profile)
    return spec.paths * min(float(spec.max_events + spec.burn_in_events), usual)


def measured_bytes(spec: RunSpec, profile: AssetProfile) -> float:
    """What measures take beside the columns of the paths that they measure."""
    usual = profile.events_per_s * spec.horizon_s
    reached_s = spec.horizon_s * min(1.0, spec.max_events / usual)  # by the busiest path
    return MEASURED_EVENT * events_of_arm(spec, profile) + GRID_SECOND * spec.paths * reached_s


def has_room(spec: RunSpec, loading: Sequence[RunSpec] = ()) -> bool:
    """Whether what the run will need of memory is free now, and of the GPU's if it uses one.

    Parameters
    ----------
    spec : of the run
    loading : runs that were just started, whose memory still looks free
    """
    try:
        needs = [(on_gpu(one), estimate(one).memory_bytes) for one in (*loading, spec)]
    except FaultlineError:
        return True  # the worker says what is wrong
    gpu = free_gpu_bytes() if needs[-1][0] else None
    return sum(need for _, need in needs) <= free_bytes() and (
        gpu is None or sum(need for there, need in needs if there) <= gpu
    )


def check_fits(spec: RunSpec, store: RunStore) -> list[str]:
    """Refuse a run that cannot be done here, before it begins.

    Returns
    -------
    list of str
        Warnings, a line each: little disk left, or the budget of the store exceeded.

    Raises
    ------
    SpecError
        Memory or disk will not do; the message names the most paths, and the longest horizon, that
        fit.
    """
    need, memory, disk = estimate(spec, store), free_bytes(), free_disk(store.root)
    for what, asked, free in (
        ("memory", need.memory_bytes, memory),
        ("disk", need.disk_bytes, disk),
    ):
        if asked > free:
            raise SpecError(
                f"paths: {spec.paths:,} paths of {spec.horizon_s:g} s need about "
                f"{asked / GB:.1f} GB of {what} and {free / GB:.1f} GB are free; "
                f"{_what_fits(spec, memory, disk)}"
            )
    warnings = []
    budget = _budget()
    used = sum(row.bytes for row in search(store)) if budget is not None else 0
    if budget is not None and used + need.disk_bytes > budget:
        warnings.append(
            f"the runs take {used / GB:.1f} GB and this one about {need.disk_bytes / GB:.1f} GB "
            f"more: above the {budget / GB:g} GB of {BUDGET_VARIABLE}; "
            f"`faultline runs gc --max-gb {budget / GB:g}` deletes the oldest"
        )
    if disk - need.disk_bytes < LOW_DISK:
        warnings.append(
            f"{store.root}: about {(disk - need.disk_bytes) / GB:.1f} GB will be free after this "
            "run; `faultline runs gc` deletes old ones"
        )
    return warnings


def _what_fits(spec: RunSpec, memory: float, disk: float) -> str:
    """The largest settings whose estimate fits."""

    def fits(change: dict[str, int]) -> bool:
        need = estimate(spec.model_copy(update=change))
        return need.memory_bytes <= memory and need.disk_bytes <= disk

    window = spec.scenario.window_s
    return largest(spec, fits, 0.0 if window is None else window[1])


def largest(spec: RunSettings, fits: Callable[[dict[str, int]], bool], least_s: float) -> str:
    """In words the most paths and the longest horizon that fit, the other as it was asked.

    Parameters
    ----------
    spec : what does not fit
    fits : whether it would with other `paths`, or another `horizon_s`
    least_s : a horizon below this is no answer
    """

    def most(name: str, asked: int) -> int:
        """0 if 1 does not fit."""
        low, high = 0, asked
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits({name: middle}) else (low, middle)
        return low

    paths, horizon_s = most("paths", spec.paths), most("horizon_s", math.ceil(spec.horizon_s))
    ways = [f"at most {paths:,} paths fit"] if paths else []
    if horizon_s and least_s <= horizon_s:
        ways.append(f"at most {horizon_s:,} s of {spec.paths:,} paths")
    return ", or ".join(ways) or "not even one path fits: free some, or take another model"


def _speed(spec: RunSpec, store: RunStore | None) -> float:
    rows = search(store, state="finished", model=spec.model, limit=5) if store else []
    speeds = sorted(row.events_per_s for row in rows if row.events_per_s > 0.0)
    usual = SPEED["baseline" if is_baseline(spec.model) else "tradefm"]
    return speeds[len(speeds) // 2] if speeds else usual


def free_bytes() -> int:
    """Memory that a new process can have: of the machine, and of the container's limit."""
    free = int(psutil.virtual_memory().available)
    for limit, used in _group_files():
        try:
            most = int(limit.read_text())
            stat = dict(line.split() for line in (used.parent / "memory.stat").open())
            cached = int(stat.get("inactive_file", stat.get("total_inactive_file", 0)))
            free = min(free, most - int(used.read_text()) + cached)
        except (OSError, ValueError):  # no limit (`max`), or no such group
            continue
    return max(0, free)


def _group_files() -> list[tuple[Path, Path]]:
    """Limit and use of the control groups that this process is in, versions 2 and 1."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = Path("/sys/fs/cgroup") / ("memory" if controllers else "")
        limit, used = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes")
            if controllers
            else ("memory.max", "memory.current")
        )
        own = root / name.lstrip("/")
        # In a container the names may be those outside of it: then the limit is at the root.
        for folder in dict.fromkeys((own, *own.parents, root)):
            if root in (folder, *folder.parents):
                found.append((folder / limit, folder / used))
    return found


def on_gpu(spec: RunSpec) -> bool:
    """Whether the model of a run will be on a GPU, told without loading torch."""
    if is_baseline(spec.model) or spec.device == "cpu":
        return False
    return spec.device == "cuda" or GPU.exists()


def free_gpu_bytes() -> int | None:
    """Free memory of the first GPU; None where there is none."""
    command = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
        return int(shown.stdout.split()[0]) << 20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def free_disk(root: Path) -> int:
    """Free bytes where a folder is, or will be."""
    folder = next((one for one in (root, *root.parents) if one.is_dir()), Path("/"))
    return shutil.disk_usage(folder).free


def _budget() -> float | None:
    """Bytes that the store may take, `FAULTLINE_RUNS_GB`; None where nothing is set."""
    text = os.environ.get(BUDGET_VARIABLE)
    if not text:
        return None
    try:
        budget = float(text)
    except ValueError:
        budget = -1.0
    if not budget > 0.0:
        raise SpecError(f"{BUDGET_VARIABLE}={text}: not a number of gigabytes; use one above 0")
    return budget * GB
