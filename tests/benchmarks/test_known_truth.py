"""What the benchmark of known laws measures: the own distribution of a model, gaps to the truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.event_classes import CLASSES, Kind, token_classes
from benchmarks.known_truth import (
    ASKED_AFTER,
    BODY,
    Sample,
    Truth,
    asked,
    best_given_bins,
    predictions,
    table,
)
from benchmarks.markov_book import MarkovBook
from model.checkpoint import Checkpoint, CheckpointConfig
from model.dataset import FlowDataset
from model.tokenizer import fit_tokenizer
from model.transformer import Transformer

BOOK = MarkovBook()


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample.draw(BOOK, 6000, 2)


@pytest.fixture(scope="module")
def truth(sample: Sample) -> Truth:
    return Truth.at(BOOK, sample, asked(sample))


@pytest.fixture(scope="module")
def checkpoint(sample: Sample) -> Checkpoint:
    """Not trained: any weights have a distribution."""
    torch.manual_seed(4)
    tokenizer = fit_tokenizer("touch", sample.parts)
    network = Transformer(BODY, tokenizer.context_sizes)
    return Checkpoint(CheckpointConfig(name="any", settings=BODY), tokenizer, network.state_dict())


def test_classes_are_given_the_probability_that_the_loss_charges(
    sample: Sample, checkpoint: Checkpoint
) -> None:
    p, happened = predictions(checkpoint, sample), sample.happened[asked(sample)]
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
    data = FlowDataset.build(sample.parts, checkpoint.tokenizer, BODY)
    columns, targets, margins = map(torch.stack, zip(*data.sequences(2 * ASKED_AFTER), strict=True))
    following = targets[:, ASKED_AFTER:].flatten(0, 1).numpy()
    np.testing.assert_array_equal(token_classes()[tuple(following[:, :3].T)], happened)
    with torch.no_grad():
        nats = (
            checkpoint.transformer()(columns, targets, margins)[:, ASKED_AFTER:, :3]
            .sum(-1)
            .flatten()
        )
    own = np.isin(happened % len(Kind), (Kind.CROSS, Kind.JOIN))  # classes of one depth bin
    charged = np.exp(-nats.double().numpy())
    np.testing.assert_allclose(p[own, happened[own]], charged[own], rtol=1e-4)
    assert (p[~own, happened[~own]] > charged[~own]).all()


def test_the_truth_scores_nought_and_a_kernel_does_not(truth: Truth, sample: Sample) -> None:
    exact = truth.scores(truth.law)
    assert max(exact[key] for key in ("tv", "tv_worst", "tv_event", "history")) == 0
    assert exact["claimed"] == pytest.approx(0, abs=1e-9)
    counted = truth.scores(Sample.draw(BOOK, 6000, 9).kernel()[truth.state])
    assert 0.03 < counted["tv"] < 0.15
    assert counted["tv"] <= counted["tv_worst"]
    assert counted["history"] == 0
    assert abs(counted["realised"]) < 2 * counted["band"]


def test_reading_history_is_seen_though_the_mean_is_right(truth: Truth) -> None:
    sign = np.where(np.arange(len(truth.law)) % 2, 1, -1)[:, None]
    swing = np.zeros(CLASSES)
    swing[[Kind.JOIN, len(Kind) + Kind.JOIN]] = 0.1, -0.1
    scores = truth.scores(truth.law + sign * swing)
    assert scores["tv_event"] == pytest.approx(0.1)
    assert scores["tv"] < 0.02
    assert scores["history"] == pytest.approx(0.1, abs=0.01)  # half of the pairs differ by 0.2


def test_a_drift_where_there_is_none_is_seen(truth: Truth) -> None:
    tilted = truth.law.copy()
    tilted[:, : len(Kind)] *= 1.5  # buyers come more often
    claimed = truth.scores(tilted / tilted.sum(1, keepdims=True))["claimed"]
    assert claimed > 0.02


def test_bins_of_the_context_show_every_state(
    truth: Truth, sample: Sample, checkpoint: Checkpoint
) -> None:
    scores = truth.scores(best_given_bins(checkpoint, sample, truth.law))
    assert scores["tv_event"] == pytest.approx(0, abs=1e-12)


def test_table_has_a_line_for_each_row(truth: Truth) -> None:
    row = {"market": "Toy", "events": 50_000, "predictor": "law"} | truth.scores(truth.law)
    lines = table([row, row]).split("\n")
    assert len(lines) == 4
    assert lines[2].startswith("| Toy | 50,000 | law | 0.000 |")
