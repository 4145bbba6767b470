"""What is needed to make a run again: versions, seeds, hashes, hardware, command."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from engine.scenario import Scenario, list_scenarios, load_scenario
from engine.spec import RunSpec

PACKAGES = ("faultline", "numpy", "numba", "torch", "scipy", "statsmodels", "arch", "pandas")


class FileHash(BaseModel):
    """A file or a settings text that the result depends on, and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str


class Manifest(BaseModel):
    """Where the numbers of a report come from.

    Attributes
    ----------
    run_ids : of the run store; empty for a run that was not kept
    created : UTC, when the paths were simulated; it is the date of the report
    commands : one for each run, to make it again
    versions : of the packages that the numbers depend on
    files : checkpoint files and scenarios
    hardware : processor, memory, accelerator, as far as the system tells
    timing_s : seconds spent, by stage, of the first run
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


def collect_manifest(
    specs: Sequence[RunSpec],
    *,
    checkpoint: Path | None = None,
    run_ids: Sequence[str] = (),
    commands: Sequence[str] = (),
    created: datetime | None = None,
    timing_s: Mapping[str, float] | None = None,
) -> Manifest:
    """The manifest of runs made with this installation on this machine.

    Parameters
    ----------
    specs : settings of the runs
    checkpoint : folder or file of the model's weights; its JSON and safetensors files are hashed
    run_ids : ids in the run store
    commands : how each run was asked for; by default the command line is made from its spec
    created : when; now by default
    timing_s : seconds by stage
    """
    scenarios = {spec.scenario.name: spec.scenario for spec in specs}
    hashes = [
        FileHash(name=f"scenario {name}", sha256=_sha256(scenario.model_dump_json().encode()))
        for name, scenario in scenarios.items()
    ]
    if checkpoint is not None:
        hashes += [
            FileHash(name=f"{path.parent.name}/{path.name}", sha256=_sha256(path.read_bytes()))
            for path in _weights(checkpoint)
        ]
    return Manifest(
        run_ids=tuple(run_ids),
        created=(created or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0),
        commands=tuple(commands) or tuple(command_of(spec) for spec in specs),
        seeds=tuple(dict.fromkeys(spec.seed for spec in specs)),
        versions={"python": platform.python_version()} | _versions(),
        files=tuple(hashes),
        hardware=_hardware(specs),
        timing_s=dict(timing_s or {}),
    )


def command_of(spec: RunSpec) -> str:
    """The command line that makes the run again; a scenario of one's own is named as its file."""
    options = {
        "asset": spec.asset,
        "scenario": _scenario_argument(spec.scenario),
        "intensity": f"{spec.intensity:g}",
        "paths": str(spec.paths),
        "horizon": f"{spec.horizon_s:g}",
        "seed": str(spec.seed),
        "model": spec.model,
        "device": spec.device,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return shlex.join(["faultline", "run", *words])


def _scenario_argument(scenario: Scenario) -> str:
    name = scenario.name
    bundled = name in list_scenarios() and load_scenario(name) == scenario
    return name if bundled else f"{name}.yaml"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _weights(checkpoint: Path) -> list[Path]:
    if checkpoint.is_file():
        return [checkpoint]
    return sorted(p for p in checkpoint.glob("*") if p.suffix in (".safetensors", ".json"))


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _hardware(specs: Sequence[RunSpec]) -> dict[str, str]:
    found = {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "device asked for": ", ".join(dict.fromkeys(spec.device for spec in specs)),
    }
    if any(spec.device != "cpu" for spec in specs):
        import torch  # takes seconds: only where a GPU may have been used

        found["accelerator"] = (
            torch.cuda.get_device_name() if torch.cuda.is_available() else "none found"
        )
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
