"""An ensemble that stays on disk: what is known of each path is in memory, events are not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.ensemble import PathEnsemble, joined_paths, read_columns, read_ensemble, read_header
from model.errors import FaultlineError
from model.events import Recording

KEPT_BYTES = 1 << 28  # columns that were asked for last stay in memory up to so much


class StoredEnsemble(PathEnsemble):
    """A `PathEnsemble` whose columns of events are read from its files when they are asked for.

    Whatever takes an ensemble takes this one: memory then holds the columns that are looked at, and
    not all of them. Columns must not be written to.

    Parameters
    ----------
    files : what `engine.ensemble.write_ensemble` wrote, in the order of the paths

    Raises
    ------
    FaultlineError
        A file is missing or broken; raised when a column is asked for if only its events are.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        if not files:
            raise FaultlineError("a path ensemble needs one file at least; run it again")
        headers = [read_header(file) for file in files]
        self._set("files", tuple(files))
        self._set("_first_path", np.cumsum([0, *(len(header) for header in headers)]))
        self._set("_columns", OrderedDict())
        self._set("_part", (-1, None))  # that was read last for one path, and its number
        for name, value in joined_paths(headers).items():
            self._set(name, value)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # as the frozen dataclass does itself

    def __getattr__(self, name: str) -> Any:
        """A column of events; only called for what is not in memory."""
        if name.startswith("_") or name not in PathEnsemble.__dataclass_fields__:
            raise AttributeError(name)
        columns: OrderedDict[str, Any] = self._columns
        if name not in columns:
            parts = [self._read(file, name) for file in self.files]
            columns[name] = np.concatenate(parts)
        columns.move_to_end(name)
        while len(columns) > 1 and sum(c.nbytes for c in columns.values()) > KEPT_BYTES:
            columns.popitem(last=False)
        return columns[name]

    @staticmethod
    def _read(file: Path, name: str) -> Any:
        found = read_columns(file, (name,))
        return found[name] if found else getattr(read_ensemble(file), name)

    def parts(self) -> Iterator[PathEnsemble]:
        """The paths file by file, each in memory while it is looked at."""
        return (read_ensemble(file) for file in self.files)

    def recording(self, path: int) -> Recording:
        """The path at position `path` as a `Recording`; reads the file that holds it."""
        position = range(len(self))[path]
        part = int(np.searchsorted(self._first_path, position, side="right")) - 1
        if self._part[0] != part:
            self._set("_part", (part, read_ensemble(self.files[part])))
        own: PathEnsemble = self._part[1]
        return own.recording(position - int(self._first_path[part]))
