"""The views of the page Realism: their charts as data, and the blind test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

from app.charts.blind_test import LETTERS, blind_round, chance_of
from app.charts.palette import LOOKS
from app.charts.realism import role_of
from app.charts.realism_views import VIEWS, impact, intraday, response, returns, writing_flow
from app.evaluations import Evaluation, evaluation_path, read_evaluation
from app.injected import InjectedImpact
from app.models import BASELINES
from model.catalogue import assets_dir
from stylized_facts.sheet import FactSheet

Sheets = dict[str, FactSheet]


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return read_evaluation(evaluation_path("small", "AMZN"))


@pytest.fixture(scope="module")
def shown(evaluation: Evaluation) -> Sheets:
    return {"Real": evaluation.real, **evaluation.models}


@pytest.mark.parametrize("name", list(VIEWS))
def test_a_view_has_at_most_eight_charts_with_definitions(name: str, shown: Sheets) -> None:
    charts = VIEWS[name](shown)
    assert len(charts) <= 8
    assert len({chart.name for chart in charts}) == len(charts)
    for chart in charts:
        assert chart.definition
        assert chart.alt
        assert "Real" in chart.roles or chart.kind == "qq"


def test_every_baseline_has_a_look_of_its_own() -> None:
    families = {
        label.split(" order")[0].replace("FIGARCH", "GJR-GARCH")
        for label in (baseline.label for baseline in BASELINES.values())
    }
    looks = {LOOKS[role_of(family)] for family in families}
    assert len(looks) == len(families)


def test_models_of_returns_alone_are_left_out_of_order_flow(shown: Sheets) -> None:
    assert "GJR-GARCH" in shown
    assert "GJR-GARCH" not in writing_flow(shown)
    assert "Hawkes" in writing_flow(shown)


def test_the_horizon_chooses_the_returns(shown: Sheets) -> None:
    assert returns(shown, 60)[0].name == "histogram_log_return_60s"
    assert returns(shown, 60)[1].name == "qq_log_return_60s"


def test_responses_carry_the_facts_and_their_intervals(shown: Sheets) -> None:
    data = response({"Real": shown["Real"]}).data
    fact = shown["Real"].facts["response_mo_1"]
    row = data[data["category"] == "market, mid moves"].iloc[0]
    np.testing.assert_allclose([row["y"], row["low"], row["high"]],
                               [fact.value, fact.low, fact.high], rtol=1e-6)  # fmt: skip


def test_the_intraday_profile_is_relative_to_the_real_mean(shown: Sheets) -> None:
    data = intraday({name: shown[name] for name in ("Real", "Hawkes")}).data
    real = data[(data["series"] == "Real") & (data["panel"] == "Spread")]
    assert real["y"].mean() == pytest.approx(1.0)
    hawkes = data[(data["series"] == "Hawkes") & (data["panel"] == "Spread")]
    bins = [one.spread_ticks for one in shown["Real"].intraday]
    expected = shown["Hawkes"].facts["mean_spread"].value / np.mean(bins)
    assert hawkes["y"].to_list() == pytest.approx([expected, expected])


def test_impact_is_drawn_with_its_bands() -> None:
    found = InjectedImpact.read(assets_dir() / "models" / "small" / "impact" / "AMZN.json")
    chart = impact(found)
    first = chart.data.iloc[0]
    assert first["low"] < first["y"] < first["high"]
    assert first["y"] == pytest.approx(found.sizes[0].at_end)
    assert first["x"] == 100 * found.sizes[0].share


def test_a_round_hides_one_real_window_among_three(evaluation: Evaluation) -> None:
    real, model = evaluation.real, evaluation.models["TradeFM"]
    answers = set()
    for seed in range(40):
        found = blind_round(real, model, seed)
        assert found is not None
        answers.add(found.answer)
        panels = dict(found.chart.panels())
        assert tuple(panels) == LETTERS
        window = next(path for path in real.mid_paths if path.start_s == found.start_s)
        own = 1e4 * np.log(np.array(window.mid) / window.mid[0])
        for letter, rows in panels.items():
            assert np.allclose(rows["y"], own, rtol=1e-6) == (letter == found.answer)
            assert set(rows["series"]) == {letter}  # nothing tells them apart
    assert answers == set(LETTERS)
    again = blind_round(real, model, 0)
    assert again is not None
    assert again.chart == blind_round(real, model, 0).chart  # type: ignore[union-attr]


def test_too_few_windows_make_no_round(evaluation: Evaluation) -> None:
    few = evaluation.models["TradeFM"].model_copy(update={"mid_paths": []})
    assert blind_round(evaluation.real, few, 1) is None
    assert blind_round(few, evaluation.real, 1) is None


def test_luck_is_binomial() -> None:
    assert chance_of(0, 5) == 1.0
    assert chance_of(3, 7) == pytest.approx(1 - stats.binom.cdf(2, 7, 0.25))


def guess() -> None:
    """The blind test alone, as a script."""
    from app.evaluations import evaluation_path, read_evaluation
    from app.views.blind_test import blind_test

    found = read_evaluation(evaluation_path("small", "AMZN"))
    blind_test(found.real, found.models["TradeFM"], "TradeFM")


def test_an_answer_is_given_and_counted(evaluation: Evaluation) -> None:
    at = AppTest.from_function(guess, default_timeout=60).run()
    name = "blind-AMZN-TradeFM"
    for right in (True, False):
        seed = at.session_state[name]["seed"]
        found = blind_round(evaluation.real, evaluation.models["TradeFM"], seed)
        assert found is not None
        wrong = next(letter for letter in LETTERS if letter != found.answer)
        at.button(key=f"{name}-{found.answer if right else wrong}").click().run()
        assert not at.exception
        said = at.success if right else at.error
        assert f"{found.answer} is real" in said[0].value
        assert at.button(key=f"{name}-A").disabled
        at.button(key=f"{name}-next").click().run()
        assert not at.success
        assert not at.error
    assert "1 of 2 right" in at.markdown[-1].value
