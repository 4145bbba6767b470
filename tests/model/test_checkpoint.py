"""Checkpoints survive the disk and refuse what does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from model.checkpoint import CONFIG, WEIGHTS, Checkpoint, load_checkpoint, save_checkpoint
from model.errors import CheckpointError
from model.events import Recording
from model.features import flow_features
from model.presets import ModelSettings
from model.profile import AssetProfile

Make = Callable[..., Checkpoint]


def test_round_trip(
    tmp_path: Path, make_checkpoint: Make, flow: Recording, profile: AssetProfile
) -> None:
    saved = make_checkpoint()
    save_checkpoint(saved, tmp_path)
    loaded = load_checkpoint(tmp_path)
    assert loaded.config.settings == saved.config.settings
    for name, weight in saved.weights.items():
        torch.testing.assert_close(loaded.weights[name], weight)
    features, _ = flow_features(flow, profile)
    np.testing.assert_array_equal(
        loaded.tokenizer.encode(features)[0], saved.tokenizer.encode(features)[0]
    )
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("contexts", [(), ("spread", "slow_spread")])
def test_a_model_of_few_contexts_or_none(
    contexts: tuple[str, ...], tmp_path: Path, make_checkpoint: Make, flow: Recording,
    profile: AssetProfile,
) -> None:  # fmt: skip
    save_checkpoint(make_checkpoint(contexts=contexts), tmp_path)
    loaded = load_checkpoint(tmp_path)
    assert loaded.tokenizer.contexts == contexts
    context = loaded.tokenizer.encode(flow_features(flow, profile)[0])[1]
    assert context.shape[1] == 3 + len(contexts)
    loaded.transformer()


def test_unknown_contexts_are_refused() -> None:
    with pytest.raises(ValidationError, match="use some of price_level, spread"):
        ModelSettings(contexts=("weather",))


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json: not found"):
        load_checkpoint(tmp_path / "none")


def test_changed_weights_are_noticed(tmp_path: Path, make_checkpoint: Make) -> None:
    save_checkpoint(make_checkpoint(), tmp_path)
    content = bytearray((tmp_path / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (tmp_path / WEIGHTS).write_bytes(content)
    with pytest.raises(CheckpointError, match="hash does not match"):
        load_checkpoint(tmp_path)


def test_settings_that_do_not_fit_the_weights(tmp_path: Path, make_checkpoint: Make) -> None:
    save_checkpoint(make_checkpoint(), tmp_path)
    config = json.loads((tmp_path / CONFIG).read_text())
    config["settings"]["layers"] += 1
    (tmp_path / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="do not fit the settings"):
        load_checkpoint(tmp_path).transformer()


@pytest.mark.parametrize(
    ("change", "message"),
    [({"surprise": 1}, "surprise"), ({"settings": {"layers": "many"}}, r"settings\.layers")],
)
def test_broken_config_names_the_key(
    change: dict[str, object], message: str, tmp_path: Path, make_checkpoint: Make
) -> None:
    save_checkpoint(make_checkpoint(), tmp_path)
    config = json.loads((tmp_path / CONFIG).read_text()) | change
    (tmp_path / CONFIG).write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path)
