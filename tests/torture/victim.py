"""A store under attack."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from app.cli import invoke
from engine.risk.table import RiskTable
from engine.runs import RunState, RunStore
from engine.runs.chunks import RunPaths
from engine.runs.summary import RunSummary
from tests.torture.deaths import run_killed

KILLS = int(os.environ.get("FAULTLINE_KILLS", "0"))  # 0: `test_share` alone
PATHS = 24  # in three chunks


def share_of_kills(share: float, few: int) -> int:
    """How many of FAULTLINE_KILLS a test tries, and `few` at least."""
    return max(few, round(KILLS * share))


class Victim:
    """A store, a folder for results, and the one run that is asked for again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "out"
        self.store = RunStore(root / "runs")
        self.log = root / "log.txt"

    def command(self, *more: str) -> Callable[[], int]:
        """`faultline run` of the run."""
        return lambda: invoke(
            ["run", "--model", "zero-intelligence", "--paths", str(PATHS), "--horizon", "151",
             "--max-events", "60", "--burn-in", "8", "--format", "json",
             "--out", str(self.out), "--runs", str(self.store.root), *more]
        )  # fmt: skip

    def ask(self, *more: str) -> int | None:
        """Ask for the run and let it come to its end; the exit code."""
        return run_killed(self.command(*more), log=str(self.log))

    def said(self) -> str:
        """The last line of output."""
        lines = self.log.read_text().strip().splitlines()
        return lines[-1] if lines else ""

    def inspect(self, reference: dict[int, dict[str, str]]) -> None:
        """Whatever was done: all runs can be read, and what is called done is there and right."""
        for run_id in self.store.ids():
            run = self.store.get(run_id)
            assert run.status.state is not RunState.RUNNING
            paths = RunPaths(run.folder)
            if paths.journal is not None:
                assert not paths.broken()
                for chunk in paths.journal.chunks:
                    assert chunk.files == reference[chunk.number]
            if run.status.state is RunState.FINISHED:
                assert paths.whole
                self.risk(run.folder)
                assert (run.folder / "report.json").is_file()

    def risk(self, folder: Path) -> RiskTable:
        """Risk numbers in a folder."""
        return RunSummary.read(folder / "summary.json").risk

    def hashes(self) -> dict[int, dict[str, str]]:
        """Hashes of the files of each chunk of the only run."""
        (run_id,) = self.store.ids()
        journal = RunPaths(self.store.folder(run_id)).journal
        assert journal is not None
        return {chunk.number: chunk.files for chunk in journal.chunks}

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.store.root, ignore_errors=True)
        shutil.rmtree(self.out, ignore_errors=True)
