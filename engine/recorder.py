"""The record of a run while it grows: a chunk of rows per path, put away whenever one is full."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model.events import Int64

LOG = np.dtype(
    [
        ("time_ns", "i8"),
        ("price_ticks", "i8"),
        ("size", "i8"),
        ("traded_size", "i8"),
        ("traded_value", "f8"),
        ("bid_ticks", "i8"),
        ("ask_ticks", "i8"),
        ("bid_size", "i8"),
        ("ask_size", "i8"),
        ("action", "i1"),
        ("side", "i1"),
        ("origin", "i1"),
        ("parent", "i2"),
    ],
    align=True,
)
_ROW = np.dtype((np.void, LOG.itemsize))  # to copy rows whole, not field by field
_CHUNK_ROWS = 1 << 15  # rows of all paths together: more would leave the caches


class Recorder:
    """Executed events of B paths.

    Attributes
    ----------
    log : LOG [B, C], the open chunk, filled row by row
    """

    def __init__(self, paths: int) -> None:
        self.log = np.zeros((paths, min(4096, max(64, _CHUNK_ROWS // paths))), LOG)
        self._chunks: list[npt.NDArray[np.void]] = []  # rows [n], path after path
        self._bounds: list[Int64] = []  # [B + 1]

    def flush(self, used: Int64) -> None:
        """Put away the first `used[b]` rows of each path's chunk; the chunk is then open again."""
        bounds = np.concatenate(([0], np.cumsum(used)))
        first = np.arange(len(used)) * self.log.shape[1]
        rows = np.repeat(first - bounds[:-1], used) + np.arange(bounds[-1])
        self._chunks.append(self.log.view(_ROW).ravel().take(rows))
        self._bounds.append(bounds)

    def collect(self, paths: Sequence[int] | Int64) -> tuple[npt.NDArray[np.void], Int64]:
        """What was put away of some paths, path after path: LOG [n], offsets [len(paths) + 1]."""
        stored = list(zip(self._chunks, self._bounds, strict=True))
        parts = [[chunk[bounds[p] : bounds[p + 1]] for chunk, bounds in stored] for p in paths]
        counts = [sum(len(part) for part in own) for own in parts]
        flat = [part for own in parts for part in own]
        rows = np.concatenate(flat) if flat else np.zeros(0, _ROW)
        return rows.view(LOG), np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
