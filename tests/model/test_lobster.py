"""The LOBSTER reader: every rule on small files, then the real recordings."""

from __future__ import annotations

import gzip
import logging
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import RecordingError
from model.events import Recording
from model.readers import read_lobster
from tests.model.aggressive_orders import aggressive_orders
from tests.model.lobster_files import (
    ADD,
    BOOK,
    BUY,
    CANCEL,
    MESSAGE,
    NONE,
    PRINT,
    QUOTE,
    SELL,
    rows_of,
    twin,
    write_pair,
)


def test_adds_cancels_and_deletions(tmp_path: Path) -> None:
    path = write_pair(
        tmp_path,
        [
            "34200.123456789,1,11,21,1000000,1",
            "34200.5,1,12,30,1010000,-1",
            "34201,2,11,20,1000000,1",
            "34201,3,12,30,1010000,-1",
        ],
    )
    assert rows_of(read_lobster(path)) == [
        (34_200_123_456_789, ADD, BUY, 10000, 21, 11),
        (34_200_500_000_000, ADD, SELL, 10100, 30, 12),
        (34_201_000_000_000, CANCEL, BUY, 10000, 20, 11),
        (34_201_000_000_000, CANCEL, SELL, 10100, 30, 12),
    ]


def test_nanoseconds_survive(tmp_path: Path) -> None:
    """A float64 cannot hold the first; real files write a few times as the second."""
    times = ["57600.123456789", "57600.234567891004", "86399.999999999"]
    path = write_pair(tmp_path, [f"{when},1,1,1,1000000,1" for when in times])
    assert read_lobster(path).events.time_ns.tolist() == [
        57_600_123_456_789,
        57_600_234_567_891,
        86_399_999_999_999,
    ]


def test_run_of_executions_is_one_aggressive_order(tmp_path: Path) -> None:
    messages = [
        "34200.1,4,1,100,1010000,-1",  # a buyer takes 100, then 50 a tick higher
        "34200.1,4,2,50,1010100,-1",
        "34200.1,4,3,30,1000000,1",  # same time, other direction: another order
        "34200.2,4,3,20,1000000,1",  # same direction, other time: another order
        "34200.2,1,9,5,1000000,-1",  # the remainder that rests
        "34200.2,4,9,5,1000000,1",
    ]
    books = [
        "1010100,50,1000000,100",
        "1020000,10,1000000,100",
        "1020000,10,1000000,70",
        "1020000,10,1000000,50",
        "1000000,5,990000,1",
        f"{NONE},0,990000,1",
    ]
    recording = read_lobster(write_pair(tmp_path, messages, books))
    assert rows_of(recording) == [
        (34_200_100_000_000, ADD, BUY, 10101, 150, -1),
        (34_200_100_000_000, ADD, SELL, 10000, 30, -1),
        (34_200_200_000_000, ADD, SELL, 10000, 20, -1),
        (34_200_200_000_000, ADD, SELL, 10000, 5, 9),
        (34_200_200_000_000, ADD, SELL, 10000, 5, -1),
    ]
    quotes = recording.quotes
    assert quotes is not None  # of the last row that went into each event
    assert quotes.ask_ticks.tolist() == [10200, 10200, 10200, 10000, 10000]
    assert quotes.ask_size.tolist() == [10, 10, 10, 5, 0]
    assert quotes.bid_size.tolist() == [100, 70, 50, 1, 1]


def test_prints_inside_a_run_come_before_its_order(tmp_path: Path) -> None:
    messages = [
        "34200.0,1,1,10,1000000,1",
        "34200.1,5,0,7,1009900,-1",
        "34200.1,4,1,100,1010000,-1",
        "34200.1,5,0,3,1010050,-1",  # between two ticks
        "34200.1,4,2,50,1010100,-1",
        "34200.1,5,0,2,1010150,-1",
    ]
    books = [
        "1010000,100,1000000,1",
        "1010000,100,1000000,1",
        "1010100,50,1000000,2",
        "1010100,50,1000000,2",
        "1020000,70,1000000,3",
        "1020000,70,1000000,3",
    ]
    recording = read_lobster(write_pair(tmp_path, messages, books))
    assert rows_of(recording)[1:] == [
        (34_200_100_000_000, PRINT, BUY, 10099, 7, -1),
        (34_200_100_000_000, PRINT, BUY, 10100, 3, -1),  # half to even
        (34_200_100_000_000, PRINT, BUY, 10102, 2, -1),
        (34_200_100_000_000, ADD, BUY, 10101, 150, -1),
    ]
    assert recording.quotes is not None  # a print leaves the book from before the run
    assert recording.quotes.ask_ticks.tolist() == [10100, 10100, 10100, 10100, 10200]
    assert recording.quotes.bid_size.tolist() == [1, 1, 1, 1, 3]


