"""Chunks one after the other in this process, each on all cores or on the GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.models import resolve_model
from engine.rollout import Cancelled, Progress, rollout
from engine.runs.chunks import Chunk, chunk_size, write_chunk
from engine.spec import RunSpec
from model.catalogue import load_profile
from model.profile import AssetProfile

if TYPE_CHECKING:
    from model.order_flow import OrderFlowModel


class LocalBackend:
    """See `app.backends.Backend`. The model is loaded when it is first needed: one run, one object.

    Raises
    ------
    FaultlineError
        As `app.models.resolve_model`.
    """

    def __init__(self) -> None:
        self.hardware: dict[str, str] = {}
        self._model: OrderFlowModel | None = None

    def chunk_paths(self, spec: RunSpec, profile: AssetProfile) -> int:
        """As many paths as the model's device is fast with."""
        return chunk_size(spec, profile, getattr(self._loaded(spec), "device", "cpu"))

    def chunks(
        self,
        spec: RunSpec,
        missing: Sequence[tuple[int, range]],
        folder: Path,
        watch: Callable[[float, int], None],
        cancelled: Callable[[], bool],
    ) -> Iterator[Chunk]:
        """Play chunk by chunk."""
        profile = load_profile(spec.asset)
        for number, paths in missing:
            if cancelled():  # a short rollout never asks
                raise Cancelled("the run was cancelled")
            size = len(paths)

            def tell(at: Progress, size: int = size) -> None:
                watch(at.fraction * size, at.events)

            run = rollout(
                self._loaded(spec), profile, spec, paths=paths, progress=tell, cancelled=cancelled
            )
            yield write_chunk(folder, number, run)

    def _loaded(self, spec: RunSpec) -> OrderFlowModel:
        if self._model is None:
            self._model = resolve_model(spec.model, spec.asset, spec.device)
        return self._model
