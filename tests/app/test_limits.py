"""What a run needs is told, and refused in one line, before it begins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import app.limits
from app.limits import GB, check_fits, estimate, free_bytes, has_room
from engine.runs import RunState, RunStore
from engine.runs.status import RunStatus
from engine.scenario import load_scenario
from engine.spec import RunSpec
from model.errors import FaultlineError, SpecError

SPEC = RunSpec(asset="AMZN", scenario=load_scenario("flash_crash"), model="zero-intelligence")


def of(**settings: object) -> RunSpec:
    return SPEC.model_copy(update=settings)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_more_of_anything_needs_more() -> None:
    usual = estimate(SPEC)
    for bigger in (of(paths=20_000), of(paths=20_000, horizon_s=3_000.0)):
        more = estimate(bigger)
        assert more.memory_bytes > usual.memory_bytes
        assert more.disk_bytes > usual.disk_bytes
        assert more.seconds > usual.seconds
        usual = more
    assert estimate(of(model="small")).memory_bytes > estimate(SPEC).memory_bytes
    assert estimate(of(max_events=10)).events < estimate(SPEC).events


def test_memory_does_not_hold_all_events() -> None:
    few, many = estimate(of(paths=512)), estimate(of(paths=4096))
    assert many.memory_bytes - few.memory_bytes < 60 * (many.events - few.events)
    assert estimate(of(paths=4096, max_events=4096, horizon_s=3600.0)).memory_bytes < 4 * GB


@pytest.mark.parametrize(("free", "what"), [("free_bytes", "memory"), ("free_disk", "disk")])
def test_what_does_not_fit_is_refused_with_what_does(
    free: str, what: str, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.limits, "free_bytes", lambda: int(100 * GB))
    monkeypatch.setattr(app.limits, free, lambda *_: int(0.9 * GB))
    big = of(paths=60_000)
    with pytest.raises(SpecError, match=f"GB of {what} and 0.9 GB are free") as caught:
        check_fits(big, store)
    assert "\n" not in str(caught.value)
    most = int(str(caught.value).partition("at most ")[2].split()[0].replace(",", ""))
    assert check_fits(of(paths=most), store) is not None
    with pytest.raises(SpecError):
        check_fits(of(paths=most + 1), store)
    assert has_room(of(paths=most)) or what == "disk"


def test_the_longest_horizon_that_fits_is_named(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where the scenario is over by then."""
    monkeypatch.setattr(app.limits, "free_bytes", lambda: int(0.9 * GB))
    long = of(paths=600, horizon_s=900.0)
    with pytest.raises(SpecError, match=r"paths fit, or at most \d+ s of 600 paths") as caught:
        check_fits(long, store)
    most = int(str(caught.value).rpartition("at most ")[2].split()[0].replace(",", ""))
    assert check_fits(of(paths=600, horizon_s=float(most)), store) is not None
    with pytest.raises(SpecError):
        check_fits(of(paths=600, horizon_s=float(most + 1)), store)
    with pytest.raises(SpecError) as caught:
        check_fits(of(paths=60_000), store)
    assert " s of 60,000 paths" not in str(caught.value)


def test_where_not_even_one_path_fits(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.limits, "free_bytes", lambda: 1_000_000)
    with pytest.raises(SpecError, match="not even one path fits"):
        check_fits(SPEC, store)
    assert not has_room(SPEC)


def test_runs_that_load_have_their_memory_already(monkeypatch: pytest.MonkeyPatch) -> None:
    need = estimate(SPEC).memory_bytes
    monkeypatch.setattr(app.limits, "free_bytes", lambda: int(2.5 * need))
    monkeypatch.setattr(app.limits, "free_gpu_bytes", lambda: int(1.5 * need))
    assert has_room(SPEC, [SPEC])
    assert not has_room(SPEC, [SPEC, SPEC])
    monkeypatch.setattr(app.limits, "on_gpu", lambda spec: spec.seed == 1)
    assert has_room(SPEC, [of(seed=2)])
    assert not has_room(SPEC, [SPEC])


def test_a_budget_is_warned_of_before_the_run(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_fits(SPEC, store) == []
    monkeypatch.setenv("FAULTLINE_RUNS_GB", "0.001")
    (warning,) = check_fits(SPEC, store)
    assert "above the 0.001 GB of FAULTLINE_RUNS_GB" in warning
    monkeypatch.setenv("FAULTLINE_RUNS_GB", "100")
    assert check_fits(SPEC, store) == []
    monkeypatch.setenv("FAULTLINE_RUNS_GB", "much")
    with pytest.raises(FaultlineError, match="FAULTLINE_RUNS_GB=much: not a number"):
        check_fits(SPEC, store)


def test_little_disk_is_warned_of(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.limits, "free_disk", lambda _: int(0.5 * GB))
    assert "will be free after this run" in check_fits(SPEC, store)[0]


def test_the_limit_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tmp_path / "memory.max", tmp_path / "memory.current"
    monkeypatch.setattr(app.limits, "_group_files", lambda: [files])
    files[1].write_text("300\n")
    (tmp_path / "memory.stat").write_text("anon 200\ninactive_file 50\n")
    files[0].write_text("1000\n")
    assert free_bytes() == 750
    files[0].write_text("max\n")
    assert free_bytes() > 1_000_000


def test_earlier_runs_tell_the_speed(store: RunStore) -> None:
    before = estimate(SPEC, store).seconds
    run_id = store.create(SPEC)
    slow = RunStatus.queued().model_copy(update={"events_per_s": 100.0})
    store.write_status(run_id, slow.closed(RunState.FINISHED))
    need = estimate(SPEC, store)
    assert need.seconds == pytest.approx(need.events / 100.0, rel=1e-3)
    assert estimate(SPEC, store).seconds > 10 * before


def test_the_estimate_is_that_of_a_measured_run() -> None:
    """Never too little, and not so much that it would refuse what fits."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.stream_memory",
        "--paths",
        "300",
        "--events",
        "150",
    ]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    measured = json.loads(done.stdout.splitlines()[-1])
    assert measured["peak_gb"] < measured["estimated_gb"] < 2.5 * measured["peak_gb"]
    assert measured["disk_gb"] < measured["estimated_disk_gb"]
