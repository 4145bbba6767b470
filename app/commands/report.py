"""`faultline report`: the report of one run or of several, in any format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import (
    DEFAULT_FORMATS,
    Formats,
    Template,
    output_folder,
    report_formats,
    report_template,
)
from model.errors import FaultlineError


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN...", help="Folders of runs, or ids of runs in the dashboard; one or more."
        ),
    ] = None,
    template: Template = "full",
    formats: Formats = DEFAULT_FORMATS,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to [default: the run's folder; several: out/report]"),
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(
            help="Loss limit in bp that the mean of the worst 5% of losses is set against."
        ),
    ] = None,
    study: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a sweep or reverse stress to take along; may be repeated."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of report.json, and end.")
    ] = False,
) -> None:
    """Write the report of finished runs; several runs give one report."""
    if schema:
        from app.report.schema import schema_text

        typer.echo(schema_text(), nl=False)
        return
    chosen, extent = report_formats(formats), report_template(template)
    folders = [run_folder(run) for run in runs or []]
    from rich.console import Console

    from app.report import collect_report, write_report

    document = collect_report(folders, limit, study or [])
    target = output_folder(out or (folders[0] if len(folders) == 1 else Path("out/report")))
    for path in write_report(document, target, chosen, extent, folders).values():
        Console().print(str(path), soft_wrap=True, markup=False)


def run_folder(run: str) -> Path:
    """Folder of a run, given as a folder or as an id of the run store.

    Raises
    ------
    FaultlineError
        There is no such run.
    """
    from engine.runs import RunStore

    folder = Path(run)
    if folder.is_dir():
        return folder
    if folder.name != run:
        raise FaultlineError(f"{run}: no such run; give its folder or its id")
    return RunStore().folder(run)
