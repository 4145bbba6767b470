"""What every backend does: it turns the chunks of paths that a run lacks into files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from app.backends.local import LocalBackend
from engine.runs.chunks import Chunk
from engine.spec import RunSpec
from model.errors import SpecError
from model.profile import AssetProfile

BACKENDS = ("local", "ray")


class Backend(Protocol):
    """Maps chunks of paths to finished chunks; a path is the same whoever plays it."""

    @property
    def hardware(self) -> dict[str, str]:
        """The machines that chunks were played on, as in a manifest; empty: this one alone."""
        ...

    def chunk_paths(self, spec: RunSpec, profile: AssetProfile) -> int:
        """Paths of a chunk of a run that has none yet."""
        ...

    def chunks(
        self,
        spec: RunSpec,
        missing: Sequence[tuple[int, range]],
        folder: Path,
        watch: Callable[[float, int], None],
        cancelled: Callable[[], bool],
    ) -> Iterator[Chunk]:
        """Play chunks, in any order; the files of one lie in `folder` when it is given out.

        Parameters
        ----------
        spec : the run
        missing : number and path numbers of each chunk
        folder : of the run
        watch : may be called with paths and events of what is not finished yet
        cancelled : asked a few times a second

        Raises
        ------
        engine.rollout.Cancelled
            `cancelled` said yes.
        FaultlineError
            The run cannot be played.
        OSError
            The disk is full, or the folder cannot be written.
        """
        ...


def open_backend(name: str, address: str | None = None) -> AbstractContextManager[Backend]:
    """The backend called `name`, connected for as long as the context lasts.

    Parameters
    ----------
    name : one of `BACKENDS`
    address : of a Ray cluster, HOST:PORT; None starts Ray on this machine

    Raises
    ------
    SpecError
        No such backend, or an address for one that has none.
    FaultlineError
        Ray is not installed, or the cluster cannot be reached.
    """
    if name == "ray":
        from app.backends.ray_cluster import connected

        return connected(address)
    if name != "local":
        raise SpecError(f"backend {name!r}: not known; use {' or '.join(BACKENDS)}")
    if address is not None:
        raise SpecError(f"address {address}: only --backend ray has one")
    return nullcontext(LocalBackend())
