"""The models that are measured: bundled ones, checkpoints, and presets with random weights."""

from __future__ import annotations

import torch

from app.models import model_folder
from model.catalogue import assets_dir
from model.checkpoint import Checkpoint, CheckpointConfig, load_checkpoint
from model.errors import SpecError
from model.presets import PRESETS
from model.tradefm import TradeFM
from model.transformer import Transformer

BUNDLED = "small"


def bench_model(name: str, device: str, context: int | None = None) -> TradeFM:
    """A bundled model or the folder of a checkpoint; else a preset with random weights.

    Random weights are as fast as trained ones. Bins are those of the bundled model. `context`
    (events) takes the place of a preset's window.

    Raises
    ------
    SpecError
        A context is asked of a model that was trained with its own.
    """
    if (assets_dir() / "models" / name).is_dir() or name not in PRESETS:
        if context is not None:
            raise SpecError(
                f"context {context}: {name} has been trained with its own; leave --context out, or"
                f" name a preset ({', '.join(n for n in PRESETS if n != BUNDLED)})"
            )
        return TradeFM(load_checkpoint(model_folder(name)), device)
    bundled = load_checkpoint(assets_dir() / "models" / BUNDLED)
    own = bundled.config.settings
    same = {"tokens": own.tokens, "contexts": own.contexts, "margins": own.margins}
    settings = PRESETS[name].model_copy(update=same)
    if context is not None:
        settings = settings.model_copy(update={"window": context})
    torch.manual_seed(1)
    network = Transformer(settings, bundled.tokenizer.context_sizes)
    config = CheckpointConfig(name=name, settings=settings)
    return TradeFM(Checkpoint(config, bundled.tokenizer, network.state_dict()), device)
