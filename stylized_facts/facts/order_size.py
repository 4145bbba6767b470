"""Order sizes: round lots and heavy tails."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from model.events import Action, Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.facts.hill import weighted_hill
from stylized_facts.facts.levels import MIN_EVENTS, count_events
from stylized_facts.quantities import Values
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import count_trades, trades

ATOMS = (1, 5, 10, 20, 50, 100, 200, 300, 400, 500, 1000)
MIN_TAIL = 1000
TAIL_SHARE = 0.025


def size_atoms(sample: MarketSample) -> WindowRatio:
    """Share of new orders, crossing ones included, whose size is exactly 1, 5, 10, ... 1000."""
    return _shares(sample, [sample.events.size == atom for atom in ATOMS])


def _shares(sample: MarketSample, chosen: list[npt.NDArray[np.bool_]]) -> WindowRatio:
    adds = sample.events.action == Action.ADD
    columns = [(adds & one).astype(float) for one in chosen]
    above = window_sums(sample.window, len(sample), *columns)
    beneath = window_sums(sample.window, len(sample), adds.astype(float))
    return WindowRatio(above, np.repeat(beneath, len(chosen), axis=1))


@remembered
def _atoms(sample: MarketSample) -> WindowRatio:
    return _shares(sample, [np.isin(sample.events.size, ATOMS)])


def atom_share(sample: MarketSample, weights: Float64) -> Float64:
    """Share of new orders with one of the round sizes."""
    return _atoms(sample).draws(weights)[:, 0]


@remembered
def _sizes(sample: MarketSample, crossing: bool) -> Values:
    if crossing:
        found = trades(sample)
        kept, values, window = found.volume > 0, found.volume, found.window
    else:
        kept = (sample.events.action == Action.ADD) & ~sample.aggressive
        values, window = sample.events.size.astype(float), sample.window
    counts = np.bincount(window[kept], minlength=len(sample))
    return Values(values[kept], np.concatenate(([0], np.cumsum(counts))))


def size_tail(sample: MarketSample, weights: Float64, *, crossing: bool) -> Float64:
    """Hill index over the largest 2.5% of resting orders or trades, in shares."""
    return weighted_hill(_sizes(sample, crossing), weights, TAIL_SHARE)


FACTS = (
    Fact("round_size_share", "Share of new orders of a round size", "", atom_share, count_events,
         MIN_EVENTS, code="L4"),
    Fact("hill_limit_size", "Hill index of resting orders' size, 2.5% tail", "",
         partial(size_tail, crossing=False), count_events, MIN_TAIL, code="L4"),
    Fact("hill_trade_size", "Hill index of trade size, 2.5% tail", "",
         partial(size_tail, crossing=True), count_trades, MIN_TAIL, code="L4"),
)  # fmt: skip
CURVES = (
    FactCurve("size_atoms", "Share of new orders at round sizes", size_atoms, count_events,
              MIN_EVENTS, "L4", x=ATOMS, x_unit="shares"),
)  # fmt: skip
