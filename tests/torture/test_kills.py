"""kill -9 at any moment: what is finished stays, what is not goes on, and ends the same."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.cli import invoke
from engine.rollout import rollout
from engine.runs import RunState
from engine.runs.copies import fetch_run
from engine.sweep import SweepCell
from model.checkpoint import load_checkpoint
from model.features import flow_features
from model.presets import PRESETS
from model.training import TrainingSettings, train
from tests.torture.deaths import count_operations, run_killed
from tests.torture.tally import Tally
from tests.torture.victim import Victim, share_of_kills


def kill_run(
    victim: Victim, reference: Victim, tally: Tally, kind: str, **when: float | None
) -> bool:
    """Kill a run, look at what is left, ask again; whether it was killed before its end."""
    victim.clear()
    with tally.trial(kind) as row:
        code = run_killed(victim.command(), log=str(victim.log), **when)  # type: ignore[arg-type]
        row.struck += code is None
        victim.inspect(reference.hashes())
        assert victim.ask() == 0, victim.said()
        victim.inspect(reference.hashes())
        done = [run for run in victim.store.runs() if run.status.state is RunState.FINISHED]
        assert done
        assert victim.risk(victim.out) == reference.risk(reference.out)
        assert len(victim.store.ids()) == 1  # it went on, and was not begun anew
    return code is None


def test_a_run_killed_at_a_file_operation(
    victim: Victim, reference: Victim, tally: Tally, dice: np.random.Generator
) -> None:
    victim.clear()
    count = count_operations(victim.command(), victim.root / "count")
    chosen = dice.choice(count, min(count, share_of_kills(0.5, 2)), replace=False)
    struck = 0
    for operation in sorted(int(one) for one in chosen):
        struck += kill_run(
            victim, reference, tally, "run killed at a file operation", operation=operation
        )
    assert struck > 0.8 * len(chosen)


def test_a_run_killed_at_a_moment(
    victim: Victim, reference: Victim, tally: Tally, dice: np.random.Generator
) -> None:
    began = time.monotonic()
    assert victim.ask() == 0
    usual = time.monotonic() - began
    for _ in range(share_of_kills(0.4, 2)):
        after = float(dice.uniform(0.0, usual))
        kill_run(victim, reference, tally, "run killed at a moment", after_s=after)


def test_a_run_killed_again_and_again(
    victim: Victim, reference: Victim, tally: Tally, dice: np.random.Generator
) -> None:
    """It comes to its end although no attempt does."""
    victim.clear()
    for _ in range(share_of_kills(0.15, 2)):
        with tally.trial("run killed while it goes on") as row:
            operation = int(dice.integers(0, 60))
            row.struck += run_killed(victim.command(), operation=operation) is None
            victim.inspect(reference.hashes())
    assert victim.ask() == 0, victim.said()
    assert victim.risk(victim.out) == reference.risk(reference.out)


def test_a_copied_run_killed(
    victim: Victim, reference: Victim, tally: Tally, dice: np.random.Generator
) -> None:
    """What is in the copy is whole, can be fetched, and is completed by the same command."""
    to = ("--copy-to", f"file://{victim.root}/copies")
    count = count_operations(victim.command(*to), victim.root / "count")
    for _ in range(share_of_kills(0.2, 2)):
        victim.clear()
        shutil.rmtree(victim.root / "copies", ignore_errors=True)
        with tally.trial("copied run killed at a file operation") as row:
            operation = int(dice.integers(0, count))
            row.struck += run_killed(victim.command(*to), operation=operation) is None
            victim.inspect(reference.hashes())
            for copy in (victim.root / "copies").glob("*"):
                if (copy / "status.json").is_file():
                    fetched(copy).inspect(reference.hashes())
            assert victim.ask(*to) == 0, victim.said()
            (copy,) = (victim.root / "copies").glob("*")
            other = fetched(copy)
            assert other.store.status(copy.name).state is RunState.FINISHED
            other.inspect(reference.hashes())
            assert other.risk(other.store.folder(copy.name)) == reference.risk(reference.out)


def fetched(copy: Path) -> Victim:
    """Another machine's store with what is in a copy."""
    other = Victim(copy.parents[1] / "elsewhere")
    other.clear()
    fetch_run(f"file://{copy}", other.store)
    return other


def test_a_report_killed(victim: Victim, reference: Victim, tally: Tally, tmp_path: Path) -> None:
    """The old report or the new one, never half of one."""
    (run_id,) = reference.store.ids()
    folder, out = reference.store.folder(run_id), tmp_path / "report"
    command: Callable[[], int] = lambda: invoke(  # noqa: E731 - it is handed on
        ["report", str(folder), "--out", str(out), "--format", "json,html"]
    )
    assert run_killed(command) == 0
    whole = {path.name: path.read_bytes() for path in out.iterdir()}
    for operation in range(share_of_kills(0.1, 2)):
        with tally.trial("report killed") as row:
            row.struck += run_killed(command, operation=operation) is None
            assert {n: (out / n).read_bytes() for n in whole} == whole
    assert run_killed(command) == 0


