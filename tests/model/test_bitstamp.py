"""The Bitstamp reader: every rule on small files, then the real recording."""

from __future__ import annotations

import logging
import lzma
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.replay import replay, touch_agreement
from model.catalogue import find_asset, read_recording
from model.errors import RecordingError
from model.events import Recording
from tests.model.aggressive_orders import aggressive_orders
from tests.model.bitstamp_log import (
    ADD,
    BOOK,
    BUY,
    CANCEL,
    LOT,
    SELL,
    after_book,
    line,
    read,
    rows_of,
    write,
)


def test_cancel_and_levels(tmp_path: Path) -> None:
    lines = [*BOOK, line(1, 10, "10.00", 5, "deleted", "bid")]
    recording = read(write(tmp_path, lines))
    assert rows_of(recording)[4:] == [(10, CANCEL, BUY, 1000, 5, 1)]
    quotes, levels = recording.quotes, recording.levels
    assert quotes is not None
    assert levels is not None
    assert quotes.bid_ticks.tolist() == [1000, 1000, 1000, 1000, 999]
    assert quotes.bid_size.tolist() == [5, 5, 5, 5, 7]
    assert quotes.ask_ticks.tolist() == [1002, 1002, 1002, 1002, 1002]  # at first, its first
    assert quotes.ask_size.tolist() == [0, 0, 4, 4, 4]
    assert levels.bid_ticks[3, :3].tolist() == [1000, 999, 0]
    assert levels.ask_size[4, :3].tolist() == [4, 6, 0]
    assert levels.ask_ticks.shape == (5, 10)
    assert recording.events.meta.session_start_ns == 0
    assert recording.events.meta.session_end_ns == 10_000_000


def test_aggressor_that_fills_fully(tmp_path: Path) -> None:
    """One order at the worst price paid, when it comes in; the fills are no events."""
    assert after_book(
        tmp_path,
        line(5, 10, "10.05", 7, "created", "bid"),
        line(5, 110, "10.05", 3, "changed", "bid"),
        line(3, 112, "10.02", 0, "deleted", "ask"),
        line(4, 140, "10.03", 3, "changed", "ask"),
        line(5, 141, "10.05", 0, "deleted", "bid"),
        line(4, 200, "10.03", 3, "deleted", "ask"),
    ) == [(10, ADD, BUY, 1003, 7, -1), (200, CANCEL, SELL, 1003, 3, 4)]


def test_aggressor_that_trades_and_rests(tmp_path: Path) -> None:
    assert after_book(
        tmp_path,
        line(5, 10, "10.00", 8, "created", "ask"),
        line(1, 110, "10.00", 0, "deleted", "bid"),
        line(5, 112, "10.00", 3, "changed", "ask"),
        line(6, 150, "10.00", 1, "created", "bid"),  # a later one takes a part of the rest
        line(5, 250, "10.00", 2, "changed", "ask"),
        line(6, 251, "10.00", 0, "deleted", "bid"),
        line(5, 300, "10.00", 2, "deleted", "ask"),
    ) == [
        (10, ADD, SELL, 1000, 5, -1),
        (10, ADD, SELL, 1000, 3, 5),
        (150, ADD, BUY, 1000, 1, -1),
        (300, CANCEL, SELL, 1000, 2, 5),
    ]


def test_volume_is_rounded_up_to_lots(tmp_path: Path) -> None:
    """What an order adds is what its fills and its cancel take off; dust is no event."""
    assert after_book(
        tmp_path,
        line(5, 10, "10.01", 2.5, "created", "ask"),
        line(6, 20, "10.01", 0.4, "created", "bid"),
        line(5, 120, "10.01", 2.1, "changed", "ask"),
        line(6, 120, "10.01", 0, "deleted", "bid"),
        line(7, 220, "10.01", 0.3, "created", "bid"),
        line(5, 320, "10.01", 1.8, "changed", "ask"),
        line(7, 321, "10.01", 0, "deleted", "bid"),
        line(5, 400, "10.01", 1.8, "deleted", "ask"),
    ) == [
        (10, ADD, SELL, 1001, 3, 5),
        (220, ADD, BUY, 1001, 1, -1),
        (400, CANCEL, SELL, 1001, 2, 5),
    ]


