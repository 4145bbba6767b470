"""Anchors: offsets that hold the sizes and waits which a model writes to the asset's own shares.

A model learns one event at a time and is then fed its own. Small errors add up: sizes drift, and
short waits call for more short waits until the market is busier than any that was seen. An anchor
is an array [5, 3, 16] that is added to the margin of every path (`model.margins`), fitted so that
the shares of generated sizes and waits are those of the margin (`engine.anchoring`). It stays
fixed during a path and is the same in both arms of a stress test. Where orders are placed and who
trades is left to the model: there a share says too little about the book. Paths that begin with a
history see other contexts than those that do not, so there is an anchor for either.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model.errors import CheckpointError, wrong_field
from model.events import Float64
from model.token_tables import MARGIN_SHAPE, Shares

FILE = "anchors.json"
SIZE, TIME = 3, 4  # sub-tokens that are held


class Anchor(BaseModel):
    """Offsets of sizes and waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[list[Shares], Len(3, 3)] = Field(description="of adds, cancels, crossing adds")
    time: Shares
    drift: tuple[float, float] = Field(
        description="largest total variation of generated from wanted shares, without and with it"
    )

    def array(self) -> Float64:
        """Offsets of the margin, float64 [5, 3, 16]."""
        out = np.zeros(MARGIN_SHAPE)
        out[SIZE], out[TIME, 0] = self.size, self.time
        return out


class AssetAnchors(BaseModel):
    """The anchors of one asset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plain: Anchor = Field(description="of paths without a history; fitted from the profile alone")
    history: Anchor | None = Field(
        default=None,
        description="of paths with one; fitted to what follows real states of the validation split",
    )


class Anchors(BaseModel):
    """The anchors of a checkpoint, by asset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(description="of the weights that they belong to")
    assets: dict[str, AssetAnchors] = {}

    @classmethod
    def of_weights(cls, folder: Path, sha256: str) -> Anchors:
        """The anchors beside a checkpoint; none where there is no file or it is of other weights.

        Raises
        ------
        CheckpointError
            The file is broken.
        """
        path = folder / FILE
        if not path.is_file():
            return cls(sha256=sha256)
        try:
            found = cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise CheckpointError(f"{path}: {wrong_field(error)}") from error
        return found if found.sha256 == sha256 else cls(sha256=sha256)

    def text(self) -> str:
        """As JSON, a line for each asset."""
        lines = [f"  {json.dumps(a)}: {one.model_dump_json()}" for a, one in self.assets.items()]
        body = ",\n".join(lines)
        return f'{{\n "sha256": {json.dumps(self.sha256)},\n "assets": {{\n{body}\n }}\n}}\n'
