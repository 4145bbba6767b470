"""`faultline report`: the report of a run again, in other formats or elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Formats, output_folder, report_formats
from model.errors import FaultlineError


def report(
    run: Annotated[
        str, typer.Argument(help="A run's folder, or the id of a run in the dashboard.")
    ],
    formats: Formats = "html,pdf,json",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to [default: the run's folder]")
    ] = None,
) -> None:
    """Write the report of a finished run."""
    chosen = report_formats(formats)
    folder = run_folder(run)
    from rich.console import Console

    from app.report import write_report
    from app.report.write import read_report

    document = read_report(folder / "report.json")
    target = output_folder(out or folder)
    for path in write_report(document, target, chosen).values():
        Console().print(str(path), soft_wrap=True)


def run_folder(run: str) -> Path:
    """Folder of a run, given as a folder or as an id of the run store.

    Raises
    ------
    FaultlineError
        There is no such run, or it has no report because it has not finished.
    """
    from engine.runs import RunStore

    folder = Path(run)
    if not folder.is_dir():
        if Path(run).name != run:
            raise FaultlineError(f"{run}: no such run; give its folder or its id")
        folder = RunStore().folder(run)
    if not (folder / "report.json").is_file():
        raise FaultlineError(f"{folder}: no report.json: not a run, or one that has not finished")
    return folder
