"""What the Bitstamp reader refuses, each in one line that names file and row."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import RecordingError
from model.readers import read_bitstamp
from tests.model.bitstamp_log import BOOK, HEADER, line, read, write


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
