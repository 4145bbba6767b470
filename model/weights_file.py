"""A safetensors file from outside: what its header announces is checked before anything is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from model.errors import CheckpointError

MOST_BYTES = 16 << 30
MOST_HEADER_BYTES = 4 << 20
MOST_TENSORS = 20_000


class TensorHead(BaseModel):
    """What the header says of one tensor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: str
    shape: tuple[int, ...] = Field(max_length=8)
    data_offsets: tuple[int, int]


_HEADS = TypeAdapter(dict[str, TensorHead])


def read_heads(path: Path) -> dict[str, TensorHead]:
    """The header of a safetensors file, by tensor; nothing else is read.

    Raises
    ------
    CheckpointError
        The file cannot be read, is no such file, or is beyond the limits.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size > MOST_BYTES:
                raise CheckpointError(f"{path}: {size:,} bytes; at most {MOST_BYTES:,} are read")
            if length > min(MOST_HEADER_BYTES, size - 8):
                raise CheckpointError(
                    f"{path}: not a safetensors file (a header of {length:,} bytes in a file of"
                    f" {size:,}; at most {MOST_HEADER_BYTES:,} are read)"
                )
            header = json.loads(file.read(length))
        if isinstance(header, dict):
            header.pop("__metadata__", None)
        heads = _HEADS.validate_python(header)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        where = ".".join(str(part)[:60] for part in error.errors()[0]["loc"])
        reason = f"header: {where}: {error.errors()[0]['msg']}"
        raise CheckpointError(f"{path}: not a safetensors file ({reason})") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a safetensors file (header: {error})") from error
    if len(heads) > MOST_TENSORS:
        raise CheckpointError(f"{path}: {len(heads):,} tensors; at most {MOST_TENSORS:,} are read")
    return heads


def read_weights(
    path: Path, shapes: dict[str, tuple[int, ...]], allowed: frozenset[str]
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a safetensors file that holds just the expected ones.

    Parameters
    ----------
    shapes : of the arrays that the file must hold, by name
    allowed : number types as safetensors calls them, such as `F32`

    Raises
    ------
    CheckpointError
        See `read_heads`; or an array is missing, unknown, of another shape or type, or holds NaN.
    """
    heads = read_heads(path)
    for name in sorted(shapes.keys() | heads.keys()):
        if name not in heads:
            raise CheckpointError(f"{path}: weights do not fit the settings ({name} is missing)")
        if name not in shapes:
            raise CheckpointError(
                f"{path}: weights do not fit the settings ({name[:80]!r} is not among them)"
            )
        if heads[name].shape != shapes[name]:
            raise CheckpointError(
                f"{path}: weights do not fit the settings ({name} has shape"
                f" {list(heads[name].shape)}, expected {list(shapes[name])})"
            )
        if heads[name].dtype not in allowed:
            raise CheckpointError(
                f"{path}: {name} is of type {heads[name].dtype[:20]!r}; use"
                f" {', '.join(sorted(allowed))}"
            )
    try:
        arrays = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a safetensors file ({error})") from error
    for name, array in arrays.items():
        if np.isnan(array).any():
            raise CheckpointError(f"{path}: {name} holds values that are not numbers; train again")
    return arrays
