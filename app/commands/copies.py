"""`faultline runs copy` and `fetch`: a run to any place that fsspec opens, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.options import Run, Runs
from model.errors import FaultlineError

if TYPE_CHECKING:
    from engine.runs.copies import RunCopy


def copy(
    run: Run,
    url: Annotated[str, typer.Argument(help="Folder of copies, such as s3://bucket/runs.")],
    folder: Runs = None,
) -> None:
    """Copy a run to a folder of copies: what is not there yet."""
    from app.commands.runs import named_run
    from engine.runs import RunStore
    from engine.runs.copies import RunCopy

    copy_and_say(RunCopy(named_run(RunStore(folder), run).folder, url))


def copy_and_say(copy: RunCopy) -> None:
    """Complete a copy and say where it is.

    Raises
    ------
    FaultlineError
        It cannot be completed now.
    """
    from rich.console import Console

    with Console(stderr=True).status("copying the run"):
        whole = copy.finish()
    said = "copied" if whole else "what there is of it is copied, it has not finished"
    typer.echo(f"{copy.folder.name}: {said}; {copy.place.shown}")


def complete(copy: RunCopy) -> None:
    """Complete the copy of a run that is finished here; a failure is a warning and exit code 1."""
    try:
        copy_and_say(copy)
    except (FaultlineError, OSError) as error:
        run_id = copy.folder.name
        typer.echo(
            f"warning: {run_id} is finished, and whole in {copy.folder}, but not all of it could "
            f"be copied ({error}); `faultline runs copy {run_id} {copy.shown}` copies what is "
            "missing",
            err=True,
        )
        raise typer.Exit(1) from error


def fetch(
    url: Annotated[
        str, typer.Argument(help="A copy, such as s3://bucket/runs/20260102T030405Z-amzn-0a1b2c.")
    ],
    folder: Runs = None,
) -> None:
    """Fetch a copied run into the run store; every file is checked."""
    from rich.console import Console

    from engine.runs import RunState, RunStore
    from engine.runs.copies import fetch_run

    store = RunStore(folder)
    with Console(stderr=True).status("fetching the run"):
        run_id = fetch_run(url, store)
    ended = store.status(run_id).state is RunState.FINISHED
    typer.echo(
        f"{run_id}: fetched"
        + ("" if ended else f", not finished; `faultline runs resume {run_id}` goes on with it")
    )
