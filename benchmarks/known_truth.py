"""Known truth: does the architecture recover a law of order flow that is known exactly?

Small bodies are trained on flow of two books whose next event has a known distribution given the
touch, with the context of the book and without any, and asked for that distribution. Prints a
table and one JSON line. The measures are explained in docs/known_truth.md.

Run: python -m benchmarks.known_truth [--events 50000 200000] [--steps 1000] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from benchmarks.event_classes import CLASSES, classes_of, mid_direction, token_classes
from benchmarks.markov_book import MarkovBook
from benchmarks.poisson_book import PROFILE, PoissonBook
from model.checkpoint import Checkpoint
from model.codec import BINS
from model.dataset import FlowDataset
from model.events import Float64, Int64, Recording
from model.features import FlowFeatures, flow_features
from model.heads import FactoredHeads, margin_of
from model.presets import ModelSettings
from model.tokenizer import ASSET_CONTEXTS
from model.training import TrainingSettings, train
from model.transformer import Transformer

BODY = ModelSettings(
    d_model=48, layers=2, heads=4, d_ff=128, window=32, head_hidden=48, dropout=0.0
)
COURSE = TrainingSettings(
    batch=32, length=64, learning_rate=6e-3, warm_up=50, evaluate_every=100, patience=3
)
EVALUATED = 60_000  # fresh events on which every predictor is asked
VALIDATION = 20_000
ASKED_AFTER = 64  # events of history before a model is asked; a sequence is twice as long
WIDEST, LONGEST = 4, 6  # from here on a spread or a queue counts as one state
BUSY_SHARE = 0.005  # of the events: states visited less often have no say in the worst


class KnownMarket(Protocol):
    """A market of unit orders whose next event has a known law given the touch."""

    @property
    def name(self) -> str:
        """Shown in the table."""
        ...

    def simulate(self, events: int, seed: int) -> list[Recording]:
        """One recording or several, of so many events together."""
        ...

    def law(self, spread: Int64, bid_size: Int64, ask_size: Int64) -> Float64:
        """Probability of each class of the next event in n states, float64 [n, 12]."""
        ...


@dataclass(frozen=True, eq=False)
class Sample:
    """Flow of a known market; arrays of length n, the events of all parts one after the other.

    Attributes
    ----------
    parts : features, one a recording
    touch : int64 [n, 3], spread, bid and ask size just before each event
    happened : int64, class of the event
    """

    parts: list[FlowFeatures]
    touch: Int64
    happened: Int64

    @classmethod
    def draw(cls, market: KnownMarket, events: int, seed: int) -> Sample:
        """Simulate a market."""
        parts, touch = [], []
        for recording in market.simulate(events, seed):
            features, _ = flow_features(recording, PROFILE)
            quotes = recording.quotes
            assert quotes is not None
            states = (quotes.ask_ticks - quotes.bid_ticks, quotes.bid_size, quotes.ask_size)
            parts.append(features)
            touch.append(np.stack(states, axis=1)[features.row - 1])
        happened = np.concatenate([classes_of(part) for part in parts])
        return cls(parts, np.concatenate(touch), happened)

    @property
    def state(self) -> Int64:
        """Number of the state before each event, spreads and queues capped."""
        spread, bid, ask = np.minimum(self.touch, (WIDEST, LONGEST, LONGEST)).T - 1
        return np.asarray((spread * LONGEST + bid) * LONGEST + ask)

    def kernel(self) -> Float64:
        """Frequency of each class by state, float64 [S, 12]; a state never seen takes the mean."""
        counts = np.zeros((WIDEST * LONGEST**2, CLASSES))
        np.add.at(counts, (self.state, self.happened), 1.0)
        counts[counts.sum(1) == 0] = counts.sum(0)
        return np.asarray(counts / counts.sum(1, keepdims=True))


def class_probabilities(network: Transformer, columns: Tensor, margins: Tensor) -> Tensor:
    """What the network gives to each class of the next event, float32 [B, T, 12].

    `columns` int64 [B, T, columns], `margins` float [B, 5, 3, 16]. Heads of action, side and depth,
    multiplied out.
    """
    head = network.head
    assert isinstance(head, FactoredHeads)
    classes = torch.from_numpy(token_classes())
    hidden, queues = network.hidden(columns), columns[..., network.queues]
    out = torch.zeros(*columns.shape[:2], CLASSES)
    known = torch.zeros(*columns.shape[:2], 5, dtype=torch.int64)
    p_action = (head.logits(0, hidden) + margin_of(margins, 0, known)).softmax(-1)
    for action in range(2):
        token = torch.full(columns.shape[:2], action)
        known[..., 0] = action
        acted = head.move_on(0, hidden, token, queues)
        p_side = head.logits(1, acted).softmax(-1)
        for side in range(2):
            sided = head.move_on(1, acted, torch.full_like(token, side), queues)
            p_depth = (head.logits(2, sided) + margin_of(margins, 2, known)).softmax(-1)
            joint = p_action[..., action, None] * p_side[..., side, None] * p_depth
            out.index_add_(2, classes[action, side], joint)
    return out


def seen(checkpoint: Checkpoint, sample: Sample) -> tuple[Tensor, Tensor]:
    """What a model sees of a sample, in sequences: int64 [S, T, columns], margins [S, 5, 3, 16]."""
    data = FlowDataset.build(sample.parts, checkpoint.tokenizer, checkpoint.config.settings)
    columns, _, margins = map(torch.stack, zip(*data.sequences(2 * ASKED_AFTER), strict=True))
    return columns, margins


@torch.no_grad()
def predictions(checkpoint: Checkpoint, sample: Sample) -> Float64:
    """Class probabilities before each event at `asked(sample)`, float64 [m, 12]."""
    network = checkpoint.transformer()
    found = [
        class_probabilities(network, columns, margins)[:, ASKED_AFTER:]
        for columns, margins in zip(
            *(part.split(32) for part in seen(checkpoint, sample)), strict=True
        )
    ]
    return torch.cat(found).flatten(0, 1).double().numpy()


def best_given_bins(checkpoint: Checkpoint, sample: Sample, law: Float64) -> Float64:
    """The true law averaged over the events whose touch the context shows alike, [m, 12]."""
    first = len(BINS) + ASSET_CONTEXTS
    names = checkpoint.tokenizer.contexts
    touch = [first + names.index(name) for name in ("spread", "bid_size", "ask_size")]
    shown = seen(checkpoint, sample)[0][:, ASKED_AFTER:, touch].flatten(0, 1).numpy()
    bins, at, counts = np.unique(shown, axis=0, return_inverse=True, return_counts=True)
    mean = np.zeros((len(bins), CLASSES))
    np.add.at(mean, at, law)
    return np.asarray((mean / counts[:, None])[at])


def asked(sample: Sample) -> Int64:
    """Events before which `predictions` asks: the second half of each sequence of `seen`."""
    length, first, out = 2 * ASKED_AFTER, 0, []
    for part in sample.parts:
        for start in range(0, len(part) - length, length):
            out.append(first + start + 1 + np.arange(ASKED_AFTER, length))
        first += len(part)
    return np.concatenate(out)


def total_variation(p: Float64, q: Float64) -> Float64:
    """Half the absolute difference, over the last axis."""
    return np.asarray(0.5 * np.abs(p - q).sum(-1))


@dataclass(frozen=True, eq=False)
class Truth:
    """The events at which predictors are compared, and what is true there."""

    touch: Int64  # [m, 3]
    state: Int64  # [m], capped
    law: Float64  # [m, 12]
    moved: Float64  # [m], which way the event moved the mid

    @classmethod
    def at(cls, market: KnownMarket, sample: Sample, rows: Int64) -> Truth:
        """The truth before the events in `rows` of a sample."""
        touch = sample.touch[rows]
        direction = mid_direction(touch[:, 1], touch[:, 2])
        moved = direction[np.arange(len(rows)), sample.happened[rows]]
        return cls(touch, sample.state[rows], market.law(*touch.T), moved)

    def scores(self, p: Float64) -> dict[str, float]:
        """Measures of a predictor, `p` float64 [m, 12]; see docs/known_truth.md."""
        states, at, visits = np.unique(self.state, return_inverse=True, return_counts=True)
        gap = np.zeros((len(states), CLASSES))
        np.add.at(gap, at, p - self.law)
        by_state = total_variation(gap / visits[:, None], np.zeros(CLASSES))
        share = visits / len(p)
        direction = mid_direction(self.touch[:, 1], self.touch[:, 2])
        drift = (p * direction).sum(1)
        still = self.touch[:, 1] == self.touch[:, 2]  # by symmetry no drift
        drift, moved = drift[still], self.moved[still]
        moves, truly = ((q * direction**2).sum(1)[still] for q in (p, self.law))
        scale = max(1e-9, np.sqrt((drift**2).sum() * (moved**2).sum()))
        return {
            "tv": float(share @ by_state),
            "tv_worst": float(by_state[share >= BUSY_SHARE].max()),
            "tv_event": float(total_variation(p, self.law).mean()),
            "history": _spread_within(self.touch, p),
            "claimed": float(np.sqrt((drift**2).mean() / moves.mean())),
            "realised": float(drift @ moved / scale),
            "band": float(1.96 * np.sqrt(drift**2 @ truly) / scale),
        }


def _spread_within(touch: Int64, p: Float64) -> float:
    """Mean total variation between the predictions for two events that met the same touch."""
    chance = np.random.default_rng(0).random(len(p))
    order = np.lexsort((chance, *touch.T))
    same = (touch[order[1:]] == touch[order[:-1]]).all(1)
    return float(total_variation(p[order[1:]], p[order[:-1]])[same].mean())


Row = dict[str, str | int | float]


def compare(market: KnownMarket, events: int, steps: int, seed: int) -> list[Row]:
    """All predictors on one market, learnt from so many events: one row each."""
    seeds = [int(s) for s in np.random.SeedSequence([seed, events]).generate_state(4) >> 1]
    training, validation, fresh, evaluated = (
        Sample.draw(market, count, own)
        for count, own in zip((events, VALIDATION, events, EVALUATED), seeds, strict=True)
    )
    rows = asked(evaluated)
    truth = Truth.at(market, evaluated, rows)
    base: Row = {"market": market.name, "events": events}
    marginal = np.bincount(fresh.happened, minlength=CLASSES) / len(fresh.happened)
    out: list[Row] = []
    for name, p in (
        ("state ignored", np.broadcast_to(marginal, truth.law.shape)),
        ("sampling floor", fresh.kernel()[truth.state]),
    ):
        out.append(base | {"predictor": name} | truth.scores(p))
    for name, contexts in (("model without context", ()), ("model with context", None)):
        began = time.perf_counter()
        course = COURSE.model_copy(update={"steps": steps, "seed": seed})
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = train(
                training.parts, validation.parts, BODY.model_copy(update={"contexts": contexts}),
                course, Path(folder) / "model", name=name,
            )  # fmt: skip
        seconds = time.perf_counter() - began
        best = int(checkpoint.config.training["best_step"])
        spent: Row = {"train_s": round(seconds, 1), "best_step": best}
        scores = truth.scores(predictions(checkpoint, evaluated))
        out.append(base | {"predictor": name} | scores | spent)
    # the last checkpoint is the one with context
    binned = best_given_bins(checkpoint, evaluated, truth.law)
    out.append(base | {"predictor": "context bins, law known"} | truth.scores(binned))
    return out


def table(rows: list[Row]) -> str:
    """Rows as Markdown."""
    columns = {
        "market": "Market", "events": "Events", "predictor": "Predictor", "tv": "TV by state",
        "tv_worst": "worst state", "tv_event": "TV by event", "history": "History",
        "claimed": "Drift claimed", "realised": "realised", "band": "95% band",
    }  # fmt: skip
    lines = ["| " + " | ".join(columns.values()) + " |", "|---" * len(columns) + "|"]
    for row in rows:
        cells = (row[key] for key in columns)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines)


def _cell(value: str | int | float) -> str:
    if isinstance(value, float):
        return f"{round(value, 3) + 0.0:.3f}"  # no minus zero
    return f"{value:,}" if isinstance(value, int) else value


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--events", type=int, nargs="+", default=[50_000, 200_000])
    parser.add_argument("--steps", type=int, default=1000, help="optimiser steps at most")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    markets: tuple[KnownMarket, ...] = (MarkovBook(), PoissonBook())
    rows: list[Row] = []
    for market in markets:
        for events in given.events:
            rows += compare(market, events, given.steps, given.seed)
            print(table(rows), flush=True)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
