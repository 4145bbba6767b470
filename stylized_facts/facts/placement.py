"""Placement: where new orders rest, from inside the spread to far behind the touch."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, window_sums
from stylized_facts.facts.hill import weighted_hill
from stylized_facts.facts.levels import count_events
from stylized_facts.quantities import CROSSING_DEPTH, Values, depth_ticks
from stylized_facts.sample import MarketSample, remembered

MIN_EVENTS = 500
TAIL_SHARE = 0.1


@remembered
def _shares(sample: MarketSample) -> WindowRatio:
    depth = depth_ticks(sample)
    resting = depth.values > CROSSING_DEPTH
    columns = window_sums(
        depth.window, len(sample),
        (resting & (depth.values < 0)).astype(float), (depth.values == 0).astype(float),
        resting.astype(float),
    )  # fmt: skip
    return WindowRatio(columns[:, :2], columns[:, [2, 2]])


def placed(sample: MarketSample, weights: Float64, *, inside: bool) -> Float64:
    """Share of resting orders that improve the touch (`inside`) or join it."""
    return _shares(sample).draws(weights)[:, 0 if inside else 1]


@remembered
def _behind(sample: MarketSample) -> Values:
    depth = depth_ticks(sample)
    kept = depth.values > 0
    return Values(depth.values[kept], np.concatenate(([0], np.cumsum(kept)))[depth.offsets])


def placement_tail(sample: MarketSample, weights: Float64) -> Float64:
    """Hill index of the ticks behind the touch, over the farthest tenth of the orders behind it.

    Bouchaud, Mezard and Potters, Quantitative Finance 2002; Zovko and Farmer, same volume.
    """
    return weighted_hill(_behind(sample), weights, TAIL_SHARE)


FACTS = (
    Fact("improving_share", "Share of resting orders inside the spread", "",
         partial(placed, inside=True), count_events, MIN_EVENTS, code="L5"),
    Fact("joining_share", "Share of resting orders at the touch", "",
         partial(placed, inside=False), count_events, MIN_EVENTS, code="L5"),
    Fact("hill_placement", "Hill index of distance behind the touch, 10% tail", "",
         placement_tail, count_events, MIN_EVENTS, code="L5"),
)  # fmt: skip
