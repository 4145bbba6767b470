"""Files of the run store, broken in every way: an answer or one line, and the others stay."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.manifest import Manifest, collect_manifest, read_manifest, write_manifest
from app.stress import read_spec
from app.studies.jobs import read_status
from app.studies.report import StudyReport, read_study
from engine.ensemble import PathEnsemble, read_ensemble, write_ensemble
from engine.one_path import read_path
from engine.opening import read_opening_book
from engine.runs import RunState, RunStore
from engine.runs.chunks import RunPaths
from engine.runs.index import search
from engine.runs.summary import RunSummary
from engine.scenario import Scenario
from engine.spec import RunSpec
from engine.stored_ensemble import StoredEnsemble
from model.events import EventsMeta
from tests.fuzz.fuzzing import broken, fuzz, read

SPEC = RunSpec(asset="AMZN", scenario=Scenario.none(), paths=2, model="zero-intelligence")
JOURNAL = json.dumps(
    {
        "paths": 2, "chunk_paths": 1,
        "chunks": [{"number": 0, "first": 0, "paths": 1, "timing": {"total": 1.0, "events": 9.0},
                    "files": {"baseline-00000.parquet": "0" * 64}}],
    }
).encode()  # fmt: skip


def ensemble() -> PathEnsemble:
    """Two paths of three and two events."""
    n = np.arange(1, 6)
    small, two = np.zeros(5, np.int8), np.array([1, 2])
    return PathEnsemble(
        EventsMeta("AMZN"), np.arange(2), np.array([0, 3, 5]), n, small, small, n + 100, n, small,
        n, n.astype(float), n + 99, n + 101, n, n, two, two + 1, two, two, two * 10,
        {"proposed": 5},
    )  # fmt: skip


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("paths") / "baseline.parquet"
    write_ensemble(ensemble(), path)
    return path


@given(data=st.data(), name=st.sampled_from(["spec.json", "status.json"]))
@fuzz(40)
def test_spec_and_status(
    data: st.DataObject, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = RunStore(tmp_path_factory.mktemp("store"))
    other, run_id = store.create(SPEC), store.create(SPEC)
    path = store.folder(run_id) / name
    path.write_bytes(data.draw(broken(path.read_bytes())))
    read(store.get, run_id)
    assert other in [run.id for run in store.runs()]
    assert other in [row.id for row in search(store)]
    read(store.reopen, run_id)
    read(store.close, run_id, RunState.FAILED)
    read(store.remove, run_id)
    assert store.get(other).spec == SPEC


@given(content=broken(SPEC.model_dump_json().encode()))
@fuzz(60)
def test_spec_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_bytes(content)
    read(read_spec, path)


@given(content=broken(JOURNAL))
@example(content=JOURNAL.replace(b'"events"', b'"-1events"'))  # found by fuzzing
@example(content=JOURNAL.replace(b"0" * 64, b""))  # and this: the hash of no file
@example(content=JOURNAL.replace(b'"total": 1.0', b'"total": 0'))
@example(content=JOURNAL.replace(b"9.0", b"Infinity"))
@example(content=JOURNAL.replace(b'"chunk_paths": 1', b'"chunk_paths": 99999999999999999999'))
@fuzz(150)
def test_journal(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "chunks.json").write_bytes(content)
    paths = RunPaths(tmp_path)
    assert not paths.whole
    read(paths.timing)
    paths.begin(SPEC, 1)
    owed = [path for _, numbers in paths.missing() for path in numbers]
    assert owed == list(range(SPEC.paths)), "a chunk without files counts"


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return collect_manifest([SPEC])


@given(data=st.data())
@fuzz(60)
def test_manifest(data: st.DataObject, manifest: Manifest, tmp_path: Path) -> None:
    write_manifest(manifest, tmp_path)
    path = tmp_path / "manifest.json"
    path.write_bytes(data.draw(broken(path.read_bytes())))
    read(read_manifest, tmp_path)


@given(content=broken(b'{"risk": {}, "achieved": [], "bands": {}, "counters": {}, "timing": {}}'))
@fuzz(60)
def test_summary(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_bytes(content)
    read(RunSummary.read, tmp_path / "summary.json")


@given(
    content=broken(
        StudyReport(
            title="t", verdict="v", answers=(), tables=(), charts=()
        ).model_dump_json().encode()
    )
)  # fmt: skip
@fuzz(60)
def test_study(content: bytes, tmp_path: Path) -> None:
    for name in ("result.json", "progress.json"):
        (tmp_path / name).write_bytes(content)
    read(read_study, tmp_path)
    read(read_status, tmp_path)


def test_a_column_whose_name_is_no_text(parquet: Path, tmp_path: Path) -> None:
    """Found by fuzzing: the names in the footer, which has no checksum."""
    path = tmp_path / "baseline.parquet"
    path.write_bytes(parquet.read_bytes().replace(b"time_ns", b"time_\xff\xff"))
    look(path)


def look(path: Path) -> None:
    """Everything that reads an ensemble."""
    whole = read(read_ensemble, path)
    if whole is not None:
        for position in range(len(whole)):
            read(whole.recording, position)
    stored = read(StoredEnsemble, [path])
    if stored is not None:
        read(lambda: (stored.time_ns, stored.parent, stored.recording(0)))
    read(read_path, path.parent, "baseline", 0)
    read(read_opening_book, path, 0)


@given(data=st.data())
@fuzz(150)
def test_parquet(data: st.DataObject, parquet: Path, tmp_path: Path) -> None:
    path = tmp_path / "baseline.parquet"
    path.write_bytes(data.draw(broken(parquet.read_bytes())))
    look(path)


@given(data=st.data())
@fuzz(100)
def test_header_of_the_paths(data: st.DataObject, parquet: Path, tmp_path: Path) -> None:
    table = pq.read_table(parquet)
    text = data.draw(broken(table.schema.metadata[b"faultline.ensemble"]))
    keys = {b"faultline.ensemble": text, b"faultline.sha256": sha256(text).digest()}
    path = tmp_path / "baseline.parquet"
    pq.write_table(table.replace_schema_metadata(keys), path)
    look(path)
