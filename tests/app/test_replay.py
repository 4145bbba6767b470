"""Watching a path: what is read of it, its charts as data, and the view that shows them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import app.jobs
from app.charts.book_replay import depth_chart, ladder_chart, level_lines, tape
from app.charts.spec import MAX_POINTS
from app.models import resolve_model
from app.path_replay import SHOCKED, UNSHOCKED, PathReplay, load_replay
from app.results import keep_results
from app.stress import build_spec
from app.views.replay import BEST, MEDIAN, WORST, path_position
from engine.ensemble import Origin
from engine.rollout import StressRun, rollout
from engine.runs import RunState, RunStore
from engine.runs.summary import RunSummary
from model.catalogue import load_profile
from model.errors import FaultlineError
from model.events import NS_PER_S


@pytest.fixture(scope="module")
def played() -> StressRun:
    """A large sell programme on a few paths."""
    spec = build_spec(
        "AMZN", "liquidation", paths=4, horizon_s=600.0, model="zero-intelligence", seed=3
    )
    model = resolve_model("zero-intelligence", "AMZN")
    return rollout(model, load_profile("AMZN"), spec)


@pytest.fixture(scope="module")
def store(played: StressRun, tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    store = RunStore(tmp_path_factory.mktemp("replay") / "runs")
    run_id = store.create(played.spec)
    keep_results(played, store.folder(run_id), formats=())
    store.close(run_id, RunState.FINISHED)
    return store


@pytest.fixture(scope="module")
def replay(store: RunStore) -> PathReplay:
    run = store.runs()[0]
    return load_replay(run.folder, run.spec, 2)


def test_lines_and_trades_are_those_of_the_record(replay: PathReplay, played: StressRun) -> None:
    assert list(replay.arms) == [UNSHOCKED, SHOCKED]
    for arm, ensemble in zip(replay.arms.values(), (played.baseline, played.shocked), strict=True):
        rows = ensemble.rows(2)
        assert arm.events == rows.stop - rows.start
        assert arm.mid_ticks[0] == replay.first_mid_ticks
        assert arm.mid_ticks[-1] == 0.5 * (
            ensemble.bid_ticks[rows][-1] + ensemble.ask_ticks[rows][-1]
        )
        assert arm.trades["size"].sum() == ensemble.traded_size[rows].sum()
        ours = (ensemble.origin[rows] == Origin.SHOCK) & (ensemble.traded_size[rows] > 0)
        assert arm.trades["shock"].sum() == ours.sum()
        assert arm.book is not None
        assert arm.book.mismatches == 0
    assert replay.arms[SHOCKED].trades["shock"].any()


def test_the_book_chart_holds_what_rests(replay: PathReplay) -> None:
    chart = depth_chart(replay, (), "AMZN")
    assert chart is not None
    assert [panel for panel, _ in chart.panels()] == [UNSHOCKED, SHOCKED]
    for panel, rows in chart.panels():
        book = replay.arms[panel].book
        assert book is not None
        cells = rows[rows["series"].isin(["Bids", "Asks"])]
        assert cells["value"].sum() == book.size.sum()
        last = cells[cells["x"] == cells["x"].max()]
        best_bid = last.loc[last["series"] == "Bids", "y"].max()
        best_ask = last.loc[last["series"] == "Asks", "y"].min()
        assert best_bid < best_ask
        assert best_bid == pytest.approx(book.bid_ticks[-1] - replay.first_mid_ticks, abs=3)
    assert "after all" in chart.caption
    assert chart.definition


def test_the_ladder_is_the_book_at_that_moment(replay: PathReplay) -> None:
    at_s = 300.0
    chart = ladder_chart(replay, at_s)
    assert chart is not None
    for panel, rows in chart.panels():
        book = replay.arms[panel].book
        assert book is not None
        t = int(np.searchsorted(book.time_ns, at_s * NS_PER_S, side="right")) - 1
        asks = rows[rows["series"] == "Asks"]
        assert asks["y"].min() == 0.5 * (book.ask_ticks[t] - book.bid_ticks[t])
        assert asks.loc[asks["y"].idxmin(), "x"] == book.ask_size[t]


@pytest.mark.parametrize("column", ["spread_ticks", "depth", "mid_ticks"])
def test_lines_of_both_arms_share_their_axes(replay: PathReplay, column: str) -> None:
    chart = level_lines(replay, (), "AMZN", column)
    for name, arm in replay.arms.items():
        own = chart.data[chart.data["series"] == name]
        assert len(own) <= MAX_POINTS
        start = replay.first_mid_ticks if column == "mid_ticks" else 0.0
        np.testing.assert_allclose(own["y"], getattr(arm, column) - start, rtol=1e-6)


def test_the_tape_ends_at_the_moment(replay: PathReplay) -> None:
    shown = tape(replay, SHOCKED, 400.0, last=5)
    times = [float(text.replace(",", "")) for text in shown["Time, s"]]
    assert len(times) == 5
    assert times == sorted(times, reverse=True)
    trades = replay.arms[SHOCKED].trades
    assert times[0] == pytest.approx(trades["time_s"][trades["time_s"] <= 400.0].max(), abs=1e-3)


def test_worst_median_and_best_are_told_by_loss() -> None:
    losses = np.array([3.0, -1.0, 9.0, 4.0, 5.0])
    assert [path_position(losses, which) for which in (WORST, MEDIAN, BEST)] == [2, 3, 1]


def test_a_run_without_books_shows_no_book(
    played: StressRun, store: RunStore, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    keep_results(dataclasses.replace(played, opening=None), folder, formats=())
    replay = load_replay(folder, played.spec, 0)
    assert depth_chart(replay, (), "AMZN") is None
    assert ladder_chart(replay, 10.0) is None
    assert len(level_lines(replay, (), "AMZN", "mid_ticks", panels=True).panels()) == 2
    with pytest.raises(FaultlineError, match="no baseline path 4"):
        load_replay(folder, played.spec, 4)


def show() -> None:
    """The view alone, as a script."""
    from app.views.replay import replay_view
    from app.views.session import shared_jobs

    replay_view(shared_jobs().store.runs()[0])


def test_the_view_goes_from_path_to_path(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTLINE_RUNS", str(store.root))
    monkeypatch.setattr(app.jobs.JobRunner, "start", lambda _: None)
    at = AppTest.from_function(show, default_timeout=60).run()
    assert not at.exception
    losses = RunSummary.read(store.runs()[0].folder / "summary.json").bands.shocked.loss_bp
    assert f"Path {int(np.argmax(losses)) + 1} of 4" in at.markdown[0].value
    assert len(at.get("plotly_chart")) == 4
    assert json.loads(at.get("plotly_chart")[0].proto.spec)["data"][0]["type"] == "heatmap"
    assert [list(table.value.columns)[0] for table in at.dataframe] == ["Time, s"] * 2
    run_id = store.ids()[0]
    at.get_by_key(f"replay-which-{run_id}").set_value("A path by number").run()
    at.number_input(key=f"replay-number-{run_id}").set_value(3).run()
    assert "Path 3 of 4" in at.markdown[0].value
    at.slider(key=f"replay-{run_id}-moment").set_value(100.0).run()
    assert not at.exception
    assert "after 100 s" in "".join(element.value for element in at.markdown)
