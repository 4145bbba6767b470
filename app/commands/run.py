"""`faultline run`: one stress test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.options import (
    DEFAULT_FORMATS,
    Address,
    Asset,
    BackendName,
    BurnIn,
    CopyTo,
    Device,
    Formats,
    Horizon,
    Intensity,
    MaxEvents,
    ModelName,
    Runs,
    ScenarioName,
    Seed,
    Template,
    output_folder,
    report_formats,
    report_template,
)
from app.commands.scenarios import Values, parameter_values
from model.errors import FaultlineError

if TYPE_CHECKING:
    from app.backends import Backend
    from engine.runs import RunStore
    from engine.spec import RunSpec


def run(
    asset: Asset = "AMZN",
    scenario: ScenarioName = "flash_crash",
    intensity: Intensity = 1.0,
    paths: Annotated[int, typer.Option(help="Paths; each runs with and without the shock.")] = 64,
    horizon: Horizon = 300.0,
    seed: Seed = 1,
    model: ModelName = "small",
    device: Device = "auto",
    max_events: MaxEvents = 100_000,
    burn_in: BurnIn = 256,
    values: Values = None,
    spec: Annotated[
        Path | None, typer.Option(help="Take everything from the spec.json of a run instead.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results [default: out/ASSET_SCENARIO]")
    ] = None,
    formats: Formats = DEFAULT_FORMATS,
    template: Template = "full",
    again: Annotated[
        bool, typer.Option("--again", help="Compute it even if the run store has it.")
    ] = False,
    runs: Runs = None,
    backend: BackendName = "local",
    address: Address = None,
    copy_to: CopyTo = None,
) -> None:
    """Run a stress test: with and without the shock, from the same random numbers."""
    from app.stress import build_spec, read_spec

    chosen, extent = report_formats(formats), report_template(template)
    if spec is not None:
        asked = read_spec(spec)
    else:
        asked = build_spec(
            asset, scenario, parameter_values(values), intensity=intensity, paths=paths,
            horizon_s=horizon, seed=seed, model=model, device=device, max_events=max_events,
            burn_in_events=burn_in,
        )  # fmt: skip
    folder = out or Path("out") / f"{asked.asset}_{asked.scenario.name}"
    run_and_report(asked, folder, chosen, extent, again, runs, backend, address, copy_to)


def run_and_report(
    spec: RunSpec,
    out: Path,
    formats: list[str],
    template: str = "full",
    again: bool = False,
    runs: Path | None = None,
    backend: str = "local",
    address: str | None = None,
    copy_to: str | None = None,
) -> None:
    """Run `spec` in the run store, put everything in `out` too, and print findings and files.

    A run of the very same request is found instead of computed, and one that was cut short goes on
    where it stopped, unless `again`.

    Raises
    ------
    FaultlineError
        The spec cannot be run, it is being run, its backend is not there, or `out` or the folder
        of copies cannot be written; nothing is half-written in `out` then.
    """
    from rich.console import Console

    from app.backends import open_backend
    from app.backends.copying import CopyingBackend
    from app.commands.copies import complete
    from app.fingerprint import fingerprint, known_run, stopped_run
    from app.limits import check_fits
    from app.stress import check_spec
    from engine.runs import RunState, RunStore
    from engine.runs.chunks import RunPaths
    from engine.runs.copies import RunCopy

    check_spec(spec)
    output_folder(out)
    if copy_to is not None:
        RunCopy(out, copy_to)  # before there is a run: a protocol that is not known, or no package
    store, notes, request = RunStore(runs), Console(stderr=True), fingerprint(spec)
    known = None if again else known_run(store, request)
    if known is not None and known.status.state is not RunState.FINISHED:
        raise FaultlineError(
            f"{known.id}: the same run is {known.status.state} already; wait for it, see "
            f"`faultline runs show {known.id}`, or compute it twice with --again"
        )
    if known is not None:
        run_id = known.id
        copy = RunCopy(known.folder, copy_to) if copy_to is not None else None
        notes.print(
            f"found {run_id}, computed {known.status.ended or known.status.created:%Y-%m-%d %H:%M}"
            " UTC from the same request; --again computes it again", soft_wrap=True,
        )  # fmt: skip
    else:
        for warning in check_fits(spec, store):
            notes.print(f"warning: {warning}", soft_wrap=True, markup=False)
        with open_backend(backend, address) as where:
            stopped = None if again else stopped_run(store, request)
            if stopped is None:
                run_id = store.create(spec, request, queue=False)
            else:
                run_id = stopped.id
                store.reopen(run_id, queue=False)
                there = RunPaths(stopped.folder).done
                notes.print(f"going on with {run_id}: {there} of {spec.paths} paths are there")
            copy = RunCopy(store.folder(run_id), copy_to) if copy_to is not None else None
            execute_here(store, run_id, CopyingBackend(where, copy) if copy else where)
    from app.results import publish  # charts and statistics, which the run did not wait for
    from app.stress_realism import statements

    with Console(stderr=True).status("writing the report"):
        report = publish(store.folder(run_id), out, formats, template)
    console = Console()
    console.print(f"{spec.asset}: {spec.scenario.title}", style="bold", markup=False)
    console.print(report.verdict.text, markup=False)
    for finding in statements(report.sections[0]):
        console.print(f"- {finding}", markup=False)
    timing = report.manifest.timing_s
    console.print(
        f"{timing['events']:,.0f} events in {timing['total']:.1f} s: "
        f"{timing['events_per_s']:,.0f} events/s"
    )
    for name in formats:
        file = "bundle.zip" if name == "bundle" else f"report.{name}"
        console.print(str(out / file), soft_wrap=True, markup=False)
    if copy is not None:
        complete(copy)


def execute_here(store: RunStore, run_id: str, backend: Backend | None = None) -> None:
    """Do a queued run in this process, with a bar; its report is kept as JSON.

    `backend` plays the paths; None: this process.

    Raises
    ------
    FaultlineError
        It was cancelled from elsewhere, or see `app.execute.execute`.
    """
    from app.commands.progress import rollout_bar
    from app.execute import execute

    spec = store.get(run_id).spec
    with rollout_bar(f"{spec.asset} {spec.scenario.name}") as bar:
        if execute(store, run_id, ["json"], bar, bar.stage, backend) is None:
            raise FaultlineError(
                f"{run_id}: was cancelled; `faultline runs resume` goes on with it"
            )
