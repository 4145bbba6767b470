"""The facts on a real session: what must be there, and real against itself at the floor."""

from __future__ import annotations

import numpy as np
import pytest

from model.events import NS_PER_S
from stylized_facts import MarketSample, scorecard

HOUR = 3600 * NS_PER_S


@pytest.fixture(scope="module")
def card(amzn):
    afternoon = MarketSample.from_session(amzn, "Real", int(14.5 * HOUR), 16 * HOUR)
    midday = MarketSample.from_session(amzn, "Midday", 12 * HOUR, int(13.5 * HOUR))
    window = 300 * NS_PER_S
    return scorecard(afternoon.windows(window), {"Midday": midday.windows(window)}, resamples=50)


def test_a_real_session_shows_the_facts(card):
    assert card.windows_real == 18
    assert card.row("kurtosis_1s", "fact").real > 5
    assert card.row("kurtosis_1s", "fact").real > card.row("kurtosis_30s", "fact").real
    assert 2 < card.row("hill_10s", "fact").real < 6
    assert card.row("acf_abs_return_1s", "fact").real_band[0] > 0.02
    assert abs(card.row("acf_return_1s", "fact").real) < 0.15
    assert card.row("order_sign_acf_1", "fact").real > 0.3
    assert 9 <= card.row("spread", "K-S").real <= 13  # median 11 ticks


def test_another_hour_is_another_market_but_not_by_much(card):
    assert 0.8 < card.ratio_to_floor["Midday"] < 4
    assert not np.isnan(card.row("spread", "W1").distance["Midday"])
