"""Every reader of recordings and tables, on files broken in every way: an answer or one line."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.portfolio_returns import read_returns
from model.errors import RecordingError
from model.events import (
    NO_ORDER,
    Events,
    EventsMeta,
    Quotes,
    Recording,
    check_events,
    read_events,
    write_events,
)
from model.readers import read_bitstamp, read_lobster
from tests.fuzz.fuzzing import broken, fuzz, read

NAME = "AMZN_2012-06-21_34200000_57600000_message_2.csv"
BOOK_NAME = NAME.replace("message", "orderbook")
MESSAGES = b"".join(
    line + b"\n"
    for line in (
        b"34200.1,1,11,100,1000000,1", b"34200.2,1,12,50,1010000,-1", b"34200.3,2,11,10,1000000,1",
        b"34200.4,4,12,20,1010000,-1", b"34200.4,4,12,10,1010000,-1", b"34200.5,5,0,5,1005000,1",
        b"34200.6,7,0,0,-1,-1", b"34200.7,3,12,20,1010000,-1",
    )
)  # fmt: skip
BOOKS = b"1010000,100,1000000,200,9999999999,0,-9999999999,0\n" * 8
LOG = b"id,timestamp,exchange.timestamp,price,volume,action,direction\n" + b"".join(
    line + b"\n"
    for line in (
        b"1,1577836800100,0,100.00,100000000,created,bid",
        b"2,1577836800200,0,101.00,200000000,created,ask",
        b"3,1577836800300,0,101.00,50000000,created,bid",
        b"2,1577836800310,0,101.00,150000000,changed,ask",
        b"3,1577836800320,0,101.00,0,deleted,bid",
        b"1,1577836800500,0,100.00,100000000,deleted,bid",
    )
)  # fmt: skip


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


PACKED = {
    f"{NAME}.gz": gzip.compress(MESSAGES, mtime=0),
    "both.zip": zipped({NAME: MESSAGES, BOOK_NAME: BOOKS}),
    "alone.zip": zipped({f"../../{NAME}": MESSAGES}),
}


def sound(recording: Recording | None) -> None:
    """What a reader lets through keeps the rules of an event table."""
    if recording is not None:
        check_events(recording.events, "read")
        if recording.quotes is not None:
            assert (recording.quotes.bid_size >= 0).all()
            assert (recording.quotes.ask_size >= 0).all()


def lobster(path: Path) -> Recording:
    return read_lobster(path)


def bitstamp(path: Path) -> Recording:
    return read_bitstamp(path, asset="X", date="2020-01-01")


def test_the_unbroken_files_can_be_read(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(MESSAGES)
    (tmp_path / BOOK_NAME).write_bytes(BOOKS)
    assert len(lobster(tmp_path / NAME).events) > 0
    (tmp_path / "log.csv").write_bytes(LOG)
    assert len(bitstamp(tmp_path / "log.csv").events) > 0
    for name, content in PACKED.items():
        (tmp_path / name).write_bytes(content)
        assert len(lobster(tmp_path / name).events) > 0


@given(messages=broken(MESSAGES), books=st.none() | broken(BOOKS))
@fuzz(200)
def test_lobster(messages: bytes, books: bytes | None, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(messages)
    (tmp_path / BOOK_NAME).write_bytes(BOOKS if books is None else books)
    sound(read(lobster, tmp_path / NAME))


@given(file=st.sampled_from(sorted(PACKED)).flatmap(
    lambda name: st.tuples(st.just(name), broken(PACKED[name]))
))  # fmt: skip
@fuzz(150)
def test_packed_lobster(file: tuple[str, bytes], tmp_path: Path) -> None:
    name, content = file
    (tmp_path / BOOK_NAME).unlink(missing_ok=True)
    (tmp_path / name).write_bytes(content)
    sound(read(lobster, tmp_path / name))


@pytest.mark.parametrize(
    ("at", "value", "word"), [(8, 1, "password"), (10, 9, "compression"), (6, 99, "version")]
)
def test_a_zip_that_cannot_be_unpacked(at: int, value: int, word: str, tmp_path: Path) -> None:
    """Found by fuzzing: bytes of the archive's directory that make Python's zipfile give up."""
    content = bytearray(PACKED["alone.zip"])
    content[content.rindex(b"PK\x01\x02") + at] = value
    (tmp_path / "alone.zip").write_bytes(content)
    with pytest.raises(RecordingError, match=f"cannot be unpacked here .*{word}"):
        lobster(tmp_path / "alone.zip")


@given(content=broken(LOG), packed=st.booleans())
@fuzz(200)
def test_bitstamp(content: bytes, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / ("log.csv.xz" if packed else "log.csv")
    path.write_bytes(lzma.compress(content) if packed else content)
    sound(read(bitstamp, path))


@pytest.fixture(scope="module")
def events_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("events") / "events.parquet"
    n = np.arange(1, 9)
    events = Events(
        n, np.zeros(8, np.int8), np.zeros(8, np.int8), n + 100, n, np.full(8, NO_ORDER),
        EventsMeta("X"),
    )  # fmt: skip
    write_events(Recording(events, Quotes(n, n + 1, n, n)), path)
    return path.read_bytes()


@given(data=st.data())
@fuzz(150)
def test_events_parquet(data: st.DataObject, events_file: bytes, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    path.write_bytes(data.draw(broken(events_file)))
    sound(read(read_events, path))


@given(content=broken(
    pd.DataFrame({"date": range(40), "AMZN": np.sin(range(40)), "MSFT": np.cos(range(40))})
    .to_csv(index=False).encode()
))  # fmt: skip
@fuzz(100)
def test_returns(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "returns.csv"
    path.write_bytes(content)
    table = read(read_returns, path, ["AMZN", "MSFT"])
    assert table is None or np.isfinite(table).all()
