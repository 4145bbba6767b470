"""A CSV file: plain, gzip, xz or a member of a zip; with or without a row of column names."""

from __future__ import annotations

import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc

from model.errors import RecordingError

Bools = npt.NDArray[np.bool_]

# What a file cut short raises.
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError)

_WHOLE = r"[ \t]*-?\d{1,19}[ \t]*"
_SECONDS = r"[ \t]*-?\d{1,18}(?:\.\d{0,18})?[ \t]*"
_PRICE = r"[ \t]*-?\d{1,10}(?:\.\d{0,8})?[ \t]*"
SECONDS, PRICE = pa.decimal128(38, 18), pa.decimal128(18, 8)
# What a cell of each type looks like, and what it is called where it does not.
_CELLS = {
    SECONDS: (_SECONDS, "seconds"),
    PRICE: (_PRICE, "a price"),
    pa.int64(): (_WHOLE, "a whole number"),
    pa.string(): ("[^,]*", "text"),
}


_OPEN: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".xz": lzma.open}


@dataclass(frozen=True)
class CsvFile:
    """Where the table is; every error names it. Rows count from 1, blank lines left out."""

    path: Path
    member: str = ""  # of a zip
    header: bool = False  # row 1 holds the names of the columns

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
            elif self.path.suffix in _OPEN:
                with _OPEN[self.path.suffix](self.path) as stream:
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
        types : name and type of each column: `SECONDS`, `PRICE`, int64 or string. With a header
            they are looked up by name, and columns of other names are left out.

        Raises
        ------
        RecordingError
            The file is damaged or empty, a column is missing, or a row has the wrong number of
            columns or a cell of another type; names the first such row.
        """
        wanted = list(types)
        if self.header:
            types = self._header(types)
        with self.open() as stream:
            try:
                return pc.read_csv(
                    stream,
                    read_options=pc.ReadOptions(
                        column_names=list(types), skip_rows=int(self.header)
                    ),
                    parse_options=pc.ParseOptions(quote_char=False),
                    convert_options=pc.ConvertOptions(
                        column_types=types, null_values=[], include_columns=wanted
                    ),
                )
            except pa.ArrowInvalid as error:
                fault = str(error).splitlines()[0]
        raise RecordingError(f"{self}: {self._first_fault(types) or fault}")

    def _header(self, types: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
        """The columns in the file's order, those not asked for as text."""
        with self.open() as stream:
            names = [name.strip() for name in stream.readline().decode("latin-1").split(",")]
        missing = [name for name in types if name not in names]
        if missing or len(set(names)) < len(names):
            what = f"column {missing[0]} is missing" if missing else "a column comes twice"
            raise RecordingError(f"{self}: row 1: {what}; it needs {', '.join(types)}")
        return {name: types.get(name, pa.string()) for name in names}

    def _first_fault(self, types: dict[str, pa.DataType]) -> str:
        """What is wrong with the first row that cannot be read, or '' where every row can."""
        cells_of = [_CELLS[kind] for kind in types.values()]
        whole_row = re.compile(",".join(pattern for pattern, _ in cells_of))
        row = int(self.header)
        with self.open() as stream:
            for line in islice(stream, row, None):
                text = line.decode("latin-1").strip("\r\n")
                if not text:
                    continue
                row += 1
                if whole_row.fullmatch(text):
                    continue
                cells = text.split(",")
                if len(cells) != len(types):
                    return f"row {row} has {len(cells)} columns, expected {len(types)}"
                for name, (pattern, what), cell in zip(types, cells_of, cells, strict=True):
                    if not re.fullmatch(pattern, cell):
                        return f"row {row}: {name} {cell!r} is not {what}"
        return "" if row > self.header else "the file is empty"

    def refuse(self, bad: Bools, what: str, values: npt.NDArray[Any]) -> None:
        """Raise `RecordingError` at the first row where `bad`; `{}` in `what` is its value."""
        if bad.any():
            row = int(np.argmax(bad))
            number = row + 1 + self.header
            raise RecordingError(f"{self}: row {number}: {what.format(values[row])}")


def damaged(where: object, error: BaseException) -> RecordingError:
    """The error for a file that cannot be read to its end."""
    return RecordingError(f"{where}: damaged or cut short ({error}); fetch the file again")
