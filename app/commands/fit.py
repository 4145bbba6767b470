"""`faultline fit`: rebuild what ships for each asset."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Assets, Data, asset_names, data_folder, output_folder


def fit(
    what: Annotated[
        str,
        typer.Argument(
            help="profile, facts, a baseline (hawkes, hawkes-spread, zero-intelligence, "
            "queue-reactive, replay, markov-1, markov-2, markov-5, gjr-garch, figarch), or all "
            "that ships: all."
        ),
    ],
    data: Data = None,
    assets: Assets = "AMZN,GOOG,MSFT",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for <asset>/<what>.json [default: what ships with the program]"),
    ] = None,
) -> None:
    """Measure assets on their recordings: profile, facts and baseline models.

    A fitted file can be run: faultline run --model FOLDER/AMZN/hawkes.json.
    """
    from rich.console import Console

    from app.commands.progress import steps_bar
    from app.references import PARTS, build_references

    parts = PARTS if what == "all" else (what,)
    folder, chosen = data_folder(data), asset_names(assets)
    if out is not None:
        output_folder(out)
    console = Console()
    with steps_bar("fitting", len(chosen) * len(parts)) as step:
        for asset in chosen:
            begin = partial(_begin, step, asset)
            for path in build_references(asset, folder, parts, begin, out):
                console.print(str(path), soft_wrap=True, markup=False)


def _begin(step: Callable[[str], None], asset: str, part: str) -> None:
    step(f"{asset} {part}")
