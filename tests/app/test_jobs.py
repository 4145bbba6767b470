"""Jobs: one worker at a time, cancelled within a second, found again by the next server."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.jobs import JobRunner, worker_environment
from engine.runs import RunState, RunStore
from engine.scenario import Scenario
from engine.spec import RunSpec

SEEDS = itertools.count(1000)

# Works until the file `go` appears beside the runs; does what the asset's name says.
FAKE_WORKER = """
import os, sys, time
from pathlib import Path
from engine.runs import RunState, RunStore
from engine.runs.processes import ProcessMark
folder = Path(sys.argv[1])
store, run_id = RunStore(folder.parent), folder.name
print("started", flush=True)
kind = store.get(run_id).spec.asset
if kind == "MUTE":
    sys.exit(3)
store.write_status(run_id, store.status(run_id).begun(ProcessMark.of(os.getpid()), "simulating"))
while not (store.root / "go").exists():
    if kind == "POLITE" and store.cancel_requested(run_id):
        store.close(run_id, RunState.CANCELLED, "by request")
        sys.exit()
    time.sleep(0.02)
if kind == "CRASH":
    os.abort()
store.close(run_id, RunState.FINISHED)
"""


def spec(asset: str = "POLITE", seed: int | None = None) -> RunSpec:
    """A request like no other, unless it is given a seed."""
    own = next(SEEDS) if seed is None else seed
    return RunSpec(asset=asset, scenario=Scenario.none(), paths=1, horizon_s=1, seed=own)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    script = tmp_path / "fake_worker.py"
    script.write_text(FAKE_WORKER)
    return (sys.executable, str(script))


@pytest.fixture
def jobs(store: RunStore, command: tuple[str, ...]) -> Iterator[JobRunner]:
    runner = JobRunner(store, command, limit=1)
    runner.start()
    yield runner
    for run_id in store.ids():
        runner.cancel(run_id)
    eventually(lambda: all(run.status.state.last for run in store.runs()))
    runner.stop()


def eventually(happens: Callable[[], bool], within_s: float = 20.0) -> None:
    until = time.monotonic() + within_s
    while not happens():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.02)


def has(store: RunStore, run_id: str, state: RunState) -> Callable[[], bool]:
    return lambda: store.status(run_id).state is state


def test_runs_wait_for_the_one_at_work(jobs: JobRunner, store: RunStore) -> None:
    first = jobs.submit(spec())
    eventually(has(store, first, RunState.RUNNING))
    second = jobs.submit(spec())
    time.sleep(0.6)
    assert store.status(second).state is RunState.QUEUED
    assert jobs.position(second) == 1
    (store.root / "go").touch()
    eventually(has(store, second, RunState.FINISHED))
    assert store.status(first).state is RunState.FINISHED
    assert "started" in store.log_tail(first)


@pytest.mark.parametrize("asset", ["POLITE", "DEAF"])
def test_a_run_is_cancelled_within_a_second(jobs: JobRunner, store: RunStore, asset: str) -> None:
    run_id = jobs.submit(spec(asset))
    eventually(has(store, run_id, RunState.RUNNING))
    worker = store.status(run_id).worker
    assert worker is not None
    asked = time.monotonic()
    jobs.cancel(run_id)
    eventually(has(store, run_id, RunState.CANCELLED), within_s=1.0)
    eventually(lambda: not worker.alive(), within_s=1.0 - (time.monotonic() - asked))


def test_workers_that_die_are_failed_runs_and_the_queue_goes_on(
    jobs: JobRunner, store: RunStore
) -> None:
    mute, crash = jobs.submit(spec("MUTE")), jobs.submit(spec("CRASH"))
    good = jobs.submit(spec())
    store.root.joinpath("go").touch()
    eventually(has(store, good, RunState.FINISHED))
    eventually(has(store, mute, RunState.FAILED))
    eventually(has(store, crash, RunState.FAILED))
    assert store.status(mute).message == "the process of this run died (exit code 3)"


def test_a_killed_server_loses_nothing(
    jobs: JobRunner, store: RunStore, command: tuple[str, ...]
) -> None:
    at_work = jobs.submit(spec("DEAF"))
    eventually(has(store, at_work, RunState.RUNNING))
    waiting = jobs.submit(spec())
    jobs.stop()
    following = JobRunner(store, command, limit=1)
    following.start()
    time.sleep(0.6)
    assert store.status(at_work).state is RunState.RUNNING
    assert store.status(waiting).state is RunState.QUEUED
    following.cancel(at_work)  # a worker that is not its child
    eventually(has(store, at_work, RunState.CANCELLED), within_s=1.0)
    (store.root / "go").touch()
    eventually(has(store, waiting, RunState.FINISHED))
    following.stop()


def test_one_server_starts_the_workers(
    jobs: JobRunner, store: RunStore, command: tuple[str, ...]
) -> None:
    eventually(lambda: (store.root / ".dispatcher").exists())
    second = JobRunner(store, command, limit=9)
    second.start()
    runs = [second.submit(spec()), second.submit(spec())]
    eventually(lambda: any(has(store, run, RunState.RUNNING)() for run in runs))
    time.sleep(0.6)
    states = {store.status(run).state for run in runs}
    assert states == {RunState.RUNNING, RunState.QUEUED}
    (store.root / "go").touch()
    eventually(lambda: all(has(store, run, RunState.FINISHED)() for run in runs))
    second.stop()


def test_a_run_cut_short_goes_on_by_itself_once(jobs: JobRunner, store: RunStore) -> None:
    run_id = jobs.submit(spec("CRASH"))
    for number in (1, 2):
        eventually(lambda n=number: store.status(run_id).attempt == n)
        eventually(has(store, run_id, RunState.RUNNING))
        worker = store.status(run_id).worker
        assert worker is not None
        os.kill(worker.pid, signal.SIGKILL)
    eventually(has(store, run_id, RunState.FAILED))
    assert store.status(run_id).message.startswith("the process of this run died")
    jobs.resume(run_id)
    store.root.joinpath("go").touch()
    eventually(lambda: store.status(run_id).attempt == 3)


def test_a_run_waits_for_memory_unless_it_is_alone(
    store: RunStore, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    room: list[RunSpec] = []
    monkeypatch.setattr("app.jobs.has_room", lambda spec, _: spec in room)
    runner = JobRunner(store, command, limit=2)
    wanted = spec()
    first, second = runner.submit(spec()), runner.submit(wanted)
    runner.start()
    eventually(has(store, first, RunState.RUNNING))
    time.sleep(0.6)
    assert store.status(second).state is RunState.QUEUED
    room.append(wanted)
    eventually(has(store, second, RunState.RUNNING))
    (store.root / "go").touch()
    eventually(has(store, second, RunState.FINISHED))
    runner.stop()


@pytest.mark.parametrize("asset", ["POLITE", "DEAF"])
def test_a_cancelled_run_goes_on_at_once(jobs: JobRunner, store: RunStore, asset: str) -> None:
    run_id = jobs.submit(spec(asset))
    for attempt in (2, 3):
        eventually(has(store, run_id, RunState.RUNNING))
        jobs.cancel(run_id)
        eventually(has(store, run_id, RunState.CANCELLED))
        jobs.resume(run_id)
        assert store.status(run_id).attempt == attempt
    store.root.joinpath("go").touch()
    eventually(has(store, run_id, RunState.FINISHED))


def test_the_same_request_is_computed_once(jobs: JobRunner, store: RunStore) -> None:
    first = jobs.submit(spec(seed=1))
    assert jobs.submit(spec(seed=1)) == first
    assert jobs.submit(spec(seed=2)) != first
    assert jobs.submit(spec(seed=1), again=True) != first


def test_a_run_of_the_command_line_is_left_to_it(jobs: JobRunner, store: RunStore) -> None:
    own = store.create(spec(), queue=False)
    waiting = jobs.submit(spec())
    store.root.joinpath("go").touch()
    eventually(has(store, waiting, RunState.FINISHED))
    assert store.status(own).state is RunState.QUEUED
    store.close(own, RunState.CANCELLED)


def test_a_worker_finds_our_packages_and_does_not_spin() -> None:
    environment = worker_environment({"HOME": "/h", "PYTHONPATH": "/elsewhere"})
    assert environment["HOME"] == "/h"
    assert os.path.isdir(os.path.join(environment["PYTHONPATH"], "app"))
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
