"""A CSV file: plain, gzip, xz or a member of a zip; with or without a row of column names."""

from __future__ import annotations

import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc

from model.errors import RecordingError

Bools = npt.NDArray[np.bool_]

MOST_BYTES = 4 << 30  # once unpacked
MOST_ROWS = 20_000_000
MOST_RATIO = 100  # unpacked to packed; order logs come to about 20
FREE_BYTES = 64 << 20  # so much may be unpacked whatever the ratio
LONGEST_LINE = 1 << 16  # bytes, of the first row and of a row with a fault

# What a file cut short raises; RuntimeError: a zip with a password, or packed in a way that Python
# does not know.
DAMAGE = (
    EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, RuntimeError,
    UnicodeDecodeError,
)  # fmt: skip

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
        """The decompressed bytes; damage raises `RecordingError` once the reading meets it.

        So does a file that unpacks to more than `MOST_BYTES`, or to more than `MOST_RATIO` times
        what it is and more than `FREE_BYTES`: whatever its own directory says, bytes are counted.
        """
        try:
            packed = self.path.stat().st_size
            if self.member:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                    packed = archive.getinfo(self.member).compress_size
                    yield self._counted(stream, packed)
            elif self.path.suffix in _OPEN:
                with _OPEN[self.path.suffix](self.path) as stream:
                    yield self._counted(stream, packed)
            else:
                with self.path.open("rb") as stream:
                    yield self._counted(stream, packed)
        except DAMAGE as error:
            raise damaged(self, error) from error

    def _counted(self, stream: Any, packed: int) -> IO[bytes]:
        most = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * packed))
        return cast(IO[bytes], io.BufferedReader(_Counted(stream, most, self), LONGEST_LINE))

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
                return self._rows_counted(
                    pc.open_csv(
                        stream,
                        read_options=pc.ReadOptions(
                            column_names=list(types), skip_rows=int(self.header)
                        ),
                        parse_options=pc.ParseOptions(quote_char=False),
                        convert_options=pc.ConvertOptions(
                            column_types=types, null_values=[], include_columns=wanted
                        ),
                    )
                )
            except pa.ArrowInvalid as error:
                fault = str(error).splitlines()[0]
        raise RecordingError(f"{self}: {self._first_fault(types) or fault}")

    def _rows_counted(self, reader: pc.CSVStreamingReader) -> pa.Table:
        batches, rows = [], 0
        for batch in reader:
            rows += len(batch)
            if rows > MOST_ROWS:
                raise RecordingError(f"{self}: more than {MOST_ROWS:,} rows; split the file")
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)

    def _header(self, types: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
        """The columns in the file's order, those not asked for as text."""
        with self.open() as stream:
            names = [
                name.strip() for name in stream.readline(LONGEST_LINE).decode("latin-1").split(",")
            ]
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
            lines = iter(partial(stream.readline, LONGEST_LINE), b"")
            for line in islice(lines, row, None):
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
                        return f"row {row}: {name} {cell[:60]!r} is not {what}"
        return "" if row > self.header else "the file is empty"

    def refuse(self, bad: Bools, what: str, values: npt.NDArray[Any]) -> None:
        """Raise `RecordingError` at the first row where `bad`; `{}` in `what` is its value."""
        if bad.any():
            row = int(np.argmax(bad))
            number = row + 1 + self.header
            raise RecordingError(f"{self}: row {number}: {what.format(values[row])}")


class _Counted(io.RawIOBase):
    """A stream that ends in an error once more than `most` bytes have come out of it."""

    def __init__(self, stream: IO[bytes], most: int, where: object) -> None:
        super().__init__()
        self._stream, self._left, self._most, self._where = stream, most, most, where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise RecordingError(
                f"{self._where}: unpacks to more than {self._most:,} bytes; fetch the file again,"
                " or split it"
            )
        buffer[: len(piece)] = piece
        return len(piece)


def damaged(where: object, error: BaseException) -> RecordingError:
    """The error for a file that cannot be read to its end."""
    if isinstance(error, RuntimeError):
        return RecordingError(
            f"{where}: cannot be unpacked here ({error}); unpack it yourself and give the CSV file"
        )
    return RecordingError(f"{where}: damaged or cut short ({error}); fetch the file again")
