"""Files that are either the old one or the new one, whenever the process is killed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a name to write to; on leaving, what is there takes the place of `path` in one step.

    Readers see the whole old file or the whole new one.

    Parameters
    ----------
    path : Path
        Its folder must exist.
    durable : bool
        Wait until the disk has it. False for what is written several times a second.

    Raises
    ------
    OSError
        The folder is missing, cannot be written, or the disk is full. `path` is untouched then,
        as it is when the block raises.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if durable:
            sync(temporary)
        os.replace(temporary, path)
        if durable:
            sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomic(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace `path` by `text`, UTF-8; see `replacing`."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
