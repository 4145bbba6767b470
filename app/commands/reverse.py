"""`faultline reverse` and `faultline rare`: from an outcome back to a shock, and how rare it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.options import (
    Asset,
    BurnIn,
    Device,
    Horizon,
    Intensity,
    MaxEvents,
    ModelName,
    Paths,
    Results,
    ScenarioName,
    Seed,
    output_folder,
)
from app.commands.study import play_and_say
from model.errors import FaultlineError

if TYPE_CHECKING:
    from engine.risk.outcome import Outcome

LossBp = Annotated[float | None, typer.Option("--loss-bp", help="Loss of more than so many bp ...")]
AtS = Annotated[float | None, typer.Option("--at", help="... at this time, seconds.")]
Short = Annotated[bool, typer.Option("--short", help="The loss is that of a short position.")]


def reverse(
    asset: Asset = "AMZN",
    scenario: ScenarioName = "flash_crash",
    loss_bp: LossBp = None,
    at: AtS = None,
    short: Short = False,
    spread_ticks: Annotated[
        float | None, typer.Option(help="Spread of more than so many ticks ...")
    ] = None,
    for_s: Annotated[
        int | None, typer.Option("--for", help="... for so many seconds on end.")
    ] = None,
    pause: Annotated[bool, typer.Option("--pause", help="Trading pauses.")] = False,
    probability: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="Share of paths with the outcome.")
    ] = 0.5,
    second: Annotated[
        str | None, typer.Option(help="Search pairs of intensities with this scenario as well.")
    ] = None,
    points: Annotated[
        int, typer.Option(min=2, max=50, help="Intensities of the first scenario in pairs.")
    ] = 5,
    resolution: Annotated[
        float,
        typer.Option(min=0.001, max=0.5, help="Of the answer, share of the highest intensity."),
    ] = 0.02,
    paths: Paths = 64,
    horizon: Horizon = 300.0,
    max_events: MaxEvents = 100_000,
    burn_in: BurnIn = 256,
    seed: Seed = 1,
    model: ModelName = "small",
    device: Device = "auto",
    out: Results = Path("out/reverse"),
) -> None:
    """Find the smallest intensity of a scenario that leads to an outcome on a share of paths."""
    from app.stress import build_spec, check_spec
    from app.studies.limits import check_study
    from app.studies.reverse import ReverseSpec, play_reverse
    from engine.scenario import load_scenario

    run = build_spec(
        asset, scenario, paths=paths, horizon_s=horizon, max_events=max_events,
        burn_in_events=burn_in, seed=seed, model=model, device=device,
    )  # fmt: skip
    check_spec(run)
    spec = ReverseSpec(
        run=run, outcome=outcome_of(loss_bp, at, short, spread_ticks, for_s, pause),
        probability=probability, second=None if second is None else load_scenario(second),
        points=points, resolution=resolution,
    )  # fmt: skip
    output_folder(out)
    check_study(spec, out)
    play_and_say(lambda tell: play_reverse(spec, out, tell), "reverse stress", out, "reverse.json")


def rare(
    asset: Asset = "AMZN",
    scenario: ScenarioName = "flash_crash",
    intensity: Intensity = 1.0,
    loss_bp: LossBp = None,
    at: AtS = None,
    short: Short = False,
    level: Annotated[
        list[float] | None,
        typer.Option(help="Level in bp; may be given again [default: chosen by a pilot]"),
    ] = None,
    trajectories: Annotated[
        int, typer.Option(min=2, max=100_000, help="Paths played from each level.")
    ] = 200,
    replications: Annotated[
        int, typer.Option(min=1, max=10_000, help="Independent repetitions.")
    ] = 20,
    horizon: Horizon = 300.0,
    max_events: MaxEvents = 100_000,
    burn_in: BurnIn = 256,
    seed: Seed = 1,
    model: ModelName = "small",
    device: Device = "auto",
    out: Results = Path("out/rare"),
) -> None:
    """Estimate the share of paths with a rare loss, by multilevel splitting."""
    from pydantic import ValidationError

    from app.stress import build_spec, check_spec
    from app.studies.limits import check_study
    from app.studies.reverse import RareSpec, play_rare
    from app.studies.settings import one_line
    from engine.risk.outcome import Loss

    run = build_spec(
        asset, scenario, intensity=intensity, horizon_s=horizon, max_events=max_events,
        burn_in_events=burn_in, seed=seed, model=model, device=device,
    )  # fmt: skip
    check_spec(run)
    outcome = outcome_of(loss_bp, at, short, None, None, False)
    assert isinstance(outcome, Loss)
    try:
        spec = RareSpec(
            run=run, outcome=outcome, levels=tuple(level or ()), trajectories=trajectories,
            replications=replications,
        )  # fmt: skip
    except ValidationError as error:
        raise FaultlineError(one_line(error)) from error
    output_folder(out)
    check_study(spec, out)
    play_and_say(lambda tell: play_rare(spec, out, tell), "rare loss", out, "rare.json")


def outcome_of(
    loss_bp: float | None,
    at: float | None,
    short: bool,
    spread_ticks: float | None,
    for_s: int | None,
    pause: bool,
) -> Outcome:
    """The one outcome that was named; `FaultlineError` where none is, or several are."""
    from pydantic import ValidationError

    from app.studies.settings import one_line
    from engine.risk.outcome import Loss, Pause, WideSpread

    if (loss_bp is not None) + (spread_ticks is not None) + pause != 1:
        raise FaultlineError(
            "name one outcome: --loss-bp X --at SECONDS, or --spread-ticks Y --for SECONDS, or"
            " --pause"
        )
    try:
        if loss_bp is not None:
            if at is None:
                raise FaultlineError("--loss-bp needs --at SECONDS: the time of the loss")
            return Loss(bps=loss_bp, at_s=at, position="short" if short else "long")
        if spread_ticks is not None:
            if for_s is None:
                raise FaultlineError("--spread-ticks needs --for SECONDS: how long it lasts")
            return WideSpread(ticks=spread_ticks, for_s=for_s)
    except ValidationError as error:
        raise FaultlineError(f"outcome: {one_line(error)}") from error
    return Pause()
