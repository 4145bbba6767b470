"""A store under attack: how often is set by FAULTLINE_KILLS.

Processes are forked here, which is only safe where no thread was ever started: in a process of its
own. Where FAULTLINE_KILLS is not set, `test_share` starts one for a small share of the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import engine.runs.chunks
from tests.torture.tally import TALLY, Tally
from tests.torture.victim import KILLS, PATHS, Victim

collect_ignore = ["test_share.py"] if KILLS else ["test_kills.py", "test_faults.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TALLY.rows:
        terminalreporter.write_line("\n" + TALLY.table())
    target = os.environ.get("FAULTLINE_TORTURE_TABLE")
    if target and TALLY.rows:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(TALLY.table() + "\n")


@pytest.fixture(scope="session")
def tally() -> Tally:
    return TALLY


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(sum(map(ord, request.node.name)))


@pytest.fixture(autouse=True, scope="session")
def small_chunks() -> Iterator[None]:
    """Three chunks of a few paths; forked processes inherit it, and what is loaded here."""
    import app.charts.stress
    import app.results
    import app.stress  # noqa: F401 - loaded for those that are forked

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(engine.runs.chunks.CHUNK_PATHS, "cpu", PATHS // 3)
        patch.setattr(engine.runs.chunks, "LEAST_CHUNK_PATHS", 1)
        yield


@pytest.fixture
def victim(tmp_path: Path) -> Victim:
    return Victim(tmp_path)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """The run as it is when nobody disturbs it."""
    calm = Victim(tmp_path_factory.mktemp("reference"))
    assert calm.ask() == 0, calm.log.read_text()
    assert len(calm.hashes()) == 3
    return calm


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB; skips where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
