"""Files that lie: checkpoints, archives, links out of the store, names that are paths."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
from pathlib import Path

import pytest

from app.cli import invoke
from app.models import check_model
from app.own_recordings import inside
from app.report.bundle import _parquet
from app.studies.jobs import Studies
from engine import portfolio_returns
from engine.portfolio_returns import read_returns
from engine.runs import RunStore
from engine.runs.chunks import RunPaths
from engine.runs.index import search
from engine.scenario import Scenario, load_scenario
from engine.shocks.recorded_segment import RecordedSegment
from engine.spec import RunSpec
from model.catalogue import assets_dir, find_asset, load_profile
from model.checkpoint import CONFIG, WEIGHTS, file_hash, load_checkpoint
from model.errors import CheckpointError, FaultlineError, RecordingError, SpecError
from model.readers import csv_file, read_bitstamp, read_lobster

SPEC = RunSpec(asset="AMZN", scenario=Scenario.none(), paths=2)
NAME = "AMZN_2012-06-21_34200000_57600000_message_1.csv"
LONG = "x" * 300  # longer than a name of a file can be
PATHS = (
    "../../etc/passwd",
    LONG,
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "a\x00b",
    "..%2f..",
    "~",
)


def checkpoint(folder: Path, header: dict[str, object] | bytes, length: int | None = None) -> Path:
    """A checkpoint with this header, no data, and a hash that fits."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", size) + text)
    config = json.loads((assets_dir() / "models" / "small" / CONFIG).read_bytes())
    config["sha256"] = file_hash(folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config))
    return folder


def head(shape: list[int], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]}


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 100_000_000, 7])
def test_header_longer_than_the_file(length: int, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_checkpoint(checkpoint(tmp_path, b"{}", length))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({}, "is missing"),
        ({"tokenizer.depth_edges": head([2**62, 2**62])}, "do not fit"),
        ({"tokenizer.depth_edges": head([-1])}, "do not fit"),
        ({"x" * 1000: head([1])}, "do not fit"),
        ({"a": {"dtype": "F32"}}, "not a safetensors file"),
        (b"[" * 100_000, "not a safetensors file"),
        (b"\xff", "not a safetensors file"),
        (b"[]", "not a safetensors file"),
    ],
)
def test_header_that_lies(header: dict[str, object] | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(checkpoint(tmp_path, header))
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("field", ["layers", "d_model", "d_ff", "window", "head_hidden"])
def test_settings_of_a_model_beyond_any_machine(field: str, tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, {})
    config = json.loads((folder / CONFIG).read_text())
    config["settings"][field] = 10**9
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=f"{field}: Input should be less"):
        load_checkpoint(folder)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    bundled = assets_dir() / "models" / "small"
    content = bytearray((bundled / WEIGHTS).read_bytes())
    content[-4:] = struct.pack("<f", float("nan"))
    (tmp_path / WEIGHTS).write_bytes(content)
    config = json.loads((bundled / CONFIG).read_bytes())
    config["sha256"] = file_hash(tmp_path / WEIGHTS)
    (tmp_path / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="not numbers"):
        load_checkpoint(tmp_path)


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches without unpacking gigabytes."""
    monkeypatch.setattr(csv_file, "FREE_BYTES", 1 << 20)


ROW = b"34200.1,1,11,100,1000000,1\n"


@pytest.mark.usefixtures("small_limits")
def test_zip_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, ROW * 500_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(RecordingError, match=r"bomb\.zip: .*unpacks to more than"):
        read_lobster(path)


@pytest.mark.usefixtures("small_limits")
def test_zip_whose_directory_lies(tmp_path: Path) -> None:
    """The size in the directory is not believed: bytes are counted as they come."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, ROW * 500_000)
    small = struct.pack("<L", 100)
    packed = content.getvalue().replace(struct.pack("<L", 500_000 * len(ROW)), small)
    path = tmp_path / "liar.zip"
    path.write_bytes(packed)
    with pytest.raises(RecordingError):
        read_lobster(path)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("line", [ROW, b"0"])
