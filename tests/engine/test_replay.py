"""Recorded flow gives back the recorded book."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.book import OrderBooks, Resting
from engine.replay import replay, touch_agreement
from engine.seeding import BookSeed
from engine.window import reconcile
from model.catalogue import find_asset, read_recording
from model.errors import RecordingError
from model.events import NO_ORDER, Action, Events, Levels, Quotes, Recording, Side

ADD, CANCEL, PRINT = Action.ADD, Action.CANCEL, Action.PRINT
BUY, SELL = Side.BUY, Side.SELL
MakeEvents = Callable[..., Events]


def rows(book: BookSeed) -> list[tuple[int, int, int]]:
    columns = (book.side, book.price_ticks, book.size)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def quotes_at(quotes: Quotes, row: int) -> tuple[int, ...]:
    return tuple(int(column[row]) for column in vars(quotes).values())


def levels(bids: list[list[tuple[int, int]]], asks: list[list[tuple[int, int]]]) -> Levels:
    """One list of (price, size) a row."""
    bid, ask = np.array(bids), np.array(asks)
    return Levels(bid[..., 0], bid[..., 1], ask[..., 0], ask[..., 1])


def test_every_kind_of_event(make_events: MakeEvents) -> None:
    events = make_events(
        (0, ADD, BUY, 99, 100, 1),
        (1, ADD, SELL, 101, 50, 2),
        (2, ADD, SELL, 101, 60, 3),
        (3, ADD, BUY, 101, 70),  # an aggressive order: takes order 2, and 20 of order 3
        (4, PRINT, BUY, 100, 500),
        (5, CANCEL, SELL, 101, 10, 3),
        (6, CANCEL, BUY, 99, 30, 77),  # an order from before: its level gives
        (7, CANCEL, SELL, 101, 30, 3),
    )
    played = replay(Recording(events), snapshot_rows=[6, 2])
    assert [quotes_at(played.quotes, row) for row in range(8)] == [
        (99, 100, 100, 0),
        (99, 101, 100, 50),
        (99, 101, 100, 110),
        (99, 101, 100, 40),
        (99, 101, 100, 40),
        (99, 101, 100, 30),
        (99, 101, 70, 30),
        (99, 101, 70, 0),
    ]
    assert rows(played.snapshots[1]) == [(BUY, 99, 100), (SELL, 101, 50), (SELL, 101, 60)]
    assert rows(played.snapshots[0]) == [(BUY, 99, 70), (SELL, 101, 30)]
    assert [book.time_ns for book in played.snapshots] == [6, 2]
    assert played.counters == {
        "crossed": 0,
        "stale": 0,
        "unfilled_size": 0,
        "unknown_cancel": 1,
        "missing_size": 0,
        "refilled_levels": 0,
        "out_of_range": 0,
    }


def test_aggressive_order_does_not_rest(make_events: MakeEvents) -> None:
    events = make_events((0, ADD, SELL, 101, 50, 1), (1, ADD, BUY, 101, 80))
    played = replay(Recording(events))
    assert quotes_at(played.quotes, 1) == (0, 101, 0, 0)
    assert played.counters["unfilled_size"] == 30


def test_flow_without_any_id_rests_and_trades(make_events: MakeEvents) -> None:
    events = make_events((0, ADD, SELL, 101, 50), (1, ADD, BUY, 102, 80), (2, CANCEL, BUY, 102, 10))
    played = replay(Recording(events))
    assert quotes_at(played.quotes, 2) == (102, 103, 20, 0)
    assert played.counters["unfilled_size"] == 0


def test_flow_with_all_ids_trades_on_arrival(make_events: MakeEvents) -> None:
    events = make_events((0, ADD, SELL, 101, 50, 1), (1, ADD, BUY, 102, 80, 2))
    played = replay(Recording(events))
    assert quotes_at(played.quotes, 1) == (102, 103, 30, 0)
    assert played.counters["crossed"] == 1


def test_orders_that_left_unseen_are_taken_out(make_events: MakeEvents) -> None:
    events = make_events(
        (0, ADD, SELL, 101, 50, 1),
        (1, ADD, SELL, 103, 60, 2),
        (2, ADD, BUY, 102, 10, 3),  # so order 1 is not there any more
        (3, ADD, SELL, 102, 10),
        (4, ADD, SELL, 101, 500, 4),
        (5, ADD, BUY, 103, 20),  # 500 shares at 101 would have stopped it
    )
    played = replay(Recording(events))
    assert quotes_at(played.quotes, 2) == (102, 103, 10, 60)
    assert quotes_at(played.quotes, 5) == (100, 103, 0, 40)
    assert played.counters["stale"] == 2


def test_cancel_of_more_than_the_order_has_left_takes_the_rest_off_its_level(
    make_events: MakeEvents,
) -> None:
    events = make_events(
        (0, ADD, SELL, 101, 50, 1),
        (1, ADD, SELL, 101, 60, 2),
        (2, ADD, BUY, 101, 20),
        (3, CANCEL, SELL, 101, 50, 1),
    )
    played = replay(Recording(events), [3])
    assert rows(played.snapshots[0]) == [(SELL, 101, 40)]
    assert played.counters["missing_size"] == 0


def test_book_starts_as_the_first_row_left_it(make_events: MakeEvents) -> None:
    events = make_events((5, ADD, BUY, 99, 30, 1), (6, CANCEL, SELL, 101, 120, 9))
    shown = levels(
        bids=[[(99, 30), (98, 250)]] * 2, asks=[[(101, 320), (0, 0)], [(101, 200), (0, 0)]]
    )
    played = replay(Recording(events, None, shown), [0, 1])
    assert rows(played.snapshots[0]) == [
        (BUY, 99, 30), (BUY, 98, 100), (BUY, 98, 100), (BUY, 98, 50),
        (SELL, 101, 100), (SELL, 101, 100), (SELL, 101, 100), (SELL, 101, 20),
    ]  # fmt: skip
    assert quotes_at(played.quotes, 0) == (99, 101, 30, 320)
    assert quotes_at(played.quotes, 1) == (99, 101, 30, 200)
    assert rows(played.snapshots[1])[4:] == [(SELL, 101, 80), (SELL, 101, 100), (SELL, 101, 20)]


def test_levels_that_come_into_view_are_set_as_recorded(make_events: MakeEvents) -> None:
    events = make_events(
        (0, ADD, SELL, 105, 10, 1),
        (1, ADD, BUY, 99, 10, 2),  # pushes 97 out of the window of two levels
        (2, CANCEL, BUY, 98, 30, 7),  # 97 is gone by now, 96 comes into view
        (3, CANCEL, BUY, 99, 10, 2),  # and 95
    )
    shown = levels(
        bids=[
            [(98, 30), (97, 40)],
            [(99, 10), (98, 30)],
            [(99, 10), (96, 50)],
            [(96, 50), (95, 60)],
        ],
        asks=[[(105, 10), (0, 0)]] * 4,
    )
    played = replay(Recording(events, None, shown), [1, 3])
    assert quotes_at(played.quotes, 3) == (96, 105, 50, 10)
    assert rows(played.snapshots[0])[:5] == [
        (BUY, 99, 10), (BUY, 98, 30), (BUY, 97, 40), (SELL, 105, 10)
    ]  # fmt: skip
    assert rows(played.snapshots[1])[:2] == [(BUY, 96, 50), (BUY, 95, 60)]
    assert played.counters["refilled_levels"] == 3


def test_reconciled_book_agrees_with_the_record() -> None:
    resting = Resting(
        side=np.array([0] * 7, np.int8),
        price_ticks=np.array([100, 100, 100, 99, 98, 98, 95]),
        size=np.array([50, 70, 30, 10, 20, 20, 5]),
        order_id=np.arange(7),
    )
    shown = levels(bids=[[(100, 80), (98, 270)]], asks=[[(101, 100), (103, 5)]])
    assert rows(reconcile(resting, shown, 0, 9)) == [
        (BUY, 100, 50), (BUY, 100, 30),  # the oldest gave way
        (BUY, 98, 20), (BUY, 98, 20), (BUY, 98, 100), (BUY, 98, 100), (BUY, 98, 30),
        (BUY, 95, 5),  # deeper than the record: kept; 99 is inside it: gone
        (SELL, 101, 100), (SELL, 103, 5),
    ]  # fmt: skip
    whole = levels(bids=[[(100, 80), (0, 0)]], asks=[[(101, 100), (103, 5)]])
    assert rows(reconcile(resting, whole, 0, 9))[:3] == [
        (BUY, 100, 50), (BUY, 100, 30), (SELL, 101, 100)
    ]  # fmt: skip


def test_pool_grows_during_a_replay(make_events: MakeEvents) -> None:
    count = 10_000
    events = make_events(*((i, ADD, BUY, 1000 + i % 50, 1, i) for i in range(count)))
    played = replay(Recording(events), [count - 1])
    assert len(played.snapshots[0]) == count


def test_empty_recording(make_events: MakeEvents) -> None:
    assert len(replay(Recording(make_events())).quotes) == 0


@pytest.mark.parametrize("row", [-1, 2])
def test_snapshot_of_a_row_that_is_not_there(make_events: MakeEvents, row: int) -> None:
    events = make_events((0, ADD, BUY, 99, 1, 1), (1, ADD, BUY, 99, 1, 2))
    with pytest.raises(RecordingError, match=f"no row {row} for a snapshot, it has 2 events"):
        replay(Recording(events), [row])


def test_agreement_needs_recorded_quotes(make_events: MakeEvents) -> None:
    recording = Recording(make_events((0, ADD, BUY, 99, 1, 1)))
    with pytest.raises(RecordingError, match="without quotes"):
        touch_agreement(recording, replay(recording).quotes)


def test_whole_session_comes_back_exactly(amzn: Recording) -> None:
    middle = len(amzn) // 2
    played = replay(amzn, [middle])
    assert touch_agreement(amzn, played.quotes) == 1.0
    assert amzn.quotes is not None
    assert amzn.levels is not None
    np.testing.assert_array_equal(played.quotes.bid_size, amzn.quotes.bid_size)
    np.testing.assert_array_equal(played.quotes.ask_size, amzn.quotes.ask_size)
    assert played.counters["stale"] == played.counters["missing_size"] == 0
    books = OrderBooks()
    books.load(played.snapshots[0])
    for side, name in ((BUY, "bid"), (SELL, "ask")):
        prices, sizes = books.depth(side, 5)
        assert prices.tolist() == getattr(amzn.levels, f"{name}_ticks")[middle].tolist()
        assert sizes.tolist() == getattr(amzn.levels, f"{name}_size")[middle].tolist()


def test_book_of_another_market_comes_back_exactly(data_dir: Path) -> None:
    """Orders that rest from before the start show only in the recorded levels."""
    entry = find_asset("SSE600961")
    if not (data_dir / entry.recording).is_file():
        pytest.skip(f"no recording {data_dir / entry.recording}")
    recording = read_recording(entry, data_dir)
    played = replay(recording)
    assert touch_agreement(recording, played.quotes) == 1.0
    assert played.counters["crossed"] == played.counters["stale"] == 0
    assert played.counters["unfilled_size"] == 0


def test_messages_alone_rebuild_a_deep_recording(data_dir: object) -> None:
    recording = read_recording(find_asset("MSFT"), data_dir)
    quotes = replay(recording).quotes
    settled = recording.events.time_ns >= (9 * 3600 + 35 * 60) * 10**9
    spread = (quotes.ask_ticks - quotes.bid_ticks)[settled]
    assert spread.min() == 1
    # Share of events by spread, as the by-id rebuild of the message file has it: .685 and .314.
    assert np.mean(spread == 1) == pytest.approx(0.685, abs=0.01)
    assert np.mean(spread == 2) == pytest.approx(0.314, abs=0.01)
    assert (quotes.bid_size[settled] > 0).all()
    assert (recording.events.order_id == NO_ORDER).any()
