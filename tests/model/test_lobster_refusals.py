"""What the LOBSTER reader refuses, each in one line that names file and row."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from model.errors import RecordingError
from model.readers import read_lobster
from tests.model.lobster_files import BOOK, MESSAGE, NONE, QUOTE, write_pair

GOOD = ["34200.1,1,1,10,1000000,1", "34200.2,1,2,10,1010000,-1", "34200.3,3,1,10,1000000,1"]


@pytest.mark.parametrize(
    ("row", "line", "message"),
    [
        (2, "34200.2,1,2,10,1010000", "row 2 has 5 columns, expected 6"),
        (3, "34200.3,3,1,10,1000000,1,0", "row 3 has 7 columns, expected 6"),
        (1, "Time,Type,ID,Size,Price,Direction", "row 1: time 'Time' is not seconds"),
        (2, "34200.2,1,2,ten,1010000,-1", "row 2: size 'ten' is not a whole number"),
        (2, "34200.2,1,2,,1010000,-1", "row 2: size '' is not a whole number"),
        (2, "34200.2,1,2,10,101.5,-1", "row 2: price '101.5' is not a whole number"),
        (2, "nan,1,2,10,1010000,-1", "row 2: time 'nan' is not seconds"),
        (
            2,
            "1340270000.2,1,2,10,1010000,-1",
            "row 2: time 1340270000.2 is not in seconds after midnight",
        ),
        (2, '34200.2,1,2,"10",1010000,-1', "row 2: size '\"10\"' is not a whole number"),
        (3, "34200.19,3,1,10,1000000,1", "row 3: time runs backwards"),
        (1, "-1.5,1,1,10,1000000,1", "row 1: time -1.5 is not in seconds after midnight"),
        (2, "34200.2,8,2,10,1010000,-1", "row 2: type 8 is not known"),
        (2, "34200.2,0,2,10,1010000,-1", "row 2: type 0 is not known"),
        (2, "34200.2,1,2,0,1010000,-1", "row 2: size 0 is not positive"),
        (2, "34200.2,1,2,10,1010000,0", "row 2: direction 0 is neither 1 nor -1"),
        (2, "34200.2,1,2,10,-1010000,1", "row 2: price -1010000 is not positive"),
        (2, "34200.2,1,2,10,1010050,-1", "row 2: price 1010050 is no multiple of the tick"),
    ],
)
def test_bad_message_row_is_named(tmp_path: Path, row: int, line: str, message: str) -> None:
    lines = list(GOOD)
    lines[row - 1] = line
    path = write_pair(tmp_path, lines, [QUOTE] * 3)
    with pytest.raises(RecordingError) as caught:
        read_lobster(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("books", "message"),
    [
        ([QUOTE] * 2, "2 rows, but the message file has 3"),
        ([QUOTE] * 4, "4 rows, but the message file has 3"),
        ([QUOTE, "1000000,5,1000000,5", QUOTE], "row 2: crossed book, best bid 1000000"),
        ([QUOTE, QUOTE, "1000000,5,1000100,5"], "row 3: crossed book, best bid 1000100"),
        ([QUOTE, QUOTE[:-4], QUOTE], "row 2 has 3 columns, expected 4"),
        (["1,2,3,4,5"] * 3, "row 1 has 5 columns, expected a multiple of 4"),
        ([QUOTE, "1010000,x,1000000,1", QUOTE], "row 2: ask size 1 'x' is not a whole number"),
        ([QUOTE, "1010050,1,1000000,1", QUOTE], "row 2: ask price 1 1010050 is no positive"),
        ([QUOTE, "1010000,-1,1000000,1", QUOTE], "row 2: ask size 1 -1 is negative"),
        ([f"1010000,1,{-NONE},0"] * 3, "no bid in the whole file"),
        ([], "row 1 has 1 columns"),
    ],
)
def test_bad_orderbook_is_named(tmp_path: Path, books: list[str], message: str) -> None:
    path = write_pair(tmp_path, GOOD, books)
    with pytest.raises(RecordingError) as caught:
        read_lobster(path)
    assert str(caught.value).startswith(f"{tmp_path / BOOK}: ")
    assert message in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none\.csv: no such recording"):
        read_lobster(tmp_path / "none.csv")
    with pytest.raises(RecordingError, match="no such recording"):
        read_lobster(tmp_path)


def test_empty_file_and_file_without_order_flow(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="the file is empty"):
        read_lobster(write_pair(tmp_path, []))
    with pytest.raises(RecordingError, match="no order flow"):
        read_lobster(write_pair(tmp_path, ["34200.1,7,0,0,-1,-1"]))


def test_orderbook_file_given_for_the_message_file(tmp_path: Path) -> None:
    write_pair(tmp_path, GOOD, [QUOTE] * 3)
    with pytest.raises(RecordingError, match="give the message file"):
        read_lobster(tmp_path / BOOK)


def test_truncated_gzip(tmp_path: Path) -> None:
    path = tmp_path / (MESSAGE + ".gz")
    text = "\n".join(f"{34200 + i},1,{i},{i % 97 + 1},1000000,1" for i in range(5000))
    path.write_bytes(gzip.compress(text.encode())[:-2000])
    with pytest.raises(RecordingError, match=r"message_1\.csv\.gz: damaged or cut short"):
        read_lobster(path)
    path.write_bytes(b"not gzip at all")
    with pytest.raises(RecordingError, match="damaged or cut short"):
        read_lobster(path)


def test_truncated_and_empty_zip(tmp_path: Path) -> None:
    path = tmp_path / "sample.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MESSAGE, "\n".join(GOOD))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match=r"sample\.zip: damaged or cut short"):
        read_lobster(path)
    flipped = bytearray(whole)
    flipped[30 + len(MESSAGE) + 12] ^= 0xFF  # inside the compressed rows
    path.write_bytes(bytes(flipped))
    with pytest.raises(RecordingError, match="damaged or cut short"):
        read_lobster(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ReadMe.txt", "nothing here")
    with pytest.raises(RecordingError, match=r"no message file .*it holds ReadMe\.txt"):
        read_lobster(path)
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(RecordingError, match="it holds nothing"):
        read_lobster(path)
