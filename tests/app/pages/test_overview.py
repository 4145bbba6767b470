"""The page *Overview*, and the way from a question to its answer."""

from __future__ import annotations

from collections.abc import Callable

from engine.runs import RunState, RunStore
from tests.app.pages.conftest import links, page, texts


def test_the_first_visit_offers_one_question(store: RunStore) -> None:
    at = page()
    assert not at.exception
    assert not at.error
    assert [title.value for title in at.title] == ["Faultline"]
    assert [button.label for button in at.button] == ["Find out"]
    assert "A large sell programme runs" in texts(at)
    assert "No run yet" in at.info[0].value
    assert "not a forecast" in texts(at)


def test_a_question_becomes_a_run(store: RunStore) -> None:
    at = page()
    at.selectbox(key="ask-asset").set_value("MSFT")
    at.selectbox(key="ask-scenario").set_value("news_gap").run()
    at.button(key="ask-run").click().run()
    assert not at.exception
    run = store.runs()[0]
    assert (run.spec.asset, run.spec.scenario.name) == ("MSFT", "news_gap")
    window = run.spec.scenario.window_s
    assert window is not None
    assert run.spec.horizon_s >= window[1] + 30
    assert [title.value for title in at.title] == ["Results"]
    assert at.query_params["run"] == run.id
    assert at.progress


def test_last_runs_show_their_headline(add: Callable[..., str]) -> None:
    add()
    add(RunState.FAILED, "no memory")
    add(RunState.QUEUED)
    at = page()
    assert not at.exception
    assert texts(at).count("VaR 95%") == 1
    assert texts(at).count("ES 95%") == 1
    assert links(at).count("Open") == 3
    assert "1 run at work or waiting" in links(at)
    assert next(card.value for card in at.metric if card.label == "Finished runs") == "1"


def test_a_run_without_its_summary_is_still_listed(
    store: RunStore, add: Callable[..., str]
) -> None:
    run_id = add()
    (store.folder(run_id) / "summary.json").unlink()
    at = page()
    assert not at.exception
    assert links(at).count("Open") == 1


def test_templates_lead_to_the_builder(store: RunStore) -> None:
    at = page()
    found = [link.proto for link in at.get("page_link") if "scenario builder" in link.proto.label]
    assert len(found) == 6
    assert "flash_crash" in found[0].query_string
