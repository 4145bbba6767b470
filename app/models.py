"""From a model's name to something that writes order flow."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from model.catalogue import DATA_VARIABLE, assets_dir, find_asset, load_profile
from model.errors import CheckpointError, RecordingError, SpecError

if TYPE_CHECKING:
    from model.order_flow import OrderFlowModel
    from model.tradefm import TradeFM
    from stylized_facts.baselines import ReturnsModel


class Baseline(NamedTuple):
    """What there is to know of a baseline model before it is loaded."""

    label: str  # in tables and figures
    ships: bool = True  # fitted files come with the program; else it is fitted where data lie
    writes_flow: bool = True  # order flow, for the simulator; else returns alone


BASELINES = {
    "hawkes": Baseline("Hawkes"),
    "hawkes-spread": Baseline("Hawkes, spread-driven"),
    "zero-intelligence": Baseline("Zero intelligence"),
    "queue-reactive": Baseline("Queue-reactive"),
    "replay": Baseline("Block replay", ships=False),
    "markov-1": Baseline("Markov order 1", ships=False),
    "markov-2": Baseline("Markov order 2", ships=False),
    "markov-5": Baseline("Markov order 5", ships=False),
    "gjr-garch": Baseline("GJR-GARCH", writes_flow=False),
    "figarch": Baseline("FIGARCH", writes_flow=False),
}
SHIPPED = tuple(name for name, baseline in BASELINES.items() if baseline.ships)
RUNNABLE = tuple(name for name in SHIPPED if BASELINES[name].writes_flow)  # without recordings
DEVICES = ("auto", "cpu", "cuda")


def bundled_models() -> list[str]:
    """Names of the checkpoints that come with the program."""
    folder = assets_dir() / "models"
    return sorted(path.parent.name for path in folder.glob("*/config.json"))


def is_baseline(name: str) -> bool:
    """Whether `name` is a baseline model, or the file of one, and not a TradeFM checkpoint."""
    return name in BASELINES or name.endswith(".json")


def baseline_path(name: str, asset: str) -> Path:
    """Where the parameters of a baseline model fitted to `asset` are kept."""
    if name.endswith(".json"):
        return Path(name)
    return assets_dir() / "references" / asset / f"{name.replace('-', '_')}.json"


def model_folder(name: str) -> Path:
    """Folder of a TradeFM checkpoint, bundled or given as a path.

    Raises
    ------
    CheckpointError
        There is no such model; the message lists the names that there are.
    """
    if name in bundled_models():
        return assets_dir() / "models" / name
    folder = Path(name)
    with suppress(OSError):  # a name that no file can have
        if (folder / "config.json").is_file():
            return folder
        if folder.is_dir():
            raise CheckpointError(f"{folder}: not a checkpoint (config.json is missing)")
    flow = [known for known, baseline in BASELINES.items() if baseline.writes_flow]
    raise CheckpointError(
        f"model {name!r} is not known: use {', '.join([*bundled_models(), *flow])}, a checkpoint's "
        "folder, or the file of a fitted baseline"
    )


def check_model(name: str, asset: str, data: Path | None = None) -> None:
    """Find out without loading it whether `resolve_model` knows the model.

    Raises
    ------
    CheckpointError
        There is no such model, a baseline that has not been fitted to `asset`, or one that writes
        no order flow.
    RecordingError
        A baseline that does not ship, and no recording to fit it to.
    """
    if not is_baseline(name):
        model_folder(name)
        return
    known = BASELINES.get(name, Baseline(name))
    if not known.writes_flow:
        raise CheckpointError(f"model {name!r} writes returns and no order flow: it cannot be run")
    if not known.ships:
        _check_recording(name, asset, data)
    elif not baseline_path(name, asset).is_file():
        if name not in BASELINES:
            raise CheckpointError(f"model {name!r}: no such file")
        raise CheckpointError(
            f"model {name!r} has not been fitted to {asset}: "
            f"run `faultline fit {name} --assets {asset}`"
        )


def _check_recording(name: str, asset: str, data: Path | None) -> None:
    folder = data or os.environ.get(DATA_VARIABLE)
    if not folder or not (Path(folder) / find_asset(asset).recording).is_file():
        raise RecordingError(
            f"model {name!r} holds a recording and does not ship, and that of {asset} is not in "
            f"{folder or 'any folder'}: set {DATA_VARIABLE}"
        )


def resolve_model(
    name: str, asset: str, device: str = "auto", data: Path | None = None
) -> OrderFlowModel:
    """Load the model called `name`, ready to write the order flow of `asset`.

    Parameters
    ----------
    name : a bundled model, a name of `BASELINES`, the folder of a checkpoint, or the JSON file of
        a fitted baseline
    asset : a baseline is fitted to one asset, TradeFM anchored to it where there is an anchor
    device : `auto` (CUDA where there is one), `cpu` or `cuda`; baselines run on the CPU
    data : folder of the recordings, for baselines that do not ship: they are fitted to the training
        split now; where not given, the environment variable FAULTLINE_DATA

    Raises
    ------
    CheckpointError
        Unknown model, a checkpoint whose hash, shapes or settings do not fit, or a baseline of
        another asset.
    RecordingError
        A baseline that does not ship, and no recording to fit it to.
    SpecError
        `cuda` was asked for and there is none.
    """
    check_model(name, asset, data)
    if is_baseline(name):
        return _resolve_baseline(name, asset, data)
    return load_tradefm(name, asset, device)


def load_tradefm(name: str, asset: str, device: str = "auto") -> TradeFM:
    """Load a checkpoint and, where there are some, its anchors to an asset.

    Raises
    ------
    FaultlineError
        As `resolve_model`.
    """
    from model.anchors import Anchors
    from model.checkpoint import load_checkpoint
    from model.tradefm import TradeFM

    folder = model_folder(name)
    checkpoint = load_checkpoint(folder)
    anchors = Anchors.of_weights(folder, checkpoint.config.sha256).assets.get(asset)
    return TradeFM(checkpoint, resolve_device(device), anchors=anchors)


def _resolve_baseline(name: str, asset: str, data: Path | None) -> OrderFlowModel:
    from model.order_flow import OrderFlowModel
    from stylized_facts.baselines.registry import fit_baseline, read_fitted

    if name in BASELINES and not BASELINES[name].ships:
        from app.references import training_recording

        entry = find_asset(asset)
        model = fit_baseline(name, [training_recording(entry, data)], load_profile(asset))
    else:
        path = baseline_path(name, asset)
        model = read_fitted(path)
        if model.asset != asset:
            raise CheckpointError(f"{path}: is fitted to {model.asset}, not to {asset}")
    if not isinstance(model, OrderFlowModel):
        raise CheckpointError(f"{name}: writes returns and no order flow: it cannot be run")
    return model


def resolve_returns_model(name: str, asset: str) -> ReturnsModel:
    """Load the returns model (`gjr-garch`, `figarch`) fitted to an asset; it writes no order flow.

    Raises
    ------
    CheckpointError
        It has not been fitted to `asset`, or the file is broken.
    """
    from stylized_facts.baselines import ReturnsModel

    return ReturnsModel.read(baseline_path(name, asset))


def resolve_device(device: str) -> str:
    """`cpu` or `cuda` for `auto`, `cpu` or `cuda`; `SpecError` where there is no CUDA device."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise SpecError("device cuda: no CUDA device was found; use --device cpu")
    return device
