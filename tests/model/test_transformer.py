"""The network: size, causality, window, heads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from model.codec import BINS, VOCABULARY
from model.presets import PRESETS, ModelSettings
from model.token_tables import MARGIN_SHAPE
from model.transformer import Transformer

CONTEXT = (3, 2, 33)


def _columns(settings: ModelSettings, length: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    own = (VOCABULARY,) if settings.head == "composite" else BINS
    return torch.from_numpy(
        np.stack([rng.integers(0, size, (1, length)) for size in (*own, *CONTEXT)], -1)
    )


def _tiny(**changes: object) -> tuple[ModelSettings, Transformer]:
    settings = ModelSettings.model_validate(
        PRESETS["tiny"].model_dump() | {"tokens": "paper"} | changes
    )
    torch.manual_seed(0)
    return settings, Transformer(settings, CONTEXT).eval()


def test_the_papers_shape_has_524_million_parameters() -> None:
    with torch.device("meta"):
        network = Transformer(PRESETS["tradefm-524m"], CONTEXT)
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(524, abs=1)


def test_medium_has_25_million() -> None:
    with torch.device("meta"):
        network = Transformer(PRESETS["medium"], (3, 2, 4, 33, 13, 10, 10, 10, 11, 11))
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(25, abs=1)


def test_small_has_one_to_two_million() -> None:
    network = Transformer(PRESETS["small"], (3, 2, 4, 33, 13, 10, 10, 10, 11, 11))
    assert 1e6 < sum(p.numel() for p in network.parameters()) < 2e6


@pytest.mark.parametrize("head", ["factored", "composite"])
def test_no_event_sees_the_future_or_beyond_the_window(head: str) -> None:
    settings, network = _tiny(head=head, layers=1, window=8)
    columns = _columns(settings, 24)
    changed = columns.clone()
    changed[0, 10] = (changed[0, 10] + 1) % 2
    with torch.no_grad():
        moved = (network.hidden(columns) - network.hidden(changed))[0].abs().amax(-1) > 1e-6
    assert moved.tolist() == [10 <= t < 18 for t in range(24)]


@pytest.mark.parametrize("head", ["factored", "composite"])
def test_probabilities_of_all_tokens_sum_to_one(head: str) -> None:
    settings, network = _tiny(head=head)
    every = torch.from_numpy(np.stack(np.unravel_index(np.arange(VOCABULARY), BINS), -1))[None]
    with torch.no_grad():
        hidden = network.hidden(_columns(settings, 5))[:, -1:].expand(1, VOCABULARY, -1)
        queues = torch.ones(1, VOCABULARY, 2, dtype=torch.int64)
        margins = torch.randn(1, *MARGIN_SHAPE, generator=torch.manual_seed(0))
        nats = network.head.loss(hidden, every, queues, margins).sum(-1)
    assert float(torch.exp(-nats.double()).sum()) == pytest.approx(1.0, abs=1e-4)


def test_shapes_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValidationError, match="multiple"):
        ModelSettings(d_model=100, heads=3)
