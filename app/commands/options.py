"""Options that several commands share, and what they turn into."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from model.errors import FaultlineError

DATA_VARIABLE = "FAULTLINE_DATA"  # as in model.catalogue, which is not loaded for --help
FORMATS = ("html", "pdf", "json", "bundle")
TEMPLATES = ("committee", "full")
DEFAULT_FORMATS = ["html", "pdf", "json"]

Asset = Annotated[str, typer.Option(help="Asset, see `faultline assets`.")]
ScenarioName = Annotated[
    str, typer.Option("--scenario", help="Scenario, see `faultline scenarios`, or a YAML file.")
]
Intensity = Annotated[float, typer.Option(help="Multiplies the scenario's shocks.")]
Paths = Annotated[int, typer.Option(help="Paths of each run.")]
Horizon = Annotated[float, typer.Option(help="Market time of a path in seconds.")]
MaxEvents = Annotated[int, typer.Option(help="A path is cut after so many events.")]
BurnIn = Annotated[int, typer.Option(help="Events of each path before its time starts.")]
Results = Annotated[Path, typer.Option(help="Folder of the results.")]
Device = Annotated[
    Literal["auto", "cpu", "cuda"],
    typer.Option(help="Where the model runs; auto takes CUDA where there is one."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same paths.")]
ModelName = Annotated[
    str, typer.Option(help="Bundled model, hawkes, zero-intelligence, or a checkpoint's folder.")
]
Formats = Annotated[
    list[str],
    typer.Option(
        "--format",
        help=f"Report format: {', '.join(FORMATS)}; repeat it or put commas between several.",
    ),
]
Template = Annotated[
    str, typer.Option(help="Extent of the report: committee (three pages) or full.")
]
Runs = Annotated[
    Path | None,
    typer.Option("--runs", help="Folder of the run store [default: $FAULTLINE_RUNS]"),
]
Run = Annotated[str, typer.Argument(help="Id of a run, or the end of one, such as 0a1b2c.")]
CopyTo = Annotated[
    str | None,
    typer.Option(
        "--copy-to",
        metavar="URL",
        help="Copy the run, chunk by chunk, to a folder that fsspec opens: s3://bucket/runs.",
    ),
]
BackendName = Annotated[
    Literal["local", "ray"],
    typer.Option("--backend", help="Who plays the paths: this process, or workers of Ray."),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="HOST:PORT of a Ray cluster that this machine is part of [default: Ray started here]"
    ),
]
Assets = Annotated[str, typer.Option(help="Assets, comma-separated.")]
Data = Annotated[
    Path | None,
    typer.Option(help=f"Folder of the recordings [default: ${DATA_VARIABLE}, ../shared/data]"),
]


def names(text: str) -> list[str]:
    """The parts of a comma-separated list, in order, each once, without blanks."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def asset_names(text: str) -> list[str]:
    """`names` of at least one asset; `FaultlineError` where there is none."""
    chosen = names(text)
    if not chosen:
        raise FaultlineError("--assets is empty; name one or more, such as AMZN,GOOG")
    return chosen


def report_formats(given: Sequence[str]) -> list[str]:
    """Report formats from lists with commas; `FaultlineError` names an unknown one."""
    chosen = names(",".join(given).lower())
    for name in chosen:
        if name not in FORMATS:
            raise FaultlineError(f"--format {name}: not a report format; use {', '.join(FORMATS)}")
    if not chosen:
        raise FaultlineError(f"--format is empty; use some of {', '.join(FORMATS)}")
    return chosen


def report_template(name: str) -> str:
    """Template of a report; `FaultlineError` where it is not known."""
    if name.lower() not in TEMPLATES:
        raise FaultlineError(f"--template {name}: not known; use {' or '.join(TEMPLATES)}")
    return name.lower()


def data_folder(data: Path | None) -> Path:
    """Folder of the recordings: the option, else the environment, else `../shared/data`.

    Raises
    ------
    FaultlineError
        There is no such folder.
    """
    folder = data or Path(os.environ.get(DATA_VARIABLE) or "../shared/data")
    if not folder.is_dir():
        raise FaultlineError(
            f"{folder}: no such data folder; give --data DIR or set {DATA_VARIABLE}"
        )
    return folder


def output_folder(folder: Path) -> Path:
    """Make `folder` where it is missing, and make sure that it can be written before work begins.

    Raises
    ------
    FaultlineError
        A file is in the way, or there is no permission.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".faultline-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except (FileExistsError, NotADirectoryError) as error:
        raise FaultlineError(f"{error.filename}: is a file; choose another --out folder") from error
    except OSError as error:
        raise FaultlineError(
            f"{folder}: cannot be written ({error.strerror}); choose another --out folder"
        ) from error
    return folder
