"""`faultline backtest`: the model's VaR and ES against what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.commands.options import (
    Asset,
    Data,
    Device,
    ModelName,
    Seed,
    data_folder,
    names,
    output_folder,
)

if TYPE_CHECKING:
    from rich.table import Table

    from app.backtest import Backtest


def backtest(
    data: Data = None,
    asset: Asset = "AMZN",
    model: ModelName = "small",
    windows: Annotated[int, typer.Option(help="Windows that do not overlap.")] = 30,
    window: Annotated[float, typer.Option(min=1, help="Length of a window in seconds.")] = 60.0,
    paths: Annotated[int, typer.Option(min=9, help="Paths behind each forecast.")] = 99,
    levels: Annotated[str, typer.Option(help="Levels of VaR, comma-separated.")] = "0.9,0.95",
    split: Annotated[
        Literal["validation", "test"],
        typer.Option(help="Held-out part: test, or validation while choosing."),
    ] = "test",
    seed: Seed = 1,
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option(help="Folder for backtest.json.")] = None,
) -> None:
    """Test the model's unshocked VaR and ES on windows of a recording (Kupiec and others)."""
    from rich.console import Console

    from app.backtest import backtest as test
    from app.commands.progress import rollout_bar
    from model.errors import SpecError

    folder = data_folder(data)
    try:
        chosen = tuple(float(text) for text in names(levels))
    except ValueError:
        raise SpecError(f"--levels {levels}: write numbers such as 0.9,0.95") from None
    if out is not None:
        output_folder(out)
    with rollout_bar(f"{asset} {model}") as progress:
        found = test(
            asset, folder, model=model, windows=windows, window_s=window, paths=paths,
            levels=chosen, split=split, seed=seed, device=device, progress=progress,
        )  # fmt: skip
    console = Console()
    console.print(tests_table(found))
    for note in found.notes:
        console.print(f"note: {note}", markup=False, highlight=False)
    if out is not None:
        found.write(out / "backtest.json")
        console.print(str(out / "backtest.json"), soft_wrap=True, markup=False)


def tests_table(found: Backtest) -> Table:
    """A row a position and level."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from app.charts.numbers import number

    table = Table(
        title=f"{found.asset}, {found.model}: {found.windows} windows of {found.window_s:g} s of"
        f" the {found.split} split, {found.paths} paths each; volatility of the paths over the"
        f" recorded one {number(found.volatility_ratio)}",
        title_justify="left",
        caption="hits: losses beyond VaR. p of a result as extreme if the forecast is right, by"
        " Kupiec, the exact binomial test, Christoffersen and, for Z, Acerbi-Szekely. power: of"
        " Kupiec at 5%, if hits were twice as many",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("loss of", no_wrap=True)
    for name in ("hits", "expected", "Kupiec", "exact", "Christ.", "Z", "p of Z", "power"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found.tests:
        table.add_row(
            f"{row.position}, {100 * row.level:g}%", f"{row.hits} of {found.windows}",
            number(found.windows * row.expected_share), number(row.kupiec_p), number(row.exact_p),
            number(row.christoffersen_p), number(row.z), number(row.z_p), number(row.power),
        )  # fmt: skip
    return table
