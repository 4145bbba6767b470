"""Where compiled kernels are kept between starts.

Numba's on-disk cache notices a change of the file that a kernel stands in, but not of the files
that it calls into, nor the order of the columns that it is given: after an update, a caller would
go on with the old code of what it calls. So the cache lives in a folder named after the content of
all files that hold kernels or tuples for them. It is outside the package, which may be read-only.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

PACKAGES = ("model", "engine", "stylized_facts")


def base_folder() -> Path:
    """`$XDG_CACHE_HOME/faultline/kernels`, with a folder for each state of the sources."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "faultline" / "kernels"


def cache_folder() -> Path:
    """The folder for the kernels as their sources stand now."""
    root = Path(__file__).resolve().parents[1]
    state = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            source = path.read_bytes()
            if b"numba" in source or b"NamedTuple" in source:  # kernels, and what they are given
                state.update(str(path).encode() + source)
    return base_folder() / state.hexdigest()[:16]


def use_own_cache() -> None:
    """Point numba to `cache_folder`, unless the user chose a folder (`NUMBA_CACHE_DIR`).

    Numba is slow to import and not imported for this; a folder of ours that a parent process left
    in the environment is not the user's choice.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR", "")
    if chosen and not Path(chosen).is_relative_to(base_folder()):
        return
    os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
