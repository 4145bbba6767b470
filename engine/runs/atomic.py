"""Files that are either the old one or the new one, whenever the process is killed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_atomic(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace `path` by `text` in one step; readers see the whole old file or the whole new one.

    Parameters
    ----------
    path : Path
        Its folder must exist.
    text : str
        Written as UTF-8.
    durable : bool
        Wait until the disk has it. False for what is written several times a second.

    Raises
    ------
    OSError
        The folder is missing, cannot be written, or the disk is full. `path` is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
