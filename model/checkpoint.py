"""A trained model on disk: `model.safetensors` (weights and tokenizer) and `config.json`."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from model.errors import CheckpointError, wrong_field
from model.presets import ModelSettings
from model.tokenizer import Tokenizer, array_shapes, context_sizes
from model.transformer import Transformer
from model.weights_file import read_weights

WEIGHTS, CONFIG = "model.safetensors", "config.json"
DTYPES = frozenset({"F32", "F64"})
MOST_CONFIG_BYTES = 16 << 20


class CheckpointConfig(BaseModel):
    """What `config.json` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: ModelSettings
    sha256: str = ""  # of the weights file
    training: dict[str, Any] = {}  # data, split, losses, command: as they came out


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model in memory: settings, tokenizer and weights."""

    config: CheckpointConfig
    tokenizer: Tokenizer
    weights: dict[str, Tensor]

    def transformer(self) -> Transformer:
        """The network with these weights, in evaluation mode.

        Raises
        ------
        CheckpointError
            A weight is missing, unknown or of another shape than the settings ask for.
        """
        network = Transformer(self.config.settings, self.tokenizer.context_sizes)
        try:
            network.load_state_dict(self.weights)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise CheckpointError(
                f"{self.config.name}: weights do not fit the settings ({reason})"
            ) from error
        return network.eval()


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write both files, each atomically, the one that names the hash last."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: w.detach().float().cpu().numpy() for name, w in checkpoint.weights.items()}
    for name, array in checkpoint.tokenizer.arrays().items():
        arrays[f"tokenizer.{name}"] = np.ascontiguousarray(array)
    temporary = folder / (WEIGHTS + ".tmp")
    save_file(arrays, temporary)
    config = checkpoint.config.model_copy(update={"sha256": file_hash(temporary)})
    os.replace(temporary, folder / WEIGHTS)
    temporary = folder / (CONFIG + ".tmp")
    temporary.write_text(json.dumps(config.model_dump(), indent=1) + "\n")
    os.replace(temporary, folder / CONFIG)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint and verify its hash and its shapes.

    Raises
    ------
    CheckpointError
        A file is missing or broken, or the weights are not the ones that the config names.
    """
    config_path, weights_path = folder / CONFIG, folder / WEIGHTS
    for path in (config_path, weights_path):
        if not path.is_file():
            raise CheckpointError(f"{path}: not found; name a folder that `faultline train` wrote")
    if config_path.stat().st_size > MOST_CONFIG_BYTES:
        raise CheckpointError(f"{config_path}: more than {MOST_CONFIG_BYTES:,} bytes; not settings")
    try:
        config = CheckpointConfig.model_validate_json(config_path.read_bytes())
    except ValidationError as error:
        raise CheckpointError(f"{config_path}: {wrong_field(error)}") from error
    if file_hash(weights_path) != config.sha256:
        raise CheckpointError(
            f"{weights_path}: hash does not match {CONFIG}; the file was changed or cut short"
        )
    prefix = "tokenizer."
    arrays = read_weights(weights_path, _shapes(config.settings, prefix), DTYPES)
    tokenizer = Tokenizer.from_arrays(
        config.settings.tokens,
        config.settings.context_names,
        {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)},
    )
    weights = {n: torch.from_numpy(a) for n, a in arrays.items() if not n.startswith(prefix)}
    return Checkpoint(config, tokenizer, weights)


def _shapes(settings: ModelSettings, prefix: str) -> dict[str, tuple[int, ...]]:
    """Shapes of all arrays that a checkpoint of these settings holds, without making them."""
    shapes = array_shapes(settings.tokens, settings.context_names)
    if settings.margins == "none":
        del shapes["shares"]
    with torch.device("meta"), _Uninitialised():
        network = Transformer(settings, context_sizes(settings.context_names))
    return {prefix + name: shape for name, shape in shapes.items()} | {
        name: tuple(weight.shape) for name, weight in network.state_dict().items()
    }


class _Uninitialised(TorchFunctionMode):
    """Skips the drawing of first weights: on `meta` it would load the compiler, which is slow."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else given["tensor"]
        return func(*args, **given)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
