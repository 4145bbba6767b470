"""Verdicts on samples whose distance from the real one is known."""

from __future__ import annotations

import dataclasses
import importlib
import json

import numpy as np
import pandas as pd
import pytest

from stylized_facts import FACTS, QUANTITIES, SampleError, Scorecard, scorecard
from stylized_facts.distances import quantile_edges, total_variation
from stylized_facts.scorecard import SCORED_CURVES, training_edges

RETURNS = [f"log_return_{h}s" for h in (1, 10, 30, 60, 120)]


def draw(seed, windows=24, scale=1.0):
    return scale * np.random.default_rng(seed).standard_t(5, (windows, 300))


@pytest.fixture(scope="module")
def real(market):
    return market(draw(0), label="Real")


@pytest.fixture(scope="module")
def card(real, market):
    models = {
        "Good": market(draw(1, 40)),
        "Hawkes": market(draw(2, 40, scale=2.0)),
        "Copy": real,
        "Wide": market(draw(3, 24), spread=8),
    }
    return scorecard(real, models, resamples=100)


def test_rows_are_complete(card):
    assert [row.quantity for row in card.rows if row.metric == "K-S"] == list(QUANTITIES)
    assert [row.quantity for row in card.rows if row.metric == "W1"] == list(QUANTITIES)
    assert [row.quantity for row in card.rows if row.metric in ("fact", "mean")] == list(FACTS)
    for row in card.rows:
        assert set(row.values) == set(row.distance) == set(row.verdict) == set(row.n)
        assert set(row.verdict) == {"Good", "Hawkes", "Copy", "Wide"}


def test_identical_samples_match_at_distance_nought(card):
    for row in card.rows:
        if row.verdict["Copy"] != "too few samples":
            assert row.verdict["Copy"] == "match", (row.quantity, row.metric)
            assert row.distance["Copy"] == pytest.approx(0, abs=1e-12)


def test_the_same_process_is_at_the_floor(card):
    assert 0.75 < card.ratio_to_floor["Good"] < 1.35
    for key in RETURNS:
        row = card.row(key, "K-S")
        assert row.verdict["Good"] == "match"
        low, high = row.interval["Good"]
        assert 0 <= low <= row.distance["Good"] <= high


def test_what_is_wrong_misses(card):
    assert card.row("log_return_1s", "K-S").verdict["Hawkes"] == "miss"
    assert card.row("realised_volatility_10s", "mean").verdict["Hawkes"] == "miss"
    assert card.row("realised_volatility_10s", "mean").ratio_to_real["Hawkes"] == pytest.approx(
        2, rel=0.1
    )
    spread = card.row("spread", "K-S")
    assert (spread.distance["Wide"], spread.verdict["Wide"]) == (1.0, "miss")
    assert (spread.distance["Good"], spread.verdict["Good"]) == (0.0, "match")
    assert card.row("mean_spread", "mean").values["Wide"] == 8.0


def test_good_model_beats_hawkes(card):
    assert set(card.ratio_to_hawkes_rows) <= set(QUANTITIES) | SCORED_CURVES
    assert "log_return_1s" in card.ratio_to_hawkes_rows
    assert "spread" not in card.ratio_to_hawkes_rows  # both at the floor
    low, high = card.ratio_to_hawkes_interval
    assert low <= card.ratio_to_hawkes <= high < 1
    row = card.row("log_return_1s", "K-S")
    assert row.ratio_to_hawkes["Good"] == pytest.approx(
        row.distance["Good"] / row.distance["Hawkes"]
    )
    low, high = row.ratio_to_hawkes_interval["Good"]
    assert low <= row.ratio_to_hawkes["Good"] <= high < 1
    assert "Hawkes" not in row.ratio_to_hawkes
    product = [
        card.row(key, "curve" if key in SCORED_CURVES else "K-S").ratio_to_hawkes["Good"]
        for key in card.ratio_to_hawkes_rows
    ]
    assert card.ratio_to_hawkes == pytest.approx(np.exp(np.mean(np.log(product))))


