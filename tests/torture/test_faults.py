"""Disks that are full or locked, files that rot, two at once, clocks that go back."""

from __future__ import annotations

import datetime as real
import os
import resource
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine.runs.run_id
import engine.runs.status
from app.cli import invoke
from engine.runs import RunState, RunStore
from engine.runs.chunks import RunPaths
from engine.runs.index import search
from model.errors import FaultlineError
from tests.torture.deaths import run_killed
from tests.torture.tally import Tally
from tests.torture.victim import Victim, share_of_kills

HARMS = ("bit flipped", "cut short", "emptied", "deleted")


def one_line(victim: Victim) -> str:
    """The only line of a user's error in the log."""
    text = victim.log.read_text()
    assert "Traceback" not in text
    assert victim.said().startswith("faultline: ")
    return victim.said()


def test_a_disk_that_is_full(
    small_disk: Path, reference: Victim, tally: Tally, dice: np.random.Generator
) -> None:
    """The run ends with a clear line; once there is room it goes on and ends the same."""
    victim, filler = Victim(small_disk), small_disk / "filler"
    for _ in range(share_of_kills(0.15, 1)):
        victim.clear()
        victim.log.unlink(missing_ok=True)
        with tally.trial("disk full") as row:
            room = int(dice.integers(4_096, 600_000))
            filler.write_bytes(b"")
            free = os.statvfs(small_disk)
            os.truncate(filler, 0)
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - room)
            victim.log = Path("/dev/shm") / f"faultline-{os.getpid()}.log"
            victim.log.write_text("")
            code = victim.ask()
            row.struck += code != 0
            if code != 0:
                assert "No space left" in one_line(victim) or "GB are free" in one_line(victim)
            victim.inspect(reference.hashes())
            filler.unlink()
            assert victim.ask() == 0, victim.said()
            victim.inspect(reference.hashes())
            assert victim.risk(victim.out) == reference.risk(reference.out)
            victim.log.unlink()


def test_a_file_that_may_not_grow(victim: Victim, reference: Victim, tally: Tally) -> None:
    """A quota for files: the same, where no disk can be mounted."""
    for size in (0, 200, 4_000, 30_000):
        victim.clear()
        with tally.trial("file size limited") as row:

            def limited(size: int = size) -> int:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
                return victim.command()()

            row.struck += run_killed(limited) != 0
            victim.inspect(reference.hashes())
            assert victim.ask() == 0, victim.said()
            assert victim.risk(victim.out) == reference.risk(reference.out)


def test_a_store_that_may_only_be_read(small_disk: Path, reference: Victim, tally: Tally) -> None:
    victim = Victim(small_disk)
    victim.log = Path("/dev/shm") / f"faultline-{os.getpid()}.log"
    assert victim.ask() == 0
    (run_id,) = victim.store.ids()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    runs = ["--runs", str(victim.store.root)]
    for arguments, code in (
        (["runs", "list", *runs], 0),
        (["runs", "show", run_id, *runs], 0),
        (["run", "--model", "zero-intelligence", "--out", "/dev/shm/faultline-out", *runs], 2),
        (["runs", "rm", "-y", run_id, *runs], 2),
        (["runs", "resume", run_id, *runs], 0),  # it is finished, and whole: nothing to write
    ):
        with tally.trial("store read-only") as row:
            victim.log.write_text("")
            given = run_killed(lambda a=arguments: invoke(a), log=str(victim.log))
            assert given == code, victim.log.read_text()
            row.struck += given != 0
            if code:
                one_line(victim)
    victim.log.unlink()
    victim.inspect(reference.hashes())
    assert [row.id for row in search(victim.store)] == [run_id]


