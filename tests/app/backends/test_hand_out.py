"""How chunks are given out and taken in, on a Ray that is played here."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import app.backends.ray_cluster
from app.backends.ray_cluster import AHEAD, ATTEMPTS, Played, RayBackend
from app.stress import build_spec
from engine.rollout import Cancelled
from engine.runs.chunks import Chunk
from engine.spec import RunSpec
from model.errors import FaultlineError

FILE = "baseline-00000.parquet"


class Lost(Exception):
    """What Ray raises where a worker is gone."""


class PlayedRay:
    """The few functions of Ray that are used; workers answer in the order they are asked."""

    exceptions = SimpleNamespace(
        WorkerCrashedError=Lost, NodeDiedError=Lost, OutOfMemoryError=Lost, ObjectLostError=Lost,
        LocalRayletDiedError=Lost,
    )  # fmt: skip

    def __init__(self, losses: dict[int, int] | None = None, **resources: float) -> None:
        self.losses, self.resources = Counter(losses or {}), resources
        self.options: dict[str, Any] = {}
        self.flying: dict[object, int] = {}
        self.most, self.cancelled, self.content = 0, 0, b"paths"

    def remote(self, **options: Any) -> Any:
        self.options = options
        return lambda _: SimpleNamespace(remote=self.submit)

    def submit(self, _: str, __: str, number: int, first: int, end: int) -> object:
        reference = object()
        self.flying[reference] = number
        self.most = max(self.most, len(self.flying))
        return reference

    def wait(self, references: list[object], timeout: float) -> tuple[list[object], list[object]]:
        there = bool(self.resources) * 1
        return references[:there], references[there:]

    def get(self, reference: object) -> Played:
        number = self.flying.pop(reference)
        if self.losses[number]:
            self.losses[number] -= 1
            raise Lost("its node died\nof old age")
        known = {FILE: hashlib.sha256(b"paths").hexdigest()}
        chunk = Chunk(number=number, first=number, paths=1, files=known, timing={"events": 1.0})
        machine = {"processor": "abacus"}
        return Played(machine, "", chunk.model_dump_json(), {FILE: self.content})

    def cluster_resources(self) -> dict[str, float]:
        return self.resources

    def cancel(self, _: object, *, force: bool) -> None:
        self.cancelled += force


def spec(**settings: Any) -> RunSpec:
    return build_spec("AMZN", "flash_crash", **{"model": "zero-intelligence", **settings})


def play(ray: PlayedRay, folder: Path, chunks: int = 40, stop: bool = False, **more: Any) -> Any:
    backend = RayBackend(ray)
    missing = [(number, range(number, number + 1)) for number in range(chunks)]
    for done in backend.chunks(spec(**more), missing, folder, lambda *_: None, lambda: stop):
        assert (folder / FILE).read_bytes() == b"paths"
        yield done.number
    assert backend.hardware == {"processor": "abacus"}


def test_no_more_is_given_out_than_workers_take_on_soon(tmp_path: Path) -> None:
    ray = PlayedRay(CPU=3.0)
    assert sorted(play(ray, tmp_path)) == list(range(40))
    assert ray.most == 3 * AHEAD
    assert ray.options["max_retries"] == 0


def test_a_chunk_that_lost_its_worker_is_given_to_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sorted(play(PlayedRay({5: ATTEMPTS - 1}, CPU=2.0), tmp_path)) == list(range(40))
    assert capsys.readouterr().err.count("chunk 5: its worker was lost") == ATTEMPTS - 1


def test_not_for_ever(tmp_path: Path) -> None:
    ray = PlayedRay({5: ATTEMPTS}, CPU=2.0)
    with pytest.raises(FaultlineError, match="chunk 5: lost its worker 5 times") as caught:
        list(play(ray, tmp_path))
    assert "\n" not in str(caught.value)
    assert ray.cancelled == len(ray.flying) > 0


def test_a_gpu_is_asked_for_and_its_lack_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.backends.ray_cluster, "NOBODY_S", 0.0)
    ray = PlayedRay()
    with pytest.raises(FaultlineError, match="has had no CUDA"):
        list(play(ray, tmp_path, model="small", device="cuda"))
    assert ray.options["num_gpus"] == 1


def test_what_comes_changed_is_refused(tmp_path: Path) -> None:
    ray = PlayedRay(CPU=2.0)
    ray.content = b"other"
    with pytest.raises(FaultlineError, match="did not come whole"):
        list(play(ray, tmp_path))
    assert not (tmp_path / FILE).exists()


def test_cancelled(tmp_path: Path) -> None:
    ray = PlayedRay(CPU=2.0)
    with pytest.raises(Cancelled):
        list(play(ray, tmp_path, stop=True))
    assert ray.cancelled == len(ray.flying) == 2 * AHEAD


@pytest.mark.parametrize(
    ("paths", "device", "each"), [(4096, "cpu", 128), (1024, "cpu", 64), (40, "cpu", 16)]
)
def test_every_worker_gets_some(paths: int, device: str, each: int) -> None:
    from model.catalogue import load_profile

    ray = RayBackend(PlayedRay(CPU=4.0))
    asked = spec(paths=paths, device=device, horizon_s=60.0)
    assert ray.chunk_paths(asked, load_profile("AMZN")) == each
