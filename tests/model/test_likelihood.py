"""Scoring given flow: the same numbers as a step-by-step decoder, and only of the window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from model.catalogue import assets_dir
from model.checkpoint import Checkpoint, load_checkpoint
from model.codec import BINS
from model.decoder import TorchDecoder
from model.events import NS_PER_S, Recording
from model.heads import FactoredHeads, margin_of
from model.likelihood import FlowScorer, _stretches
from model.margins import log_margin
from model.profile import AssetProfile

EVER = (0, 1 << 62)


@pytest.fixture(scope="module")
def scorer(make_checkpoint: Callable[..., Checkpoint]) -> FlowScorer:
    return FlowScorer(make_checkpoint(dropout=0.1))


def test_scores_are_those_of_a_decoder(
    scorer: FlowScorer, flow: Recording, profile: AssetProfile
) -> None:
    """A path shorter than two windows is one sequence: nothing is cut off its context."""
    path = flow.slice(0, 30)
    columns, tokens, _ = scorer._encoded(path, profile, EVER)
    decoder, head = TorchDecoder(scorer.network, 1, "cpu"), scorer.network.head
    assert isinstance(head, FactoredHeads)
    shares = scorer.tokenizer.tables(profile)["shares"]
    margin = torch.from_numpy(log_margin(shares)).float()[None]
    logs = []
    for now, after in zip(columns[:-1], tokens[1:], strict=True):
        decoder.advance(np.array([0]), now[None])
        state, target = decoder.hidden, torch.from_numpy(after)[None]
        own = 0.0
        with torch.no_grad():
            for i in range(len(BINS)):
                logits = head.logits(i, state) + margin_of(margin, i, target)
                own += float(torch.log_softmax(logits, -1)[0, after[i]])
                if i + 1 < len(BINS):
                    state = head.move_on(i, state, target[:, i], decoder.queues)
        logs.append(own)
    found, count = scorer.score([path], profile, EVER)
    assert count == [len(logs)]
    assert found[0] == pytest.approx(np.mean(logs), rel=1e-4)


def test_only_the_window_is_scored(
    scorer: FlowScorer, flow: Recording, profile: AssetProfile
) -> None:
    path = flow.slice(0, 800)
    start = int(path.events.time_ns[0])
    window = (start + 20 * NS_PER_S, start + 22 * NS_PER_S)
    values, count = scorer.score([path, path.slice(0, 1), flow.slice(900, 950)], profile, window)
    inside = (path.events.time_ns >= window[0]) & (path.events.time_ns < window[1])
    prints = path.events.action[inside] == 2
    assert list(count) == [inside.sum() - prints.sum(), 0, 0]
    assert values[0] < 0
    assert np.isnan(values[1:]).all()


def test_a_long_window_is_scored_at_both_ends() -> None:
    rows = np.arange(10, 100)
    first, last = _stretches(rows, 32)
    assert (first[0], len(first), last[-1], len(last)) == (10, 32, 99, 32)
    near, rest = _stretches(np.arange(40), 32)
    assert (len(near), len(rest)) == (32, 8)
    assert len(_stretches(np.arange(20), 32)) == 1
    assert _stretches(np.arange(1), 32) == []


def test_a_trained_model_finds_orders_more_probable_than_random_weights(
    flow: Recording, profile: AssetProfile, scorer: FlowScorer
) -> None:
    trained = FlowScorer(load_checkpoint(assets_dir() / "models" / "small"))
    path = flow.slice(0, 300)
    usual, _ = trained.score([path], profile, EVER)
    random, _ = scorer.score([path], profile, EVER)
    assert usual > random
