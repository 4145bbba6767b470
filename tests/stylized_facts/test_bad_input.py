"""What is wrong with a sample is said in one line; what can be measured still is."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording
from stylized_facts import MarketSample, SampleError, scorecard
from stylized_facts.bootstrap import window_weights
from stylized_facts.facts import CURVES, FACTS

DAY_S = 24 * 3600


def recording(times_s, asset="TOY", **changed):
    n = len(times_s)
    columns = {
        "time_ns": np.asarray(np.asarray(times_s) * NS_PER_S, np.int64),
        "action": np.zeros(n, np.int8),
        "side": np.zeros(n, np.int8),
        "price_ticks": np.full(n, 90),
        "size": np.ones(n, np.int64),
        "order_id": np.full(n, NO_ORDER),
    }
    quotes = {
        "bid_ticks": np.full(n, 99), "ask_ticks": np.full(n, 101),
        "bid_size": np.full(n, 5), "ask_size": np.full(n, 5),
    }  # fmt: skip
    for table in (columns, quotes):
        table |= {name: value for name, value in changed.items() if name in table}
    return Recording(Events(**columns, meta=EventsMeta(asset)), Quotes(**quotes))


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([], "holds no recording"),
        ([recording([])], "window 1: holds no event"),
        ([recording([5.0])], "window 1: lasts no time"),
        ([recording([1, 3, 2])], "window 1: time runs backwards at row 3; sort"),
        ([recording([1, 2]), recording([1, 2], asset="ELSE")], "window 2: asset 'ELSE'"),
        ([recording([1, 3 * DAY_S])], "window 1: lasts 3.0 days; give each session"),
        ([recording([1, 2], price_ticks=np.array([90, np.nan]))], "price_ticks holds NaN"),
        ([recording([1, 2], bid_ticks=np.array([98.5, 99]))], "bid_ticks is float64"),
        ([recording([1, 2], bid_ticks=np.array([99, 105]))], "not below best ask after row 2"),
        ([recording([1, 2], size=np.array([1, 0]))], "size 0 at row 2"),
    ],
)
def test_a_sample_that_cannot_be_measured_is_refused(pieces, message):
    with pytest.raises(SampleError, match=message) as caught:
        MarketSample.from_recordings(pieces, "Mine")
    assert "sample 'Mine'" in str(caught.value)
    assert "\n" not in str(caught.value)


def awkward(market):
    """Samples that are allowed and hold next to nothing."""
    rng = np.random.default_rng(1)
    one_sided = recording(np.arange(0.0, 400.0), ask_size=np.zeros(400, np.int64))
    cancels = recording(
        np.arange(0.0, 400.0), action=np.full(400, Action.CANCEL, np.int8)
    )  # fmt: skip
    prints = recording(np.arange(0.0, 400.0), action=np.full(400, Action.PRINT, np.int8))
    crossing = recording(np.arange(0.0, 400.0), price_ticks=np.full(400, 101))
    together = recording(np.repeat([1.0, 2.0, 400.0], [1, 398, 1]))
    quiet = market(rng.standard_normal((6, 400)))
    silent = replace(
        quiet, offsets=np.zeros(7, np.int64), events=quiet.events.slice(0, 0),
        quotes=quiet.quotes.slice(0, 0),
    )  # fmt: skip
    pieces = {
        "one side": one_sided, "cancels": cancels, "prints": prints, "crossing": crossing,
        "same time": together,
    }  # fmt: skip
    made = {name: MarketSample.from_recordings([r] * 5, name) for name, r in pieces.items()}
    return made | {
        "constant": market(np.zeros((6, 400))),
        "short": market(rng.standard_normal((6, 3))),
        "one window": market(rng.standard_normal((1, 400))),
        "silent": silent,
    }


def test_every_fact_survives_every_sample(market):
    for name, sample in awkward(market).items():
        weights = window_weights(len(sample), 5, 0)
        weights[3] = 0.0  # a resample of nothing
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for key, fact in FACTS.items():
                draws = fact.draws(sample, weights)
                assert draws.shape == (6,), (name, key)
                assert not np.isinf(draws).any(), (name, key)
                if np.isnan(draws[0]):
                    assert fact.label in fact.shortfall(sample), (name, key)
                    assert sample.label in fact.shortfall(sample), (name, key)
            for curve in CURVES:
                draws = curve.estimate(sample).draws(weights)
                assert draws.shape == (6, len(curve.x)), (name, curve.key)
                assert not np.isinf(draws).any(), (name, curve.key)


def test_shortfall_names_fact_sample_and_numbers(market):
    sample = market(np.random.default_rng(2).standard_normal((2, 100)), label="Small")
    assert FACTS["hill_10s"].shortfall(sample) == (
        "Hill index, 10 s, 5% tail: sample 'Small' holds 20 observations, it needs 200"
    )
    assert FACTS["zero_return_share"].shortfall(sample) == ""


def test_the_rest_of_a_scorecard_is_computed(market, garch_returns):
    real = market(garch_returns(8, 400, 3), "Real")
    card = scorecard(real, {"Flat": market(np.zeros((8, 400)), "Flat")}, resamples=20)
    assert card.row("hill_10s", "fact").verdict["Flat"] == "miss"
    assert card.row("order_sign_acf_1", "fact").verdict["Flat"] == "too few samples"
    assert card.row("mean_spread", "mean").verdict["Flat"] == "match"
    assert np.isfinite(card.row("log_return_10s", "K-S").distance["Flat"])


def test_assets_of_both_sides_must_agree(market, garch_returns):
    real, other = market(garch_returns(4, 100, 4)), market(garch_returns(4, 100, 5), asset="ELSE")
    with pytest.raises(SampleError, match="asset of 'Model' is 'ELSE'"):
        scorecard(real, {"Model": other})