@pytest.mark.parametrize("harm", HARMS)
def test_a_chunk_that_rots(
    victim: Victim, reference: Victim, tally: Tally, dice: np.random.Generator, harm: str
) -> None:
    """It is never read as data, it is named, and `faultline runs resume` computes it again."""
    assert victim.ask() == 0
    (run_id,) = victim.store.ids()
    folder, runs = victim.store.folder(run_id), ["--runs", str(victim.store.root)]

    def resume() -> int:
        return invoke(["runs", "resume", run_id, *runs])

    for _ in range(share_of_kills(0.03, 1)):
        with tally.trial(f"chunk {harm}") as row:
            files = sorted(folder.glob("*-0000?.parquet"))
            file = files[int(dice.integers(len(files)))]
            content = bytearray(file.read_bytes())
            file.unlink()  # what the results folder links to is left alone
            if harm == "bit flipped":
                content[int(dice.integers(len(content)))] ^= 1 << int(dice.integers(8))
            if harm != "deleted":
                cut = {"cut short": len(content) // 2, "emptied": 0}.get(harm, len(content))
                file.write_bytes(content[:cut])
            paths = RunPaths(folder)
            assert len(paths.broken()) == 1
            victim.log.write_text("")
            code = run_killed(lambda: invoke(["runs", "reproduce", run_id, *runs]),
                              log=str(victim.log))  # fmt: skip
            assert code == 2
            assert "faultline runs resume" in one_line(victim)
            row.struck += 1
            assert run_killed(resume, log=str(victim.log)) == 0, victim.said()
            victim.inspect(reference.hashes())


@pytest.mark.parametrize("name", ["status.json", "spec.json", "chunks.json", "summary.json"])
def test_a_file_of_a_run_that_is_broken(
    victim: Victim, reference: Victim, tally: Tally, name: str
) -> None:
    """The others are found all the same, and what is wrong is said in one line."""
    assert victim.ask() == 0
    (run_id,) = victim.store.ids()
    with tally.trial("file of a run cut short") as row:
        path = victim.store.folder(run_id) / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        victim.log.write_text("")
        shown = ["runs", "show", run_id, "--runs", str(victim.store.root)]
        code = run_killed(lambda: invoke(shown), log=str(victim.log))
        assert code == (0 if name == "chunks.json" else 2)
        if code:
            assert name in one_line(victim)
        row.struck += 1
        assert victim.ask("--again") == 0, victim.said()
        newest = victim.store.ids()[0]
        assert newest != run_id
        assert victim.store.status(newest).state is RunState.FINISHED


def test_two_writers(victim: Victim, reference: Victim, tally: Tally) -> None:
    """Who asks for the same run at the same time: both are served or one is told to wait."""
    for _ in range(share_of_kills(0.05, 1)):
        victim.clear()
        with tally.trial("two writers at once") as row:
            with ThreadPoolExecutor(2) as both:
                codes = list(both.map(lambda _: victim.ask(), range(2)))
            assert set(codes) <= {0, 2}
            assert 0 in codes
            row.struck += 2 in codes
            victim.inspect(reference.hashes())
            assert victim.risk(victim.out) == reference.risk(reference.out)


def test_a_clock_that_goes_back(
    victim: Victim, reference: Victim, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs made later with an earlier date are all there, and none ends before it began."""
    for hours in (0, -30, -5_000, 30):

        class Clock(real.datetime):
            @classmethod
            def now(cls, tz: Any = None, hours: int = hours) -> real.datetime:
                return real.datetime.now(tz) + real.timedelta(hours=hours)

        with tally.trial("clock set back") as row:
            monkeypatch.setattr(engine.runs.run_id, "datetime", Clock)
            monkeypatch.setattr(engine.runs.status, "datetime", Clock)
            before = set(victim.store.ids())
            assert victim.ask("--again") == 0, victim.said()
            (made,) = set(victim.store.ids()) - before
            status = victim.store.status(made)
            assert status.started is not None
            assert status.ended is not None
            assert status.ended >= status.started
            assert {row.id for row in search(victim.store)} == before | {made}
            row.struck += hours < 0
    victim.inspect(reference.hashes())


def test_a_run_that_ends_after_the_clock_was_set_back(
    tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.scenario import Scenario
    from engine.spec import RunSpec

    store = RunStore(tmp_path / "runs")
    with tally.trial("clock set back") as row:
        run_id = store.create(RunSpec(asset="AMZN", scenario=Scenario.none()))

        class Clock(real.datetime):
            @classmethod
            def now(cls, tz: Any = None) -> real.datetime:
                return real.datetime(2001, 1, 1, tzinfo=tz)

        monkeypatch.setattr(engine.runs.status, "datetime", Clock)
        status = store.close(run_id, RunState.FAILED, "late")
        assert status.ended is not None
        assert status.ended >= status.created
        store.remove(run_id)
        with pytest.raises(FaultlineError, match="no such run"):
            store.get(run_id)
        row.struck += 1
