"""Training learns, stops, continues where it was cut, and refuses what it cannot use."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from model.checkpoint import load_checkpoint
from model.dataset import FlowDataset, start_columns
from model.errors import CheckpointError, SpecError
from model.events import Recording
from model.features import FlowFeatures, flow_features
from model.presets import PRESETS
from model.profile import AssetProfile
from model.tokenizer import Preset, fit_tokenizer
from model.training import TrainingProgress, TrainingSettings, nats_per_event, train

Splits = tuple[list[FlowFeatures], list[FlowFeatures]]  # training, validation

TINY = PRESETS["tiny"].model_copy(update={"window": 16, "dropout": 0.0})
SHORT = TrainingSettings(steps=24, batch=8, length=32, evaluate_every=8, warm_up=4, patience=9)


@pytest.fixture(scope="module")
def splits(flow: Recording, profile: AssetProfile) -> Splits:
    features, _ = flow_features(flow, profile)
    cut = int(features.time_ns[3000])
    return [features.between(0, cut)], [features.between(cut, 10**18)]


def test_training_learns_and_is_reproducible(splits: Splits, tmp_path: Path) -> None:
    first = train(*splits, TINY, SHORT, tmp_path / "a", name="a")
    again = train(*splits, TINY, SHORT, tmp_path / "b", name="a")
    uniform = math.log(2 * 2 * 16**3)
    history = first.config.training["history"]
    assert history[-1]["total"] < history[0]["total"] < uniform
    for name, weight in first.weights.items():
        torch.testing.assert_close(weight, again.weights[name], rtol=0, atol=0)
    loaded = load_checkpoint(tmp_path / "a")
    assert loaded.config.training["best_validation_nats"] == min(h["total"] for h in history)
    measured = nats_per_event(loaded, splits[1], 32)
    assert measured["total"] == pytest.approx(history[-1]["total"], rel=0.02)
    assert set(measured) == {"action", "side", "depth", "size", "time", "total"}
    assert not (tmp_path / "a" / "state").exists()


def test_a_cut_off_training_goes_on_as_if_nothing_had_happened(
    splits: Splits, tmp_path: Path
) -> None:
    whole = train(*splits, TINY, SHORT, tmp_path / "whole", name="a")

    class PowerCut(Exception):
        pass

    def cut(progress: TrainingProgress) -> None:
        if progress.step == 19:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(*splits, TINY, SHORT, tmp_path / "cut", name="a", progress=cut)
    assert (tmp_path / "cut" / "state" / "state.json").is_file()
    steps: list[int] = []
    resumed = train(
        *splits, TINY, SHORT, tmp_path / "cut", name="a", progress=lambda p: steps.append(p.step)
    )
    assert steps[0] == 17  # the last saved evaluation was at 16
    for name, weight in whole.weights.items():
        torch.testing.assert_close(weight, resumed.weights[name], rtol=1e-5, atol=1e-6)


def test_state_of_other_settings_is_refused(splits: Splits, tmp_path: Path) -> None:
    def cut(progress: TrainingProgress) -> None:
        if progress.step == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*splits, TINY, SHORT, tmp_path, name="a", progress=cut)
    other = SHORT.model_copy(update={"seed": 2})
    with pytest.raises(CheckpointError, match="other settings"):
        train(*splits, TINY, other, tmp_path, name="a")


def test_too_little_data(splits: Splits, tmp_path: Path) -> None:
    settings = SHORT.model_copy(update={"length": 5000})
    with pytest.raises(SpecError, match=r"TOY: \d+ events in a split"):
        train(*splits, TINY, settings, tmp_path, name="a")


def test_early_stopping(splits: Splits, tmp_path: Path) -> None:
    settings = SHORT.model_copy(update={"steps": 400, "evaluate_every": 4, "patience": 1,
                                        "learning_rate": 1.0})  # fmt: skip
    seen: list[int] = []
    train(*splits, TINY, settings, tmp_path, name="a", progress=lambda p: seen.append(p.step))
    assert seen[-1] < 400


@pytest.mark.parametrize(("head", "tokens"), [("factored", "touch"), ("composite", "paper")])
def test_sequences_pair_an_event_with_the_next(head: str, tokens: Preset, splits: Splits) -> None:
    settings = TINY.model_copy(update={"head": head, "tokens": tokens})
    tokenizer = fit_tokenizer(tokens, splits[0])
    data = FlowDataset.build(splits[0], tokenizer, settings)
    begin = start_columns(settings)
    starts = unknown = 0
    for k in range(30):
        columns, targets, _ = data.batch(np.random.default_rng(k), 8, 16)
        for row, target in zip(columns.numpy(), targets.numpy(), strict=True):
            later = data.columns[0][:, len(begin) + 1 :]
            place = [
                i for i in np.flatnonzero((data.targets[0][: -16] == target[0]).all(1))
                if (data.targets[0][i : i + 16] == target).all()
            ]  # fmt: skip
            assert any((later[i - 1 : i + 15, :2] == row[:, len(begin) + 1 :][:, :2]).all()
                       for i in place if i)  # fmt: skip
            starts += bool((row[0, : len(begin)] == begin).all())
            unknown += bool((row[:, data.price_level] == 0).all())
    assert 5 <= starts <= 50
    assert 80 <= unknown <= 160
