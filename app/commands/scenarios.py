"""`faultline scenarios`: the stresses that can be applied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

scenarios = typer.Typer(
    help="List the scenarios, show one, or check a file of your own.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


@scenarios.callback()
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_all()


@scenarios.command("list")
def list_all() -> None:
    """List the scenarios that come with the program."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from engine.scenario import list_scenarios, load_scenario

    table = Table(title="Scenarios", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("scenario", no_wrap=True)
    table.add_column("title")
    table.add_column("shocks", justify="right")
    table.add_column("window, s", justify="right", no_wrap=True)
    for name in list_scenarios():
        scenario = load_scenario(name)
        window = scenario.window_s
        table.add_row(
            name,
            scenario.title,
            str(len(scenario.shocks)),
            f"{window[0]:g} to {window[1]:g}" if window else "-",
        )
    Console().print(table)


@scenarios.command("show")
def show(
    scenario: Annotated[str, typer.Argument(help="A name, or a YAML file.")],
    asset: Annotated[str, typer.Option(help="Asset that sizes are worked out for.")] = "AMZN",
    intensity: Annotated[float, typer.Option(min=0, max=10, help="Multiplies the shocks.")] = 1.0,
) -> None:
    """Show one scenario in words and as YAML."""
    import yaml

    from engine.scenario import load_scenario
    from model.catalogue import load_profile

    loaded = load_scenario(scenario)
    typer.echo(f"{loaded.title}\n")
    for sentence in loaded.describe(intensity, load_profile(asset)):
        typer.echo(f"- {sentence}")
    typer.echo("")
    typer.echo(yaml.safe_dump(loaded.model_dump(mode="json"), sort_keys=False), nl=False)


@scenarios.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A scenario in YAML.")],
    horizon: Annotated[float, typer.Option(min=1, help="Seconds that it has to fit into.")] = 300.0,
) -> None:
    """Check a scenario file; exit code 2 and one line where it breaks the schema."""
    from engine.scenario import load_scenario
    from model.catalogue import load_catalogue, load_profile

    scenario = load_scenario(file)
    for asset in load_catalogue():
        scenario.compile(1.0, load_profile(asset), horizon)
    typer.echo(f"{file}: scenario {scenario.name} is fine, {len(scenario.shocks)} shocks")