def test_market_order_never_rests(tmp_path: Path) -> None:
    """Its price moves; it meets an order that came in later, and its last row is inexact."""
    assert after_book(
        tmp_path,
        line(5, 10, "10.02", 12, "created", "bid"),
        line(5, 110, "10.02", 8, "changed", "bid"),
        line(3, 110, "10.02", 0, "deleted", "ask"),
        line(5, 120, "10.03", 7.9, "changed", "bid"),  # the same money buys less
        line(6, 130, "10.02", 1, "created", "ask"),
        line(5, 140, "10.03", 6.9, "changed", "bid"),
        line(6, 142, "10.02", 0, "deleted", "ask"),
        line(5, 160, "10.03", 6.9, "deleted", "bid"),
    ) == [
        (10, ADD, BUY, 1002, 4, -1),
        (130, ADD, SELL, 1002, 1, 6),
        (130, ADD, BUY, 1002, 1, -1),
    ]


def test_deletion_with_volume_that_was_a_fill(tmp_path: Path) -> None:
    assert after_book(
        tmp_path,
        line(5, 10, "10.02", 3.0001, "created", "bid"),
        line(5, 110, "10.02", 3.0001, "deleted", "bid"),
        line(3, 112, "10.02", 1, "changed", "ask"),
    ) == [(10, ADD, BUY, 1002, 3, -1)]


def test_fill_of_an_order_alone_is_an_aggressor_that_the_log_lacks(tmp_path: Path) -> None:
    assert after_book(
        tmp_path,
        line(3, 50, "10.02", 1, "changed", "ask"),
        line(1, 60, "10.00", 0, "deleted", "bid"),
    ) == [(50, ADD, BUY, 1002, 3, -1), (60, ADD, SELL, 1000, 5, -1)]


def test_orders_from_before_the_start(tmp_path: Path) -> None:
    """They rest without a message, with the volume they turn out to have had."""
    recording = read(
        write(
            tmp_path,
            [
                line(20, 5, "10.01", 9, "created", "bid"),
                line(11, 100, "10.01", 0, "deleted", "ask"),  # had what the bid bought: 4
                line(20, 101, "10.01", 5, "changed", "bid"),
                line(12, 200, "10.02", 3, "deleted", "ask"),
                line(21, 250, "9.99", 1, "created", "ask"),
                line(13, 300, "9.99", 2, "changed", "bid"),  # had 2 and what was sold
                line(21, 301, "9.99", 0, "deleted", "ask"),
                line(20, 400, "10.01", 5, "deleted", "bid"),
            ],
        )
    )
    assert rows_of(recording) == [
        (5, ADD, BUY, 1001, 4, -1),
        (5, ADD, BUY, 1001, 5, 20),
        (200, CANCEL, SELL, 1002, 3, 12),
        (250, ADD, SELL, 999, 1, -1),
        (400, CANCEL, BUY, 1001, 5, 20),
    ]
    assert recording.levels is not None
    assert recording.levels.ask_size[0, :2].tolist() == [3, 0]
    assert recording.levels.bid_size[:, :2].tolist() == [[3, 0], [5, 3], [5, 3], [5, 2], [2, 0]]


def test_stale_order_leaves_before_the_one_that_meets_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        events = after_book(
            tmp_path,
            line(5, 10, "10.02", 1, "created", "bid"),
            line(3, 20, "10.02", 4, "deleted", "ask"),
        )
    assert events == [(10, CANCEL, SELL, 1002, 4, 3), (10, ADD, BUY, 1002, 1, 5)]
    assert "1 stale orders taken out" in caplog.text


