"""Books drawn from a profile look like the profile."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.book import OrderBooks
from engine.seeding import BookSeed, seed_from_profile
from model.events import Side
from model.profile import AssetProfile

PROFILE = AssetProfile(
    asset="TEST",
    tick_size=0.01,
    price_ticks=20_000,
    spread_ticks=2.0,
    spread_pmf=[0.25, 0.5, 0.0, 0.25],
    liquidity=1,
    events_per_s=5.0,
    volume_per_s=50.0,
    volatility_bps=3.0,
    shape_occupied=[1.0, 0.5, 0.2, 0.9],
    shape_size=[350.0, 700.0, 1000.0, 1400.0],
    order_size_quantiles=[50.0, 100.0, 100.0, 150.0],
    session_start_ns=1000,
    session_end_ns=3000,
)
BOOKS = [seed_from_profile(PROFILE, path, seed=7) for path in range(800)]


def spread(book: BookSeed) -> int:
    return int(
        book.price_ticks[book.side == Side.SELL].min()
        - book.price_ticks[book.side == Side.BUY].max()
    )


def test_the_same_path_and_seed_give_the_same_book() -> None:
    again = seed_from_profile(PROFILE, 3, seed=7)
    for name in ("side", "price_ticks", "size"):
        np.testing.assert_array_equal(getattr(again, name), getattr(BOOKS[3], name))
    for path, seed in ((4, 7), (3, 8)):
        other = seed_from_profile(PROFILE, path, seed)
        assert len(other) != len(again) or (other.size != again.size).any()


def test_spreads_follow_the_profile_around_its_price() -> None:
    spreads = np.array([spread(book) for book in BOOKS])
    share = np.bincount(spreads, minlength=5)[1:] / len(BOOKS)
    np.testing.assert_allclose(share, PROFILE.spread_pmf, atol=0.06)
    mids = [book.mid_ticks for book in BOOKS]
    assert np.abs(np.mean(mids) - PROFILE.price_ticks) < 0.1
    assert np.abs(np.array(mids) - PROFILE.price_ticks).max() <= 1.0


@pytest.mark.parametrize("side", list(Side))
def test_levels_follow_the_profile(side: Side) -> None:
    totals = np.zeros((len(BOOKS), len(PROFILE.shape_occupied)))
    for row, book in enumerate(BOOKS):
        own = book.side == side
        touch = book.price_ticks[own][0]
        np.add.at(totals[row], np.abs(book.price_ticks[own] - touch), book.size[own])
    np.testing.assert_allclose((totals > 0).mean(axis=0), PROFILE.shape_occupied, atol=0.06)
    mean = totals.sum(axis=0) / (totals > 0).sum(axis=0)
    np.testing.assert_allclose(mean, PROFILE.shape_size, rtol=0.06)


def test_orders_come_in_priority_order_and_fit_a_book() -> None:
    books = OrderBooks()
    for seed in BOOKS[:20]:
        books.load(seed)
        resting = books.resting()
        for name in ("side", "price_ticks", "size"):
            np.testing.assert_array_equal(getattr(resting, name), getattr(seed, name))


def test_clock_stands_in_the_middle_of_the_session() -> None:
    assert BOOKS[0].time_ns == 2000


def test_orders_below_the_first_tick_are_left_out() -> None:
    penny = seed_from_profile(PROFILE.model_copy(update={"price_ticks": 3}), 0, seed=1)
    assert penny.price_ticks.min() >= 1


def test_mid_of_a_one_sided_and_of_an_empty_book() -> None:
    one = BookSeed(np.zeros(2, np.int8), np.array([99, 98]), np.array([1, 1]), 0)
    assert one.mid_ticks == 99.0
    none = np.zeros(0, np.int64)
    assert math.isnan(BookSeed(none.astype(np.int8), none, none, 0).mid_ticks)
