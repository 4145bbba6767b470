"""Paths in chunks: the same bits whatever the chunks, a journal that kills cannot fool."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.models import resolve_model
from engine.ensemble import COLUMNS, PathEnsemble, join, read_ensemble, write_ensemble
from engine.risk import risk_table
from engine.rollout import StressRun, rollout
from engine.runs.chunks import LEAST_CHUNK_PATHS, RunPaths, chunk_size, open_arm
from engine.scenario import load_scenario
from engine.spec import RunSpec
from engine.stored_ensemble import StoredEnsemble
from model.catalogue import load_profile
from model.errors import FaultlineError

SPEC = RunSpec(
    asset="AMZN", scenario=load_scenario("flash_crash"), paths=7, horizon_s=155.0,
    max_events=400, burn_in_events=32, model="zero-intelligence",
)  # fmt: skip
PROFILE = load_profile("AMZN")


def roll(spec: RunSpec, paths: range | None = None) -> StressRun:
    return rollout(resolve_model(spec.model, "AMZN", "cpu"), PROFILE, spec, paths=paths)


def same(one: PathEnsemble, other: PathEnsemble) -> None:
    for name in (*COLUMNS, "accounts"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for name in one.by_path:
        np.testing.assert_array_equal(one.by_path[name], other.by_path[name], err_msg=name)
    assert one.counters == other.counters


@pytest.fixture(scope="module")
def whole() -> StressRun:
    return roll(SPEC)


@pytest.fixture
def kept(tmp_path: Path) -> RunPaths:
    """A run in chunks of three, all there."""
    paths = RunPaths(tmp_path)
    paths.begin(SPEC, 3)
    for number, numbers in list(paths.missing()):
        paths.keep(number, roll(SPEC, numbers))
    return paths


@pytest.mark.parametrize(
    ("model", "events"), [("zero-intelligence", 400), ("hawkes", 200), ("small", 40)]
)
def test_a_path_is_the_same_whatever_the_chunks(model: str, events: int) -> None:
    spec = SPEC.model_copy(update={"model": model, "max_events": events})
    one = roll(spec)
    for cuts in ((range(7),), (range(3), range(3, 6), range(6, 7)), (range(1), range(1, 7))):
        pieces = [roll(spec, cut) for cut in cuts]
        same(join([piece.baseline for piece in pieces]), one.baseline)
        same(join([piece.shocked for piece in pieces]), one.shocked)


def test_what_is_stored_is_what_was_computed(kept: RunPaths, whole: StressRun) -> None:
    stored = kept.run(SPEC, PROFILE)
    assert isinstance(stored.baseline, StoredEnsemble)
    for arm in ("baseline", "shocked"):
        same(getattr(stored, arm), getattr(whole, arm))
        same(read_ensemble(kept.folder / f"{arm}.parquet"), getattr(whole, arm))
        for path in range(7):
            one = getattr(stored, arm).recording(path)
            two = getattr(whole, arm).recording(path)
            np.testing.assert_array_equal(one.events.time_ns, two.events.time_ns)
            np.testing.assert_array_equal(one.quotes.bid_ticks, two.quotes.bid_ticks)
    assert stored.timing["events"] == whole.timing["events"]
    assert risk_table(stored, resamples=50) == risk_table(whole, resamples=50)


def test_arms_without_a_shock_are_one_object(tmp_path: Path) -> None:
    calm = SPEC.model_copy(update={"intensity": 0.0})
    paths = RunPaths(tmp_path)
    paths.begin(calm, 7)
    paths.keep(0, roll(calm))
    stored = paths.run(calm, PROFILE)
    assert stored.shocked is stored.baseline


def test_an_ensemble_on_disk_has_no_other_attributes(kept: RunPaths) -> None:
    arm = open_arm(kept.folder, "shocked")
    assert not hasattr(arm, "nonsense")
    with pytest.raises(IndexError):
        arm.recording(7)


def test_a_chunk_counts_only_when_the_journal_names_it(kept: RunPaths, whole: StressRun) -> None:
    journal = json.loads((kept.folder / "chunks.json").read_text())
    del journal["chunks"][1]  # killed after its files were written and before it was named
    (kept.folder / "chunks.json").write_text(json.dumps(journal))
    resumed = RunPaths(kept.folder)
    assert list(resumed.missing()) == [(1, range(3, 6))]
    assert not resumed.whole
    with pytest.raises(FaultlineError, match="1 chunks of paths are missing; `faultline runs"):
        resumed.run(SPEC, PROFILE)
    resumed.begin(SPEC, 5)  # how it is cut up was settled when it began
    resumed.keep(1, roll(SPEC, range(3, 6)))
    same(resumed.run(SPEC, PROFILE).shocked, whole.shocked)


@pytest.mark.parametrize("harm", ["flip", "cut", "delete"])
def test_a_broken_chunk_is_found_and_computed_again(kept: RunPaths, harm: str) -> None:
    file = kept.folder / "shocked-00002.parquet"
    content = bytearray(file.read_bytes())
    if harm == "flip":
        content[len(content) // 3] ^= 1
        file.write_bytes(content)
    elif harm == "cut":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.unlink()
    resumed = RunPaths(kept.folder)
    assert resumed.broken() == {2}
    resumed.begin(SPEC, 3)
    assert [number for number, _ in resumed.missing()] == [2]


def test_a_flipped_bit_is_never_read_as_data(tmp_path: Path, whole: StressRun) -> None:
    file = tmp_path / "e.parquet"
    write_ensemble(whole.shocked, file)
    content = file.read_bytes()
    rng = np.random.default_rng(3)
    footer = len(content) - 3_000  # most of it is the header
    noticed = 0
    for at in [*rng.integers(0, len(content), 10), *rng.integers(footer, len(content), 20)]:
        flipped = bytearray(content)
        flipped[at] ^= 1 << int(rng.integers(8))
        file.write_bytes(flipped)
        try:
            read = read_ensemble(file)
        except FaultlineError:
            noticed += 1
        else:  # it fell on what says nothing of the paths
            same(read, whole.shocked)
    assert noticed > 20


def test_a_journal_that_cannot_be_read_is_begun_again(kept: RunPaths) -> None:
    (kept.folder / "chunks.json").write_text('{"paths": 7')
    resumed = RunPaths(kept.folder)
    assert resumed.journal is None
    resumed.begin(SPEC, 4)
    assert [len(numbers) for _, numbers in resumed.missing()] == [4, 3]


def test_no_paths_are_named(tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match="holds no baseline paths"):
        open_arm(tmp_path, "baseline")


def test_chunks_are_of_like_size_and_fit_into_memory() -> None:
    many = SPEC.model_copy(update={"paths": 130, "max_events": 100_000})
    assert chunk_size(many, PROFILE) == 65
    assert chunk_size(many.model_copy(update={"paths": 4096}), PROFILE) == 128
    long = many.model_copy(update={"paths": 4096, "horizon_s": 23_400.0})
    assert chunk_size(long, PROFILE) == LEAST_CHUNK_PATHS
    assert chunk_size(many.model_copy(update={"paths": 4096}), PROFILE, "cuda") == 1024


def test_chunks_cut_in_another_way_are_not_read(kept: RunPaths, whole: StressRun) -> None:
    """The journal is lost, and whoever goes on cuts the paths into fewer chunks."""
    (kept.folder / "chunks.json").unlink()
    resumed = RunPaths(kept.folder)
    resumed.begin(SPEC, 7)
    assert not list(kept.folder.glob("*.parquet"))
    resumed.keep(0, roll(SPEC))
    same(resumed.run(SPEC, PROFILE).shocked, whole.shocked)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"number": 1', '"number": 0'),
        ('"number": 1', '"number": 3'),
        ('"first": 3', '"first": 2'),
        ('"baseline-00001', '"baseline-00000'),
        ('"shocked-00001', '"secret-00001'),
        ('"paths": 7', '"paths": 999999999999'),
        ('"chunk_paths": 3', '"chunk_paths": 1'),
    ],
)
def test_a_journal_that_was_written_by_hand_is_none(kept: RunPaths, old: str, new: str) -> None:
    path = kept.folder / "chunks.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert RunPaths(kept.folder).journal is None
