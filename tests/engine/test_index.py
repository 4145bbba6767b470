"""The index follows the folders, whatever happens to it."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.runs import RunState, RunStore
from engine.runs.index import FILE, search
from engine.scenario import Scenario
from engine.spec import RunSpec

SPEC = RunSpec(asset="AMZN", scenario=Scenario.none(), paths=4, horizon_s=10)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path / "runs")
    for asset, seed in (("AMZN", 1), ("GOOG", 2), ("AMZN", 3)):
        store.create(SPEC.model_copy(update={"asset": asset, "seed": seed}), f"print{seed}")
    return store


def seeds(store: RunStore, **wanted: str) -> list[int]:
    return [row.seed for row in search(store, **wanted)]


def test_runs_are_found(store: RunStore) -> None:
    assert seeds(store) == [3, 2, 1]
    assert seeds(store, asset="AMZN") == [3, 1]
    assert seeds(store, fingerprint="print2") == [2]
    assert seeds(store, text="goog") == [2]
    assert [row.seed for row in search(store, limit=1)] == [3]
    assert seeds(store, text="' OR 1 --") == []
    with pytest.raises(ValueError, match="no such column"):
        search(store, nonsense="1")


def test_an_empty_store_has_no_runs(tmp_path: Path) -> None:
    assert search(RunStore(tmp_path / "none")) == []
    assert not (tmp_path / "none").exists()


def test_it_follows_the_folders(store: RunStore) -> None:
    newest = store.ids()[0]
    assert seeds(store, state="queued") == [3, 2, 1]
    store.close(newest, RunState.FINISHED)
    assert seeds(store, state="finished") == [3]
    store.reopen(newest)
    assert seeds(store, state="finished") == []
    store.remove(newest)
    assert seeds(store) == [2, 1]


@pytest.mark.parametrize("harm", [b"", b"not a database" * 100, b"SQLite format 3\0" + b"x" * 8000])
def test_a_lost_or_broken_index_is_made_again(store: RunStore, harm: bytes) -> None:
    assert seeds(store) == [3, 2, 1]
    for name in os.listdir(store.root):
        if name.startswith(FILE):
            (store.root / name).unlink()
    (store.root / FILE).write_bytes(harm)
    assert seeds(store) == [3, 2, 1]
    assert seeds(store) == [3, 2, 1]


def test_a_change_is_seen_whatever_the_clock_says(store: RunStore) -> None:
    newest = store.ids()[0]
    store.close(newest, RunState.FAILED, "first")
    assert [row.message for row in search(store, state="failed")] == ["first"]
    store.reopen(newest)
    store.close(newest, RunState.FAILED, "other")
    os.utime(store.folder(newest) / "status.json", (0, 0))  # the clock went back
    assert [row.message for row in search(store, state="failed")] == ["other"]


def _search_often(root: Path, start: int) -> None:
    store = RunStore(root)
    for seed in range(start, start + 5):
        store.create(SPEC.model_copy(update={"seed": seed}))
        assert seed in [row.seed for row in search(store)]


def test_several_processes_use_one_index(store: RunStore) -> None:
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=_search_often, args=(store.root, start)) for start in (100, 200, 300)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(search(store)) == 18


@pytest.mark.parametrize(
    "change", ["UPDATE runs SET state = 'xyz', paths = 'many'", "DROP TABLE runs"]
)
def test_what_somebody_else_wrote_into_it_is_not_believed(store: RunStore, change: str) -> None:
    for run_id in store.ids():
        store.close(run_id, RunState.FINISHED)  # rows of runs that are over are not read again
    assert seeds(store) == [3, 2, 1]
    with closing(sqlite3.connect(store.root / FILE)) as connection:
        connection.execute(change)
        connection.commit()
    for _ in range(2):
        assert seeds(store) == [3, 2, 1]
