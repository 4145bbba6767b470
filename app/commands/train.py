"""`faultline train`: a TradeFM from recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.options import Assets, Data, Device, Seed, asset_names, data_folder, output_folder

if TYPE_CHECKING:
    from model.features import FlowFeatures
    from model.training import TrainingProgress


def train(
    data: Data = None,
    assets: Assets = "AMZN,GOOG,MSFT",
    preset: Annotated[str, typer.Option(help="tiny, small, medium or tradefm-524m.")] = "small",
    out: Annotated[Path, typer.Option(help="Folder of the checkpoint.")] = Path("out/train"),
    name: Annotated[str, typer.Option(help="Name of the model [default: the preset]")] = "",
    steps: Annotated[int | None, typer.Option(min=1, help="Optimiser steps at most.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Sequences a step.")] = None,
    length: Annotated[
        int | None,
        typer.Option(min=8, help="Events a sequence [default: 256, or two windows]"),
    ] = None,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Train on the training splits of recordings; goes on where a cut-off run stopped."""
    from rich.console import Console

    from app.manifest import hardware, versions
    from app.models import resolve_device
    from model.errors import SpecError
    from model.presets import PRESETS
    from model.training import TrainingSettings
    from model.training import train as fit

    if preset not in PRESETS:
        raise SpecError(f"preset {preset!r} is not known: use {', '.join(PRESETS)}")
    folder, chosen = data_folder(data), asset_names(assets)
    if length is None and 2 * PRESETS[preset].window > TrainingSettings().length:
        length = 2 * PRESETS[preset].window
    given = {"steps": steps, "batch": batch, "length": length}
    given = {name: value for name, value in given.items() if value is not None}
    settings = TrainingSettings.model_validate({"seed": seed, **given})
    output_folder(out)
    training, validation, sources = training_data(chosen, folder)
    command = f"faultline train --assets {','.join(chosen)} --preset {preset} --seed {seed}"
    command += "".join(f" --{k} {v}" for k, v in given.items())
    with _Bar(settings.steps) as show:
        checkpoint = fit(
            training, validation, PRESETS[preset], settings, out,
            name=name or preset, device=resolve_device(device),
            provenance={
                "command": command, "recordings": sources, "versions": versions(),
                "hardware": hardware(),
            },
            progress=show,
        )  # fmt: skip
    record = checkpoint.config.training
    Console().print(
        f"best validation loss {record['best_validation_nats']:.3f} nats an event "
        f"at step {record['best_step']}\n{out}\n"
        f"next: faultline anchor --model {out} --data {folder} --assets {','.join(chosen)}"
    )


def training_data(
    assets: list[str], data: Path
) -> tuple[list[FlowFeatures], list[FlowFeatures], list[dict[str, str]]]:
    """Features of the training and the validation split of each asset, and their sources.

    Raises
    ------
    FaultlineError
        An asset is not in the catalogue or kept for zero-shot evaluation, or its recording is
        missing or broken.
    """
    from app.manifest import file_hashes
    from app.references import recording_with_quotes
    from model.catalogue import find_asset, load_profile
    from model.errors import SpecError
    from model.features import flow_features

    training, validation, sources = [], [], []
    entries = [find_asset(name) for name in assets]
    for entry in entries:
        if entry.zero_shot:
            raise SpecError(
                f"train: {entry.asset} is kept for zero-shot evaluation; leave it out of --assets"
            )
    for entry in entries:
        splits = entry.splits
        recording = recording_with_quotes(entry, data)
        seen = recording.between(splits.train[0], splits.validation[1])
        features, _ = flow_features(seen, load_profile(entry.asset))
        training.append(features.between(*splits.train))
        validation.append(features.between(*splits.validation))
        hashes = file_hashes({"sha256": data / entry.recording})
        sources.append({"asset": entry.asset, "file": entry.recording.name} | hashes)
    return training, validation, sources


class _Bar:
    """A progress bar with training loss, validation loss and ETA."""

    def __init__(self, steps: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.validation = ""
        self.bar = Progress(
            TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=28),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self.task = self.bar.add_task("", total=steps)

    def __enter__(self) -> _Bar:
        self.bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.bar.stop()

    def __call__(self, progress: TrainingProgress) -> None:
        """Show where training is."""
        if progress.validation is not None:
            self.validation = f"  validation {progress.validation['total']:.3f}"
        self.bar.update(
            self.task,
            completed=progress.step,
            description=f"loss {progress.loss:.3f}{self.validation} nats  "
            f"{progress.events_per_s:,.0f} events/s  {progress.eta_s / 60:,.0f} min left",
        )
