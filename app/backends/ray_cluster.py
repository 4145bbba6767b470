"""Chunks spread over the machines and GPUs of a Ray cluster.

A worker plays a chunk as this process would, and its files travel back through Ray's object store:
the run store stays where it is, on a disk that no worker has to see. Workers are tasks of Ray, so
that machines may come and go; a chunk whose worker is lost is given to another one.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import socket
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.fingerprint import fingerprint
from app.limits import on_gpu
from app.manifest import hardware, joined
from app.models import resolve_model
from engine.rollout import Cancelled, rollout
from engine.runs.atomic import replacing
from engine.runs.chunks import LEAST_CHUNK_PATHS, Chunk, chunk_size, write_chunk
from engine.spec import RunSpec
from model.catalogue import load_profile
from model.errors import FaultlineError
from model.profile import AssetProfile

if TYPE_CHECKING:
    from model.order_flow import OrderFlowModel

AHEAD = 2  # chunks given out for each worker: one at work, one that waits for it
CHUNKS_PER_WORKER = 4  # of a run on processors, so that the last ones do not work alone for long
ATTEMPTS = 5  # at a chunk whose workers are lost
POLL_S = 0.1
CONNECT_S = 5.0
NOBODY_S = 60.0  # without any machine that could play a chunk
# What Ray reads before it is loaded: no word to its makers; where it is started here, listen on
# this machine alone (the name is that of a switch for other systems) and ask for a secret.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}


@contextmanager
def connected(address: str | None = None) -> Iterator[RayBackend]:
    """Ray as a backend, started on this machine or joined at `address` (HOST:PORT).

    Either the one or the other in a process: where to listen Ray reads when it is loaded.

    Raises
    ------
    FaultlineError
        Ray is not installed, the cluster cannot be reached, or it has other versions of Ray or
        Python.
    """
    os.environ.update(QUIET)
    how: dict[str, Any] = {"address": address}
    if address is None:
        os.environ.update(ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)})
        how = {"address": "local", "include_dashboard": False}
    else:
        _knock(address)
    try:
        import ray
    except ImportError as error:
        raise FaultlineError(
            "--backend ray: Ray is not installed; pip install 'faultline[ray]'"
        ) from error
    try:
        ray.init(**how, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray has no common error for this
        where = f"the Ray cluster at {address} cannot be joined" if address else "Ray did not start"
        raise FaultlineError(f"{where}: {_one_line(error)}") from error
    try:
        yield RayBackend(ray)
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Find out whether somebody listens: Ray itself would try for a minute, and end the process."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise FaultlineError(f"--address {address}: not HOST:PORT, such as 10.0.0.5:6379")
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except OSError as error:
        raise FaultlineError(
            f"--address {address}: nobody answers ({error.strerror or error}); start a cluster "
            "with `ray start --head`, and join it on this machine"
        ) from error


class RayBackend:
    """See `app.backends.Backend`; made by `connected`.

    Parameters
    ----------
    ray : the module, connected
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._machines: list[dict[str, str]] = []

    @property
    def hardware(self) -> dict[str, str]:
        """Of all machines that have played a chunk."""
        return joined(self._machines)

    def chunk_paths(self, spec: RunSpec, profile: AssetProfile) -> int:
        """As on one machine; on processors fewer, so that every worker gets some."""
        if on_gpu(spec):  # rounds differently for another number of paths
            return chunk_size(spec, profile, "cuda")
        share = -(-spec.paths // (CHUNKS_PER_WORKER * max(1, self.workers("CPU"))))
        return min(chunk_size(spec, profile, "cpu"), max(LEAST_CHUNK_PATHS, share))

    def chunks(
        self,
        spec: RunSpec,
        missing: Sequence[tuple[int, range]],
        folder: Path,
        watch: Callable[[float, int], None],
        cancelled: Callable[[], bool],
    ) -> Iterator[Chunk]:
        """Give out chunks, no more than workers can take on soon, and take in what is finished.

        Raises
        ------
        FaultlineError
            A worker has other code, packages or files, or refuses the run; a chunk lost its worker
            too often; or the cluster has had no machine for the work for a minute.
        """
        ray, device = self._ray, "CUDA" if on_gpu(spec) else "CPU"
        gpus = int(device == "CUDA")
        # Ray would begin a lost task again itself, without an end where memory is short.
        task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0, max_calls=0)(play_chunk)
        same = spec.model_copy(update={"device": device.lower()})  # whatever the workers have
        asked = same.model_dump_json(), fingerprint(same)
        waiting, flying = deque(missing), dict[Any, tuple[int, range]]()
        lost, seen = Counter[int](), time.monotonic()
        try:
            while waiting or flying:
                workers = self.workers("GPU" if gpus else "CPU")
                while waiting and len(flying) < AHEAD * max(1, workers):
                    number, paths = waiting.popleft()
                    flying[task.remote(*asked, number, paths.start, paths.stop)] = number, paths
                ready, _ = ray.wait(list(flying), timeout=POLL_S)
                if cancelled():
                    raise Cancelled("cancelled")
                if ready or workers:
                    seen = time.monotonic()
                elif time.monotonic() - seen > NOBODY_S:
                    raise FaultlineError(
                        f"the Ray cluster has had no {device} for {NOBODY_S:.0f} s; finished "
                        "chunks are kept: start a machine, and the same command goes on"
                    )
                for one in ready:
                    number, paths = flying.pop(one)
                    try:
                        played: Played = ray.get(one)
                    except self._losses as error:
                        lost[number] += 1
                        print(f"chunk {number}: its worker was lost, again", file=sys.stderr)
                        if lost[number] == ATTEMPTS:
                            raise FaultlineError(
                                f"chunk {number}: lost its worker {ATTEMPTS} times, the last "
                                f"time: {_one_line(error)}"
                            ) from error
                        waiting.appendleft((number, paths))
                        continue
                    if played.refusal:
                        raise FaultlineError(played.refusal)
                    if played.machine not in self._machines:
                        self._machines.append(played.machine)
                    yield _take_in(played, folder)
        finally:
            for one in flying:
                ray.cancel(one, force=True)

    def workers(self, what: str) -> int:
        """How many chunks the cluster can play at the same time now."""
        there = self._ray.cluster_resources()
        return int(min(there.get("CPU", 0), there.get(what, 0)))

    @property
    def _losses(self) -> tuple[type[Exception], ...]:
        """What Ray raises where a worker or its machine is gone, or the result with it."""
        known = self._ray.exceptions
        return (
            known.WorkerCrashedError, known.NodeDiedError, known.OutOfMemoryError,
            known.ObjectLostError, known.LocalRayletDiedError,
        )  # fmt: skip


