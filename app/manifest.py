"""What is needed to make a result again: versions, seeds, hashes, hardware and command."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from app.models import BASELINES, Baseline, baseline_path, is_baseline, model_folder
from engine.runs.atomic import write_atomic
from engine.scenario import list_scenarios, load_scenario
from engine.spec import RunSpec
from model.catalogue import DATA_VARIABLE, assets_dir, find_asset
from model.errors import FaultlineError

T = TypeVar("T")

PACKAGES = ("numpy", "numba", "torch", "scipy", "statsmodels", "arch", "pandas", "pyarrow")


class FileHash(BaseModel):
    """A file or a settings text that the result depends on, and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str


class Manifest(BaseModel):
    """Where numbers come from.

    The same spec, versions and kind of device give the same paths, bit for bit.

    Attributes
    ----------
    run_ids : of the run store; empty for a run that was not kept
    created : UTC, to the second
    commands : what makes the results again
    versions : of Faultline (in a checkout with its git commit), Python and the packages that the
        numbers depend on
    files : scenarios, references of the assets, checkpoint or fitted baseline
    hardware : processor, memory, accelerator, as far as the system tells
    timing_s : seconds spent, by stage
    fingerprint : of the request, see `app.fingerprint`; empty for results of several
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_ids: tuple[str, ...] = ()
    created: datetime
    commands: tuple[str, ...]
    seeds: tuple[int, ...]
    versions: dict[str, str]
    files: tuple[FileHash, ...]
    hardware: dict[str, str]
    timing_s: dict[str, float] = {}
    fingerprint: str = ""


def collect_manifest(
    specs: Sequence[RunSpec],
    *,
    run_ids: Sequence[str] = (),
    commands: Sequence[str] = (),
    created: datetime | None = None,
    timing_s: Mapping[str, float] | None = None,
    fingerprint: str = "",
) -> Manifest:
    """The manifest of results made with this installation on this machine.

    Parameters
    ----------
    specs : settings of the runs
    run_ids : ids in the run store
    commands : how each result was asked for; by default the `faultline run` of each spec
    created : when; now by default
    timing_s : seconds by stage
    fingerprint : see `app.fingerprint`
    """
    files = {name: digest for spec in specs for name, digest in run_hashes(spec).items()}
    return Manifest(
        run_ids=tuple(run_ids),
        created=(created or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0),
        commands=tuple(commands) or tuple(reproduce_command(spec) for spec in specs),
        seeds=tuple(dict.fromkeys(spec.seed for spec in specs)),
        versions=versions(),
        files=tuple(FileHash(name=name, sha256=digest) for name, digest in files.items()),
        hardware=hardware(),
        timing_s=dict(timing_s or {}),
        fingerprint=fingerprint,
    )


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write `manifest.json` of a run, in one step."""
    write_atomic(folder / "manifest.json", manifest.model_dump_json(indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.json` of a run; `FaultlineError` where it is missing or broken."""
    path = folder / "manifest.json"
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise FaultlineError(
            f"{path}: manifest cannot be read; `faultline runs resume {folder.name}` "
            "writes it again"
        ) from error


def merged(manifests: Sequence[Manifest]) -> Manifest:
    """One manifest of several results, dated by the last; where they differ, all values stand.

    Seconds and events are summed.
    """
    timing: dict[str, float] = {}
    for manifest in manifests:
        for name, value in manifest.timing_s.items():
            timing[name] = timing.get(name, 0.0) + value
    if "events_per_s" in timing and timing.get("total"):
        timing["events_per_s"] = timing["events"] / timing["total"]
    return Manifest(
        run_ids=_each(manifest.run_ids for manifest in manifests),
        created=max(manifest.created for manifest in manifests),
        commands=_each(manifest.commands for manifest in manifests),
        seeds=_each(manifest.seeds for manifest in manifests),
        versions=joined([manifest.versions for manifest in manifests]),
        files=_each(manifest.files for manifest in manifests),
        hardware=joined([manifest.hardware for manifest in manifests]),
        timing_s=timing,
    )


def _each(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    """The members of all parts, in order, each once."""
    return tuple(dict.fromkeys(one for part in parts for one in part))


def joined(parts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What several mappings say, by name; where they differ, all values, each once."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {
        name: " / ".join(dict.fromkeys(part[name] for part in parts if name in part))
        for name in names
    }


def versions() -> dict[str, str]:
    """Versions of Faultline, Python and the packages that its numbers depend on."""
    commit = source_commit()
    own = package_version("faultline") + (f" ({commit})" if commit else "")
    found = {"faultline": own, "python": platform.python_version()}
    return found | {name: package_version(name) for name in PACKAGES}


def package_version(package: str) -> str:
    """Version of an installed package, or `not installed`."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def source_commit() -> str:
    """Git commit of the checkout that Faultline runs from; empty for an installed package."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def hardware() -> dict[str, str]:
    """The machine that this process runs on."""
    found = {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
    }
    torch = sys.modules.get("torch")  # takes seconds to load, and a run without it used no GPU
    if torch is not None and torch.cuda.is_available():
        found["accelerator"] = torch.cuda.get_device_name()
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def run_hashes(spec: RunSpec) -> dict[str, str]:
    """SHA-256 by name of what a run is computed from: scenario, references, weights, recording."""
    profile = assets_dir() / "references" / spec.asset / "profile.json"
    files = {f"references/{spec.asset}/{profile.name}": profile}
    if is_baseline(spec.model):
        fitted = baseline_path(spec.model, spec.asset)
        files[f"references/{spec.asset}/{fitted.name}"] = fitted
        data = os.environ.get(DATA_VARIABLE)
        if data and not BASELINES.get(spec.model, Baseline("")).ships:
            recording = find_asset(spec.asset).recording
            files[f"data/{recording}"] = Path(data) / recording
    else:
        folder = model_folder(spec.model)
        for name in ("config.json", "model.safetensors", "anchors.json"):
            files[f"models/{folder.name}/{name}"] = folder / name
    scenario = sha256(spec.scenario.model_dump_json().encode())
    return {f"scenario {spec.scenario.name}": scenario} | file_hashes(files)


def file_hashes(files: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of each file that exists, under the name it is given."""
    return {name: _file_sha256(path) for name, path in files.items() if path.is_file()}


def _file_sha256(path: Path) -> str:
    """SHA-256 of a file; remembered as long as it is the same file."""
    found = path.stat()
    return _remembered_sha256(path, found.st_ino, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=256)
def _remembered_sha256(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


def reproduce_command(spec: RunSpec) -> str:
    """The `faultline run` that makes the same paths.

    A scenario that is not in the catalogue as it stands cannot be named: the command then reads
    the `spec.json` that every run's folder keeps.
    """
    name = spec.scenario.name
    if name not in list_scenarios() or load_scenario(name) != spec.scenario:
        return "faultline run --spec spec.json"
    options: dict[str, object] = {
        "--asset": spec.asset,
        "--scenario": name,
        "--intensity": f"{spec.intensity:g}",
        "--paths": spec.paths,
        "--horizon": f"{spec.horizon_s:g}",
        "--seed": spec.seed,
        "--model": spec.model,
        "--device": spec.device,
    }
    for option, field in (("--max-events", "max_events"), ("--burn-in", "burn_in_events")):
        if getattr(spec, field) != RunSpec.model_fields[field].default:
            options[option] = getattr(spec, field)
    words = [word for option, value in options.items() for word in (option, str(value))]
    return shlex.join(["faultline", "run", *words])
