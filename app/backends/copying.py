"""A backend whose chunks are copied elsewhere, while the next ones are played."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from app.backends.backend import Backend
from engine.runs.chunks import Chunk
from engine.runs.copies import RunCopy
from engine.spec import RunSpec
from model.errors import FaultlineError
from model.profile import AssetProfile


class CopyingBackend:
    """See `app.backends.Backend`.

    A place that answers no more does not end the run: what is missing there is copied after a later
    chunk, or by `engine.runs.copies.RunCopy.finish`.

    Parameters
    ----------
    backend : that plays the chunks
    copy : of the run
    """

    def __init__(self, backend: Backend, copy: RunCopy) -> None:
        self._backend, self._copy = backend, copy

    @property
    def hardware(self) -> dict[str, str]:
        """Of the machines that played."""
        return self._backend.hardware

    def chunk_paths(self, spec: RunSpec, profile: AssetProfile) -> int:
        """As the backend that plays."""
        return self._backend.chunk_paths(spec, profile)

    def chunks(
        self,
        spec: RunSpec,
        missing: Sequence[tuple[int, range]],
        folder: Path,
        watch: Callable[[float, int], None],
        cancelled: Callable[[], bool],
    ) -> Iterator[Chunk]:
        """Play the chunks.

        Raises
        ------
        FaultlineError
            Also where nothing can be written there before the first chunk.
        """
        self._copy.begin()
        more, over = threading.Event(), threading.Event()

        def follow() -> None:
            while more.wait():
                more.clear()
                with suppress(FaultlineError, OSError):
                    self._copy.add_chunks()
                if over.is_set():
                    return

        # A daemon: who interrupts the run does not wait for a network.
        threading.Thread(target=follow, name="faultline-copy", daemon=True).start()
        try:
            for chunk in self._backend.chunks(spec, missing, folder, watch, cancelled):
                yield chunk  # the journal names it once the next one is asked for
                more.set()
        finally:
            over.set()
            more.set()
