"""What tells one request from another: runs with the same fingerprint have the same paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from app.limits import on_gpu
from app.manifest import package_version, run_hashes, sha256
from engine.runs import RunState, RunStore, StoredRun
from engine.runs.chunks import RunPaths
from engine.runs.index import search
from engine.spec import RunSpec
from model.errors import FaultlineError

FLOORS = ("engine", "model", "stylized_facts")
# Packages that paths come from; others only draw and measure.
NUMERICS = ("faultline", "numpy", "numba", "torch", "scipy")


def fingerprint(spec: RunSpec) -> str:
    """SHA-256 over the spec, the files it names, the code and the versions behind its paths.

    Raises
    ------
    FaultlineError
        The model is not known.
    """
    asked = {
        "spec": spec.model_dump(mode="json", exclude={"device"}),
        "device": "cuda" if on_gpu(spec) else "cpu",
        "files": run_hashes(spec),
        "code": _code(),
        "versions": {name: package_version(name) for name in NUMERICS},
    }
    return sha256(json.dumps(asked, sort_keys=True).encode())


@cache
def _code() -> str:
    """SHA-256 over the source of everything below this floor, as it was when it was first asked."""
    texts = {}
    for name in FLOORS:
        found = find_spec(name)  # does not load it
        folder = Path(found.origin).parent if found and found.origin else Path(name)
        for path in sorted(folder.rglob("*.py")):
            texts[f"{name}/{path.relative_to(folder)}"] = sha256(path.read_bytes())
    return sha256(json.dumps(texts, sort_keys=True).encode())


def known_run(store: RunStore, request: str) -> StoredRun | None:
    """The newest run with a fingerprint that is finished and whole, or is still to be."""
    for run in _runs(store, request):
        if not run.status.state.last:
            return run
        whole = (run.folder / "report.json").is_file() and RunPaths(run.folder).whole
        if run.status.state is RunState.FINISHED and whole:
            return run
    return None


def stopped_run(store: RunStore, request: str) -> StoredRun | None:
    """The newest run with a fingerprint that did not come to its end, and can go on."""
    for run in _runs(store, request):
        cut = run.status.interrupted or run.status.state is RunState.CANCELLED
        if run.status.state.last and (cut or RunPaths(run.folder).done):
            return run
    return None


def _runs(store: RunStore, request: str) -> Iterator[StoredRun]:
    """Runs with a fingerprint; fetched ones answer no request, for who wrote them is not known."""
    for row in search(store, fingerprint=request):
        with suppress(FaultlineError):  # deleted meanwhile
            run = store.get(row.id)
            if not run.status.origin:
                yield run
