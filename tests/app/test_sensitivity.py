"""The page Sensitivity and reverse stress, and the processes behind it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import app.jobs
from app.studies import jobs
from app.studies.jobs import Studies, StudyStatus, write_status
from app.studies.report import read_study, write_study
from app.studies.study import (
    PortfolioStudy,
    RareStudy,
    ReverseStudy,
    Study,
    SweepStudy,
    play_study,
    read_study_file,
    study_title,
)
from app.studies.sweep import build_sweep
from engine.runs import RunState
from engine.runs.processes import ProcessMark
from model.errors import FaultlineError

MAIN = Path(app.jobs.__file__).with_name("main.py")
SETTINGS = {"paths": 4, "horizon_s": 100.0, "max_events": 200, "model": "zero-intelligence"}
WAITS = """
import os, sys, time
from pathlib import Path
from app.studies.jobs import read_status, write_status
from engine.runs import RunState
from engine.runs.processes import ProcessMark
folder = Path(sys.argv[1])
change = {"state": RunState.RUNNING, "worker": ProcessMark.of(os.getpid()), "stage": "waiting"}
write_status(folder, read_status(folder).model_copy(update=change))
time.sleep(60)
"""


def sweep() -> SweepStudy:
    names = ["fat_finger", "news_gap", "slow_grind"]
    return SweepStudy(spec=build_sweep(names, ["AMZN", "MSFT"], [0.5, 1.0], **SETTINGS))


@pytest.fixture
def studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studies]:
    """The studies that the page uses; their workers do nothing."""
    monkeypatch.setenv("FAULTLINE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(app.jobs.JobRunner, "start", lambda _: None)
    monkeypatch.setattr(jobs, "WORKER", (sys.executable, "-c", "import time; time.sleep(300)"))
    yield Studies()
    for child in jobs._children:
        child.kill()
        child.wait()


def page(study_id: str = "") -> AppTest:
    at = AppTest.from_file(str(MAIN), default_timeout=60).run()
    if study_id:
        at.query_params["study"] = study_id
    return at.switch_page("screens/sensitivity.py").run()


def finished(studies: Studies, study: Study) -> str:
    study_id = studies.submit(study, study_title(study))
    folder = studies.folder(study_id)
    write_study(play_study(read_study_file(folder / "study.json"), folder), folder)
    status = StudyStatus(
        state=RunState.FINISHED, created=studies.status(study_id).created, title=study_title(study)
    )
    write_status(folder, status)
    return study_id


def test_a_sweep_is_asked_for_and_shown(studies: Studies) -> None:
    at = page()
    assert not at.exception
    at.multiselect(key="sweep-scenarios").set_value(["fat_finger", "news_gap", "slow_grind"])
    at.multiselect(key="sweep-assets").set_value(["AMZN", "MSFT"])
    at.selectbox(key="study-model").set_value("zero-intelligence")
    at.number_input(key="study-paths").set_value(4)
    at.number_input(key="study-horizon").set_value(100)
    at.number_input(key="study-events").set_value(200)
    at.button(key="study-start").click().run()
    assert not at.exception
    assert not at.error
    (study_id,) = studies.ids()
    asked = read_study_file(studies.folder(study_id) / "study.json")
    assert asked.model_dump_json() == sweep().model_dump_json()
    assert at.query_params["study"] == [study_id] or at.query_params["study"] == study_id
    at.button(key="study-start").click().run()
    assert "another study is at work" in at.error[0].value

    folder = studies.folder(study_id)
    write_study(play_study(asked, folder), folder)
    begun = studies.status(study_id)
    write_status(folder, begun.model_copy(update={"state": RunState.FINISHED}))
    at = page(study_id)
    assert not at.exception
    assert "VaR 95%" in at.info[0].value
    assert len(at.get("plotly_chart")) == 2, "heat map and tornado"
    at.selectbox(key=f"measure-{study_id}").set_value("spread_ticks").run()
    at.selectbox(key=f"arm-{study_id}").set_value("shocked").run()
    assert not at.exception
    failed = next(table.value for table in at.dataframe if "reason" in table.value)
    assert set(failed["scenario"]) == {"slow_grind"}, "its window ends after 100 s"
    assert all(metric.help for metric in at.metric)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda at: at.multiselect(key="sweep-assets").set_value([]), "assets"),
        (lambda at: at.text_input(key="sweep-intensities").set_value("1, x"), "are not numbers"),
        (lambda at: at.text_input(key="sweep-intensities").set_value("-1"), "from 0 to 10"),
    ],
)
def test_what_cannot_be_swept_is_said_in_place(
    studies: Studies, change: Callable[[AppTest], object], message: str
) -> None:
    at = page()
    change(at)
    at.button(key="study-start").click().run()
    assert not at.exception
    assert message in at.error[0].value
    assert "\n" not in at.error[0].value
    assert studies.ids() == []


def test_reverse_stress_rare_loss_and_portfolio_are_asked_for(studies: Studies) -> None:
    asked = []
    for kind in ("reverse", "rare", "portfolio"):
        at = page()
        at.segmented_control(key="study-kind").set_value(kind).run()
        at.selectbox(key="study-model").set_value("zero-intelligence")
        at.button(key="study-start").click().run()
        assert not at.exception
        assert not at.error, kind
        study_id = studies.ids()[0]
        folder = studies.folder(study_id)
        asked.append(read_study_file(folder / "study.json"))
        begun = studies.status(study_id)
        write_status(folder, begun.model_copy(update={"state": RunState.FAILED}))
    reverse, rare, portfolio = asked
    assert isinstance(reverse, ReverseStudy)
    assert isinstance(rare, RareStudy)
    assert isinstance(portfolio, PortfolioStudy)
    assert reverse.spec.outcome.model_dump() == rare.spec.outcome.model_dump()
    assert [p.shares for p in portfolio.spec.positions] == [1000.0, -2000.0]


def test_a_portfolio_shows_numbers_with_definitions(studies: Studies) -> None:
    study = PortfolioStudy.model_validate(
        {"spec": SETTINGS | {
            "scenario": sweep().spec.scenarios[1].model_dump(), "draws": 1000,
            "positions": [{"asset": "AMZN", "shares": 10}, {"asset": "MSFT", "value": -5000}],
        }}
    )  # fmt: skip
    study_id = finished(studies, study)
    at = page(study_id)
    assert not at.exception
    assert [metric.label for metric in at.metric][:2] == ["VaR 95%", "ES 95%"]
    assert all(metric.help for metric in at.metric)
    positions = at.dataframe[0].value
    total = read_study(studies.folder(study_id))
    assert list(positions["asset"]) == ["AMZN", "MSFT"]
    assert "Comonotone" in total.verdict
    assert any("No table of returns" in element.value for element in at.markdown)


def test_a_dead_worker_is_found_and_can_go_on(studies: Studies) -> None:
    study = sweep()
    study_id = studies.submit(study, study_title(study))
    folder = studies.folder(study_id)
    begun = studies.status(study_id)
    gone = ProcessMark.of(1).model_copy(update={"pid": 2**22 - 1})
    write_status(folder, begun.model_copy(update={"state": RunState.RUNNING, "worker": gone}))
    at = page(study_id)
    assert not at.exception
    assert "the process of this study died" in at.error[0].value
    at.button(key=f"resume-{study_id}").click().run()
    assert not at.exception
    assert studies.status(study_id).state is RunState.QUEUED
    with pytest.raises(FaultlineError, match="is not the id of a study"):
        studies.folder("../../etc")


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_a_worker_plays_a_study_and_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    studies = Studies(tmp_path)
    study = sweep()
    study_id = studies.submit(study, "A sweep")
    wait_for(lambda: studies.status(study_id).state.last)
    assert studies.status(study_id).state is RunState.FINISHED, studies.log_tail(study_id)
    folder = studies.folder(study_id)
    assert (folder / "study.html").is_file()
    assert len(pd.read_parquet(folder / "sweep.parquet")) > 20
    deaf = Studies(tmp_path, (sys.executable, "-c", WAITS))
    other = deaf.submit(study, "A sweep")
    deaf.cancel(other)
    wait_for(lambda: deaf.status(other).state.last, 3.0)  # before it has begun
    other = deaf.submit(study, "A sweep")
    wait_for(lambda: deaf.status(other).state is RunState.RUNNING)
    with pytest.raises(FaultlineError, match="another study is at work"):
        deaf.submit(study, "A sweep")
    deaf.cancel(other)
    began = time.monotonic()
    wait_for(lambda: deaf.status(other).state.last, 4.0)
    assert time.monotonic() - began < 3.0
    assert deaf.status(other).state is RunState.CANCELLED
