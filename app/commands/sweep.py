"""`faultline sweep`: scenarios x assets x intensities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.commands.options import (
    BurnIn,
    Device,
    Horizon,
    MaxEvents,
    ModelName,
    Paths,
    Results,
    Seed,
    output_folder,
)
from app.commands.study import play_and_say


def sweep(
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="Scenario, or a YAML file; may be given again [default: all]"),
    ] = None,
    asset: Annotated[list[str] | None, typer.Option(help="Asset; may be given again.")] = None,
    intensity: Annotated[
        list[float] | None, typer.Option(help="Intensity; may be given again [default: 1]")
    ] = None,
    paths: Paths = 64,
    horizon: Horizon = 300.0,
    max_events: MaxEvents = 100_000,
    burn_in: BurnIn = 256,
    seed: Seed = 1,
    model: ModelName = "small",
    device: Device = "auto",
    spec: Annotated[
        Path | None, typer.Option(help="Take the grid and its settings from a YAML file instead.")
    ] = None,
    measure: Annotated[str, typer.Option(help="Measure of the heat map.")] = "var_95_bp",
    arm: Annotated[
        Literal["effect", "shocked", "unshocked"], typer.Option(help="Arm of the heat map.")
    ] = "effect",
    out: Results = Path("out/sweep"),
) -> None:
    """Run a grid of stress tests; started again, it goes on where it stopped."""
    from app.studies.limits import check_study
    from app.studies.sweep import build_sweep, play_sweep, read_sweep
    from engine.scenario import list_scenarios

    if spec is not None:
        asked = read_sweep(spec)
    else:
        asked = build_sweep(
            scenario or list_scenarios()[1:], asset or ["AMZN"], intensity or [1.0], paths=paths,
            horizon_s=horizon, max_events=max_events, burn_in_events=burn_in, seed=seed,
            model=model, device=device,
        )  # fmt: skip
    output_folder(out)
    check_study(asked, out)
    play_and_say(
        lambda tell: play_sweep(asked, out, measure=measure, arm=arm, progress=tell),
        f"{len(asked)} cells", out, "sweep.parquet", "sweep.csv",
    )  # fmt: skip
