"""The pages *Run monitor*, *Compare*, *Reports and export*, *Method and limits*."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.rollout import StressRun
from engine.runs import RunState, RunStore
from tests.app.pages.conftest import charts, links, page, texts


def test_the_monitor_shows_what_is_open_and_what_is_over(
    store: RunStore, add: Callable[..., str]
) -> None:
    add()
    failed = add(RunState.FAILED, "not enough memory")
    first, second = add(RunState.QUEUED), add(RunState.QUEUED)
    at = page("monitor")
    assert not at.exception
    assert [bar.text for bar in at.progress] == ["Starting", "Waits for 1 other run"]
    assert "not enough memory" in texts(at)
    assert links(at) == ["Open the results"]
    at.button(key=f"cancel-{second}").click().run()
    assert store.status(second).state is RunState.CANCELLED
    at.toggle(key=f"log-{first}").set_value(True).run()
    assert "The log is empty" in [code.value for code in at.code][0]
    at.button(key=f"again-{failed}").click().run()
    assert [title.value for title in at.title] == ["Results"]
    assert store.status(failed).state is RunState.QUEUED  # the same run goes on


def test_a_run_is_deleted(store: RunStore, add: Callable[..., str]) -> None:
    run_id = add()
    at = page("monitor")
    at.button(key=f"delete-{run_id}").click().run()
    assert not at.exception
    assert store.ids() == []


def test_an_idle_monitor_offers_the_way_on(store: RunStore) -> None:
    at = page("monitor")
    assert "Nothing is at work" in at.info[0].value
    assert links(at) == ["New stress test"]


def test_runs_are_compared(add: Callable[..., str]) -> None:
    first, second = add(), add(intensity=0.5)
    at = page("compare", runs=f"{first},{second}")
    assert not at.exception
    assert charts(at)[0].startswith("A")
    assert len(charts(at)) == 4
    table = at.table[0].value
    tail = table[table["Measure"] == "ES 95%"].iloc[0]
    assert tail["A"] == tail["B"]  # the same results under two settings
    assert tail["B − A"].startswith("0")
    assert tail["B is"] == "not clear"
    at.get_by_key("compare-what").set_value("Effect of the shock").run()
    assert at.table[0].value["A"].iloc[0] != table["A"].iloc[0]


def test_a_comparison_leaves_out_what_is_gone(add: Callable[..., str]) -> None:
    at = page("compare", runs=f"{add()},20260102T030405Z-0a1b2c,{add(RunState.QUEUED)}")
    assert not at.exception
    assert "no such run" in at.warning[0].value
    assert "queued, and not finished" in at.warning[1].value
    assert "two to four" in at.info[0].value


def test_a_report_of_two_runs(store: RunStore, add: Callable[..., str]) -> None:
    add(), add(intensity=0.5)
    at = page("reports")
    assert not at.exception
    labels = [button.label for button in at.get("download_button")]
    assert labels == ["Summary, JSON", "Settings, JSON", "Manifest, JSON", "Risk table, CSV"]
    at.multiselect(key="reports-runs").set_value(store.ids()).run()
    at.button(key="reports-make").click().run()
    assert not at.error
    labels = [button.label for button in at.get("download_button")]
    assert labels[:4] == ["Report, HTML", "Report, PDF", "Report, JSON", "Everything, ZIP"]
    at.get_by_key("reports-template").set_value("full").run()  # what was made is of the other one
    labels = [button.label for button in at.get("download_button")]
    assert "Everything, ZIP" not in labels


def test_a_report_that_is_gone_is_said_on_the_page(
    store: RunStore, add: Callable[..., str]
) -> None:
    (store.folder(add()) / "report.json").unlink()
    at = page("reports")
    at.button(key="reports-make").click().run()
    assert "no report.json" in at.error[0].value


def test_nothing_to_report_on(store: RunStore) -> None:
    at = page("reports")
    assert "no finished run" in at.info[0].value
    assert "New stress test" in links(at)


def test_method_says_what_it_is_not_for(store: RunStore) -> None:
    at = page("method")
    assert not at.exception
    assert "Regulatory capital" in at.warning[0].value


@pytest.mark.parametrize(
    ("tab", "words"),
    [("Glossary", "loss that a share 0.95 of paths"), ("Model card", "TradeFM"),
     ("Installation", "disk")],
)  # fmt: skip
def test_method_has_tabs(add: Callable[..., str], run: StressRun, tab: str, words: str) -> None:
    add()
    at = page("method")
    at.session_state["method-tab"] = tab
    at.run()
    assert not at.exception
    shown = texts(at) + " ".join(str(table.value) for table in at.table)
    assert words in shown
