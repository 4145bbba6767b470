"""Event mix: what happens, on which side and where, and what follows what."""

from __future__ import annotations

import numpy as np

from model.events import Action, Float64, Int64, Side
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve
from stylized_facts.facts.levels import count_events
from stylized_facts.sample import MarketSample, remembered

KINDS = (
    "market", "limit inside", "limit at touch", "limit behind", "cancel at touch", "cancel behind",
)  # fmt: skip
STATES = tuple(f"{side} {kind}" for kind in KINDS for side in ("buy", "sell"))
MIN_EVENTS = 500
MIN_PAIRS = 2000


@remembered
def event_states(sample: MarketSample) -> tuple[Int64, Int64]:
    """State (0-11, a place in `STATES`) of each add and cancel, and its window.

    Where an order stands is told by the best price of its own side just before the event.
    """
    events, before = sample.events, sample.before
    kept = events.action != Action.PRINT
    buy = events.side == Side.BUY
    behind = np.where(
        buy, before.bid_ticks - events.price_ticks, events.price_ticks - before.ask_ticks
    )
    limit = np.where(behind < 0, 1, np.where(behind == 0, 2, 3))
    kind = np.where(
        sample.aggressive, 0,
        np.where(events.action == Action.ADD, limit, np.where(behind <= 0, 4, 5)),
    )  # fmt: skip
    return (2 * kind + ~buy)[kept].astype(np.int64), sample.window[kept]


@remembered
def event_mix(sample: MarketSample) -> WindowRatio:
    """Share of each state."""
    state, window = event_states(sample)
    counts = _counts(window, state, len(sample), len(STATES))
    return WindowRatio(counts, np.repeat(counts.sum(1, keepdims=True), len(STATES), axis=1))


@remembered
def transitions(sample: MarketSample) -> WindowRatio:
    """Probability of each state after each other one, row by row of the matrix: 144 columns."""
    state, window = event_states(sample)
    same = window[1:] == window[:-1]
    pair = (state[:-1] * len(STATES) + state[1:])[same]
    counts = _counts(window[1:][same], pair, len(sample), len(STATES) ** 2)
    rows = counts.reshape(len(sample), len(STATES), -1).sum(2)
    return WindowRatio(counts, np.repeat(rows, len(STATES), axis=1))


def _counts(window: Int64, state: Int64, windows: int, states: int) -> Float64:
    counts = np.bincount(window * states + state, minlength=windows * states)
    return counts.reshape(windows, states).astype(float)


def transition_divergence(real: Float64, other: Float64) -> float:
    """Kullback-Leibler divergence of a transition matrix from a real one, nats a step.

    From counts [states, states] with one half added to each (the Krichevsky-Trofimov estimator),
    rows weighted by how often the real chain is in them. 0 where the two are equal.
    """
    p, q = (0.5 + np.asarray(counts, float) for counts in (real, other))
    share = p.sum(1) / p.sum()
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    return float(share @ (p * np.log(p / q)).sum(1))


def repeated_state(sample: MarketSample, weights: Float64) -> Float64:
    """Probability that an event has the same kind and side as the one before it."""
    found = transitions(sample)
    diagonal = np.arange(len(STATES)) * (len(STATES) + 1)
    return np.asarray((weights @ found.above[:, diagonal]).sum(1) / (weights @ found.above).sum(1))


FACTS = (
    Fact("repeated_state", "Share of events of the same kind and side as the last", "",
         repeated_state, count_events, MIN_EVENTS, code="L7"),
)  # fmt: skip
CURVES = (
    FactCurve("event_mix", "Share of the 12 kinds of event", event_mix, count_events, MIN_EVENTS,
              "L7", x=STATES, x_unit="kind"),
    FactCurve("transitions", "Transition matrix of the 12 kinds of event", transitions,
              count_events, MIN_PAIRS, "L7",
              x=tuple(f"{one} > {two}" for one in STATES for two in STATES), x_unit="kinds"),
)  # fmt: skip
