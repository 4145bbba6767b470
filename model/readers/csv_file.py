"""A CSV file of numbers without a header: plain, gzip or a member of a zip."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc

from model.errors import RecordingError

Bools = npt.NDArray[np.bool_]

DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile, OSError)  # what a file cut short raises

_WHOLE = r"[ \t]*-?\d{1,19}[ \t]*"
_SECONDS = r"[ \t]*-?\d{1,18}(?:\.\d{0,18})?[ \t]*"


@dataclass(frozen=True)
class CsvFile:
    """Where the table is; every error names it. Rows count from 1, blank lines left out."""

    path: Path
    member: str = ""  # of a zip

    def __str__(self) -> str:
        return f"{self.path}: {self.member}" if self.member else str(self.path)

    @property
    def name(self) -> str:
        """File name without folders."""
        return Path(self.member or self.path).name

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The decompressed bytes; damage raises `RecordingError` once the reading meets it."""
        try:
            if self.member:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                    yield stream
            elif self.path.suffix == ".gz":
                with gzip.open(self.path) as stream:
                    yield cast(IO[bytes], stream)
            else:
                with self.path.open("rb") as stream:
                    yield stream
        except DAMAGE as error:
            raise damaged(self, error) from error

    def read(self, types: dict[str, pa.DataType]) -> pa.Table:
        """The table, read block by block.

        Parameters
        ----------
        types : name and type of each column: decimal128 (seconds) or int64

        Raises
        ------
        RecordingError
            The file is damaged or empty, or a row has the wrong number of columns or a cell that
            is no number; names the first such row.
        """
        with self.open() as stream:
            try:
                return pc.read_csv(
                    stream,
                    read_options=pc.ReadOptions(column_names=list(types)),
                    parse_options=pc.ParseOptions(quote_char=False),
                    convert_options=pc.ConvertOptions(column_types=types, null_values=[]),
                )
            except pa.ArrowInvalid as error:
                fault = str(error).splitlines()[0]
        raise RecordingError(f"{self}: {self._first_fault(types) or fault}")

    def _first_fault(self, types: dict[str, pa.DataType]) -> str:
        """What is wrong with the first row that cannot be read, or '' where every row can."""
        patterns = [_SECONDS if pa.types.is_decimal(kind) else _WHOLE for kind in types.values()]
        whole_row = re.compile(",".join(patterns))
        row = 0
        with self.open() as stream:
            for line in stream:
                text = line.decode("latin-1").strip("\r\n")
                if not text:
                    continue
                row += 1
                if whole_row.fullmatch(text):
                    continue
                cells = text.split(",")
                if len(cells) != len(types):
                    return f"row {row} has {len(cells)} columns, expected {len(types)}"
                for name, pattern, cell in zip(types, patterns, cells, strict=True):
                    if not re.fullmatch(pattern, cell):
                        what = "seconds" if pattern is _SECONDS else "a whole number"
                        return f"row {row}: {name} {cell!r} is not {what}"
        return "" if row else "the file is empty"

    def refuse(self, bad: Bools, what: str, values: npt.NDArray[Any]) -> None:
        """Raise `RecordingError` at the first row where `bad`; `{}` in `what` is its value."""
        if bad.any():
            row = int(np.argmax(bad))
            raise RecordingError(f"{self}: row {row + 1}: {what.format(values[row])}")


def damaged(where: object, error: BaseException) -> RecordingError:
    """The error for a file that cannot be read to its end."""
    return RecordingError(f"{where}: damaged or cut short ({error}); fetch the file again")
