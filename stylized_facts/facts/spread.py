"""The spread as it stands in time: every quote weighs as long as it lasts."""

from __future__ import annotations

import numpy as np

from model.events import NS_PER_S, Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.facts.levels import MIN_SECONDS, count_seconds
from stylized_facts.sample import MarketSample, remembered

WIDEST = 100  # ticks, last column of the distribution: and more


@remembered
def spread_in_time(sample: MarketSample) -> tuple[Float64, Float64]:
    """Seconds at each spread, and spread in bp times seconds, by window.

    Float64 [W, 101] with column 0 for one tick and the last for more than 100, and [W, 1]. Times
    when a side is empty are left out: there is no spread then.
    """
    begin = np.concatenate((sample.start_ns, sample.events.time_ns))
    window = np.concatenate((np.arange(len(sample)), sample.window))
    columns = [
        np.concatenate((getattr(sample.start, name), getattr(sample.quotes, name)))
        for name in ("bid_ticks", "ask_ticks", "bid_size", "ask_size")
    ]
    order = np.argsort(window, kind="stable")  # the start of a window, then its events
    begin, window = begin[order], window[order]
    bid, ask, bid_size, ask_size = (column[order] for column in columns)
    last = np.append(window[1:] != window[:-1], True)
    end = np.where(last, sample.end_ns[window], np.append(begin[1:], 0))
    seconds = np.where((bid_size > 0) & (ask_size > 0), (end - begin) / NS_PER_S, 0.0)
    spread = ask - bid
    cell = window * (WIDEST + 1) + np.clip(spread, 1, WIDEST + 1) - 1
    held: Float64 = np.bincount(cell, seconds, len(sample) * (WIDEST + 1)).astype(float)
    mid = np.maximum(0.5 * (bid + ask), 0.5)
    return held.reshape(len(sample), -1), window_sums(
        window, len(sample), seconds * spread, 1e4 * spread / mid * seconds, seconds
    )


def spread_distribution(sample: MarketSample) -> WindowRatio:
    """Share of time at 1, 2, ... 100 ticks, and at more."""
    held, _ = spread_in_time(sample)
    return WindowRatio(held, np.repeat(held.sum(1, keepdims=True), held.shape[1], axis=1))


def one_tick_share(sample: MarketSample, weights: Float64) -> Float64:
    """Share of time at which the spread is one tick."""
    return spread_distribution(sample).draws(weights)[:, 0]


def mean_spread(sample: MarketSample, weights: Float64) -> Float64:
    """Time-weighted mean spread, ticks."""
    ticks, _, seconds = (weights @ spread_in_time(sample)[1]).T
    return np.asarray(ticks / seconds)


def mean_spread_bps(sample: MarketSample, weights: Float64) -> Float64:
    """Time-weighted mean of the spread over the mid, bp."""
    _, bps, seconds = (weights @ spread_in_time(sample)[1]).T
    return np.asarray(bps / seconds)


FACTS = (
    Fact("mean_spread", "Mean spread", "ticks", mean_spread, count_seconds, MIN_SECONDS, "mean",
         "L1"),
    Fact("mean_spread_bps", "Mean spread over mid", "bp", mean_spread_bps, count_seconds,
         MIN_SECONDS, "mean", "L1"),
    Fact("one_tick_share", "Share of time at a spread of one tick", "", one_tick_share,
         count_seconds, MIN_SECONDS, code="L1"),
)  # fmt: skip
CURVES = (
    FactCurve("spread_in_time", "Spread in ticks, share of time", spread_distribution,
              count_seconds, MIN_SECONDS, "L1", x=tuple(range(1, WIDEST + 2)), x_unit="ticks"),
)  # fmt: skip