def test_a_sweep_killed(tally: Tally, tmp_path: Path, dice: np.random.Generator) -> None:
    """Cells that are kept are whole and stay; asked again, it ends with the same table."""

    def command(out: Path) -> Callable[[], int]:
        return lambda: invoke(
            ["sweep", "--scenario", "news_gap", "--scenario", "activity_burst", "--paths", "4",
             "--horizon", "151", "--max-events", "60", "--burn-in", "8",
             "--measure", "spread_ticks", "--model", "zero-intelligence", "--out", str(out)]
        )  # fmt: skip

    def cells(out: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (out / "cells").glob("*.json")}

    count = count_operations(command(tmp_path / "calm"), tmp_path / "count")
    calm = (tmp_path / "calm" / "sweep.csv").read_bytes()
    for trial in range(share_of_kills(0.15, 2)):
        out = tmp_path / f"trial{trial}"
        with tally.trial("sweep killed") as row:
            operation = int(dice.integers(0, count))
            row.struck += run_killed(command(out), operation=operation) is None
            kept = cells(out)
            for content in kept.values():
                assert SweepCell.model_validate_json(content).state == "finished"
            assert run_killed(command(out)) == 0
            assert cells(out).items() >= kept.items()
            assert (out / "sweep.csv").read_bytes() == calm


def test_training_killed(tally: Tally, tmp_path: Path, dice: np.random.Generator) -> None:
    """It goes on where its last state was kept, and ends with the same weights."""
    from app.models import resolve_model
    from app.stress import build_spec
    from model.catalogue import load_profile

    profile = load_profile("AMZN")
    spec = build_spec("AMZN", "flash_crash", paths=1, horizon_s=200.0, max_events=1500)
    paths = rollout(resolve_model("zero-intelligence", "AMZN"), profile, spec).baseline
    features, _ = flow_features(paths.recording(0), profile)
    cut = int(features.time_ns[1000])
    splits = [features.between(0, cut)], [features.between(cut, 10**18)]
    small = PRESETS["tiny"].model_copy(update={"window": 16, "dropout": 0.0})
    short = TrainingSettings(steps=9, batch=4, length=32, evaluate_every=3, warm_up=2, patience=9)

    def work(folder: Path) -> int:
        train(*splits, small, short, folder, name="a")
        return 0

    assert run_killed(lambda: work(tmp_path / "calm")) == 0
    calm = load_checkpoint(tmp_path / "calm")
    for trial in range(share_of_kills(0.15, 2)):
        folder = tmp_path / f"trial{trial}"
        with tally.trial("training killed") as row:
            operation = int(dice.integers(0, 24))
            row.struck += run_killed(lambda f=folder: work(f), operation=operation) is None
            if (folder / "config.json").is_file():
                assert load_checkpoint(folder).config.sha256 == calm.config.sha256
            assert run_killed(lambda f=folder: work(f)) == 0
            again = load_checkpoint(folder)
            assert again.config.sha256 == calm.config.sha256


def test_fitting_killed(tally: Tally, tmp_path: Path, data_dir: Path) -> None:
    """Reading a recording and fitting to it: the old file or the new one."""
    from model.profile import AssetProfile

    def work(out: Path) -> int:
        return invoke(
            ["fit", "profile", "--assets", "AMZN", "--data", str(data_dir), "--out", str(out)]
        )

    assert run_killed(lambda: work(tmp_path / "calm")) == 0
    calm = (tmp_path / "calm" / "AMZN" / "profile.json").read_bytes()
    file = tmp_path / "out" / "AMZN" / "profile.json"
    for operation in range(share_of_kills(0.05, 1)):
        with tally.trial("recording imported and fitted, killed") as row:
            row.struck += run_killed(lambda: work(tmp_path / "out"), operation=operation) is None
            if file.exists():
                AssetProfile.read(file)
                assert file.read_bytes() == calm
    assert run_killed(lambda: work(tmp_path / "out")) == 0
    assert file.read_bytes() == calm


def test_a_kill_leaves_no_run_without_a_word(victim: Victim, reference: Victim) -> None:
    """A run that was cut short says so, and `faultline runs resume` ends it."""
    victim.clear()
    assert run_killed(victim.command(), operation=40) is None
    (run,) = victim.store.runs()
    assert run.status.state is RunState.FAILED
    assert run.status.message == "the process of this run died"
    resume = ["runs", "resume", run.id, "--runs", str(victim.store.root)]
    assert run_killed(lambda: invoke(resume), log=str(victim.log)) == 0, victim.said()
    assert victim.store.status(run.id).state is RunState.FINISHED
    victim.inspect(reference.hashes())
