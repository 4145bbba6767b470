"""From a model's name to something that writes order flow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.catalogue import assets_dir
from model.errors import CheckpointError, SpecError

if TYPE_CHECKING:
    from model.order_flow import OrderFlowModel

BASELINES = ("hawkes", "zero-intelligence")
DEVICES = ("auto", "cpu", "cuda")


def bundled_models() -> list[str]:
    """Names of the checkpoints that come with the program."""
    folder = assets_dir() / "models"
    return sorted(path.parent.name for path in folder.glob("*/config.json"))


def is_baseline(name: str) -> bool:
    """Whether `name` is a baseline model rather than a TradeFM checkpoint."""
    return name in BASELINES


def baseline_path(name: str, asset: str) -> Path:
    """Where the parameters of a baseline model fitted to `asset` are kept."""
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
    if (folder / "config.json").is_file():
        return folder
    if folder.is_dir():
        raise CheckpointError(f"{folder}: not a checkpoint (config.json is missing)")
    known = ", ".join([*bundled_models(), *BASELINES])
    raise CheckpointError(f"model {name!r} is not known: use {known}, or a checkpoint's folder")


def check_model(name: str, asset: str) -> None:
    """Find out without loading it whether `resolve_model` knows the model.

    Raises
    ------
    CheckpointError
        There is no such model, or a baseline that has not been fitted to `asset`.
    """
    if not is_baseline(name):
        model_folder(name)
    elif not baseline_path(name, asset).is_file():
        raise CheckpointError(
            f"model {name!r} has not been fitted to {asset}: "
            f"run `faultline fit {name} --assets {asset}`"
        )


def resolve_model(name: str, asset: str, device: str = "auto") -> OrderFlowModel:
    """Load the model called `name`, ready to write the order flow of `asset`.

    Parameters
    ----------
    name : a bundled model, `hawkes`, `zero-intelligence`, or the folder of a checkpoint
    asset : a baseline is fitted to one asset; TradeFM does not look at it
    device : `auto` (CUDA where there is one), `cpu` or `cuda`; baselines run on the CPU

    Raises
    ------
    CheckpointError
        Unknown model, or a checkpoint whose hash, shapes or settings do not fit.
    SpecError
        `cuda` was asked for and there is none.
    """
    check_model(name, asset)
    if is_baseline(name):
        from stylized_facts.baselines import CompoundHawkes, ZeroIntelligence

        kind = CompoundHawkes if name == "hawkes" else ZeroIntelligence
        return kind.read(baseline_path(name, asset))
    from model.checkpoint import load_checkpoint
    from model.tradefm import TradeFM

    return TradeFM(load_checkpoint(model_folder(name)), resolve_device(device))


def resolve_device(device: str) -> str:
    """`cpu` or `cuda` for `auto`, `cpu` or `cuda`; `SpecError` where there is no CUDA device."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise SpecError("device cuda: no CUDA device was found; use --device cpu")
    return device
