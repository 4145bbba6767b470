"""`faultline run`: one stress test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.options import (
    Device,
    Formats,
    ModelName,
    Seed,
    output_folder,
    report_formats,
)
from app.commands.scenarios import Values, parameter_values

if TYPE_CHECKING:
    from engine.spec import RunSpec


def run(
    asset: Annotated[str, typer.Option(help="Asset, see `faultline assets`.")] = "AMZN",
    scenario: Annotated[
        str, typer.Option(help="Scenario, see `faultline scenarios`, or a YAML file.")
    ] = "flash_crash",
    intensity: Annotated[float, typer.Option(help="Multiplies the scenario's shocks.")] = 1.0,
    paths: Annotated[int, typer.Option(help="Paths; each runs with and without the shock.")] = 64,
    horizon: Annotated[float, typer.Option(help="Market time of a path in seconds.")] = 300.0,
    seed: Seed = 1,
    model: ModelName = "small",
    device: Device = "auto",
    max_events: Annotated[int, typer.Option(help="A path is cut after so many events.")] = 100_000,
    burn_in: Annotated[int, typer.Option(help="Events of each path before its time starts.")] = 256,
    values: Values = None,
    spec: Annotated[
        Path | None, typer.Option(help="Take everything from the spec.json of a run instead.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results [default: out/ASSET_SCENARIO]")
    ] = None,
    formats: Formats = "html,pdf,json",
) -> None:
    """Run a stress test: with and without the shock, from the same random numbers."""
    from app.stress import build_spec, read_spec

    chosen = report_formats(formats)
    if spec is not None:
        asked = read_spec(spec)
    else:
        asked = build_spec(
            asset, scenario, parameter_values(values), intensity=intensity, paths=paths,
            horizon_s=horizon, seed=seed, model=model, device=device, max_events=max_events,
            burn_in_events=burn_in,
        )  # fmt: skip
    run_and_report(asked, out or Path("out") / f"{asked.asset}_{asked.scenario.name}", chosen)


def run_and_report(spec: RunSpec, out: Path, formats: list[str]) -> None:
    """Run `spec`, keep everything in `out`, and print the findings and where the files are.

    Raises
    ------
    FaultlineError
        The spec cannot be run, or `out` cannot be written; nothing is half-written then.
    """
    from rich.console import Console

    from app.commands.progress import rollout_bar
    from app.results import keep_results
    from app.stress import check_spec, run_stress
    from app.stress_realism import statements
    from engine.runs.atomic import write_atomic

    check_spec(spec)
    output_folder(out)
    with rollout_bar(f"{spec.asset} {spec.scenario.name}") as progress:
        result = run_stress(spec, progress)
    write_atomic(out / "spec.json", spec.model_dump_json(indent=1) + "\n")
    console = Console()
    with Console(stderr=True).status("writing the report") as status:
        # The JSON is always kept: the other formats can be made from it again.
        kept = list(dict.fromkeys([*formats, "json"]))
        report = keep_results(result, out, stage=status.update, formats=kept)
    console.print(f"[bold]{spec.asset}: {spec.scenario.title}[/bold]")
    console.print(report.verdict.text)
    for finding in statements(report.sections[0]):
        console.print(f"- {finding}")
    timing = result.timing
    console.print(
        f"{timing['events']:,.0f} events in {timing['total']:.1f} s: "
        f"{timing['events_per_s']:,.0f} events/s "
        f"(model {timing['model']:.1f} s, book {timing['book']:.1f} s)"
    )
    for name in formats:
        console.print(str(out / f"report.{name}"), soft_wrap=True)