def test_floor_shrinks_with_the_sample(market):
    model = {"M": market(draw(4, 10))}
    few = scorecard(market(draw(5, 8)), model, resamples=0)
    many = scorecard(market(draw(5, 64)), model, resamples=0)
    assert many.row("log_return_10s", "K-S").floor < 0.6 * few.row("log_return_10s", "K-S").floor


def test_round_trip(card, tmp_path):
    path = tmp_path / "scorecard.json"
    card.write(path)
    assert "NaN" not in path.read_text()
    assert json.loads(path.read_text())["models"] == ["Good", "Hawkes", "Copy", "Wide"]
    assert Scorecard.read(path).model_dump_json() == card.model_dump_json()


def test_frame(card):
    frame = card.to_frame()
    assert len(frame) == len(card.rows)
    assert {"quantity", "metric", "real", "floor", "Good / floor", "Hawkes verdict"} <= set(frame)


def test_same_seed_same_card(real, market):
    models = {"M": market(draw(6, 8))}
    one, other = (scorecard(real, models, resamples=20, floor_seed=3) for _ in range(2))
    assert one.model_dump_json() == other.model_dump_json()


def test_total_variation_on_request(real):
    card = scorecard(real, {"Copy": real}, resamples=0, metrics=("TV",))
    row = card.row("log_return_1s", "TV")
    assert (row.distance["Copy"], row.verdict["Copy"]) == (0.0, "match")
    assert 0 < row.floor < 0.5
    assert np.isnan(card.ratio_to_hawkes)
    with pytest.raises(KeyError):
        card.row("log_return_1s", "K-S")


def test_too_few_windows_or_values_give_no_verdict(real, market):
    card = scorecard(real, {"Short": market(draw(7, 3))}, resamples=20)
    row = card.row("log_return_1s", "K-S")
    assert row.verdict["Short"] == "too few samples"
    assert np.isfinite(row.distance["Short"])
    assert np.isnan(row.interval["Short"]).all()
    assert card.row("log_return_120s", "K-S").verdict["Short"] == "too few samples"

    few = scorecard(market(draw(8, 3)), {"M": real}, resamples=20)
    for row in few.rows:
        assert row.verdict["M"] == "too few samples", (row.quantity, row.metric)
    assert np.isnan(few.row("log_return_1s", "K-S").floor)
    assert np.isnan(few.ratio_to_floor["M"])


def test_a_model_without_the_fact_misses_it(market, garch_returns):
    clustered = market(garch_returns(24, 300, 0))
    card = scorecard(clustered, {"iid": market(draw(9))}, resamples=50)
    row = card.row("decay_exponent", "fact")
    assert np.isnan(row.values["iid"])
    assert row.verdict["iid"] == "miss"
    assert card.row("acf_abs_return_1s", "fact").verdict["iid"] == "miss"
    assert card.row("acf_abs_return", "curve").verdict["iid"] != "match"


@pytest.mark.parametrize("family", [("K-S", "curve"), ("fact", "mean")])
def test_p_values_are_corrected_over_their_family(card, family):
    for model in card.models:
        rows = [row for row in card.rows if row.metric in family and model in row.p_holm]
        smallest = min(rows, key=lambda row: row.p_value[model])
        assert smallest.p_holm[model] == pytest.approx(
            min(1.0, len(rows) * smallest.p_value[model])
        )
        assert all(row.p_holm[model] >= row.p_value[model] for row in rows)


def test_what_differs_is_rejected_over_the_whole_family(card):
    returns = card.row("log_return_1s", "K-S")
    assert returns.p_holm["Hawkes"] < 0.05 < returns.p_holm["Good"]
    assert card.row("spread", "K-S").p_holm["Wide"] < 0.05
    assert card.row("realised_volatility_10s", "mean").p_holm["Hawkes"] < 0.01


def test_facts_have_a_floor_too(card):
    row = card.row("realised_volatility_10s", "mean")
    assert row.ratio_to_floor["Hawkes"] == pytest.approx(row.matched["Hawkes"] / row.floor)
    assert row.ratio_to_floor["Hawkes"] > 3 > 1.5 > row.ratio_to_floor["Good"]
    assert abs(row.z["Hawkes"]) > 4 > 2 > abs(row.z["Good"])


