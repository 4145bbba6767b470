"""`faultline portfolio`: VaR and ES of positions in several assets under one scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Results, output_folder
from app.commands.study import play_and_say


def portfolio(
    file: Annotated[Path, typer.Argument(help="Positions, scenario and settings in YAML.")],
    returns: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet of returns, instead of the one that FILE names."),
    ] = None,
    out: Results = Path("out/portfolio"),
) -> None:
    """Play every position under the common scenario and join them by a copula of path ranks."""
    from app.studies.limits import check_study
    from app.studies.portfolio import play_portfolio, read_portfolio

    spec, own = read_portfolio(file)
    output_folder(out)
    check_study(spec, out)
    play_and_say(
        lambda tell: play_portfolio(spec, out, returns or own, tell),
        f"portfolio {spec.name}", out, "portfolio.json", "positions.csv", "dependence.csv",
    )  # fmt: skip
