"""Pages over a store made for the test; nothing is ever started from its queue."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import app.jobs
from app.results import keep_results
from engine.rollout import StressRun
from engine.runs import RunState, RunStore
from model.profile import AssetProfile

MAIN = Path(app.jobs.__file__).with_name("main.py")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: AssetProfile) -> RunStore:
    """An empty store that the pages use."""
    monkeypatch.setenv("FAULTLINE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(app.jobs.JobRunner, "start", lambda _: None)
    monkeypatch.setattr("app.views.builder_tools.load_profile", lambda _: profile)
    monkeypatch.setattr("app.stress.load_profile", lambda _: profile)
    monkeypatch.setattr("app.stress.check_model", lambda *_: None)
    return RunStore()


@pytest.fixture(scope="session")
def finished(run: StressRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run with its results, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    spec = run.spec.model_copy(update={"model": "zero-intelligence"})
    keep_results(dataclasses.replace(run, spec=spec), folder)
    return folder


@pytest.fixture
def add(store: RunStore, run: StressRun, finished: Path) -> Callable[..., str]:
    """A function that puts a run into the store, in a state, and returns its id."""

    def add(state: RunState = RunState.FINISHED, message: str = "", **changes: object) -> str:
        run_id = store.create(run.spec.model_copy(update=changes))
        if state is RunState.FINISHED:
            folder = store.folder(run_id)
            for path in finished.iterdir():
                shutil.copy(path, folder)
        if state.last:
            store.close(run_id, state, message)
        return run_id

    return add


def page(name: str = "overview", **query: str) -> AppTest:
    """A page as a visitor gets it who opens its address."""
    at = AppTest.from_file(str(MAIN), default_timeout=120)
    at.switch_page(f"screens/{name}.py")
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def texts(at: AppTest) -> str:
    """Everything that is written on a page outside of controls."""
    return "\n".join(str(element.value) for element in (*at.markdown, *at.caption))


def charts(at: AppTest) -> list[str]:
    """Name of the first trace of each chart."""
    first = [json.loads(chart.proto.spec)["data"][0] for chart in at.get("plotly_chart")]
    return [trace.get("name", "") for trace in first]


def links(at: AppTest) -> list[str]:
    """Labels of the links to other pages."""
    return [link.proto.label for link in at.get("page_link")]
