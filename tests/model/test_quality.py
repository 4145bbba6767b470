"""What a recording holds and lacks, counted on hand-made ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from model.events import NS_PER_S, Action, Events, EventsMeta, Quotes, Recording, Side
from model.quality import recording_quality

MINUTE = 60 * NS_PER_S


def test_counts_by_hand(make_events: Callable[..., Events]) -> None:
    meta = EventsMeta("T", session_start_ns=0, session_end_ns=5 * MINUTE)
    events = make_events(
        (10 * NS_PER_S, Action.ADD, Side.BUY, 100, 5),
        (10 * NS_PER_S, Action.ADD, Side.SELL, 102, 5),
        (70 * NS_PER_S, Action.CANCEL, Side.BUY, 100, 5),
        (80 * NS_PER_S, Action.PRINT, Side.BUY, 101, 5),
        (6 * MINUTE, Action.ADD, Side.BUY, 103, 5),
        meta=meta,
    )
    quotes = Quotes(
        np.array([100, 100, 100, 100, 103]), np.array([0, 102, 102, 102, 102]),
        np.array([5, 5, 0, 0, 5]), np.array([0, 5, 5, 5, 5]),
    )  # fmt: skip
    found = recording_quality(Recording(events, quotes))
    assert (found.events, found.adds, found.cancels, found.prints) == (5, 3, 1, 1)
    assert (found.start_s, found.end_s) == (10.0, 360.0)
    assert found.coverage == 2 / 5
    assert found.longest_gap_s == 220.0  # from the last event of the session to its end
    assert found.outside == 1
    assert found.same_time == 1 / 4
    assert (found.one_sided, found.crossed) == (3, 1)


def test_without_quotes_nothing_is_said_of_the_book(make_events: Callable[..., Events]) -> None:
    found = recording_quality(Recording(make_events((5, Action.ADD, Side.BUY, 100, 5))))
    assert found.crossed is None
    assert found.one_sided is None


def test_an_empty_recording(make_events: Callable[..., Events]) -> None:
    meta = EventsMeta("T", session_start_ns=0, session_end_ns=MINUTE)
    found = recording_quality(Recording(make_events(meta=meta)))
    assert (found.events, found.coverage, found.longest_gap_s) == (0, 0.0, 60.0)
    assert math.isnan(found.start_s)


def test_a_real_session_is_whole_and_never_crossed(amzn: Recording) -> None:
    found = recording_quality(amzn)
    assert found.crossed == 0
    assert found.coverage == 1.0
    assert found.longest_gap_s < 60
    assert found.adds + found.cancels + found.prints == found.events == len(amzn)


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_recording_that_was_cut_off_covers_less(amzn: Recording, share: float) -> None:
    part = amzn.slice(0, int(share * len(amzn)))
    assert recording_quality(part).coverage < 0.9