def test_rows_in_the_wrong_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        events = after_book(
            tmp_path,
            line(5, 10, "9.98", 1, "deleted", "bid"),  # overtook its creation
            line(5, 20, "9.98", 1, "created", "bid"),
            line(2, 30, "9.99", 7, "deleted", "bid"),
            line(2, 40, "9.99", 7, "deleted", "bid"),  # twice
            line(6, 50, "10.02", 2, "created", "bid"),
            line(3, 150, "10.02", 2, "changed", "ask"),
            line(6, 151, "10.02", 0, "deleted", "bid"),
            line(7, 160, "10.03", 3, "created", "bid"),
            line(3, 260, "10.02", 0, "deleted", "ask"),
            line(4, 260, "10.03", 5, "changed", "ask"),
            line(7, 260, "10.03", 0, "deleted", "bid"),  # overtook its change
            line(7, 261, "10.03", 1, "changed", "bid"),
        )
    assert events == [
        (30, CANCEL, BUY, 999, 7, 2),
        (50, ADD, BUY, 1002, 2, -1),
        (160, ADD, BUY, 1003, 3, -1),
    ]
    assert "3 rows after an order's deletion left out" in caplog.text


def check_consistency(recording: Recording) -> None:
    """The book is never crossed, and no order gives more than it had."""
    events, quotes, levels = recording.events, recording.quotes, recording.levels
    assert quotes is not None
    assert levels is not None
    both = (quotes.bid_size > 0) & (quotes.ask_size > 0)
    assert (quotes.bid_ticks < quotes.ask_ticks)[both].all()
    for price, size, away in (
        (levels.bid_ticks, levels.bid_size, -1),
        (levels.ask_ticks, levels.ask_size, 1),
    ):
        assert (np.diff(price, axis=1) * away > 0)[size[:, 1:] > 0].all()
        assert (size >= 0).all()
    added: dict[int, int] = defaultdict(int)
    for action, size, order in zip(events.action, events.size, events.order_id, strict=True):
        if order >= 0 and action == ADD:
            added[order] += size
        elif action == CANCEL and order in added:
            added[order] -= size
            assert added[order] >= 0


fields = st.tuples(
    st.integers(1, 8),  # order
    st.integers(0, 300),  # ms after the row before
    st.integers(995, 1005),
    st.integers(0, 40),  # volume in tenths of a lot
    st.sampled_from(["created", "changed", "deleted"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(fields, min_size=1, max_size=40))
def test_any_log_gives_a_consistent_book(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int, int, str]]
) -> None:
    ms, lines = 0, []
    for order, step, ticks, tenths, action in rows:
        ms += step
        volume = max(tenths, action == "created") / 10
        side = "bid" if order % 2 else "ask"
        lines.append(line(order, ms, f"{ticks / 100:.2f}", volume, action, side))
    path = write(tmp_path_factory.mktemp("log"), lines)
    try:
        recording = read(path)
    except RecordingError as error:  # nothing else can be wrong with such a log
        if "in the whole file" in str(error) or "no order flow" in str(error):
            return
        raise
    check_consistency(recording)


def test_real_recording(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    entry = find_asset("BTCUSD")
    if not (data_dir / entry.recording).is_file():
        pytest.skip(f"no recording {data_dir / entry.recording}")
    with caplog.at_level(logging.INFO):
        recording = read_recording(entry, data_dir)
    assert "31 rows after an order's deletion left out, 0 stale orders" in caplog.text
    assert "575 trades of two orders, 0 of one alone" in caplog.text
    check_consistency(recording)
    events, quotes = recording.events, recording.quotes
    assert quotes is not None
    assert (quotes.bid_ticks < quotes.ask_ticks).all()
    assert min(quotes.bid_size.min(), quotes.ask_size.min()) > 0
    assert np.bincount(events.action).tolist() == [24_947, 24_308]
    aggressive = aggressive_orders(recording)
    assert aggressive.sum() == 356
    # Each trade takes its volume off an ask; a few asks had it from before the start.
    left: dict[str, int] = {}
    fallen = 0
    with lzma.open(data_dir / entry.recording, "rt") as stream:
        rows = [text.strip().split(",") for text in stream]
    for order, _, _, _, volume, _, side in rows[1:]:
        fallen += max(0, left.get(order, 0) - int(volume)) if side == "ask" else 0
        left[order] = int(volume)
    assert events.size[aggressive].sum() * LOT == pytest.approx(fallen, rel=0.01)
    rebuilt = replay(recording)
    assert touch_agreement(recording, rebuilt.quotes) > 0.999
    assert rebuilt.counters["crossed"] == 0
