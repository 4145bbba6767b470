"""`faultline runs`: what the run store holds, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.copies import copy, fetch
from app.commands.options import Run, Runs
from model.errors import FaultlineError, printable

if TYPE_CHECKING:
    from engine.risk import Estimate, RiskRow
    from engine.runs import RunStore, StoredRun
    from engine.runs.index import IndexRow

KEY_NUMBERS = ("return_mean_bp", "var_95_bp", "es_95_bp", "volatility_bp", "spread_ticks")
GB = 1e9
LIST_WIDTH = 130

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

runs = typer.Typer(
    help="List, show, delete, resume and reproduce the runs of the run store.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


runs.command("copy")(copy)
runs.command("fetch")(fetch)


@runs.callback()
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_runs()


@runs.command("list")
def list_runs(
    state: Annotated[
        str, typer.Option(help="queued, running, finished, failed or cancelled.")
    ] = "",
    asset: Annotated[str, typer.Option(help="Runs of this asset.")] = "",
    text: Annotated[str, typer.Option(help="Text in id, asset, scenario or model.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many; 0 for all.")] = 20,
    folder: Runs = None,
) -> None:
    """List runs, the newest first."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from engine.runs import RunState, RunStore
    from engine.runs.index import search

    states = [one.value for one in RunState]
    if state and state not in states:
        raise FaultlineError(f"--state {state}: no such state; use {', '.join(states)}")
    wanted = {k: v for k, v in {"state": state, "asset": asset.upper()}.items() if v}
    store = RunStore(folder)
    found = search(store, text=text, limit=limit or None, **wanted)
    table = Table(box=SIMPLE_HEAD)
    for name in ("run", "state", "model", "paths", "horizon, s", "seed", "events", "MB"):
        right = name not in ("run", "state", "model")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for row in found:
        table.add_row(
            row.id, row.state.value, escape(printable(row.model)), f"{row.paths:,}",
            f"{row.horizon_s:g}", str(row.seed), f"{row.events:,}", f"{row.bytes / 1e6:,.1f}",
        )  # fmt: skip
    # A table that is cut off says less than one that is wrapped by the terminal.
    console = Console(width=max(Console().width, LIST_WIDTH))
    console.print(table)
    every = search(store)
    size = sum(row.bytes for row in every) / GB
    console.print(
        f"{len(found)} of {len(every)} runs shown; all take {size:.2f} GB in {store.root}",
        markup=False,
    )


@runs.command()
def show(run: Run, folder: Runs = None) -> None:
    """Show what a run is, what it was made from, and its key numbers."""
    from rich.console import Console

    from app.manifest import read_manifest
    from engine.runs import RunState, RunStore
    from engine.runs.chunks import RunPaths
    from engine.runs.index import size_of
    from engine.runs.summary import RunSummary

    store = RunStore(folder)
    one = named_run(store, run)
    status, spec, paths = one.status, one.spec, RunPaths(one.folder)
    lines = {
        "run": one.id,
        "folder": str(one.folder),
        "state": f"{status.state.value}{': ' + status.message if status.message else ''}",
        "what": f"{spec.asset}, {spec.scenario.title} ×{spec.intensity:g}, {spec.paths:,} paths of "
        f"{spec.horizon_s:g} s, seed {spec.seed}, model {spec.model}",
        "paths": f"{paths.done:,} of {spec.paths:,} on disk",
        "size": f"{size_of(one.folder) / 1e6:,.1f} MB",
        "created": _time(status.created),
        "started": _time(status.started),
        "ended": _time(status.ended),
        "attempts": str(status.attempt),
        "fingerprint": status.fingerprint or "none",
    }
    if status.origin:
        lines["fetched from"] = status.origin
    if (one.folder / "manifest.json").is_file():
        manifest = read_manifest(one.folder)
        lines |= {f.name: f.sha256 for f in manifest.files}
        lines |= manifest.versions | manifest.hardware
        lines |= {f"{n}, s": f"{v:,.1f}" for n, v in manifest.timing_s.items() if "event" not in n}
        lines["command"] = "; ".join(manifest.commands)
    if status.state is RunState.FINISHED:
        risk = RunSummary.read(one.folder / "summary.json").risk
        for row in (row for row in risk.rows if row.measure in KEY_NUMBERS):
            lines[row.label] = _figures(row)
    console = Console()
    width = max(len(name) for name in lines) + 2
    for name, value in lines.items():
        line = f"{printable(name):{width}}{printable(value)}"
        console.print(line, soft_wrap=True, highlight=False, markup=False)


@runs.command()
def rm(run: Annotated[list[str], typer.Argument(help="Ids of runs, or the ends of them.")],
       yes: Yes = False, folder: Runs = None) -> None:  # fmt: skip
    """Delete runs. One that is at work is refused."""
    from engine.runs import RunStore

    store = RunStore(folder)
    chosen = [named_id(store, one) for one in run]
    if not yes:
        typer.confirm(f"Delete {', '.join(chosen)} and all results?", abort=True)
    for run_id in chosen:
        store.remove(run_id)
        typer.echo(f"deleted {run_id}")


