"""The asset catalogue: what ships, clock times, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from model import catalogue
from model.catalogue import (
    DATA_VARIABLE,
    AssetEntry,
    assets_dir,
    find_asset,
    load_catalogue,
    load_profile,
    parse_clock,
    read_recording,
)
from model.errors import FaultlineError, RecordingError
from model.events import NS_PER_S

HOUR = 3600 * NS_PER_S
FIELDS = {
    "venue": "X",
    "date": "2020-01-02",
    "currency": "EUR",
    "tick_size": 0.5,
    "session": ["09:00", "12:00"],
    "recording": "mine/day.csv",
    "liquidity": 0,
    "splits": {
        "train": ["09:00", "10:00"],
        "validation": ["10:00", "10:30"],
        "test": ["11:00", "12:00"],
    },
}


def write(path: Path, **changes: object) -> Path:
    """A catalogue of one asset, MINE, with some fields changed."""
    path.write_text(yaml.safe_dump({"MINE": FIELDS | changes}))
    return path


def test_shipped_catalogue() -> None:
    known = load_catalogue()
    assert {"AMZN", "GOOG", "MSFT"} <= known.keys()
    for name in ("AMZN", "GOOG"):
        entry = known[name]
        assert entry.session == (9 * HOUR + HOUR // 2, 16 * HOUR)
        assert entry.splits.train == (9 * HOUR + HOUR // 2, 13 * HOUR + 3 * HOUR // 4)
        assert entry.splits.validation == (13 * HOUR + 3 * HOUR // 4, 14 * HOUR + HOUR // 2)
        assert entry.splits.test == (14 * HOUR + HOUR // 2, 16 * HOUR)
    assert known["MSFT"].splits.train[0] == parse_clock("09:35")
    assert known["MSFT"].splits.test == (parse_clock("10:18"), parse_clock("10:30"))
    assert [name for name, entry in known.items() if entry.zero_shot] == ["SSE600961", "BTCUSD"]
    assert (known["SSE600961"].currency, known["SSE600961"].reader) == ("CNY", "lobster")
    assert (known["BTCUSD"].lot, known["BTCUSD"].size_unit) == (1e-4, "lots of 1e-4 BTC")


def test_own_catalogue(tmp_path: Path) -> None:
    entry = load_catalogue(write(tmp_path / "mine.yaml"))["MINE"]
    assert entry.asset == "MINE"
    assert entry.splits.validation == (10 * HOUR, 10 * HOUR + HOUR // 2)
    with pytest.raises(ValidationError, match="frozen"):
        entry.asset = "OTHER"


def test_find_asset_in_either_case() -> None:
    assert find_asset("amzn") is not None
    assert find_asset("amzn").asset == "AMZN"


def test_unknown_asset_lists_the_known() -> None:
    with pytest.raises(
        FaultlineError, match="unknown asset 'TSLA'; known: AMZN, BTCUSD, GOOG, MSFT"
    ):
        find_asset("TSLA")


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00", 0), ("09:30", 34_200), ("16:00:15", 57_615), ("24:00", 86_400)]
)
def test_clock_times(text: str, seconds: int) -> None:
    assert parse_clock(text) == seconds * NS_PER_S


@pytest.mark.parametrize(
    "value", ["9:30", "09:60", "0930", "25:00", "24:00:01", "", 825, 9.5, None]
)
def test_bad_clock_times(value: object) -> None:
    with pytest.raises(ValueError, match="is not a clock time"):
        parse_clock(value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, r"MINE\.colour: Extra inputs are not permitted \(keys: asset, venue"),
        ({"liquidity": 3}, r"MINE\.liquidity: Input should be less than or equal to 2"),
        ({"tick_size": 0}, r"MINE\.tick_size"),
        ({"date": "2 Jan 2020"}, r"MINE\.date"),
        ({"session": [540, 720]}, r"MINE\.session\.0: .*540 is not a clock time; write \"09:30\""),
        ({"session": ["12:00", "09:00"]}, r"MINE\.session: .*the end must lie after the start"),
        ({"session": ["09:30", "12:00"]}, r"the splits must lie inside the session"),
        (
            {"splits": FIELDS["splits"] | {"test": ["10:15", "12:00"]}},  # type: ignore[operator]
            r"MINE\.splits: .*must follow one another without overlap",
        ),
        ({"splits": {"train": ["09:00", "10:00"]}}, r"MINE\.splits\.validation: Field required"),
        ({"reader": "excel"}, r"MINE\.reader: Input should be 'lobster' or 'bitstamp'"),
        ({"lot": 0.1}, r"sizes of a LOBSTER file are shares: lot must be 1"),
        ({"asset": "OTHER"}, r"MINE: an entry holds a key that is not allowed"),
    ],
)
def test_bad_entry_names_the_key(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    path = write(tmp_path / "mine.yaml", **changes)
    with pytest.raises(FaultlineError, match=message) as caught:
        load_catalogue(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "line 1: expected"),
        ("- AMZN", "must map asset names"),
        ("AMZN: 3", "AMZN: an entry must map"),
        ("", "must map asset names"),
    ],
)
def test_file_that_is_no_catalogue(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(FaultlineError, match=message) as caught:
        load_catalogue(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(FaultlineError, match="cannot be read"):
        load_catalogue(tmp_path / "none.yaml")


def test_read_recording_takes_the_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = load_catalogue(write(tmp_path / "mine.yaml"))["MINE"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "day.csv").write_text("34200.1,1,1,10,1000000,1\n")
    given = read_recording(entry, tmp_path)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    for recording in (given, read_recording(entry)):
        assert recording.events.price_ticks.tolist() == [200]
        meta = recording.events.meta
        assert (meta.asset, meta.venue, meta.date, meta.currency) == (
            "MINE", "X", "2020-01-02", "EUR",
        )  # fmt: skip
        assert (meta.session_start_ns, meta.session_end_ns) == (9 * HOUR, 12 * HOUR)


def test_read_recording_takes_the_reader_and_the_lot(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "id,timestamp,price,volume,action,direction\n"
        "1,1577955600000,9.5,100000000,created,bid\n"
        "2,1577955601000,10,200000000,created,ask\n"
    )
    changes = {"reader": "bitstamp", "lot": 0.5, "recording": "log.csv"}
    entry = load_catalogue(write(tmp_path / "mine.yaml", **changes))["MINE"]
    events = read_recording(entry, tmp_path).events
    assert events.size.tolist() == [2, 4]
    assert events.time_ns.tolist() == [9 * HOUR, 9 * HOUR + NS_PER_S]
    assert events.meta.session_start_ns == 9 * HOUR


def test_missing_recording_says_what_to_put_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = find_asset("AMZN")
    with pytest.raises(RecordingError) as caught:
        read_recording(entry, tmp_path)
    assert str(tmp_path / entry.recording) in str(caught.value)
    assert f"put {entry.recording.name} there, from https://" in str(caught.value)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    with pytest.raises(RecordingError, match=f"no folder of recordings: set {DATA_VARIABLE}"):
        read_recording(entry)


def test_load_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FaultlineError, match="unknown asset"):
        load_profile("TSLA")
    known = load_catalogue()
    monkeypatch.setattr(catalogue, "assets_dir", lambda: tmp_path)
    monkeypatch.setattr(catalogue, "load_catalogue", lambda: known)
    with pytest.raises(FaultlineError, match=r"AMZN/profile\.json: asset profile cannot"):
        load_profile("amzn")


def test_assets_are_found() -> None:
    assert (assets_dir() / "assets.yaml").is_file()


def test_entry_needs_its_fields() -> None:
    with pytest.raises(ValidationError):
        AssetEntry.model_validate({"asset": "MINE"})
