"""`faultline card`: the model card of a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def card(
    folder: Annotated[Path, typer.Argument(help="Folder of a checkpoint.")],
) -> None:
    """Write card.md from a checkpoint's config and the evaluations beside it."""
    from app.model_card import write_card

    typer.echo(str(write_card(folder)))
