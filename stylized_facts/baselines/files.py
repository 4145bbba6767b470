"""Fitted baselines on disk: JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from model.errors import CheckpointError, wrong_field

Baseline = TypeVar("Baseline", bound=BaseModel)


def write_baseline(baseline: BaseModel, path: Path) -> None:
    """Write a fitted baseline as JSON, atomically; `CheckpointError` where that is not possible."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_text(baseline.model_dump_json() + "\n")
        os.replace(temporary, path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written ({error.strerror})") from error


def read_baseline(kind: type[Baseline], path: Path) -> Baseline:
    """Read a fitted baseline of the given class.

    Raises
    ------
    CheckpointError
        Names the file and the first field that is wrong.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise CheckpointError(
            f"{path}: cannot be read ({reason}); fit the baseline first"
        ) from error
    except ValidationError as error:
        raise CheckpointError(
            f"{path}: not a fitted {kind.__name__} ({wrong_field(error)}); fit it again"
        ) from error
