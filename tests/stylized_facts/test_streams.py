"""The streams that events are sorted into, and their times."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from model.errors import RecordingError
from model.events import Action, Events, Quotes, Recording, Side
from stylized_facts.baselines.streams import Kind, price_at, stream_and_offset, stream_events


def test_streams_of_events_by_hand() -> None:
    add, cancel, buy, sell = Action.ADD, Action.CANCEL, Side.BUY, Side.SELL
    for action, side, price, kind, offset in [
        (add, buy, 97, Kind.LO_DEEP, 3), (add, buy, 100, Kind.LO_TOP, 0),
        (add, buy, 102, Kind.LO_INSPREAD, 2), (add, buy, 105, Kind.MO, 0),
        (add, buy, 107, Kind.MO, 2), (add, sell, 104, Kind.LO_INSPREAD, 1),
        (add, sell, 99, Kind.MO, 1), (cancel, buy, 100, Kind.CO_TOP, 0),
        (cancel, sell, 108, Kind.CO_DEEP, 3),
    ]:  # fmt: skip
        found = stream_and_offset(int(action), int(side), price, 100, 105)
        assert found == (2 * kind + side, offset)
        assert price_at(int(kind), int(side), offset, 100, 105) == price


def test_ties_are_moved_apart_and_prints_left_out(make_events: Callable[..., Events]) -> None:
    rows = [
        (0, 0, 0, 99, 5),
        (10, 0, 0, 98, 5),
        (10, 2, 1, 99, 7),
        (10, 0, 1, 103, 5),
        (10**9, 1, 0, 98, 5),
    ]
    events = make_events(*rows)
    flat = [np.full(5, value) for value in (99, 102, 5, 5)]
    window = stream_events(Recording(events, Quotes(*flat)))
    assert window.stream.tolist() == [0, 1, 2]
    assert window.time_s == pytest.approx([1e-6, 2e-6, 1.0], abs=1e-12)
    with pytest.raises(RecordingError, match="needs quotes"):
        stream_events(Recording(events))
