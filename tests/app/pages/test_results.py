"""The page *Results*."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.views.runs import submit
from engine.rollout import StressRun
from engine.runs import RunState, RunStore
from tests.app.pages.conftest import charts, links, page, texts


def test_a_finished_run_shows_its_results(add: Callable[..., str]) -> None:
    at = page("results", run=add())
    assert not at.exception
    assert at.error[0].value.startswith("Adverse")  # the verdict
    assert {"VaR 95%", "ES 95%"} <= {metric.label for metric in at.metric}
    assert charts(at)[0].startswith("Unshocked")
    assert len(charts(at)) == 5
    tables = {table.proto.alt: table.value for table in at.table}
    risk = tables["Risk numbers with their intervals"]
    assert list(risk["Measure"])[:3] == ["Mean return", "VaR 95%", "VaR 99%"]
    assert "(" in risk["Shocked"].iloc[0]  # the interval
    achieved = tables["What each shock asked for and got"]
    assert "executed share of usual volume" in list(achieved["Quantity"])
    realism = tables["Stylized facts under stress"]
    assert set(realism["Under stress"]) <= {
        "holds", "lost", "not there before", "comes in", "not known"
    }  # fmt: skip
    assert "faultline run" in at.code[0].value
    formats = [button.label for button in at.get("download_button")]
    assert formats[:4] == ["Report, HTML", "Report, PDF", "Report, JSON", "Everything, ZIP"]


def test_one_path_can_be_watched(add: Callable[..., str]) -> None:
    run_id = add()
    at = page("results", run=run_id)
    at.get_by_key(f"result-view-{run_id}").set_value("Watch a path").run()
    assert not at.exception
    assert not at.error or at.error[0].value.startswith("Adverse")
    assert len(charts(at)) >= 3
    assert at.get_by_key(f"replay-which-{run_id}").value == "Worst loss"
    assert not [table for table in at.table if table.proto.alt.startswith("Risk numbers")]


def test_the_same_test_again_is_found(add: Callable[..., str], store: RunStore) -> None:
    run_id = add()
    at = page("results", run=run_id)
    at.session_state["runs-found"] = run_id
    at.run()
    assert "This very test was run" in at.info[0].value
    at.run()
    assert not at.info


def test_a_request_is_found_whether_its_run_is_open_or_over(
    store: RunStore, run: StressRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    session: dict[str, str] = {}
    monkeypatch.setattr("streamlit.session_state", session)
    monkeypatch.setattr("streamlit.switch_page", lambda *_, **__: None)
    asked = run.spec.model_copy(update={"model": "zero-intelligence"})
    submit([asked])
    assert session["runs-found"] == ""
    submit([asked])
    assert [session["runs-found"]] == store.ids()


def test_key_figures_carry_definition_and_effect(add: Callable[..., str], run: StressRun) -> None:
    at = page("results", run=add())
    tail = next(metric for metric in at.metric if metric.label == "ES 95%")
    assert "mean loss of the paths beyond level" in tail.help
    assert tail.delta.startswith("+")


def test_text_from_a_scenario_is_never_markup(add: Callable[..., str], run: StressRun) -> None:
    at = page("results", run=add())
    assert "<script>" in run.spec.scenario.title
    shown = [element.value for element in (*at.header, *at.markdown, *at.caption)]
    assert not [text for text in shown if "<script>" in text and "\\<script\\>" not in text]


def test_the_table_of_a_chart_is_one_click_away(add: Callable[..., str]) -> None:
    run_id = add()
    at = page("results", run=run_id)
    at.toggle(key=f"{run_id}-loss-table").set_value(True).run()
    assert list(at.dataframe[0].value.columns) == ["series", "left", "right", "y"]


@pytest.mark.parametrize(
    ("run_id", "message"),
    [
        ("20260102T030405Z-0a1b2c", "no such run"),
        ("../../etc/passwd", "is not a run id"),
        ("<img src=x>", "is not a run id"),
    ],
)
def test_a_link_to_no_run_is_explained(store: RunStore, run_id: str, message: str) -> None:
    at = page("results", run=run_id)
    assert not at.exception
    assert message in at.error[0].value
    assert "New stress test" in links(at)


def test_without_a_run_the_way_on_is_shown(store: RunStore) -> None:
    at = page("results")
    assert "No run is chosen" in at.info[0].value
    assert "New stress test" in links(at)


def test_a_failed_run_says_why(store: RunStore, add: Callable[..., str]) -> None:
    run_id = add(RunState.FAILED, "not enough memory; choose fewer paths")
    (store.folder(run_id) / "log.txt").write_text("the whole story\n")
    at = page("results", run=run_id)
    assert "not enough memory" in at.error[0].value
    assert "the whole story" in at.code[0].value


def test_a_finished_run_whose_report_is_gone(store: RunStore, add: Callable[..., str]) -> None:
    run_id = add()
    (store.folder(run_id) / "report.json").unlink()
    at = page("results", run=run_id)
    assert not at.exception
    assert "report cannot be read" in at.error[0].value


def test_a_waiting_run_can_be_cancelled(store: RunStore, add: Callable[..., str]) -> None:
    run_id = add(RunState.QUEUED)
    at = page("results", run=run_id)
    assert at.progress
    at.button(key=f"cancel-{run_id}").click().run()
    assert store.status(run_id).state is RunState.CANCELLED
    at.run()
    assert not at.progress
    assert "cancelled" in at.info[0].value


def test_earlier_runs_can_be_chosen(add: Callable[..., str]) -> None:
    run_id = add()
    at = page("results")
    assert not at.metric
    at.selectbox(key="run-picker").set_value(run_id).run()
    assert at.query_params["run"] == run_id
    assert at.metric
    at.switch_page("screens/realism.py").run()
    at.switch_page("screens/results.py").run()  # the way back finds the run again
    assert at.query_params["run"] == run_id


def test_the_fall_is_set_against_history(add: Callable[..., str]) -> None:
    at = page("results", run=add())
    assert "Severity against history" in [part.value for part in at.subheader]
    assert "Real windows of AMZN" in texts(at)
