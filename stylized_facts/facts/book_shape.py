"""Shape of the book: queues at the touch, and the mean profile of the first ten levels."""

from __future__ import annotations

import numpy as np

from model.events import NS_PER_S, Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.facts.levels import MIN_SECONDS, count_seconds
from stylized_facts.sample import MarketSample, remembered

LEVELS = 10


@remembered
def queue_sums(sample: MarketSample) -> Float64:
    """Number of touch queues seen every second, sum of sizes and of their logarithms: [W, 3]."""
    quotes = sample.grid.quotes
    window = np.repeat(np.arange(len(sample)), np.diff(sample.grid.offsets))
    sizes = np.concatenate((quotes.bid_size, quotes.ask_size)).astype(float)
    filled = sizes > 0
    kept = sizes[filled]
    return window_sums(
        np.concatenate((window, window))[filled], len(sample), np.ones(len(kept)), kept,
        np.log(kept),
    )  # fmt: skip


def gamma_shape(sums: Float64, weights: Float64) -> Float64:
    """Shape of the Gamma law of a positive variable, from `queue_sums`: float64 [R].

    Maximum likelihood: ln k - digamma(k) = ln mean - mean ln, by three Newton steps from the
    rational approximation (Minka, 2002). 1 is exponential; NaN where all are equal.
    """
    from scipy import special  # imported where needed: readers of a scorecard never need it

    n, total, logs = (weights @ sums).T
    gap = np.log(total / n) - logs / n
    gap = np.where(gap > 1e-9, gap, np.nan)
    shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(3):
        value = np.log(shape) - special.digamma(shape) - gap
        shape = shape - value / (1 / shape - special.polygamma(1, shape))
    return np.asarray(shape)


def touch_queue_shape(sample: MarketSample, weights: Float64) -> Float64:
    """Gamma shape of the size of both touch queues, every second."""
    return gamma_shape(queue_sums(sample), weights)


@remembered
def book_profile(sample: MarketSample) -> WindowRatio:
    """Mean size at each of the first ten levels over the mean size of all of them, every second.

    Levels of both sides together. NaN for samples without levels, and for levels that were not
    recorded.
    """
    above, beneath = np.zeros((len(sample), LEVELS)), np.zeros((len(sample), LEVELS))
    if sample.levels is None:
        return WindowRatio(above, beneath)
    seconds = sample.duration_s.astype(np.int64)
    window = np.repeat(np.arange(len(sample)), seconds)
    second = np.arange(len(window)) - np.repeat(np.cumsum(seconds) - seconds, seconds)
    row = sample.rows_at(window, second * NS_PER_S)
    known = row >= 0
    size = (sample.levels.bid_size[row[known]] + sample.levels.ask_size[row[known]]).astype(float)
    seen = min(LEVELS, size.shape[1])
    above[:, :seen] = window_sums(window[known], len(sample), *size[:, :seen].T)
    beneath[:, :seen] = above[:, :seen].sum(1, keepdims=True)
    return WindowRatio(above, beneath)


def count_levels(sample: MarketSample) -> int:
    """Seconds for which levels are known."""
    return 0 if sample.levels is None else count_seconds(sample)


FACTS = (
    Fact("touch_queue_shape", "Gamma shape of touch queues", "", touch_queue_shape, count_seconds,
         MIN_SECONDS, code="L2"),
)  # fmt: skip
CURVES = (
    FactCurve("book_profile", "Mean depth of levels 1-10, share", book_profile, count_levels,
              MIN_SECONDS, "L2", x=tuple(range(1, LEVELS + 1)), x_unit="level"),
)  # fmt: skip
