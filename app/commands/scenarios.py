"""`faultline scenarios`: the stresses that can be applied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Asset, output_folder

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


Values = Annotated[
    list[str] | None,
    typer.Option("--set", help="Value of a parameter, NAME=NUMBER; may be given again."),
]


def parameter_values(given: list[str] | None) -> dict[str, float]:
    """Values of `--set NAME=NUMBER` options; `ScenarioError` where one is something else."""
    from model.errors import ScenarioError

    values = {}
    for text in given or []:
        name, _, number = text.partition("=")
        try:
            values[name.strip()] = float(number)
        except ValueError:
            raise ScenarioError(f"--set {text}: write NAME=NUMBER, such as sold=0.5") from None
    return values


@scenarios.command("show")
def show(
    scenario: Annotated[str, typer.Argument(help="A name, or a YAML file.")],
    asset: Annotated[str, typer.Option(help="Asset that sizes are worked out for.")] = "AMZN",
    intensity: Annotated[float, typer.Option(min=0, max=10, help="Multiplies the shocks.")] = 1.0,
    values: Values = None,
) -> None:
    """Show one scenario: in words, its parameters, and as YAML."""
    import yaml

    from engine.scenario import load_scenario
    from model.catalogue import load_profile

    loaded = load_scenario(scenario, parameter_values(values))
    typer.echo(f"{loaded.title}\n\n{loaded.description}\n")
    for sentence in loaded.describe(intensity, load_profile(asset)):
        typer.echo(f"- {sentence}")
    if loaded.window_s is not None:
        start, end = loaded.window_s
        typer.echo(
            f"\nFrom {start:g} s to {end:g} s; the horizon must be {end:g} s or more."
            f" Intensity 0 to {loaded.max_intensity:.4g}."
        )
    if any(shock.kind == "reweighting" for shock in loaded.shocks):
        typer.echo("Needs a TradeFM model: other models do not offer reweighting.")
    typer.echo(f"\nfaultline run --scenario {scenario} --asset {asset}")
    if loaded.parameters:
        typer.echo("\nParameters (--set NAME=NUMBER)")
    for name, parameter in loaded.parameters.items():
        value = parameter.default if parameter.value is None else parameter.value
        typer.echo(
            f"- {name} = {value:g} {parameter.unit} ({parameter.low:g} to {parameter.high:g}):"
            f" {parameter.description}"
        )
    for label, text in (("From", loaded.provenance), ("Notes", loaded.notes)):
        if text:
            typer.echo(f"\n{label}: {text}")
    typer.echo("")
    content = loaded.model_dump(mode="json", exclude_defaults=True)
    for shock, full in zip(content["shocks"], loaded.shocks, strict=True):
        shock["kind"] = full.kind
    typer.echo(yaml.safe_dump(content, sort_keys=False), nl=False)


@scenarios.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A scenario in YAML.")],
    horizon: Annotated[float, typer.Option(min=1, help="Seconds that it has to fit into.")] = 300.0,
    values: Values = None,
) -> None:
    """Check a scenario file; exit code 2 and one line where it breaks the schema."""
    from engine.scenario import load_scenario
    from model.catalogue import load_catalogue, load_profile

    scenario = load_scenario(file, parameter_values(values))
    for asset in load_catalogue():
        scenario.compile(1.0, load_profile(asset), horizon)
    typer.echo(f"{file}: scenario {scenario.name} is fine, {len(scenario.shocks)} shocks")


@scenarios.command("draw")
def draw(
    names: Annotated[list[str] | None, typer.Argument(help="Scenarios [default: all]")] = None,
    asset: Asset = "AMZN",
    model: Annotated[str, typer.Option(help="Model, see `faultline run`.")] = "small",
    paths: Annotated[int, typer.Option(min=2, help="Paths of each picture.")] = 32,
    horizon: Annotated[float, typer.Option(min=1, help="Seconds shown.")] = 210.0,
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("docs/scenarios"),
) -> None:
    """Draw what scenarios do: mid price and spread, with and without, as SVG."""
    from app.scenario_figures import draw_scenario
    from app.stress import build_spec
    from engine.scenario import list_scenarios

    output_folder(out)
    for name in names or list_scenarios()[1:]:
        spec = build_spec(asset, name, paths=paths, horizon_s=horizon, model=model)
        for path in draw_scenario(spec, out):
            typer.echo(str(path))
