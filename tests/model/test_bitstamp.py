"""The Bitstamp reader: every rule and every refusal on small files, then the real recording."""

from __future__ import annotations

import logging
import lzma
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.replay import replay, touch_agreement
from model.catalogue import find_asset, read_recording
from model.errors import RecordingError
from model.events import Action, Recording, Side
from model.readers import read_bitstamp

ADD, CANCEL = Action.ADD, Action.CANCEL
BUY, SELL = Side.BUY, Side.SELL
MIDNIGHT = 1_430_438_400_000  # 2015-05-01, ms
LOT = 10_000  # volume units in a lot
HEADER = "id,timestamp,exchange.timestamp,price,volume,action,direction"

Event = tuple[int, int, int, int, int, int]


def line(order: int, ms: int, price: str, lots: float, action: str, side: str) -> str:
    """One row; the volume in lots."""
    return f"{order},{MIDNIGHT + ms},0,{price},{round(lots * LOT)},{action},{side}"


def write(folder: Path, lines: Sequence[str], header: str = HEADER) -> Path:
    """A log; returns its path."""
    path = folder / "orders.csv"
    path.write_text("".join(text + "\n" for text in [header, *lines]))
    return path


def read(path: Path) -> Recording:
    """The log as events."""
    return read_bitstamp(path, asset="BTCUSD", date="2015-05-01")


def rows_of(recording: Recording) -> list[Event]:
    """The events as rows (time in ms, action, side, price, size, order id)."""
    e = recording.events
    columns = (e.time_ns // 1_000_000, e.action, e.side, e.price_ticks, e.size, e.order_id)
    return list(zip(*(column.tolist() for column in columns), strict=True))


# A book of two bids and two asks, to which each test adds its rows.
BOOK = [
    line(1, 0, "10.00", 5, "created", "bid"),
    line(2, 0, "9.99", 7, "created", "bid"),
    line(3, 0, "10.02", 4, "created", "ask"),
    line(4, 0, "10.03", 6, "created", "ask"),
]


def after_book(folder: Path, *lines: str) -> list[Event]:
    """The events of rows that follow `BOOK`."""
    recording = read(write(folder, [*BOOK, *lines]))
    assert rows_of(recording)[:4] == [
        (0, ADD, BUY, 1000, 5, 1),
        (0, ADD, BUY, 999, 7, 2),
        (0, ADD, SELL, 1002, 4, 3),
        (0, ADD, SELL, 1003, 6, 4),
    ]
    return rows_of(recording)[4:]


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


@pytest.mark.parametrize(
    ("row", "text", "message"),
    [
        (1, HEADER.replace("action", "act"), "row 1: column action is missing; it needs id, "),
        (1, HEADER.replace("exchange.timestamp", "id"), "row 1: a column comes twice"),
        (3, BOOK[1].replace("created", "made"), "row 3: action 'made' is not known (created, "),
        (3, BOOK[1].replace("bid", "buy"), "row 3: direction 'buy' is not known (bid, ask)"),
        (3, line(2, 0, "9.99", -7, "created", "bid"), "row 3: volume -70000 is negative"),
        (3, line(2, 0, "9.99", 1e13, "created", "bid"), "row 3: volume 100000000000000000 is bey"),
        (3, line(2, 0, "9.99", 0, "created", "bid"), "row 3: volume 0 of a new order"),
        (3, line(2, -1, "9.99", 7, "created", "bid"), "is not on 2015-05-01 UTC"),
        (4, line(3, 86_400_001, "9.99", 7, "created", "bid"), "row 4: timestamp 14305248"),
        (3, line(2, 5, "9.99", 7, "created", "bid"), "row 4: timestamp 1430438400000 runs back"),
        (3, line(2, 0, "-1", 7, "created", "bid"), "row 3: price -1 is not positive"),
        (3, line(2, 0, "9.995", 7, "created", "bid"), "row 3: price 9.995 is no multiple of the"),
        (3, line(2, 0, "nan", 7, "created", "bid"), "row 3: price 'nan' is not a price"),
        (3, line(1, 0, "10.00", 4, "changed", "ask"), "row 3: order 1 changes its side"),
        (3, "2,1430438400000,0,9.99,7.5,created,bid", "row 3: volume '7.5' is not a whole"),
        (3, "2,1430438400000,0,9.99", "row 3 has 4 columns, expected 7"),
        (3, line(-2, 0, "9.99", 7, "created", "bid"), "row 3: id -2 is negative"),
    ],
)
def test_bad_row_is_named(tmp_path: Path, row: int, text: str, message: str) -> None:
    lines = [HEADER, *BOOK]
    lines[row - 1] = text
    path = write(tmp_path, lines[1:], lines[0])
    with pytest.raises(RecordingError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none\.csv: no such recording"):
        read(tmp_path / "none.csv")
    for lines in ([], [""]):
        with pytest.raises(RecordingError, match="the file is empty"):
            read(write(tmp_path, lines))
    with pytest.raises(RecordingError, match="no ask in the whole file"):
        read(write(tmp_path, BOOK[:2]))
    with pytest.raises(RecordingError, match="no order flow"):
        read(write(tmp_path, [line(1, 0, "10", 0, "deleted", "bid")]))
    with pytest.raises(RecordingError, match="lot 1e-10 is below"):
        read_bitstamp(write(tmp_path, BOOK), asset="X", date="2015-05-01", lot=1e-10)
    with pytest.raises(RecordingError, match="date 'May' is not written"):
        read_bitstamp(write(tmp_path, BOOK), asset="X", date="May")
    packed = tmp_path / "orders.csv.xz"
    packed.write_bytes(lzma.compress("\n".join([HEADER, *BOOK]).encode()))
    assert len(read(packed)) == 4
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(RecordingError, match=r"orders\.csv\.xz: damaged or cut short"):
        read(packed)


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


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="0123456789.,-cdeatrblihnkg \x00é", max_size=30), max_size=6))
def test_any_text_gives_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = write(tmp_path_factory.mktemp("text"), [*BOOK, *texts])
    if not any(texts):
        assert len(read(path)) == 4
        return
    with pytest.raises(RecordingError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


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
    aggressive = (events.action == ADD) & (events.order_id == -1)
    assert aggressive.sum() == 356
    buy = events.side[1:] == BUY
    crosses = np.where(
        buy,
        events.price_ticks[1:] >= quotes.ask_ticks[:-1],
        events.price_ticks[1:] <= quotes.bid_ticks[:-1],
    )
    adds = events.action[1:] == ADD
    assert np.array_equal(crosses[adds], aggressive[1:][adds])
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