class Played(NamedTuple):
    """What comes back from a worker: a chunk as JSON with its files by name, or a refusal."""

    machine: dict[str, str]
    refusal: str = ""
    chunk: str = ""
    files: Mapping[str, bytes] = {}


def play_chunk(spec: str, request: str, number: int, first: int, end: int) -> Played:
    """What a worker does: play paths `first` to `end - 1` of a run.

    Parameters
    ----------
    spec : JSON of `engine.spec.RunSpec`
    request : what `app.fingerprint.fingerprint` makes of it where it was asked for
    number : of the chunk
    """
    import numba

    numba.set_num_threads(1)  # what Ray was told
    try:
        asked, model = _prepared(spec, request)
        run = rollout(model, load_profile(asked.asset), asked, paths=range(first, end))
        with tempfile.TemporaryDirectory() as name:
            chunk = write_chunk(Path(name), number, run)
            files = {file: (Path(name) / file).read_bytes() for file in chunk.files}
        return Played(hardware(), "", chunk.model_dump_json(), files)
    except FaultlineError as error:
        return Played({}, f"{socket.gethostname()}: {error}")


def _take_in(played: Played, folder: Path) -> Chunk:
    """Write the files of a chunk to the run's folder.

    Raises
    ------
    FaultlineError
        They are not what the worker wrote.
    """
    chunk = Chunk.model_validate_json(played.chunk)
    for name, known in chunk.files.items():
        content = played.files.get(name, b"")
        if hashlib.sha256(content).hexdigest() != known:
            raise FaultlineError(f"chunk {chunk.number}: {name} did not come whole")
        with replacing(folder / name) as temporary:
            temporary.write_bytes(content)
    return chunk


@lru_cache(maxsize=1)
def _prepared(spec: str, request: str) -> tuple[RunSpec, OrderFlowModel]:
    """The run and its model, loaded once in a worker."""
    asked = RunSpec.model_validate_json(spec)
    if fingerprint(asked) != request:
        raise FaultlineError(
            "has another version of Faultline or its packages, or other files of models and "
            "assets than where the run was asked for; make them the same"
        )
    return asked, resolve_model(asked.model, asked.asset, asked.device)


def _one_line(error: Exception) -> str:
    """The first line of an error that says something."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))
