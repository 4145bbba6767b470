"""What a sample accepts, how it is cut, and what it shows before each event and every second."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.events import NS_PER_S, EventsMeta, Levels, Quotes, Recording
from stylized_facts import MarketSample, SampleError
from stylized_facts.sample import remembered

S = NS_PER_S


def quotes(*rows):
    return Quotes(*np.array(rows, np.int64).reshape(-1, 4).T)


@pytest.fixture
def recording(make_events):
    """Five events; the touch is 99/101, then 100/101, then 100/102."""
    events = make_events(
        (1 * S, 0, 0, 99, 10), (2 * S, 0, 0, 100, 5), (int(2.5 * S), 2, 0, 101, 3),
        (3 * S, 0, 0, 101, 7), (6 * S, 1, 0, 100, 5),
    )  # fmt: skip
    touch = quotes(
        (99, 101, 10, 7), (100, 101, 5, 7), (100, 101, 5, 7), (100, 102, 5, 9), (99, 102, 10, 9)
    )
    return Recording(events, touch)


def test_first_event_gives_the_start(recording):
    sample = MarketSample.from_recordings([recording], "x")
    assert len(sample) == 1
    assert len(sample.events) == 4
    assert sample.start_ns.tolist() == [1 * S]
    assert sample.end_ns.tolist() == [6 * S]
    assert sample.before.bid_ticks.tolist() == [99, 100, 100, 100]
    assert sample.before.ask_ticks.tolist() == [101, 101, 101, 102]


def test_aggressive_orders_cross_the_touch_before_them(recording):
    sample = MarketSample.from_recordings([recording], "x")
    assert sample.aggressive.tolist() == [False, False, True, False]


def test_grid_is_previous_tick(recording):
    sample = MarketSample.from_recordings([recording], "x")
    assert sample.grid.mid_ticks.tolist() == [100.0, 100.5, 101.0, 101.0, 101.0, 100.5]


def test_grid_uses_given_starts(recording):
    starts = quotes((90, 110, 1, 1))
    sample = MarketSample.from_recordings([recording], "x", spans=[(0, 8 * S)], starts=starts)
    assert len(sample.events) == 5
    assert sample.grid.mid_ticks.tolist() == [100, 100, 100.5, 101, 101, 101, 100.5, 100.5, 100.5]
    assert sample.before.bid_ticks[0] == 90


def test_windows_never_see_each_other(recording):
    sample = MarketSample.from_recordings([recording, recording], "x")
    assert sample.offsets.tolist() == [0, 4, 8]
    assert sample.before.bid_ticks[4] == 99
    assert sample.window.tolist() == [0] * 4 + [1] * 4
    assert sample.grid.offsets.tolist() == [0, 6, 12]


def test_a_path_without_events_is_a_window(recording, make_events):
    starts = quotes((90, 110, 1, 1), (90, 110, 1, 1))
    empty = Recording(make_events(), quotes())
    sample = MarketSample.from_recordings(
        [empty, recording], "x", spans=[(0, 8 * S), (0, 8 * S)], starts=starts
    )
    assert sample.offsets.tolist() == [0, 0, 5]
    assert sample.before.bid_ticks[0] == 90
    assert sample.grid.mid_ticks[:9].tolist() == [100.0] * 9


def test_windows_are_cut_with_the_touch_that_they_open_with(recording):
    sample = MarketSample.from_recordings([recording], "x").windows(2 * S)
    assert sample.start_ns.tolist() == [1 * S, 3 * S]
    assert sample.end_ns.tolist() == [3 * S, 5 * S]
    assert sample.offsets.tolist() == [0, 2, 3]
    assert sample.start.bid_ticks.tolist() == [99, 100]
    with pytest.raises(SampleError, match="no window lasts 60 s"):
        sample.windows(60 * S)


def test_from_session_opens_with_the_touch_before(recording):
    sample = MarketSample.from_session(recording, "x", int(2.2 * S), 6 * S)
    assert sample.start.bid_ticks.tolist() == [100]
    assert sample.start_ns.tolist() == [int(2.2 * S)]
    assert len(sample.events) == 2
    whole = MarketSample.from_session(recording, "x", 0, 7 * S)
    assert whole.start_ns.tolist() == [1 * S]


def test_bad_samples_are_refused_in_one_line(recording, make_events):
    def refused(match, *recordings, **options):
        with pytest.raises(SampleError, match=match) as caught:
            MarketSample.from_recordings(list(recordings), "mine", **options)
        assert "\n" not in str(caught.value)

    refused("'mine': holds no recording")
    refused("window 2: has no quotes", recording, replace(recording, quotes=None))
    refused("window 1: holds no event", recording.slice(0, 0))
    refused("lasts no time", recording.slice(0, 1))
    refused("5 events but 2 quotes", replace(recording, quotes=recording.quotes.slice(0, 2)))
    refused("needs `spans`", recording, starts=quotes((1, 2, 1, 1)))
    refused("outside its span", recording, spans=[(0, 2 * S)])

    backwards = make_events((2 * S, 0, 0, 99, 10), (1 * S, 0, 0, 99, 10))
    refused("window 1: time runs backwards at row 2",
            Recording(backwards, recording.quotes.slice(0, 2)))  # fmt: skip
    crossed = replace(recording, quotes=quotes(*[(101, 100, 1, 1)] * 5))
    refused("best bid is not below best ask after row 1", crossed)
    for meta, match in (
        (EventsMeta("TEST", tick_size=0.05), "window 2: tick_size 0.05 differs from 0.01"),
        (EventsMeta("OTHER"), "window 2: asset 'OTHER' differs from 'TEST'"),
    ):
        other = Recording(replace(recording.events, meta=meta), recording.quotes)
        refused(match, recording, other)


def test_an_empty_side_is_not_crossed(recording):
    one_sided = replace(recording, quotes=quotes(*[(101, 100, 1, 0)] * 5))
    sample = MarketSample.from_recordings([one_sided], "x")
    assert not sample.grid.two_sided.any()


def test_rows_at_a_time_stay_in_their_window(recording):
    """Both windows run from 1 s to 6 s and hold events at 1, 1.5, 2 and 5 s after their start."""
    sample = MarketSample.from_recordings([recording, recording], "x")
    window = np.array([0, 0, 0, 0, 1, 1, 1])
    since = np.array([0.5, 1, 1.7, 9, 0.9, 2, 50]) * S
    found = sample.rows_at(window, since.astype(np.int64))
    assert found.tolist() == [-1, 0, 1, 3, -1, 6, 7]
    assert (np.diff(sample.clock_ns) > 0).all()


def test_what_is_remembered_is_found_once_a_sample(recording):
    calls = []

    @remembered
    def length(sample, factor=1):
        calls.append(sample.label)
        return factor * len(sample.events)

    one, two = (MarketSample.from_recordings([recording], name) for name in "ab")
    assert [length(one), length(one), length(one, factor=2), length(two)] == [4, 4, 8, 4]
    assert calls == ["a", "a", "b"]


def test_levels_are_kept_where_all_have_them(recording):
    deep = replace(recording, levels=Levels(*(np.arange(10).reshape(5, 2) for _ in range(4))))
    both = MarketSample.from_recordings([deep, deep], "x")
    assert both.levels.bid_size[:, 0].tolist() == [2, 4, 6, 8] * 2
    assert MarketSample.from_recordings([deep, recording], "x").levels is None
