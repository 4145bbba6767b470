"""The page Assets and data, and what lies behind it: recordings, charts, a user's own file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from streamlit.testing.v1 import AppTest

import app.jobs
from app.charts.assets import activity, book_shapes, session_chart, spread_shapes
from app.evaluations import evaluation_path, read_evaluation
from app.own_recordings import (
    LEVELS,
    catalogue_lines,
    files_below,
    inside,
    look,
    look_at_asset,
    read_own,
)
from model.catalogue import DATA_VARIABLE, load_catalogue, load_profile
from model.errors import RecordingError
from model.events import Action, Events, EventsMeta, Recording, Side

MAIN = Path(app.jobs.__file__).with_name("main.py")
GOOD = "34200.1,1,11,100,1000000,1\n34200.2,1,12,50,1000200,-1\n34201.5,1,13,70,1000100,1\n"


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No runs, no recordings; a folder for those of the test."""
    monkeypatch.setenv("FAULTLINE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(app.jobs.JobRunner, "start", lambda _: None)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    return tmp_path


def page(tab: str = "What is known") -> AppTest:
    at = AppTest.from_file(str(MAIN), default_timeout=60).run()
    at.session_state["assets-view"] = tab
    return at.switch_page("screens/assets.py").run()


def test_every_asset_of_the_catalogue_is_described(quiet: Path) -> None:
    at = page()
    assert not at.exception
    table = at.dataframe[0].value
    assert list(table["Asset"]) == list(load_catalogue())
    assert set(table["Recording"]) == {"not at hand"}
    assert table.loc[table["Asset"] == "BTCUSD", "To the model"].item() == "zero-shot"
    assert len(at.get("plotly_chart")) == 3
    at.multiselect(key="assets-shown").set_value([]).run()
    assert not at.exception
    assert not at.get("plotly_chart")


def test_without_recordings_the_page_says_so(quiet: Path) -> None:
    at = page("Recordings at hand")
    assert not at.exception
    assert "do not come with the program" in at.info[0].value
    assert not at.get("plotly_chart")


def test_a_recording_at_hand_is_shown(
    quiet: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(data_dir))
    at = page("Recordings at hand")
    assert not at.exception
    assert at.dataframe[0].value["Crossed"].item() == "0"
    assert len(at.get("plotly_chart")) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD, ""),
        ("34200.1,1,11,100,1000000,1\n34200.2,1,12,50,abc,-1\n", "row 2"),
        ("34200.1,1,11,100\n", "row 1 has 4 columns"),
        (GOOD + "34100.0,1,14,10,1000000,1\n", "row 4"),
        ("", "empty"),
    ],
)
def test_a_users_file_is_checked_in_place(
    quiet: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    (quiet / "mine_message.csv").write_text(content)
    monkeypatch.setenv(DATA_VARIABLE, str(quiet))
    at = page("Your own recording")
    at.get_by_key("own-source").set_value("File in the data folder").run()
    at.selectbox(key="own-file").set_value("mine_message.csv").run()
    at.text_input(key="own-asset").set_value("mine")
    at.text_input(key="own-date").set_value("2026-01-31")
    at.button(key="own-check").click().run()
    assert not at.exception
    if message:
        assert message in at.error[0].value
        assert "\n" not in at.error[0].value
        assert not at.success
    else:
        assert not at.error
        assert at.dataframe[0].value["Events"].item() == "3"
        assert "faultline fit all" in at.code[1].value
        assert "MINE" in at.code[1].value


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("own-asset", "../x", "name '../x'"),
        ("own-date", "2026-13-01", "write it as 2026-01-31"),
        ("own-date", "", "mine_message.csv does not tell it"),
    ],
)
def test_a_wrong_setting_is_said_in_place(
    quiet: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: str, message: str
) -> None:
    (quiet / "mine_message.csv").write_text(GOOD)
    monkeypatch.setenv(DATA_VARIABLE, str(quiet))
    at = page("Your own recording")
    at.get_by_key("own-source").set_value("File in the data folder").run()
    at.selectbox(key="own-file").set_value("mine_message.csv").run()
    at.text_input(key=key).set_value(value)
    at.button(key="own-check").click().run()
    assert message in at.error[0].value.replace("\\", "")


def test_the_catalogue_entry_can_be_read_and_keeps_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "mine_message.csv").write_text(GOOD + "37800.0,3,13,70,1000100,1\n")
    recording = read_own(
        tmp_path / "mine_message.csv", "lobster", asset="MINE", date="2026-01-31", tick_size=0.01
    )
    lines = catalogue_lines(recording, "lobster", "mine_message.csv")
    (tmp_path / "assets.yaml").write_text(lines)
    entry = load_catalogue(tmp_path / "assets.yaml")["MINE"]
    assert entry.tick_size == 0.01
    assert entry.splits.train[0] == entry.session[0]
    assert yaml.safe_load(lines)["MINE"]["splits"]["test"][1] == "10:30:00"


def test_only_files_of_the_data_folder_are_read(tmp_path: Path) -> None:
    root = tmp_path / "data"
    (root / "deep").mkdir(parents=True)
    (root / "deep" / "a.csv.gz").write_bytes(b"")
    (root / "notes.txt").write_text("")
    (tmp_path / "outside.csv").write_text("")
    assert [str(path) for path in files_below(root)] == ["deep/a.csv.gz"]
    assert inside(root, "deep/a.csv.gz") == (root / "deep" / "a.csv.gz").resolve()
    for wrong in ("../outside.csv", "/etc/passwd", "missing.csv"):
        with pytest.raises(RecordingError, match="not a file in"):
            inside(root, wrong)


def test_levels_hold_last_lowest_and_highest(make_events: Callable[..., Events]) -> None:
    rows = [
        (second * 10**9, Action.ADD, Side.BUY if second % 2 else Side.SELL, price, 5)
        for second, price in enumerate([110, 100, 108, 102, 106, 104])
    ]
    events = make_events(*rows, meta=EventsMeta("T", tick_size=0.5))
    found = look(Recording(events))
    assert found.rebuilt
    assert found.levels["mid"].iloc[-1] == 0.5 * 0.5 * (104 + 106)
    assert found.levels["spread_ticks"].iloc[0] == 10
    assert found.levels["touch_depth"].iloc[0] == 10
    chart = session_chart(found, "T", "mid", "USD")
    assert (chart.data["low"] <= chart.data["y"]).all()
    assert (chart.data["y"] <= chart.data["high"]).all()
    assert chart.y.label == "USD"


def test_a_sessions_charts_are_thin(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(data_dir))
    found = look_at_asset("AMZN")
    assert not found.rebuilt
    for level in LEVELS:
        chart = session_chart(found, "AMZN", level, "")
        assert 500 < len(chart.data) <= 900
        assert chart.definition


def test_small_multiples_are_those_of_the_profiles() -> None:
    profiles = {asset: load_profile(asset) for asset in ("AMZN", "MSFT")}
    spreads = spread_shapes(profiles)
    assert [panel for panel, _ in spreads.panels()] == ["AMZN", "MSFT"]
    amzn = spreads.panels()[0][1]
    assert amzn["y"].is_monotonic_increasing
    assert np.interp(1.0, amzn["x"], amzn["y"]) > 0.45  # the median
    shapes = book_shapes(profiles)
    assert (shapes.data.groupby("panel")["y"].first() == 1.0).all()
    busy = activity({"AMZN": read_evaluation(evaluation_path(None, "AMZN")).real})
    assert busy.data["y"].mean() == pytest.approx(1.0)
