"""Facts under stress and support of a whole run; words that keep scenario and probability apart."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

import app.stress_realism
from app.evaluate import real_log_probability
from app.evaluations import Evaluation, evaluation_path, read_evaluation
from app.report.write import read_report
from app.results import keep_results
from app.stress_realism import HEADLINE, statements, stress_realism
from engine.rollout import StressRun
from engine.runs.summary import RunSummary
from engine.scenario import Scenario
from model.catalogue import load_profile
from model.events import NS_PER_S, Recording
from stylized_facts.facts import FACTS


def changed(run: StressRun, **spec: object) -> StressRun:
    return dataclasses.replace(run, spec=run.spec.model_copy(update=spec))


def test_facts_stand_beside_the_band_of_the_real_asset(run: StressRun) -> None:
    found = stress_realism(changed(run, model="hawkes"))
    assert found is not None
    real = read_evaluation(evaluation_path(None, "AMZN")).real
    assert found.real_windows == real.windows
    for fact in found.facts:
        assert not FACTS[fact.key].report_only
        assert fact.real_low == real.facts[fact.key].low
        assert math.isfinite(fact.real_high)
    assert {fact.key for fact in found.headline} == HEADLINE
    spread = next(fact for fact in found.facts if fact.key == "mean_spread")
    assert spread.shocked.value is not None
    assert spread.unshocked.value is not None
    assert spread.shocked.value > spread.unshocked.value
    assert spread.unshocked.lower is not None
    assert found.support is None
    assert "hawkes gives no probability of an event" in found.notes[-1]
    assert "paths are 240 s long, the real windows 300 s" in found.notes[0]


def test_results_hold_facts_and_support(
    run: StressRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.stress_realism, "SCORED_PATHS", 3)
    monkeypatch.setattr(app.stress_realism, "MOST_PATHS", 6)
    keep_results(changed(run, model="small"), tmp_path, formats=["json"])
    section = read_report(tmp_path / "report.json").sections[0]
    summary = RunSummary.read(tmp_path / "summary.json")
    assert summary.stress_realism == section.stress_realism
    assert summary.risk == section.risk
    assert section.stress_realism is not None
    support = section.stress_realism.support
    assert support is not None
    assert support.scorer == "TradeFM small"
    assert support.window_s == (60.0, 120.0)
    assert support.shocked.value is not None
    assert support.shocked.value < 0
    assert support.paths == 3
    said = statements(section)
    assert said[: len(section.findings)] == section.findings
    facts, flow, enough = said[len(section.findings) :]
    assert "stylized facts" in facts
    assert "not how probable the scenario is" in flow
    assert enough.endswith(f"this run has {section.risk.paths}.")
    assert 0 <= support.percentile <= 100


def test_recorded_windows_stand_beside_where_an_evaluation_holds_them(
    amzn: Recording, run: StressRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, window = 55_000 * NS_PER_S, 60 * NS_PER_S
    profile = load_profile("AMZN")
    found = real_log_probability("small", amzn, profile, (start, start + 3 * window), window)
    assert len(found) == 3
    assert all(-12.0 < value < -3.0 for value in found)

    def with_real(path: Path) -> Evaluation:
        return dataclasses.replace(read_evaluation(path), log_probability=tuple(found))

    monkeypatch.setattr(app.stress_realism, "read_evaluation", with_real)
    monkeypatch.setattr(app.stress_realism, "SCORED_PATHS", 2)
    support = app.stress_realism._support(changed(run, model="small"))
    assert support is not None
    assert support.real is not None
    assert support.real.value == pytest.approx(sum(found) / 3)
    assert support.real_percentile == 100.0, "clockwork is more probable than any real minute"


def test_no_scenario_has_nothing_to_judge(run: StressRun) -> None:
    assert stress_realism(changed(run, scenario=Scenario.none())) is None


def test_an_asset_without_reference_says_so(
    run: StressRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.stress_realism, "evaluation_path", lambda *_: tmp_path / "none.json")
    found = stress_realism(changed(run, model="hawkes"))
    assert found is not None
    assert found.facts == ()
    assert "no facts of the real AMZN ship" in found.notes[0]
