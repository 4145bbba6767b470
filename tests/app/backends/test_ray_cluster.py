"""Ray for real: two nodes on this machine, a worker killed, then a node, and the paths of one."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import engine.runs.chunks
from app.backends.ray_cluster import ALONE, QUIET, play_chunk
from app.cli import invoke
from app.manifest import read_manifest
from app.stress import build_spec
from engine.runs import RunState, RunStore
from engine.runs.chunks import RunPaths
from engine.runs.summary import RunSummary

ROOT = Path(__file__).resolve().parents[3]
RUN = ["run", "--model", "zero-intelligence", "--paths", "96", "--horizon", "600", "--format",
       "json"]  # fmt: skip
SOON_S = 120.0  # on a machine that has other work; usually a few
TITLE = "ray::play_chunk"  # of a worker while it plays


def until(happens: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SOON_S
    while not happens():
        assert time.monotonic() < end, f"{what}: not within {SOON_S:.0f} s"
        time.sleep(0.02)


def at_work(parent: int) -> list[psutil.Process]:
    """Workers of a node that play a chunk now."""
    found = []
    for process in psutil.Process(parent).children():
        try:
            if process.cmdline() and process.cmdline()[0].startswith(TITLE):
                found.append(process)
        except psutil.Error:
            continue
    return found


class TwoNodes:
    """The cluster of `two_nodes`, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        secret = {"RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_TMPDIR": str(folder)}
        self.environment = os.environ | QUIET | ALONE | secret | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("two_nodes.py")],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.orders, self.answers = self.process.stdin, self.process.stdout
        self.address, second = self.answers.readline().split()
        self.second = int(second)

    def break_second(self) -> None:
        self.orders.write("break\n")
        self.orders.flush()
        assert self.answers.readline() == "broken\n"


@pytest.fixture
def nodes() -> Iterator[TwoNodes]:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'faultline[ray]'")
    with tempfile.TemporaryDirectory(prefix="ray") as folder:  # names of sockets must be short
        cluster = TwoNodes(Path(folder))
        family = [psutil.Process(cluster.process.pid)]
        try:
            family += family[0].children(recursive=True)
            yield cluster
        finally:
            cluster.orders.close()
            cluster.process.wait(SOON_S)
            _, left = psutil.wait_procs(family, 10.0)
            for process in left:
                process.kill()
    assert not left, f"left behind: {left}"


def test_a_worker_and_a_node_are_lost_and_no_path_with_them(
    nodes: TwoNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path / "runs")
    command = [sys.executable, "-m", "app", *RUN, "--out", str(tmp_path / "ray"),
               "--runs", str(store.root), "--backend", "ray", "--address"]  # fmt: skip
    log = tmp_path / "log.txt"
    with log.open("w") as out:
        asked = subprocess.Popen(
            [*command, nodes.address], env=nodes.environment, cwd=tmp_path, stdout=out, stderr=out
        )
    try:
        until(lambda: at_work(nodes.second), "a worker of the second node plays")
        at_work(nodes.second)[0].kill()
        until(lambda: log.read_text().count("its worker was lost") == 1, "it is missed")
        until(lambda: at_work(nodes.second), "another worker plays there")
        nodes.break_second()
        assert asked.wait(SOON_S) == 0, log.read_text()
    finally:
        asked.kill()
        asked.wait()
    assert log.read_text().count("its worker was lost") >= 2, log.read_text()

    # Cut into the same chunks, the files of this process are the same, bit for bit.
    monkeypatch.setitem(engine.runs.chunks.CHUNK_PATHS, "cpu", 16)
    here = ["--out", str(tmp_path / "local"), "--runs", str(store.root), "--again"]
    assert invoke([*RUN, *here]) == 0
    local, ray = store.runs()
    assert ray.status.state is RunState.FINISHED
    assert ray.status.fingerprint == local.status.fingerprint
    journals = [RunPaths(run.folder).journal for run in (local, ray)]
    files = [{one.number: one.files for one in journal.chunks} for journal in journals if journal]
    assert len(files[0]) == 6
    assert files[0] == files[1]
    assert not RunPaths(ray.folder).broken()
    assert RunSummary.read(ray.folder / "summary.json").risk == (
        RunSummary.read(local.folder / "summary.json").risk
    )
    machines = [read_manifest(run.folder).hardware["processor"] for run in (local, ray)]
    assert machines[0] == machines[1]


def test_a_worker_with_other_code_or_files_is_refused() -> None:
    spec = build_spec("AMZN", "flash_crash", paths=2, model="zero-intelligence", device="cpu")
    played = play_chunk(spec.model_dump_json(), "0" * 64, 0, 0, 2)
    assert "another version" in played.refusal
    assert not played.files


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--backend", "ray", "--address", "127.0.0.1:1"], "nobody answers"),
        (["--backend", "ray", "--address", "here"], "not HOST:PORT"),
        (["--address", "127.0.0.1:1"], "only --backend ray"),
        (["--backend", "ray"], "Ray is not installed"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line_and_no_run(
    options: list[str], word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in {**QUIET, **ALONE, "RAY_AUTH_TOKEN": ""}:
        monkeypatch.setenv(name, "")  # so that it is put back
    runs = tmp_path / "runs"
    code = invoke([*RUN, "--out", str(tmp_path / "out"), "--runs", str(runs), *options])
    assert code == 2
    said = capsys.readouterr().err.strip()
    assert word in said
    assert "\n" not in said
    assert RunStore(runs).ids() == []