def test_the_confidence_set_holds_the_copy_and_not_the_bad_ones(card):
    assert card.confidence_set["Copy"] > 0.05 > card.confidence_set["Hawkes"]


def test_ties_and_told_apart_are_all_the_scored_quantities(card):
    assert set(card.ratio_to_hawkes_ties).isdisjoint(card.ratio_to_hawkes_rows)
    assert "spread" in card.ratio_to_hawkes_ties
    for label in card.models:
        low, high = card.ratio_to_floor_interval[label]
        assert low <= card.ratio_to_floor[label] <= high


def test_a_row_that_fails_costs_no_other_row(real, market, monkeypatch):
    def broken(sample, *_):
        if len(sample) == 9:
            raise ValueError("zero-size array to reduction operation maximum")
        return 10_000

    facts = {key: FACTS[key] for key in ("hill_10s", "kurtosis_1s")}
    facts["hill_10s"] = dataclasses.replace(facts["hill_10s"], count=broken)
    module = importlib.import_module("stylized_facts.scorecard")
    monkeypatch.setattr(module, "FACTS", facts)
    quantity = dataclasses.replace(QUANTITIES["spread"], extract=broken)
    kept = {"spread": quantity, "imbalance": QUANTITIES["imbalance"]}
    monkeypatch.setattr(module, "QUANTITIES", kept)
    broken_everywhere = market(draw(1, 9), label="Nine")
    card = scorecard(broken_everywhere, {"Nine": broken_everywhere}, resamples=20)
    assert card.row("spread", "K-S").verdict["Nine"] == "too few samples"
    assert card.row("hill_10s", "fact").verdict["Nine"] == "too few samples"
    assert card.row("imbalance", "K-S").verdict["Nine"] == "match"
    assert card.row("kurtosis_1s", "fact").verdict["Nine"] == "match"
    assert (
        "Spread of 'Nine': cannot be measured (zero-size array to reduction operation maximum)"
        in card.notes
    )


def test_bins_of_total_variation_come_from_training_data(real, market):
    training = market(draw(12, 24, scale=3.0))
    edges = training_edges(training)
    assert edges["log_return_1s"] == pytest.approx(
        quantile_edges(QUANTITIES["log_return_1s"].extract(training).values)
    )
    model = market(draw(13, 24))
    card = scorecard(real, {"M": model}, resamples=0, metrics=("TV",), training=training)
    x, y = (QUANTITIES["log_return_1s"].extract(s).values for s in (real, model))
    expected = total_variation(x, y, edges["log_return_1s"])
    assert card.row("log_return_1s", "TV").distance["M"] == pytest.approx(expected)


def test_parquet_holds_every_row_of_every_model(card, tmp_path):
    card.write_parquet(tmp_path / "card.parquet")
    table = pd.read_parquet(tmp_path / "card.parquet")
    assert len(table) == len(card.rows) * len(card.models)
    line = table.query("quantity == 'spread' and metric == 'K-S' and model == 'Wide'").iloc[0]
    assert (line["distance"], line["verdict"], line["family"]) == (1.0, "miss", "book")


def test_a_card_from_before_the_new_fields_is_read(card):
    old = json.loads(card.model_dump_json())
    for key in ("notes", "lob_bench", "confidence_set", "ratio_to_hawkes_ties", "block_real"):
        del old[key]
    for row in old["rows"]:
        for key in ("z", "p_value", "p_holm"):
            del row[key]
    assert Scorecard.model_validate(old).ratio_to_floor == card.ratio_to_floor


def test_different_markets_are_not_compared(real, market):
    other = market(draw(1, 4), asset="OTHER")
    card = scorecard(real, {"M": market(draw(6, 8)), "Foreign": other}, resamples=0, metrics=())
    assert card.models == ["M"]
    assert any("asset of 'Foreign' is 'OTHER'" in note for note in card.notes)
    with pytest.raises(SampleError, match="asset of 'M' is 'OTHER', of 'Real' 'TOY'"):
        scorecard(real, {"M": market(draw(1, 4), asset="OTHER")})
    with pytest.raises(SampleError, match="no model to judge"):
        scorecard(real, {})