@runs.command()
def resume(
    run: Run,
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave the work to the dashboard's queue.")
    ] = False,
    folder: Runs = None,
) -> None:
    """Go on with a run that was cancelled, failed, was cut short, or has lost some of its paths."""
    from app.commands.run import execute_here
    from app.limits import check_fits
    from engine.runs import RunState, RunStore
    from engine.runs.chunks import RunPaths

    store = RunStore(folder)
    one = named_run(store, run)
    paths = RunPaths(one.folder)
    intact = one.status.state is RunState.FINISHED and paths.whole and not paths.broken()
    if intact and (one.folder / "report.json").is_file():
        typer.echo(f"{one.id}: is finished, and all its files are as they were written")
        return
    for warning in check_fits(one.spec, store):
        typer.echo(f"warning: {warning}", err=True)
    store.reopen(one.id, queue=queue)
    if queue:
        typer.echo(f"{one.id}: waits for the dashboard")
        return
    execute_here(store, one.id)
    typer.echo(f"{one.id}: finished; {one.folder}")


@runs.command()
def reproduce(run: Run, folder: Runs = None) -> None:
    """Compute a finished run again and compare: bit for bit, or by interval on other machines."""
    from app.commands.progress import rollout_bar
    from app.reproduce import reproduce as again
    from engine.runs import RunStore

    one = named_run(RunStore(folder), run)
    with rollout_bar(f"{one.spec.asset} {one.spec.scenario.name}") as bar:
        found = again(one, bar)
    for change in found.circumstances:
        typer.echo(f"not as it was: {change.what}: {change.kept} then, {change.now} now")
    for difference in found.differences:
        typer.echo(f"differs: {difference.what}: {difference.kept} then, {difference.now} now")
    if found.same_bits:
        typer.echo(f"{one.id}: reproduced, all paths are the same bit for bit")
    elif found.holds:
        typer.echo(f"{one.id}: reproduced by interval: every risk number agrees, bits do not")
    else:
        standard = "bit for bit" if found.standard == "bits" else "by interval"
        typer.echo(f"{one.id}: not reproduced {standard}")
        raise typer.Exit(1)


@runs.command()
def gc(
    keep_days: Annotated[
        float | None, typer.Option(min=0, help="Delete runs that ended longer ago.")
    ] = None,
    max_gb: Annotated[
        float | None, typer.Option(min=0, help="Delete the oldest until all take no more.")
    ] = None,
    yes: Yes = False,
    folder: Runs = None,
) -> None:
    """Delete what kills have left behind and, if asked for, old runs. None at work is touched."""
    from engine.runs import RunStore
    from engine.runs.index import search

    store = RunStore(folder)
    for name in store.collect_garbage():
        typer.echo(f"deleted {name}")
    old = _old(search(store), keep_days, max_gb)
    if old:
        size = sum(row.bytes for row in old) / GB
        if not yes:
            typer.confirm(f"Delete {len(old)} runs, {size:.2f} GB, and all results?", abort=True)
        for row in old:
            try:
                store.remove(row.id)
                typer.echo(f"deleted {row.id}")
            except FaultlineError as error:  # it was taken up again meanwhile
                typer.echo(f"kept {error}")
    left = search(store)
    typer.echo(f"{len(left)} runs, {sum(row.bytes for row in left) / GB:.2f} GB")


def named_run(store: RunStore, name: str) -> StoredRun:
    """The run with an id, or the only one whose id ends so.

    Raises
    ------
    FaultlineError
        There is none, there are several, or it cannot be read.
    """
    return store.get(named_id(store, name))


def named_id(store: RunStore, name: str) -> str:
    """The id of a run that may be broken, from all or the end of it; see `named_run`."""
    ends = [run_id for run_id in store.ids() if name and run_id.endswith(f"-{name}")]
    if len(ends) > 1:
        raise FaultlineError(f"{name}: ends {len(ends)} ids, such as {ends[0]}; give a longer part")
    return ends[0] if ends else name


def _old(rows: list[IndexRow], keep_days: float | None, max_gb: float | None) -> list[IndexRow]:
    """Runs that are over and too old, or too many: those that go, of rows the newest first."""
    now, total, chosen = datetime.now(UTC), 0, []
    for row in rows:
        total += row.bytes
        old = keep_days is not None and now - row.created > timedelta(days=keep_days)
        many = max_gb is not None and total > max_gb * GB
        if row.state.last and (old or many):
            chosen.append(row)
    return chosen


def _figures(row: RiskRow) -> str:
    """`-3.1 to -20.5 bp, change -17.4 (-30.1 to -4.2)`."""
    from app.charts.numbers import interval, number

    def value(estimate: Estimate | None, signed: bool = False) -> str:
        return number(estimate.value if estimate else None, signed=signed)

    text = f"{value(row.unshocked)} to {value(row.shocked)} {row.unit}"
    if row.effect is None:
        return text
    ends = interval(row.effect.lower, row.effect.upper, signed=True)
    return f"{text}, change {value(row.effect, signed=True)} ({ends})"


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "not yet"
