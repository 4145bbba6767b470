"""Numbers of a run that is at work, against those of its finished paths."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.views import interim
from engine.ensemble import PathEnsemble
from engine.rollout import StressRun
from engine.runs import RunState, RunStore
from engine.runs.chunks import RunPaths
from tests.app.pages.conftest import charts, page

FLAT = (
    "time_ns", "action", "side", "price_ticks", "size", "origin", "traded_size", "traded_value",
    "bid_ticks", "ask_ticks", "bid_size", "ask_size", "parent",
)  # fmt: skip
EACH = (
    "paths", "start_bid_ticks", "start_ask_ticks", "start_bid_size", "start_ask_size", "end_ns",
)  # fmt: skip


def part_of(ensemble: PathEnsemble, kept: range) -> PathEnsemble:
    """Some paths of an ensemble that has the same number of events on each."""
    rows = slice(int(ensemble.offsets[kept.start]), int(ensemble.offsets[kept.stop]))
    own: dict[str, Any] = {name: getattr(ensemble, name)[rows] for name in FLAT}
    own |= {name: getattr(ensemble, name)[kept.start : kept.stop] for name in EACH}
    own["offsets"] = ensemble.offsets[kept.start : kept.stop + 1] - rows.start
    return dataclasses.replace(ensemble, **own)


@pytest.fixture
def running(store: RunStore, run: StressRun, add: Callable[..., str]) -> tuple[str, RunPaths]:
    """A run of which no path is finished."""
    run_id = add(RunState.QUEUED)
    paths = RunPaths(store.folder(run_id))
    paths.begin(run.spec, 16)
    return run_id, paths


def finish(paths: RunPaths, run: StressRun, count: int) -> None:
    for number, kept in list(paths.missing())[:count]:
        arms = {arm: part_of(getattr(run, arm), kept) for arm in ("baseline", "shocked")}
        paths.keep(number, dataclasses.replace(run, **arms))


def test_nothing_is_said_before_the_first_paths(running: tuple[str, RunPaths]) -> None:
    at = page("monitor")
    assert not at.exception
    assert not [card for card in at.metric if card.label.startswith("ES 95%")]


def test_numbers_follow_the_finished_paths(running: tuple[str, RunPaths], run: StressRun) -> None:
    run_id, paths = running
    finish(paths, run, 1)
    at = page("results", run=run_id)
    assert "ES 95% so far, 16 of 48 paths" in [card.label for card in at.metric]
    assert charts(at) == []  # a point is no line
    finish(paths, run, 2)
    at = page("results", run=run_id)
    assert not at.exception
    assert "ES 95% so far, 48 of 48 paths" in [card.label for card in at.metric]
    assert len(charts(at)) == 1


def test_losses_are_those_of_the_paths(running: tuple[str, RunPaths], run: StressRun) -> None:
    _, paths = running
    finish(paths, run, 1)
    assert paths.journal is not None
    name = next(name for name in paths.journal.chunks[0].files if name.startswith("shocked"))
    found = interim._losses(paths.folder / name, paths.journal.chunks[0].files[name])
    for path in range(16):
        quotes = run.shocked.recording(path).quotes
        assert quotes is not None
        start = run.shocked.start_bid_ticks[path] + run.shocked.start_ask_ticks[path]
        end = quotes.bid_ticks[-1] + quotes.ask_ticks[-1]
        assert found[path] == pytest.approx(-1e4 * (end / start - 1))
    assert np.isfinite(found).all()
