"""The event table: slicing, Parquet round trip, and what it refuses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.errors import FaultlineError, RecordingError
from model.events import (
    EVENT_COLUMNS,
    Action,
    Events,
    EventsMeta,
    Levels,
    Quotes,
    Recording,
    Side,
    check_events,
    read_events,
    write_events,
)

ADD, CANCEL, PRINT = Action.ADD, Action.CANCEL, Action.PRINT
BUY, SELL = Side.BUY, Side.SELL
META = EventsMeta("TEST", "NASDAQ", "2012-06-21", 0.05, 10, 99, "EUR")


@pytest.fixture
def events(make_events: Callable[..., Events]) -> Events:
    return make_events(
        (10, ADD, BUY, 100, 5, 1),
        (20, ADD, SELL, 103, 7, 2),
        (20, PRINT, BUY, 102, 1),
        (35, CANCEL, BUY, 100, 5, 1),
        meta=META,
    )


@pytest.fixture
def recording(events: Events) -> Recording:
    column = np.arange(len(events), dtype=np.int64)
    grid = np.stack([column, column + 1], axis=1)
    return Recording(
        events,
        Quotes(column + 100, column + 103, column + 1, column + 2),
        Levels(grid, grid + 1, grid + 2, grid + 3),
    )


def same(left: object, right: object) -> bool:
    """Whether two tables hold the same columns."""
    return all(
        np.array_equal(getattr(left, field.name), getattr(right, field.name))
        for field in dataclasses.fields(left)  # type: ignore[arg-type]
        if field.name != "meta"
    )


def test_actions_and_sides_have_their_numbers() -> None:
    assert (ADD, CANCEL, PRINT) == (0, 1, 2)
    assert (BUY, SELL) == (0, 1)


def test_slice_cuts_every_column_and_shares_memory(recording: Recording) -> None:
    part = recording.slice(1, 3)
    assert len(part) == 2
    assert part.quotes is not None
    assert part.levels is not None
    assert part.events.price_ticks.tolist() == [103, 102]
    assert part.quotes.bid_ticks.tolist() == [101, 102]
    assert part.levels.ask_size.tolist() == [[4, 5], [5, 6]]
    assert np.shares_memory(part.events.size, recording.events.size)
    assert part.events.meta == META


def test_between_takes_the_start_and_leaves_the_end(recording: Recording) -> None:
    assert recording.between(10, 20).events.time_ns.tolist() == [10]
    assert recording.between(20, 35).events.time_ns.tolist() == [20, 20]
    assert len(recording.between(36, 50)) == 0


def test_windows_are_disjoint_and_whole(make_events: Callable[..., Events]) -> None:
    events = make_events(*[(t, ADD, BUY, 100, 1) for t in (5, 9, 15, 24, 25, 34, 40)])
    windows = Recording(events).windows(10)
    assert [window.events.time_ns.tolist() for window in windows] == [[5, 9], [15, 24], [25, 34]]
    assert Recording(events.slice(0, 0)).windows(10) == []


def test_parquet_round_trip(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    write_events(recording, path)
    back = read_events(path)
    assert same(back.events, recording.events)
    assert back.events.meta == META
    assert back.quotes is not None
    assert recording.quotes is not None
    assert same(back.quotes, recording.quotes)
    for name in EVENT_COLUMNS:
        assert getattr(back.events, name).dtype == getattr(recording.events, name).dtype
    assert [file.name for file in tmp_path.iterdir()] == ["events.parquet"]


def test_parquet_round_trip_without_quotes(events: Events, tmp_path: Path) -> None:
    write_events(Recording(events), tmp_path / "events.parquet")
    back = read_events(tmp_path / "events.parquet")
    assert same(back.events, events)
    assert back.quotes is None
    assert back.levels is None


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none\.parquet: cannot be read as Parquet"):
        read_events(tmp_path / "none.parquet")


def test_file_that_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(RecordingError, match="cannot be read as Parquet"):
        read_events(path)


def test_parquet_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"time_ns": [1], "size": [2]}), path)
    with pytest.raises(RecordingError, match="columns action, side, price_ticks, order_id missing"):
        read_events(path)


def test_parquet_whose_column_name_is_no_text(events: Events, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    write_events(Recording(events), path)
    data = path.read_bytes()
    first = data.index(b"order_id", data.index(b"schema"))
    path.write_bytes(data[:first] + b"order_\x80d" + data[first + 8 :])
    with pytest.raises(RecordingError, match="cannot be read as Parquet"):
        read_events(path)


def test_parquet_without_metadata(events: Events, tmp_path: Path) -> None:
    path = tmp_path / "bare.parquet"
    pq.write_table(pa.table({name: getattr(events, name) for name in EVENT_COLUMNS}), path)
    with pytest.raises(RecordingError, match="no event metadata"):
        read_events(path)


def test_parquet_with_a_negative_queue(events: Events, tmp_path: Path) -> None:
    """Found by fuzzing."""
    n, path = np.arange(1, len(events) + 1), tmp_path / "queue.parquet"
    write_events(Recording(events, Quotes(n, n + 1, n, np.where(n == 2, -5, n))), path)
    with pytest.raises(RecordingError, match="ask_size -5 at row 2 is negative"):
        read_events(path)


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("time_ns", 3, 19, "here: time runs backwards at row 4"),
        ("action", 1, 3, "here: action 3 at row 2 is not known"),
        ("action", 1, -1, "here: action -1 at row 2"),
        ("side", 2, 2, "here: side 2 at row 3 is not known"),
        ("size", 0, 0, "here: size 0 at row 1 is not positive"),
    ],
)
def test_check_names_the_row(
    events: Events, column: str, row: int, value: int, message: str
) -> None:
    values = getattr(events, column).copy()
    values[row] = value
    with pytest.raises(RecordingError, match=message) as caught:
        check_events(dataclasses.replace(events, **{column: values}), "here")
    assert isinstance(caught.value, FaultlineError)
    assert "\n" not in str(caught.value)


def test_check_accepts_an_empty_table(events: Events) -> None:
    check_events(events.slice(0, 0), "here")
