"""The page *Realism*, driven without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.runs import RunStore
from stylized_facts.scorecard import Scorecard, ScoreRow
from stylized_facts.sheet import Curve, Distribution, FactSheet, MidPath
from tests.app.pages.conftest import charts, page

MODELS = ("TradeFM", "Hawkes", "Zero intelligence")


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
    at = page("realism")
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
    at = page("realism")
    assert not at.exception
    assert "faultline evaluate" in at.error[0].value
    (tmp_path / "references" / "AMZN").mkdir(parents=True)
    sheet("Real").write(tmp_path / "references" / "AMZN" / "facts.json")
    at = page("realism")
    assert "only the real recording" in at.info[0].value
    assert charts(at)


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
