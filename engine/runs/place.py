"""A folder anywhere that fsspec opens: an object store, another machine, another disk."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from engine.runs.atomic import replacing
from model.errors import FaultlineError

TRIES = 4
WAIT_S = 0.5  # before the second try, twice as long before each later one
PIECE = 1 << 20
_LOGIN = re.compile(r"://[^/\s]*@")
_QUERY = re.compile(r"(://[^\s?]*\?)\S*")


def masked(text: str) -> str:
    """Text whose URLs show neither user and password nor a query, which may be a signature."""
    return _QUERY.sub(r"\1***", _LOGIN.sub("://***@", text))


class Absent(FaultlineError):
    """There is no such file, or no such bucket."""


class Place:
    """Files of one folder; whatever goes wrong there is a line that shows no password.

    Parameters
    ----------
    url : that fsspec opens, with the settings and the credentials that its file system finds

    Raises
    ------
    FaultlineError
        The protocol is not known, or its package is not installed.
    """

    def __init__(self, url: str) -> None:
        self.shown = masked(url)
        with self._told():
            self._system, root = url_to_fs(url)
        self._root = root.rstrip("/")

    def put(self, name: str, content: bytes | Path) -> None:
        """Write a file, or copy one of this machine; tried `TRIES` times.

        Object stores show a file when it is whole, and so does a disk of this machine here.

        Raises
        ------
        FaultlineError
            No try came to its end.
        """
        for left in reversed(range(TRIES)):
            try:
                with self._told():
                    self._write(f"{self._root}/{name}", content)
                return
            except FaultlineError:
                if not left:
                    raise
            time.sleep(WAIT_S * 2 ** (TRIES - 1 - left))

    def _write(self, target: str, content: bytes | Path) -> None:
        if isinstance(self._system, LocalFileSystem):
            path = Path(target)
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary:
                if isinstance(content, Path):
                    shutil.copyfile(content, temporary)
                else:
                    temporary.write_bytes(content)
            return
        if not self._system.async_impl:  # object stores have no folders, and might make a bucket
            self._system.makedirs(self._root, exist_ok=True)
        if isinstance(content, Path):
            self._system.put_file(str(content), target)
        else:
            self._system.pipe_file(target, content)

    def read(self, name: str, most: int) -> bytes | None:
        """A file of at most `most` bytes; None where there is none.

        Raises
        ------
        FaultlineError
            It is longer, or cannot be read.
        """
        content = bytearray()
        try:
            for piece in self.pieces(name):
                content += piece
                if len(content) > most:
                    raise FaultlineError(f"{self.shown}/{name}: longer than {most:,} bytes")
        except Absent:
            return None
        return bytes(content)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file piece by piece; `Absent` where there is none."""
        with self._told():
            file = self._system.open(f"{self._root}/{name}", "rb")
        with file:
            while True:
                with self._told():
                    piece: bytes = file.read(PIECE)
                if not piece:
                    return
                yield piece

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none, or its file system does not tell."""
        try:
            with self._told():
                self._system.invalidate_cache()
                size = self._system.info(f"{self._root}/{name}")["size"]
        except Absent:
            return None
        return None if size is None else int(size)

    def delete(self, name: str) -> None:
        """Delete a file, if there is one."""
        if self.size(name) is not None:
            with self._told():
                self._system.rm_file(f"{self._root}/{name}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what a file system raises, which may be anything, into one line."""
        try:
            yield
        except Exception as error:
            kind = Absent if isinstance(error, FileNotFoundError) else FaultlineError
            said = masked(str(error)) or type(error).__name__
            raise kind(f"{self.shown}: {said[:300]}") from error
