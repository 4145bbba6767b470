"""`faultline fit`: rebuild what ships for each asset."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from app.commands.options import Assets, Data, data_folder, names
from model.errors import FaultlineError


def fit(
    what: Annotated[
        str, typer.Argument(help="profile, facts, hawkes, zero-intelligence, or all of them: all.")
    ],
    data: Data = None,
    assets: Assets = "AMZN,GOOG,MSFT",
) -> None:
    """Measure assets on their recordings again: profile, facts and baseline models."""
    from rich.console import Console

    from app.commands.progress import steps_bar
    from app.references import PARTS, build_references

    parts = tuple(part for part in PARTS if what in (part, "all"))
    if not parts:
        raise FaultlineError(f"fit {what}: not known; use {', '.join(PARTS)} or all")
    folder, chosen = data_folder(data), names(assets)
    console = Console()
    with steps_bar("fitting", len(chosen) * len(parts)) as step:
        for asset in chosen:
            begin = partial(_begin, step, asset)
            for path in build_references(asset, folder, parts, begin):
                console.print(str(path))


def _begin(step: Callable[[str], None], asset: str, part: str) -> None:
    step(f"{asset} {part}")
