"""`faultline realism`: every number about realism in the model card, from the recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import (
    Assets,
    Data,
    ModelName,
    Results,
    asset_names,
    data_folder,
    names,
    output_folder,
)


def realism(
    data: Data = None,
    assets: Assets = "AMZN,GOOG,MSFT,SSE600961,BTCUSD",
    baselines: Annotated[
        str, typer.Option(help="Baseline models of the first seed, comma-separated [default: all]")
    ] = "",
    model: ModelName = "small",
    paths: Annotated[int, typer.Option(help="Rollouts of each model, asset and seed.")] = 64,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each evaluation.")] = 5,
    horizon: Annotated[float, typer.Option(help="Length of an evaluated rollout, s.")] = 300.0,
    long: Annotated[float, typer.Option(help="Length of a long rollout, s.")] = 3600.0,
    out: Results = Path("out/realism"),
) -> None:
    """Evaluate with several seeds, roll for an hour, move the contexts, write the model card."""
    from app.charts.horizon import horizon_chart
    from app.charts.mpl_renderer import to_svg
    from app.commands.progress import steps_bar
    from app.model_card import write_card
    from app.models import BASELINES, model_folder
    from app.realism import measure_realism, read_horizons

    folder, chosen = data_folder(data), asset_names(assets)
    output_folder(out)
    with steps_bar("measuring", len(chosen) * (seeds + 4)) as step:
        measure_realism(
            folder, out, model=model, assets=chosen, paths=paths, seeds=seeds,
            baselines=names(baselines) or list(BASELINES), horizon_s=horizon, long_s=long,
            step=step,
        )  # fmt: skip
    for found in read_horizons(out):
        (out / f"horizon-{found.asset}.svg").write_text(to_svg(horizon_chart(found)))
    typer.echo(str(write_card(model_folder(model), out)))