def test_hidden_execution_alone_is_a_print_of_the_aggressor(tmp_path: Path) -> None:
    path = write_pair(tmp_path, ["34200.1,5,0,7,1005000,1", "34200.1,5,0,8,1005000,1"])
    assert rows_of(read_lobster(path)) == [
        (34_200_100_000_000, PRINT, SELL, 10050, 7, -1),
        (34_200_100_000_000, PRINT, SELL, 10050, 8, -1),
    ]


def test_crosses_and_halts_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    messages = [
        "34200.0,6,-1,5000,1005000,-1",
        "34200.1,4,1,100,1010000,-1",
        "34200.1,7,0,0,-1,-1",
        "34200.1,4,2,50,1010000,-1",
    ]
    with caplog.at_level(logging.INFO):
        recording = read_lobster(write_pair(tmp_path, messages, [QUOTE] * 4))
    assert rows_of(recording) == [(34_200_100_000_000, ADD, BUY, 10100, 150, -1)]
    assert "1 crosses and 1 halts" in caplog.text


def test_empty_levels_have_size_zero_and_quotes_keep_their_price(tmp_path: Path) -> None:
    messages = [f"3420{i},1,{i},10,1000000,1" for i in range(4)]
    books = [
        f"{NONE},0,1000000,5,{NONE},0,990000,6",
        f"1010000,7,1000000,5,{NONE},0,{-NONE},0",
        f"{NONE},0,1000000,5,{NONE},0,{-NONE},0",
        f"1020000,9,{-NONE},0,1030000,4,{-NONE},0",
    ]
    recording = read_lobster(write_pair(tmp_path, messages, books))
    quotes, levels = recording.quotes, recording.levels
    assert quotes is not None
    assert levels is not None
    assert quotes.ask_ticks.tolist() == [10100, 10100, 10100, 10200]  # the first: taken from row 2
    assert quotes.ask_size.tolist() == [0, 7, 0, 9]
    assert quotes.bid_ticks.tolist() == [10000, 10000, 10000, 10000]
    assert quotes.bid_size.tolist() == [5, 5, 5, 0]
    assert levels.bid_size.tolist() == [[5, 6], [5, 0], [5, 0], [0, 0]]
    assert levels.ask_size.tolist() == [[0, 0], [7, 0], [0, 0], [9, 4]]
    assert levels.ask_ticks.tolist() == [[0, 0], [10100, 0], [0, 0], [10200, 10300]]


@pytest.mark.parametrize("form", ["csv", "gz", "zip", "gz beside csv"])
def test_every_form_reads_the_same(tmp_path: Path, form: str) -> None:
    messages = ["34200.1,1,1,10,1000000,1", "34200.2,3,1,10,1000000,1"]
    path = write_pair(tmp_path, messages, [QUOTE, QUOTE])
    expected = read_lobster(path)
    if form == "zip":
        target = tmp_path / "sample.zip"
        with zipfile.ZipFile(target, "w") as archive:
            archive.write(path, f"folder/{MESSAGE}")
            archive.write(tmp_path / BOOK, f"folder/{BOOK}")
            archive.writestr("ReadMe.txt", "not a table")
    elif form == "csv":
        target = path
    else:
        target = path.with_name(MESSAGE + ".gz")
        target.write_bytes(gzip.compress(path.read_bytes()))
        if form == "gz":
            (tmp_path / (BOOK + ".gz")).write_bytes(gzip.compress((tmp_path / BOOK).read_bytes()))
            (tmp_path / BOOK).unlink()
    recording = read_lobster(target)
    assert rows_of(recording) == rows_of(expected)
    assert recording.quotes is not None
    assert expected.quotes is not None
    assert recording.quotes.ask_ticks.tolist() == expected.quotes.ask_ticks.tolist()
    meta = recording.events.meta
    assert (meta.asset, meta.date, meta.venue) == ("AMZN", "2012-06-21", "NASDAQ")
    assert (meta.session_start_ns, meta.session_end_ns) == (34_200 * 10**9, 57_600 * 10**9)


def test_message_file_alone_has_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("34200.1,1,1,10,1000000,1\r\n34200.3,3,1,10,1000000,1\r\n\r\n")
    recording = read_lobster(path, asset="MINE", date="2020-01-02", currency="EUR", venue="X")
    assert recording.quotes is None
    assert recording.levels is None
    meta = recording.events.meta
    assert (meta.asset, meta.date, meta.currency, meta.venue) == ("MINE", "2020-01-02", "EUR", "X")
    assert (meta.session_start_ns, meta.session_end_ns) == (34_200_100_000_000, 34_200_300_000_000)


def test_tick_size_and_session_are_honoured(tmp_path: Path) -> None:
    path = write_pair(tmp_path, ["34200.1,1,1,10,1000050,1"])
    recording = read_lobster(path, tick_size=0.005, session=(1, 2))
    assert recording.events.price_ticks.tolist() == [20001]
    assert recording.events.meta.tick_size == 0.005
    assert recording.events.meta.session_end_ns == 2


