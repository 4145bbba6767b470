"""Verdicts on samples whose distance from the real one is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stylized_facts import FACTS, QUANTITIES, SampleError, Scorecard, scorecard

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
    assert set(card.ratio_to_hawkes_rows) <= set(QUANTITIES)
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
    product = [card.row(key, "K-S").ratio_to_hawkes["Good"] for key in card.ratio_to_hawkes_rows]
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


def test_different_markets_are_not_compared(real, market):
    with pytest.raises(SampleError, match="asset of 'M' is 'OTHER', of 'Real' 'TOY'"):
        scorecard(real, {"M": market(draw(1, 4), asset="OTHER")})
    with pytest.raises(SampleError, match="no model to judge"):
        scorecard(real, {})