def test_gzip_bomb(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(line * (12_000_000 // len(line))))
    with pytest.raises(RecordingError, match="unpacks to more than"):
        read_lobster(path)
    with pytest.raises(RecordingError):
        read_bitstamp(path, asset="X", date="2020-01-01")


def test_rows_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "MOST_ROWS", 10)
    (tmp_path / NAME).write_bytes(ROW * 11)
    with pytest.raises(RecordingError, match="more than 10 rows"):
        read_lobster(tmp_path / NAME)
    (tmp_path / NAME).write_bytes(ROW * 10)
    assert len(read_lobster(tmp_path / NAME).events) == 10


def test_nothing_of_a_zip_is_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "slip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"../../{NAME}", ROW)
    assert len(read_lobster(path).events) == 1
    assert [found.name for found in tmp_path.rglob("*")] == ["in", "slip.zip"]


@pytest.mark.parametrize("name", PATHS)
def test_names_that_are_paths(name: str, tmp_path: Path) -> None:
    store, studies = RunStore(tmp_path / "runs"), Studies(tmp_path / "studies")
    for ask in (store.folder, store.get, store.remove, store.status, studies.folder,
                studies.cancel, find_asset, load_profile, load_scenario):  # fmt: skip
        with pytest.raises(FaultlineError) as caught:
            ask(name)
        assert "\n" not in str(caught.value)


def test_names_longer_than_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTLINE_DATA", str(tmp_path))
    shock = RecordedSegment(
        recording=f"{LONG}.csv", from_clock="10:30:00", start_s=1.0, duration_s=2.0
    )
    with pytest.raises(FaultlineError, match="File name too long"):
        shock.compile(1.0, load_profile("AMZN"), 60.0)
    with pytest.raises(CheckpointError, match="is not known"):
        check_model(LONG, "AMZN")


def test_file_of_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "secret.csv").write_text("1")
    (tmp_path / "data" / "link.csv").symlink_to(tmp_path / "secret.csv")
    for name in ("../secret.csv", str(tmp_path / "secret.csv"), "link.csv", "none.csv", "a\x00b"):
        with pytest.raises(RecordingError, match="is not a file in"):
            inside(tmp_path / "data", name)


def test_links_out_of_the_store_are_not_followed(tmp_path: Path) -> None:
    store, other = RunStore(tmp_path / "runs"), RunStore(tmp_path / "elsewhere")
    own, foreign = store.create(SPEC), other.create(SPEC)
    (store.root / foreign).symlink_to(other.root / foreign)
    with pytest.raises(FaultlineError, match="no such run"):
        store.remove(foreign)
    assert [run.id for run in store.runs()] == [own]
    assert other.get(foreign).spec == SPEC
    # Nor is a link inside a run followed when the run is deleted, or its paths are taken away.
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "secret.parquet").write_text("secret")
    folder = store.folder(own)
    (folder / "folder").symlink_to(tmp_path / "keep")
    (folder / "baseline-00000.parquet").symlink_to(tmp_path / "keep" / "secret.parquet")
    assert _parquet(folder, 1) == {}
    store.remove(own)
    assert (tmp_path / "keep" / "secret.parquet").read_text() == "secret"


@pytest.mark.parametrize(
    "name", ["log.txt", "status.json", "summary.json", "cancel", "chunks.json"]
)
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_run_that_holds_a_link_or_a_pipe(name: str, kind: str, tmp_path: Path) -> None:
    """Nothing of it is read, written or waited for; it can be deleted, and nothing else is."""
    store = RunStore(tmp_path / "runs")
    own = store.create(SPEC)
    secret = tmp_path / "secret.json"
    secret.write_text("secret")
    path = store.root / own / name
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(secret)
    else:
        os.mkfifo(path)
    for ask in (store.get, store.status, store.log_tail, store.reopen, store.request_cancel):
        with pytest.raises(FaultlineError, match=f"{name} is a link or a device"):
            ask(own)
    with pytest.raises(FaultlineError, match="is a link"), store.claim(own):
        pass
    assert store.runs() == []
    assert search(store) == []
    assert invoke(["runs", "rm", "-y", own, "--runs", str(store.root)]) == 0
    assert not (store.root / own).exists()
    assert secret.read_text() == "secret"


def test_a_study_that_holds_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "studies" / "20260102T030405Z-0a1b2c"
    folder.mkdir(parents=True)
    (folder / "log.txt").symlink_to(tmp_path / "secret")
    studies = Studies(tmp_path / "studies")
    for ask in (studies.log_tail, studies.cancel, studies.status):
        with pytest.raises(FaultlineError, match=r"log\.txt is a link"):
            ask(folder.name)


def test_journal_names_files_of_its_own_folder_only(tmp_path: Path) -> None:
    chunk = {"number": 0, "first": 0, "paths": 1, "timing": {}, "files": {"../x.parquet": "0"}}
    journal = {"paths": 1, "chunk_paths": 1, "chunks": [chunk]}
    (tmp_path / "chunks.json").write_text(json.dumps(journal))
    assert RunPaths(tmp_path).journal is None


def test_table_of_returns_is_never_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "returns.csv.gz"
    path.write_bytes(gzip.compress(b"AMZN\n" + b"0.1\n" * 100))
    with pytest.raises(SpecError):
        read_returns(path, ["AMZN"])
    monkeypatch.setattr(portfolio_returns, "MOST_BYTES", 10)
    with pytest.raises(SpecError, match="more than 10 bytes"):
        read_returns(path, ["AMZN"])
