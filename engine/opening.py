"""The books that the paths of a run open with: what rests at time 0, after the burn-in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.book import Resting
from engine.path_state import NOT_YET
from engine.runs.atomic import replacing
from engine.seeding import BookSeed
from engine.simulator import MarketSimulator
from model.errors import FaultlineError
from model.events import Int8, Int64

COLUMNS = ("side", "price_ticks", "size")


@dataclass(frozen=True, eq=False)
class OpeningBooks:
    """Resting orders of every path at time 0, in priority order; both arms open with the same.

    Path p owns rows offsets[p] .. offsets[p+1]-1. The record of a run begins here, so that its
    book can be rebuilt at any later time (`engine.path_book`).

    Attributes
    ----------
    offsets : int64 [P + 1]
    side : int8 [n]; price_ticks, size : int64 [n]
    """

    offsets: Int64
    side: Int8
    price_ticks: Int64
    size: Int64

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def book(self, path: int) -> BookSeed:
        """What the path at position `path` opens with, time 0."""
        rows = slice(int(self.offsets[path]), int(self.offsets[path + 1]))
        return BookSeed(self.side[rows], self.price_ticks[rows], self.size[rows], 0)

    def write(self, path: Path) -> None:
        """Write as one Parquet file (a row an order, column `path` first), atomically."""
        position = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        table = pa.table({"path": position} | {name: getattr(self, name) for name in COLUMNS})
        table = table.replace_schema_metadata({b"faultline.paths": str(len(self)).encode()})
        with replacing(path) as temporary:
            pq.write_table(table, temporary, compression="zstd")


def read_opening_book(path: Path, position: int) -> BookSeed:
    """The book that one path opens with, out of what `OpeningBooks.write` wrote.

    Raises
    ------
    FaultlineError
        The file is missing or broken.
    """
    try:
        table = pq.read_table(path, filters=[("path", "=", position)])
        side, price_ticks, size = (table[name].to_numpy() for name in COLUMNS)
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise FaultlineError(
            f"{path}: no books that paths open with ({error}); run it again"
        ) from error
    return BookSeed(side.astype(np.int8), price_ticks, size, 0)


class OpeningWatch:
    """Keeps the books of the first paths of a simulator as they are when the horizon begins.

    Parameters
    ----------
    simulator : MarketSimulator, before its first step
    paths : how many of its paths are watched
    """

    def __init__(self, simulator: MarketSimulator, paths: int) -> None:
        self._simulator = simulator
        self._books: list[Resting | None] = [None] * paths
        self._waiting = np.arange(paths)
        self.look()

    def look(self) -> None:
        """Keep the books of the paths that have begun since the last look.

        To be called after every step: a path begins with the event that ends its burn-in.
        """
        if len(self._waiting) == 0:
            return
        begun = self._simulator._rows["origin_ns"][self._waiting] != NOT_YET
        for b in self._waiting[begun].tolist():
            self._books[b] = self._simulator._books.resting(b)
        self._waiting = self._waiting[~begun]

    def books(self) -> OpeningBooks:
        """The books kept; a path that never began has none."""
        none = np.zeros(0, np.int64)
        kept = [book or Resting(none.astype(np.int8), none, none, none) for book in self._books]
        return OpeningBooks(
            offsets=np.cumsum([0] + [len(book.size) for book in kept], dtype=np.int64),
            side=np.concatenate([book.side for book in kept]),
            price_ticks=np.concatenate([book.price_ticks for book in kept]),
            size=np.concatenate([book.size for book in kept]),
        )
