"""Errors that a user can cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class FaultlineError(Exception):
    """A mistake in the input: one line that says what is wrong, where, and what to do.

    The command line prints the message in one line and exits with code 2; the
    dashboard shows it in place. Anything else that escapes is a bug.
    """

    def __str__(self) -> str:
        """The message in one line, without what could steer a terminal."""
        return printable(super().__str__())


def printable(text: str) -> str:
    """Words of somebody else in one line, without what could steer a terminal."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


class RecordingError(FaultlineError):
    """A recording is missing, truncated or inconsistent; the message names file and row."""


class CheckpointError(FaultlineError):
    """A checkpoint is missing, or its hash, its shapes or its settings do not fit."""


class ScenarioError(FaultlineError):
    """A scenario does not exist or breaks its schema; the message names file and key."""


class SpecError(FaultlineError):
    """A run was asked for that cannot be made; the message names the field."""


def wrong_field(error: ValidationError) -> str:
    """The first field of a file that is wrong, `file` for all of it, and why."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "file"
    return f"{field}: {first['msg']}"