def test_zip_with_several_days_wants_a_name(tmp_path: Path) -> None:
    path = tmp_path / "days.zip"
    other = MESSAGE.replace("06-21", "06-22")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MESSAGE, "34200.1,1,1,10,1000000,1\n")
        archive.writestr(other, "34200.1,1,1,20,1000000,1\n")
    with pytest.raises(RecordingError, match="several message files, name one"):
        read_lobster(path)
    recording = read_lobster(path, message_member=other)
    assert recording.events.size.tolist() == [20]
    assert recording.events.meta.date == "2012-06-22"
    with pytest.raises(RecordingError, match="no message file"):
        read_lobster(path, message_member="none.csv")


message_rows = st.tuples(
    st.integers(0, 1),  # step of time
    st.sampled_from([1, 2, 3, 4, 4, 4, 5, 5, 6, 7]),
    st.integers(1, 9),
    st.integers(9995, 10005),
    st.booleans(),  # half a tick more, for hidden executions
    st.sampled_from([-1, 1]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(message_rows, min_size=1, max_size=40))
def test_random_files_agree_with_the_twin(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int, int, bool, int]]
) -> None:
    when, messages = 34200, []
    for order, (step, kind, size, ticks, half, direction) in enumerate(rows):
        when += step
        price = 100 * ticks + (50 if half and kind == 5 else 0)
        messages.append(f"{when}.25,{kind},{order},{size},{price},{direction}")
    if all(row[1] > 5 for row in rows):
        messages.append(f"{when}.25,1,99,1,1000000,1")
    # The ask size numbers the rows, so that the quotes tell which row each event took.
    books = [f"1010000,{row + 1},1000000,1" for row in range(len(messages))]
    recording = read_lobster(write_pair(tmp_path_factory.mktemp("random"), messages, books))
    events, book_rows = twin(messages)
    assert rows_of(recording) == events
    assert recording.quotes is not None
    assert (recording.quotes.ask_size - 1).tolist() == book_rows


AMZN_FILES = "lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip"


def test_amzn_agrees_with_the_twin_and_its_orderbook_file(data_dir: Path, amzn: Recording) -> None:
    with zipfile.ZipFile(data_dir / AMZN_FILES) as archive:
        names = {name.split("_")[4]: name for name in archive.namelist() if name.endswith(".csv")}
        messages = archive.read(names["message"]).decode().split()
        books = archive.read(names["orderbook"]).decode().split()
    assert len(messages) == len(books) == 155_935
    events, book_rows = twin(messages)
    assert rows_of(amzn) == events
    assert amzn.quotes is not None
    assert amzn.levels is not None
    book = np.array([np.array(books[row].split(","), np.int64) for row in book_rows])
    assert np.array_equal(amzn.quotes.ask_ticks * 100, book[:, 0])
    assert np.array_equal(amzn.quotes.ask_size, book[:, 1])
    assert np.array_equal(amzn.quotes.bid_ticks * 100, book[:, 2])
    assert np.array_equal(amzn.quotes.bid_size, book[:, 3])
    assert np.array_equal(amzn.levels.ask_ticks * 100, book[:, 0::4])
    assert np.array_equal(amzn.levels.bid_size, book[:, 3::4])


def test_amzn_counts(amzn: Recording) -> None:
    events, aggressive = amzn.events, aggressive_orders(amzn)
    assert np.bincount(events.action).tolist() == [77_381 + 6_591, 67_135, 2_445]
    assert aggressive.sum() == 6_591
    assert events.size[aggressive | (events.action == PRINT)].sum() == 810_755


@pytest.mark.parametrize(
    ("file", "rows", "levels"),
    [
        (AMZN_FILES, 153_552, 5),
        ("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", 146_082, 10),
        ("lobster/MSFT_2012-06-21_34200000_37800000_message_50.csv.gz", 137_125, 0),
        ("sse/LOBSTER_SSE600961_2023-07-11_10.zip", 47_023, 10),
    ],
)
def test_real_recordings(data_dir: Path, file: str, rows: int, levels: int) -> None:
    path = data_dir / file
    if not path.is_file():
        pytest.skip(f"no recording {path}")
    start = time.perf_counter()
    recording = read_lobster(path)
    print(f"{path.name}: {len(recording)} events in {time.perf_counter() - start:.2f} s")
    assert len(recording) == rows
    if levels == 0:
        assert recording.quotes is None
        return
    assert recording.quotes is not None
    assert recording.levels is not None
    assert recording.levels.bid_ticks.shape == (rows, levels)
    assert (recording.quotes.bid_ticks < recording.quotes.ask_ticks).all()
    assert (np.diff(recording.levels.ask_ticks, axis=1) > 0).all()
    assert (np.diff(recording.levels.bid_ticks, axis=1) < 0).all()
