"""One path out of the files of a run, without reading the others."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from engine.ensemble import PathEnsemble, chunk_files, read_ensemble, read_header
from engine.opening import read_opening_book
from engine.seeding import BookSeed
from model.errors import FaultlineError

Arm = Literal["baseline", "shocked"]


def read_path(folder: Path, arm: Arm, position: int) -> tuple[PathEnsemble, int]:
    """The ensemble of the file that holds a path, and the position of the path in it.

    Parameters
    ----------
    folder : of a finished run; an arm is one file, or several with numbers in their names
    arm : which one
    position : of the path among all of the arm

    Raises
    ------
    FaultlineError
        There is no such path, or a file is missing or broken.
    """
    file, own = _locate(folder, arm, position)
    return read_ensemble(file), own


def read_opening(folder: Path, position: int) -> BookSeed | None:
    """The book that a path opens with; None where the run did not keep it.

    Raises
    ------
    FaultlineError
        There is no such path, or a file is broken.
    """
    file, own = _locate(folder, "baseline", position)
    opening = file.with_name(file.name.replace("baseline", "opening", 1))
    return read_opening_book(opening, own) if opening.is_file() else None


def _locate(folder: Path, arm: Arm, position: int) -> tuple[Path, int]:
    whole = folder / f"{arm}.parquet"
    left = position
    for file in [whole] if whole.is_file() else chunk_files(whole):
        paths = len(read_header(file))
        if 0 <= left < paths:
            return file, left
        left -= paths
    raise FaultlineError(f"{folder}: holds no {arm} path {position}; it may have been deleted")
