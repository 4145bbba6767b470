"""`faultline sweep`, `reverse`, `rare`, `portfolio`: files, answers, one line for mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.charts.studies import frontier_chart, sweep_heatmap
from app.cli import invoke
from app.studies.report import StudyReport, StudyTable, read_study, write_study
from app.studies.reverse import ReverseSpec
from app.studies.sweep import build_sweep, play_sweep, read_sweep
from engine.risk.reverse_stress import FrontierPoint

FAST = ["--paths", "4", "--model", "zero-intelligence", "--max-events", "300"]
PORTFOLIO = """
scenario: fat_finger
paths: 4
horizon_s: 100
max_events: 300
model: zero-intelligence
draws: 1000
returns: returns.csv
positions:
  - {asset: AMZN, shares: 100}
  - {asset: MSFT, value: -5000, liquidate: {duration_s: 30, slices: 5}}
"""


def test_a_sweep_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "--scenario", "fat_finger", "--asset", "AMZN", "--intensity", "0.5",
             "--intensity", "1", "--horizon", "100", *FAST, "--out", str(tmp_path)]  # fmt: skip
    assert invoke(words) == 0
    shown = capsys.readouterr().out
    assert "VaR 95%" in shown
    frame = pd.read_parquet(tmp_path / "sweep.parquet")
    assert sorted(set(frame["intensity"])) == [0.5, 1.0]
    assert len(pd.read_csv(tmp_path / "sweep.csv")) == len(frame)
    picture = (tmp_path / "var_95_bp-effect.svg").read_text()
    assert "<svg" in picture
    page = (tmp_path / "study.html").read_text()
    assert "<script" not in page
    assert "fat_finger" in page
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    # The file that it leaves behind asks for the same cells, and none is played twice.
    again = read_sweep(tmp_path / "sweep.json")
    play_sweep(again, tmp_path)
    assert kept == {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}


def test_a_sweep_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("scenarios: fat_finger\nassets: [amzn]\nhorizon_s: 100\nseed: 3\n")
    spec = read_sweep(path)
    assert (spec.assets, spec.intensities, spec.seed) == (("AMZN",), (1.0,), 3)
    for text, message in (
        ("assets: [AMZN]\nscenarios: []\n", "scenarios"),
        ("assets: [AMZN]\nscenarios: [nothing]\n", "'nothing' is not known"),
        ("assets: [NOPE]\nscenarios: [fat_finger]\n", "NOPE"),
        ("speed: 3\n", "speed: unknown key; allowed: assets"),
        ("- 3\n", "must map names to values"),
        ("assets: [\n", "line 2: expected the node content"),
        ("scenarios: [fat_finger, fat_finger]\nassets: AMZN\n", "fat_finger is given twice"),
    ):
        path.write_text(text)
        with pytest.raises(Exception, match=message) as caught:
            read_sweep(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_reverse_and_rare_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["reverse", "--scenario", "fat_finger", "--second", "news_gap", "--points", "2",
             "--resolution", "0.2", "--horizon", "100", *FAST, "--out", str(tmp_path)]  # fmt: skip
    assert invoke([*words, "--spread-ticks", "20", "--for", "1"]) == 0
    assert "leads to a spread of more than 20 ticks" in capsys.readouterr().out
    kept = json.loads((tmp_path / "reverse.json").read_text())
    assert ReverseSpec.model_validate(kept["spec"]).second is not None
    assert len(kept["points"]) == 2
    assert (tmp_path / "frontier.svg").is_file()
    assert invoke([*words, "--loss-bp", "9000", "--at", "90"]) == 2
    message = capsys.readouterr().err.strip()
    assert "\n" not in message
    assert "choose a milder outcome" in message
    assert (tmp_path / "probes.csv").is_file(), "what was tried is kept"
    words = ["rare", "--scenario", "fat_finger", "--horizon", "100", *FAST[2:], "--trajectories",
             "10", "--replications", "3", "--level", "2", "--loss-bp", "5", "--at", "20",
             "--burn-in", "16", "--out", str(tmp_path)]  # fmt: skip
    assert invoke(words) == 0
    assert "share of" in capsys.readouterr().out
    assert json.loads((tmp_path / "rare.json").read_text())["levels"] == [2.0, 5.0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reverse"], "name one outcome"),
        (["reverse", "--pause", "--loss-bp", "3"], "name one outcome"),
        (["reverse", "--loss-bp", "3"], "needs --at"),
        (["reverse", "--spread-ticks", "3"], "needs --for"),
        (["reverse", "--loss-bp", "-3", "--at", "9"], "bps"),
        (["reverse", "--loss-bp", "3", "--at", "900"], "beyond the horizon"),
        (["reverse", "--pause"], "has no price_bands"),
        (["rare", "--loss-bp", "3", "--at", "900"], "beyond the horizon"),
        (["rare", "--pause"], "pause"),
        (["sweep", "--asset", "NOPE"], "NOPE"),
        (["sweep", "--intensity", "-1"], "from 0 to 10"),
        (["sweep", "--scenario", "slow_grind", "--horizon", "9", "--out", "."], "every cell"),
        (["portfolio", "none.yaml"], "none.yaml: cannot be read"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    model = [] if words[0] == "portfolio" else ["--model", "zero-intelligence"]
    assert invoke([*words, *model]) == 2
    shown = capsys.readouterr().err.strip()
    assert message in shown
    assert "\n" not in shown
    assert len(shown) < 400


def test_a_portfolio_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(PORTFOLIO)
    rng = np.random.default_rng(0)
    returns = pd.DataFrame(rng.normal(size=(60, 2)), columns=["AMZN", "MSFT"])
    returns.to_csv(tmp_path / "returns.csv", index=False)
    assert invoke(["portfolio", str(file), "--out", str(tmp_path / "out")]) == 0
    # The file that it leaves behind asks for the same, and gives the same numbers.
    again = str(tmp_path / "out" / "book.yaml")
    assert invoke(["portfolio", again, "--out", str(tmp_path)]) == 0
    kept = json.loads((tmp_path / "portfolio.json").read_text())
    assert json.loads((tmp_path / "out" / "portfolio.json").read_text()) == kept
    labels = {row["dependence"] for row in kept["shocked"]}
    assert {"Comonotone", "Independence", "Gaussian (estimated)", "t, df 3"} < labels
    table = pd.read_csv(tmp_path / "positions.csv")
    assert list(table["asset"]) == ["AMZN", "MSFT"]
    assert table["VaR contribution"].sum() == pytest.approx(
        kept["shocked"][0]["var"]["value"], rel=1e-5
    )
    assert table["unfilled"].notna().tolist() == [False, True]
    capsys.readouterr()
    for change, message in (
        (("shares: 100", "shares: 0"), "a position of 0 is none"),
        (("AMZN, shares", "NOPE, shares"), "NOPE"),
        (("AMZN, shares", "msft, shares"), "MSFT is given twice"),
        (("fat_finger", "nothing"), "'nothing' is not known"),
        (("draws: 1000", "draws: 1"), "draws"),
        (("returns.csv", "[3]"), "returns: must be the name"),
    ):
        file.write_text(PORTFOLIO.replace(*change))
        assert invoke(["portfolio", str(file), "--out", str(tmp_path)]) == 2
        shown = capsys.readouterr().err.strip()
        assert message in shown
        assert "mine.yaml" in shown
        assert "\n" not in shown


def test_cells_that_look_like_formulas_are_neutral_in_files(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["=1+1", "+x", "-y", "@z", "plain"], "b": [-1.0, 2.0, 3, 4, 5]})
    table = StudyTable(name="odd", title="<script>alert(1)</script>", data=frame)
    write_study(StudyReport(title="<b>", verdict="<i>", tables=(table,)), tmp_path)
    lines = (tmp_path / "odd.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["'=1+1", "'+x", "'-y", "'@z", "plain"]
    assert pd.read_csv(tmp_path / "odd.csv")["b"].tolist() == [-1, 2, 3, 4, 5]
    page = (tmp_path / "study.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert read_study(tmp_path).tables[0].title == table.title


def test_the_heat_map_is_shaded_by_value(tmp_path: Path) -> None:
    spec = build_sweep(
        ["fat_finger", "slow_grind"], ["AMZN"], [1.0], paths=4, horizon_s=100.0, max_events=300,
        model="zero-intelligence",
    )  # fmt: skip
    play_sweep(spec, tmp_path)
    chart = sweep_heatmap(pd.read_parquet(tmp_path / "sweep.parquet"), "spread_ticks", "shocked")
    assert chart.shaded
    assert list(chart.data["text"])[1] == "failed"
    assert chart.largest() == chart.data["value"].max()


def test_the_frontier_is_drawn_through_what_was_reached() -> None:
    points = (
        FrontierPoint(first=0.5, second=0.5, size=0.7071),
        FrontierPoint(first=0.0, second=1.0, size=1.0),
        FrontierPoint(first=2.0, second=None, size=None),
    )
    chart = frontier_chart(points, "A", "B")
    assert list(chart.data["x"]) == [0.0, 0.5]
    assert chart.markers[0].value == 0.5
