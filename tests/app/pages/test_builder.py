"""The page *Scenario builder*."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.scenario_files import SharedTest
from engine.runs import RunStore
from engine.scenario import load_scenario
from engine.spec import RunSpec
from tests.app.pages.conftest import charts, page, texts


def test_a_visitor_sees_what_the_shocks_will_do(store: RunStore) -> None:
    at = page("builder")
    assert not at.exception
    assert not at.error
    assert at.multiselect(key="builder-assets").value
    assert "A large sell programme runs" in texts(at)
    assert "Sells 1,485 shares" in texts(at)
    assert "events, with and without the shock" in texts(at)
    assert len(charts(at)) == 1  # intensity over time
    assert "Severity against history" in [part.value for part in at.subheader]


def test_a_run_is_queued_for_each_asset(store: RunStore) -> None:
    at = page("builder")
    at.multiselect(key="builder-assets").set_value(["AMZN", "MSFT"])
    at.selectbox(key="builder-template").set_value("liquidation").run()
    at.selectbox(key="builder-model").set_value("zero-intelligence")
    at.number_input(key="builder-paths").set_value(8)
    at.number_input(key="builder-horizon-liquidation").set_value(600)
    at.slider[0].set_value(0.5)
    at.number_input(key="builder-seed").set_value(7)
    at.button(key="builder-run").click().run()
    assert not at.exception
    assert not at.error
    newest, first = store.runs()
    assert (first.spec.asset, newest.spec.asset) == ("AMZN", "MSFT")
    asked = RunSpec(
        asset="AMZN", scenario=load_scenario("liquidation"), intensity=0.5, paths=8,
        horizon_s=600, seed=7, model="zero-intelligence",
    )  # fmt: skip
    assert first.spec.model_dump() == asked.model_dump()
    assert [title.value for title in at.title] == ["Run monitor"]
    assert "Waits for 1 other run" in [bar.text for bar in at.progress]


def test_one_run_goes_to_its_results(store: RunStore) -> None:
    at = page("builder")
    at.number_input(key="builder-flash_crash-parameter-sold").set_value(0.5).run()
    at.button(key="builder-run").click().run()
    run = store.runs()[0]
    assert [title.value for title in at.title] == ["Results"]
    assert at.query_params["run"] == run.id
    assert run.spec.scenario == load_scenario("flash_crash", {"sold": 0.5})


def test_every_setting_of_a_shock_can_be_changed(store: RunStore) -> None:
    at = page("builder")
    at.number_input(key="builder-flash_crash-0-slices-45").set_value(9).run()
    at.button(key="builder-remove-flash_crash-4").click().run()
    at.selectbox(key="builder-kind").set_value("trading_halt").run()
    at.button(key="builder-add").click().run()
    assert not at.error
    at.button(key="builder-run").click().run()
    made = store.runs()[0].spec.scenario
    assert made.name == "flash_crash_edited"
    assert made.shocks[0].model_dump()["slices"] == 9
    assert [shock.kind for shock in made.shocks[3:]] == ["order_flow_imbalance", "trading_halt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda at: at.multiselect(key="builder-assets").set_value([]), "assets: none is chosen"),
        (lambda at: at.number_input(key="builder-horizon-flash_crash").set_value(30), "horizon"),
        (
            lambda at: at.number_input(key="builder-flash_crash-3-ramp_s-10.0").set_value(60.0),
            "shock 4, order flow imbalance: ramp\\_s 60 does not fit",
        ),
    ],
)
def test_what_cannot_be_run_is_said_in_place(
    store: RunStore, change: Callable[[AppTest], object], message: str
) -> None:
    at = page("builder")
    change(at)
    at.run()
    assert not at.exception
    assert message in at.error[0].value
    assert "\n" not in at.error[0].value
    assert store.ids() == []


def test_a_link_names_a_template(store: RunStore) -> None:
    at = page("builder", scenario="news_gap")
    assert at.selectbox(key="builder-template").value == "news_gap"
    assert "no such" not in texts(at)


def test_a_shared_test_comes_back_whole(store: RunStore) -> None:
    shared = SharedTest(
        assets=("MSFT",), scenario="flash_crash", values={"sold": 0.6}, intensity=0.7, paths=12,
        horizon_s=240, seed=3, model="zero-intelligence",
    )  # fmt: skip
    at = page("builder", test=shared.token())
    assert not at.error
    at.button(key="builder-run").click().run()
    spec = store.runs()[0].spec
    assert spec == RunSpec(
        asset="MSFT", scenario=load_scenario("flash_crash", {"sold": 0.6}), intensity=0.7,
        paths=12, horizon_s=240, seed=3, model="zero-intelligence",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"scenario": "meteor"}, "is not known"),
        ({"scenario": "../secret.yaml"}, "names a file"),
        ({"test": "no-token"}, "cut off or altered"),
    ],
)
def test_a_broken_link_is_explained(store: RunStore, query: dict[str, str], message: str) -> None:
    at = page("builder", **query)
    assert not at.exception
    assert message in at.error[0].value
    assert at.button(key="builder-run")
