"""The asset profile: JSON round trip, drawing sizes, and measuring it on a recording."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.catalogue import AssetEntry, find_asset
from model.errors import FaultlineError, RecordingError
from model.events import NS_PER_S, Action, Events, Levels, Quotes, Recording, Side
from model.profile import AssetProfile
from model.profile_fit import book_shape, fit_profile, size_quantiles

ADD, CANCEL, PRINT = Action.ADD, Action.CANCEL, Action.PRINT
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(scope="module")
def entry() -> AssetEntry:
    return find_asset("AMZN")


@pytest.fixture
def recording(make_events: Callable[..., Events]) -> Recording:
    """100 s, ten events 10 s apart and one at the end; spread 2 for 60 s, 4 for 40 s."""
    rows = [
        (ADD, BUY, 1000, 10), (ADD, SELL, 1002, 20), (CANCEL, BUY, 1000, 5), (ADD, BUY, 1002, 8),
        (PRINT, SELL, 1001, 3), (ADD, SELL, 1000, 7), (ADD, BUY, 998, 30), (ADD, SELL, 1002, 40),
        (CANCEL, SELL, 1002, 1), (ADD, BUY, 998, 50), (ADD, SELL, 1002, 60),
    ]  # fmt: skip
    events = make_events(*[(10 * i * NS_PER_S, *row) for i, row in enumerate(rows)])
    column = np.ones(11, np.int64)
    bid = np.array([1000] * 6 + [998] * 5)
    return Recording(events, Quotes(bid, 1002 * column, 100 * column, 200 * column))


@pytest.fixture
def profile(recording: Recording, entry: AssetEntry) -> AssetProfile:
    return fit_profile(recording, entry)


def test_round_trip(profile: AssetProfile, tmp_path: Path) -> None:
    profile.write(tmp_path / "profile.json")
    assert AssetProfile.read(tmp_path / "profile.json") == profile


def test_bad_file_names_the_field(profile: AssetProfile, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    with pytest.raises(FaultlineError, match=r"profile\.json: asset profile cannot be read"):
        AssetProfile.read(path)
    path.write_text(profile.model_dump_json().replace('"liquidity":1', '"liquidity":9'))
    with pytest.raises(FaultlineError, match=r"profile\.json: liquidity: "):
        AssetProfile.read(path)
    path.write_text("{")
    with pytest.raises(FaultlineError, match=r"profile\.json: file: "):
        AssetProfile.read(path)


def test_order_sizes_follow_the_quantiles(profile: AssetProfile) -> None:
    own = profile.model_copy(update={"order_size_quantiles": [0.0, 100.0, 100.0, 300.0]})
    sizes = own.order_sizes(np.array([0.0, 0.2, 1 / 3, 0.5, 0.9, 1.0]))
    assert sizes.tolist() == [1, 60, 100, 100, 240, 300]
    assert sizes.dtype == np.int64


def test_names_and_tier_come_from_the_entry(profile: AssetProfile, entry: AssetEntry) -> None:
    assert (profile.asset, profile.venue, profile.liquidity) == ("AMZN", "NASDAQ", 1)
    assert (profile.session_start_ns, profile.session_end_ns) == entry.session


def test_rates_and_spread(profile: AssetProfile) -> None:
    assert profile.spread_pmf == [0.0, 0.6, 0.0, 0.4]
    assert profile.spread_ticks == 2.0
    assert profile.price_ticks == 1001
    assert profile.events_per_s == pytest.approx(10 / 100)  # the print is no event of the book
    assert profile.volume_per_s == pytest.approx((8 + 3 + 7) / 100)  # two adds cross, one print


def test_volatility_is_that_of_ten_second_returns(profile: AssetProfile) -> None:
    returns = np.zeros(10)
    returns[5] = np.log(1000.0 / 1001.0)
    assert profile.volatility_bps == pytest.approx(1e4 * returns.std())


def test_sizes_are_those_of_adds_that_do_not_cross(profile: AssetProfile) -> None:
    assert profile.order_size_quantiles[0] == 10.0
    assert set(profile.order_size_quantiles) == {10.0, 20.0, 30.0, 40.0, 50.0, 60.0}


def test_one_sided_book_has_no_spread(recording: Recording, entry: AssetEntry) -> None:
    assert recording.quotes is not None
    sizes = recording.quotes.ask_size.copy()
    sizes[:3] = 0
    quotes = dataclasses.replace(recording.quotes, ask_size=sizes)
    profile = fit_profile(Recording(recording.events, quotes), entry)
    assert profile.spread_pmf == pytest.approx([0.0, 3 / 7, 0.0, 4 / 7])


def test_touch_alone_stands_in_for_levels(profile: AssetProfile) -> None:
    assert profile.shape_occupied == [1.0] * 100
    assert profile.shape_size == [150.0] * 100


def test_levels_given_beside_the_recording(recording: Recording, entry: AssetEntry) -> None:
    sizes = np.tile([5, 7], (11, 1))
    levels = Levels(np.tile([1000, 997], (11, 1)), sizes, np.tile([1002, 1005], (11, 1)), sizes)
    profile = fit_profile(recording, entry, levels=levels)
    assert profile.shape_occupied[:5] == [1.0, 0.0, 0.0, 1.0, 0.5]
    assert profile.shape_size[3] == 7.0


def test_book_shape_judges_a_distance_only_where_it_was_seen() -> None:
    """Two levels: the first state shows 3 ticks, the second 1, the third the whole book."""
    bid = np.array([[100, 97], [100, 99], [100, 0]])
    sizes = np.array([[10, 30], [20, 40], [30, 0]])
    nothing = np.zeros((3, 2), np.int64)
    occupied, mean_size = book_shape(
        Levels(bid, sizes, nothing, nothing), np.array([1.0, 2.0, 1.0])
    )
    assert occupied[:5] == pytest.approx([1.0, 2 / 4, 0.0, 1 / 2, 0.0])
    assert mean_size[[0, 1, 3]] == pytest.approx([(10 + 40 + 30) / 4, 40.0, 30.0])
    assert occupied[99] == 0.0  # seen, through the third state
    assert np.isfinite(mean_size).all()


def test_book_shape_of_an_empty_book() -> None:
    nothing = np.zeros((3, 2), np.int64)
    with pytest.raises(RecordingError, match="no state of the book has a level"):
        book_shape(Levels(nothing, nothing, nothing, nothing), np.ones(3))


def test_size_quantiles_keep_atoms_and_the_mean() -> None:
    rng = np.random.default_rng(0)
    sizes = np.concatenate((rng.integers(1, 50, 40_000), np.full(60_000, 100), [30_000] * 2))
    quantiles = size_quantiles(sizes)
    assert len(quantiles) == 101
    assert (np.diff(quantiles) >= 0).all()
    u = (np.arange(100_000) + 0.5) / 100_000
    drawn = np.interp(u, np.linspace(0, 1, 101), quantiles)
    assert (drawn == 100).mean() == pytest.approx(0.59, abs=0.011)
    assert drawn.mean() == pytest.approx(sizes.mean(), rel=0.01)


def test_size_quantiles_of_one_order() -> None:
    assert size_quantiles(np.array([7])).tolist() == [7.0] * 101


def test_what_cannot_be_measured_is_refused(recording: Recording, entry: AssetEntry) -> None:
    with pytest.raises(RecordingError, match="AMZN: profile: the recording has no quotes"):
        fit_profile(Recording(recording.events), entry)
    with pytest.raises(RecordingError, match="lasts 50 s, 60 s are needed"):
        fit_profile(recording.slice(0, 6), entry)
    with pytest.raises(RecordingError, match="lasts 0 s"):
        fit_profile(recording.slice(0, 0), entry)
    assert recording.quotes is not None
    still = dataclasses.replace(recording.quotes, bid_ticks=recording.quotes.ask_ticks - 1)
    with pytest.raises(RecordingError, match="no trade or no movement"):
        fit_profile(Recording(recording.events, still), entry)


def test_amzn(amzn: Recording, entry: AssetEntry) -> None:
    train = amzn.between(*entry.splits.train)
    profile = fit_profile(train, entry)
    assert sum(profile.spread_pmf) == pytest.approx(1.0)
    assert profile.spread_ticks == 13.0
    assert profile.events_per_s == pytest.approx(6.62, abs=0.01)
    assert profile.volatility_bps == pytest.approx(3.12, abs=0.01)
    assert profile.shape_occupied[0] == 1.0
    assert all(0.0 < share <= 1.0 for share in profile.shape_occupied)
    assert min(profile.shape_size) > 0.0
    # Sizes drawn from the profile have the mean of the sizes measured.
    events = train.events
    resting = (events.action == ADD) & (events.order_id >= 0)
    drawn = profile.order_sizes((np.arange(20_000) + 0.5) / 20_000)
    assert drawn.mean() == pytest.approx(events.size[resting].mean(), rel=0.01)
