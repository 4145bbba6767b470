"""Plain levels: rates, means and shares that a distance between distributions can hide."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.events import Action, Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, sums
from stylized_facts.quantities import (
    Values,
    interarrival_s,
    log_returns,
    touch_volume,
)
from stylized_facts.sample import MarketSample

MIN_SECONDS = 120
MIN_EVENTS = 100


def mean_interarrival(sample: MarketSample, weights: Float64) -> Float64:
    """Mean time between events, seconds."""
    return sums(interarrival_s(sample)).draws(weights)[:, 0]


def event_rate(sample: MarketSample, weights: Float64) -> Float64:
    """Adds and cancels divided by the length of the windows, per second."""
    events = _count(sample, sample.events.action != Action.PRINT)
    return WindowRatio(events, sample.duration_s[:, None]).draws(weights)[:, 0]


def mean_touch_volume(sample: MarketSample, weights: Float64) -> Float64:
    """Time-weighted mean of shares at best bid and ask."""
    return sums(touch_volume(sample)).draws(weights)[:, 0]


def realised_volatility(sample: MarketSample, weights: Float64) -> Float64:
    """Root mean square of 10-second log returns, bp."""
    returns = log_returns(sample, 10)
    mean: Float64 = sums(Values(returns.values**2, returns.offsets)).draws(weights)[:, 0]
    return np.sqrt(mean)


def zero_return_share(sample: MarketSample, weights: Float64) -> Float64:
    """Share of 1-second log returns that are exactly 0."""
    returns = log_returns(sample, 1)
    return sums(Values((returns.values == 0).astype(float), returns.offsets)).draws(weights)[:, 0]


def aggressive_share(sample: MarketSample, weights: Float64) -> Float64:
    """Share of new orders that cross."""
    adds = _count(sample, sample.events.action == Action.ADD)
    return WindowRatio(_count(sample, sample.aggressive), adds).draws(weights)[:, 0]


def cancel_share(sample: MarketSample, weights: Float64) -> Float64:
    """Share of cancels among adds and cancels."""
    events = _count(sample, sample.events.action != Action.PRINT)
    cancels = _count(sample, sample.events.action == Action.CANCEL)
    return WindowRatio(cancels, events).draws(weights)[:, 0]


def count_events(sample: MarketSample) -> int:
    """Adds and cancels of the sample."""
    return int((sample.events.action != Action.PRINT).sum())


def count_seconds(sample: MarketSample) -> int:
    """Whole seconds of the sample."""
    return int(sample.duration_s.sum())


def _count(sample: MarketSample, chosen: npt.NDArray[np.bool_]) -> Float64:
    return np.bincount(sample.window[chosen], minlength=len(sample))[:, None].astype(float)


FACTS = (
    Fact("zero_return_share", "Share of 1 s returns that are 0", "", zero_return_share,
         count_seconds, MIN_SECONDS),
    Fact("aggressive_share", "Share of new orders that cross", "", aggressive_share, count_events,
         MIN_EVENTS, code="L7"),
    Fact("cancel_share", "Share of cancels", "", cancel_share, count_events, MIN_EVENTS,
         code="L7"),
    Fact("mean_interarrival", "Mean interarrival time", "s", mean_interarrival, count_events,
         MIN_EVENTS, "mean", "L3"),
    Fact("event_rate", "Events a second", "1/s", event_rate, count_events, MIN_EVENTS, "mean",
         "L3"),
    Fact("mean_touch_volume", "Mean volume at the touch", "shares", mean_touch_volume,
         count_seconds, MIN_SECONDS, "mean", "L2"),
    Fact("realised_volatility_10s", "Realised volatility, 10 s", "bp", realised_volatility,
         count_seconds, MIN_SECONDS, "mean"),
)  # fmt: skip
