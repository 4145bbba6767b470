"""The pages, driven without a browser over a store made for the test."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import app.jobs
from app.results import keep_results
from engine.rollout import StressRun
from engine.runs import RunState, RunStore
from engine.scenario import load_scenario
from engine.spec import RunSpec
from model.profile import AssetProfile
from stylized_facts.scorecard import Scorecard, ScoreRow
from stylized_facts.sheet import Curve, Distribution, FactSheet, MidPath

MAIN = Path(app.jobs.__file__).with_name("main.py")
MODELS = ("TradeFM", "Hawkes", "Zero intelligence")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: AssetProfile) -> RunStore:
    """An empty store that the pages use; nothing is ever started from its queue."""
    monkeypatch.setenv("FAULTLINE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(app.jobs.JobRunner, "start", lambda _: None)
    monkeypatch.setattr("app.views.run_form.load_profile", lambda _: profile)
    monkeypatch.setattr("app.stress.load_profile", lambda _: profile)
    monkeypatch.setattr("app.stress.check_model", lambda *_: None)
    return RunStore()


@pytest.fixture(scope="module")
def finished(run: StressRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run with its results, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    spec = run.spec.model_copy(update={"model": "zero-intelligence"})
    keep_results(dataclasses.replace(run, spec=spec), folder)
    return folder


def add(store: RunStore, run: StressRun, finished: Path | None = None) -> str:
    run_id = store.create(run.spec)
    if finished is not None:
        for path in finished.iterdir():
            (store.folder(run_id) / path.name).symlink_to(path)
        store.close(run_id, RunState.FINISHED)
    return run_id


def page(run_id: str = "") -> AppTest:
    at = AppTest.from_file(str(MAIN), default_timeout=60)
    if run_id:
        at.query_params["run"] = run_id
    return at.run()


def goto(name: str) -> AppTest:
    return page().switch_page(f"screens/{name}.py").run()


def texts(at: AppTest) -> str:
    return "\n".join(str(element.value) for element in (*at.markdown, *at.caption))


def charts(at: AppTest) -> list[str]:
    first = [json.loads(chart.proto.spec)["data"][0] for chart in at.get("plotly_chart")]
    return [trace.get("name", "") for trace in first]


def test_the_first_visit_offers_a_run(store: RunStore) -> None:
    at = page()
    assert not at.exception
    assert not at.error
    assert [title.value for title in at.title] == ["Stress test"]
    assert at.multiselect(key="form-assets").value
    assert "A large sell programme runs" in texts(at)
    assert "events to simulate" in texts(at)
    assert "not a forecast" in texts(at)


def test_a_run_is_queued_for_each_asset(store: RunStore) -> None:
    at = page()
    at.multiselect(key="form-assets").set_value(["AMZN", "MSFT"])
    at.selectbox(key="form-scenario").set_value("liquidation").run()  # bounds of the intensity
    at.selectbox(key="form-model").set_value("zero-intelligence")
    at.number_input(key="form-paths").set_value(8)
    at.number_input(key="form-horizon").set_value(600)
    at.slider(key="form-intensity").set_value(0.5)
    at.number_input(key="form-seed").set_value(7)
    at.button(key="form-run").click().run()
    assert not at.exception
    assert not at.error
    newest, first = store.runs()
    assert (first.spec.asset, newest.spec.asset) == ("AMZN", "MSFT")
    asked = RunSpec(
        asset="AMZN", scenario=load_scenario("liquidation"), intensity=0.5, paths=8,
        horizon_s=600, seed=7, model="zero-intelligence",
    )  # fmt: skip
    assert first.spec.model_dump() == asked.model_dump()
    assert at.query_params["run"] == first.id
    assert "Waits for 1 other run" in [bar.text for bar in at.progress]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda at: at.multiselect(key="form-assets").set_value([]), "assets: none is chosen"),
        (lambda at: at.number_input(key="form-horizon").set_value(30), "horizon"),
    ],
)
def test_what_cannot_be_run_is_said_in_place(
    store: RunStore, change: Callable[[AppTest], object], message: str
) -> None:
    at = page()
    change(at)
    at.button(key="form-run").click().run()
    assert not at.exception
    assert len(at.error) == 1
    assert message in at.error[0].value
    assert "\n" not in at.error[0].value
    assert store.ids() == []


def test_a_finished_run_shows_its_results(store: RunStore, run: StressRun, finished: Path) -> None:
    at = page(add(store, run, finished))
    assert not at.exception
    assert at.error[0].value.startswith("Adverse")  # the verdict
    assert len(at.metric) == 4
    assert charts(at)[0].startswith("Unshocked")
    assert len(charts(at)) == 5
    risk, achieved, *_ = at.table
    assert list(risk.value["Measure"])[:3] == ["Mean return", "VaR 95%", "VaR 99%"]
    assert "(" in risk.value["Shocked"].iloc[0]  # the interval
    assert "executed share of usual volume" in list(achieved.value["Quantity"])
    assert "faultline run" in at.code[0].value
    formats = [button.label for button in at.get("download_button")]
    assert formats[:3] == ["Report, HTML", "Report, PDF", "Report, JSON"]


def test_text_from_a_scenario_is_never_markup(
    store: RunStore, run: StressRun, finished: Path
) -> None:
    at = page(add(store, run, finished))
    assert "<script>" in run.spec.scenario.title
    shown = [element.value for element in (*at.header, *at.markdown, *at.caption)]
    assert not [text for text in shown if "<script>" in text and "\\<script\\>" not in text]


def test_the_table_of_a_chart_is_one_click_away(
    store: RunStore, run: StressRun, finished: Path
) -> None:
    run_id = add(store, run, finished)
    at = page(run_id)
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
    at = page(run_id)
    assert not at.exception
    assert message in at.error[0].value
    assert at.button(key="form-run")


def test_a_failed_run_says_why(store: RunStore, run: StressRun) -> None:
    run_id = add(store, run)
    (store.folder(run_id) / "log.txt").write_text("the whole story\n")
    store.close(run_id, RunState.FAILED, "not enough memory; choose fewer paths")
    at = page(run_id)
    assert "not enough memory" in at.error[0].value
    assert "the whole story" in at.code[0].value


def test_a_finished_run_whose_report_is_gone(store: RunStore, run: StressRun) -> None:
    run_id = add(store, run)
    store.close(run_id, RunState.FINISHED)
    at = page(run_id)
    assert not at.exception
    assert "report cannot be read" in at.error[0].value


def test_a_waiting_run_can_be_cancelled(store: RunStore, run: StressRun) -> None:
    run_id = add(store, run)
    at = page(run_id)
    assert at.progress
    at.button(key=f"cancel-{run_id}").click().run()
    assert store.status(run_id).state is RunState.CANCELLED
    at.run()
    assert not at.progress
    assert "cancelled" in at.info[0].value


def test_earlier_runs_can_be_chosen(store: RunStore, run: StressRun, finished: Path) -> None:
    run_id = add(store, run, finished)
    at = page()
    assert not at.metric
    at.selectbox(key="run-picker").set_value(run_id).run()
    assert at.query_params["run"] == run_id
    assert len(at.metric) == 4
    at.switch_page("screens/realism.py").run()
    at.switch_page("screens/stress.py").run()  # the way back finds the run again
    assert at.query_params["run"] == run_id


def test_realism_shows_real_and_synthetic_side_by_side(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = tmp_path / "assets" / "models" / "small" / "evaluation"
    evaluation.mkdir(parents=True)
    (evaluation.parent / "config.json").write_text("{}")
    sheets = {name: sheet(name) for name in ("Real", *MODELS)}
    content = {
        "scorecard": card().model_dump(),
        "sheets": {k: v.model_dump() for k, v in sheets.items()},
    }
    (evaluation / "AMZN.json").write_text(json.dumps(content))
    for module in ("app.models", "app.evaluations"):
        monkeypatch.setattr(f"{module}.assets_dir", lambda: tmp_path / "assets")
    at = goto("realism")
    assert not at.exception
    assert not at.error
    assert len(charts(at)) == 7
    at.session_state["realism-view"] = "Scorecard"
    at.run()
    assert charts(at) == [""]  # the heat map, which has no named trace
    assert "Hawkes distance" in at.dataframe[0].value.columns
    assert "Zero intelligence distance" not in at.dataframe[0].value.columns
    assert at.metric[0].value == "0.500"
    at.get_by_key("realism-baselines").set_value([]).run()
    assert not [name for name in at.dataframe[0].value.columns if "Hawkes" in name]
    (evaluation / "AMZN.json").write_text("{}")
    assert "not an evaluation" in at.run().error[0].value


def test_realism_without_an_evaluation_says_what_to_do(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("app.models", "app.evaluations"):
        monkeypatch.setattr(f"{module}.assets_dir", lambda: tmp_path)
    at = goto("realism")
    assert not at.exception
    assert "faultline evaluate" in at.error[0].value
    (tmp_path / "references" / "AMZN").mkdir(parents=True)
    sheet("Real").write(tmp_path / "references" / "AMZN" / "facts.json")
    at = goto("realism")
    assert "only the real recording" in at.info[0].value
    assert charts(at)


def test_method_says_what_it_is_not_for(store: RunStore) -> None:
    at = goto("method")
    assert not at.exception
    assert "Regulatory capital" in at.warning[0].value


def sheet(label: str) -> FactSheet:
    """A fact sheet of a few invented numbers."""
    values = np.linspace(-4.0, 4.0, 257)
    lags = [1.0, 2.0, 5.0]
    curve = Curve(label="ACF", unit="s", x=lags, y=lags, low=lags, high=lags, n=9)
    kinds = {"log_return_10s": "linear", "spread": "linear", "interarrival": "log"}
    return FactSheet(
        label=label, asset="AMZN", currency="USD", tick_size=0.01, windows=3, window_s=60.0,
        events=900,
        distributions={
            key: Distribution(
                key=key, label=key, unit="s", sampling="each", scale=scale, n=99, mean=1.0, sd=1.0,
                quantiles=values.tolist(), edges=[0.1, 1.0, 10.0], share=[0.5, 0.5], below=0.0,
                above=0.0,
            )
            for key, scale in kinds.items()
        },
        acf_return=curve, acf_abs_return=curve, acf_abs_return_10s=curve, acf_order_sign=curve,
        kurtosis=curve, hill=curve, facts={},
        mid_paths=[MidPath(start_s=0.0, step_s=10.0, mid=[100.0, 101.0, 100.5])], intraday=[],
    )  # fmt: skip


def card() -> Scorecard:
    """A scorecard of one row."""
    row = ScoreRow(
        quantity="spread", label="Spread", metric="K-S", unit="ticks", real=10.0,
        values=dict.fromkeys(MODELS, 11.0), distance=dict.fromkeys(MODELS, 0.1), floor=0.05,
        interval=dict.fromkeys(MODELS, (0.08, 0.12)), verdict=dict.fromkeys(MODELS, "close"),
        n_real=99, n=dict.fromkeys(MODELS, 99),
    )  # fmt: skip
    return Scorecard(
        asset="AMZN", real_label="Real", models=list(MODELS), windows_real=3,
        windows=dict.fromkeys(MODELS, 3), window_s=60.0, resamples=20, seed=0, rows=[row],
        ratio_to_hawkes=0.5, ratio_to_hawkes_interval=(0.4, 0.6), ratio_to_hawkes_rows=["spread"],
        ratio_to_floor=dict.fromkeys(MODELS, 2.0),
    )  # fmt: skip
