"""Figures show the numbers of the card, and each comes with its table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stylized_facts import fact_sheet, scorecard
from stylized_facts.families import FAMILIES, bars_suffice, family_of
from stylized_facts.figures import curves, distributions, drill_down, figures, heat_map


@pytest.fixture(scope="module")
def judged(market):
    rng = np.random.default_rng(0)
    real = market(rng.standard_t(5, (8, 120)), label="Real")
    models = {
        "Good": market(rng.standard_t(5, (8, 120))),
        "Bars": market(2 * rng.standard_t(5, (8, 120)), spread=6),
    }
    card = scorecard(real, models, resamples=20, bars_s={"Bars": 10.0})
    sheet = fact_sheet(real, resamples=20)
    sheets = {"Real": sheet} | {
        label: fact_sheet(sample, label=label, like=sheet, resamples=20)
        for label, sample in models.items()
    }
    return card, sheets


def test_the_heat_map_holds_every_floor_ratio(judged):
    card, _ = judged
    found = heat_map(card).data.set_index(["quantity", "metric", "model"])
    row = card.row("log_return_1s", "K-S")
    assert found.loc[(row.label, "K-S", "Good"), "ratio_to_floor"] == row.ratio_to_floor["Good"]
    assert list(dict.fromkeys(found["family"])) == [
        f for f in FAMILIES if f in set(found["family"])
    ]


def test_a_model_of_bars_is_judged_by_the_rows_that_bars_suffice_for(judged):
    card, _ = judged
    assert card.row("log_return_10s", "K-S").verdict["Bars"] != "too few samples"
    for key, metric in (("log_return_1s", "K-S"), ("spread", "K-S"), ("acf_abs_return", "curve")):
        assert card.row(key, metric).verdict["Bars"] == "too few samples"
        assert card.row(key, metric).n["Bars"] == 0
    suffice = {key: bars_suffice(key, 10) for key in ("kurtosis_60s", "kurtosis_1s", "spread")}
    assert suffice == {"kurtosis_60s": True, "kurtosis_1s": False, "spread": False}
    assert bars_suffice("garch_residual_kurtosis", 10)
    assert family_of("something new") == "order flow"


def test_a_branch_is_the_geometric_mean_of_its_leaves(judged):
    card, _ = judged
    tree = drill_down(card).data
    good = tree[tree["model"] == "Good"].set_index("id")
    assert good["parent"].isin([*good.index, ""]).all()
    leaves = good[good["parent"] == "Good/returns/log_return_1s"]
    assert set(leaves["label"]) == {"K-S", "W1", "W1 rank", "TV"}  # too few values for a tail
    assert good.loc["Good/returns/log_return_1s", "ratio_to_floor"] == pytest.approx(
        np.exp(np.log(leaves["ratio_to_floor"].clip(0.1)).mean())
    )
    everything = good[good["verdict"] != ""]["ratio_to_floor"].clip(0.1)
    assert good.loc["Good", "ratio_to_floor"] == pytest.approx(np.exp(np.log(everything).mean()))


def test_small_multiples_set_real_against_each_model(judged):
    _, sheets = judged
    lines = curves(sheets)
    real = lines.data[(lines.data["series"] == "Real") & (lines.data["panel"] == "Excess kurtosis")]
    assert real["y"].tolist() == pytest.approx(sheets["Real"].kurtosis.y, nan_ok=True)
    assert real["high"].tolist() == pytest.approx(sheets["Real"].kurtosis.high, nan_ok=True)
    assert set(distributions(sheets).data["series"]) == {"Real", "Good", "Bars"}


def test_every_figure_is_written_with_its_data(judged, tmp_path):
    card, sheets = judged
    for figure in figures(card, sheets):
        page, table = figure.write(tmp_path)
        assert "plotly" in page.read_text()[:5_000]
        assert len(pd.read_csv(table)) == len(figure.data) > 0
    assert [figure.name for figure in figures(card)] == ["heat_map", "drill_down"]
