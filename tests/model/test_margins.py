"""Margins: shares of sub-tokens by kind of event, of an asset."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from model.checkpoint import Checkpoint
from model.codec import BINS, CROSSING, composite
from model.dataset import FlowDataset, asset_margin
from model.decoder import TorchDecoder
from model.decoder_cpu import CpuDecoder
from model.events import Recording
from model.features import flow_features
from model.heads import composite_margin, margin_of
from model.margins import FOLLOWED, PRIOR_EVENTS, followed_margin, kinds, shares
from model.profile import AssetProfile
from model.slow import HALF_LIFE_S

Make = Callable[..., Checkpoint]


@pytest.fixture
def tokens() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(0, bins, 300) for bins in BINS], axis=1).astype(np.uint8)


def test_kinds_of_sizes_are_add_cancel_and_crossing() -> None:
    events = np.array([[0, 0, CROSSING, 0, 0], [0, 1, 3, 0, 0], [1, 0, CROSSING, 0, 0]])
    assert kinds(3, events).tolist() == [2, 0, 1]
    assert kinds(2, torch.from_numpy(events)).tolist() == [0, 0, 1]
    assert kinds(4, events).tolist() == [0, 0, 0]


def test_a_followed_margin_equals_a_plain_sum(tokens: np.ndarray) -> None:
    """Every event counts 2^(-age / half-life); the asset's shares count as so many events."""
    dt_s, prior = np.random.default_rng(1).exponential(5.0, 300), shares(tokens[:40])
    found = followed_margin(tokens, dt_s, prior)
    clock = np.cumsum(dt_s)
    weight = 0.5 ** ((clock[-1] - clock) / HALF_LIFE_S)
    assert (found[1] == 0).all()
    for i, bins in enumerate(BINS):
        for k in range(3 if i != 1 else 0):
            own = kinds(i, tokens.astype(int)) == k
            counts = np.bincount(tokens[own, i], weight[own], 16)
            share = (counts + PRIOR_EVENTS * prior[i, k]) / (counts.sum() + PRIOR_EVENTS)
            wanted = (1 - FOLLOWED) * np.log(prior[i, k, :bins]) + FOLLOWED * np.log(share[:bins])
            np.testing.assert_allclose(found[i, k, :bins], wanted, rtol=1e-9)


def test_composite_margin_is_the_sum_of_the_five() -> None:
    margins = torch.randn(3, 5, 3, 16, generator=torch.manual_seed(0))
    margins[:, 1] = 0
    whole = composite_margin(margins)
    for event in ([0, 1, CROSSING, 5, 7], [1, 0, 9, 2, 15], [0, 0, 4, 15, 0]):
        one = torch.tensor([event] * 3)
        parts = sum(margin_of(margins, i, one).gather(1, one[:, i : i + 1])[:, 0] for i in range(5))
        torch.testing.assert_close(whole[:, int(composite(np.array(event)))], parts)


@pytest.mark.parametrize("changes", [{}, {"head": "composite"}])
def test_a_network_that_says_nothing_leaves_the_margin(
    changes: dict[str, object], make_checkpoint: Make, flow: Recording, profile: AssetProfile
) -> None:
    """With logits of nought the draws of both decoders have the shares of the flow."""
    checkpoint = make_checkpoint(**changes)
    network = checkpoint.transformer()
    for parameter in network.head.parameters():
        torch.nn.init.zeros_(parameter)
    margin = asset_margin(checkpoint.tokenizer, profile, checkpoint.config.settings)
    paths, rounds = 1_000, 20  # the composite head works on 16,384 numbers a path
    decoders = [TorchDecoder(network, paths, "cpu")]
    decoders += [] if changes else [CpuDecoder(network, paths)]  # type: ignore[list-item]
    wanted = checkpoint.tokenizer.encode(flow_features(flow, profile)[0])[0]
    for decoder in decoders:
        decoder.keep(np.arange(paths), np.broadcast_to(margin, (paths, *margin.shape)))
        draws = np.random.default_rng(3).random((rounds, paths, 5))
        rows, push = np.arange(paths), np.zeros(paths)
        drawn = np.concatenate([decoder.sample(rows, one, push) for one in draws])
        np.testing.assert_allclose(shares(drawn)[[0, 2, 3, 4]], shares(wanted)[[0, 2, 3, 4]],
                                   atol=0.05)  # fmt: skip
        for i in (2, 3, 4):
            own = kinds(i, drawn.astype(int)) == 0
            real = kinds(i, wanted.astype(int)) == 0
            np.testing.assert_allclose(
                np.bincount(drawn[own, i], minlength=16) / own.sum(),
                np.bincount(wanted[real, i], minlength=16) / real.sum(), atol=0.012,
            )  # fmt: skip


def test_both_decoders_keep_margins_by_path(make_checkpoint: Make) -> None:
    network = make_checkpoint().transformer()
    rng = np.random.default_rng(2)
    margins = rng.normal(size=(9, 5, 3, 16))
    margins[:, 1] = 0
    compiled, oracle = CpuDecoder(network, 9), TorchDecoder(network, 9, "cpu")
    draws, rows = rng.random((9, 5)), np.array([1, 4, 8])
    for decoder in (compiled, oracle):
        decoder.keep(np.arange(9), margins)
    same = [d.sample(rows, draws[:3], np.zeros(3)) for d in (compiled, oracle)]
    np.testing.assert_array_equal(*same)


def test_how_the_settings_choose(
    make_checkpoint: Make, flow: Recording, profile: AssetProfile
) -> None:
    features, _ = flow_features(flow, profile)
    found = {}
    for mode in ("none", "asset"):
        checkpoint = make_checkpoint(margins=mode)
        settings = checkpoint.config.settings
        found[mode] = asset_margin(checkpoint.tokenizer, profile, settings)
        data = FlowDataset.build([features], checkpoint.tokenizer, settings)
        for margin in (data.margins[0], data.sequences(128)[3][2]):
            np.testing.assert_allclose(margin, found[mode], rtol=1e-6)
    assert (found["none"] == 0).all()
    tokens, _ = checkpoint.tokenizer.encode(features)
    np.testing.assert_allclose(
        np.exp(found["asset"])[[0, 2, 3, 4]], shares(tokens)[[0, 2, 3, 4]], atol=2e-7
    )
