"""Toy markets for benchmarks: a mid that follows given returns, orders scattered about it."""

from __future__ import annotations

import numpy as np

from model.events import (
    NO_ORDER,
    NS_PER_S,
    Action,
    Events,
    EventsMeta,
    Float64,
    Quotes,
    Recording,
)
from stylized_facts import MarketSample

PRICE = 10_000_000  # ticks: fine enough for returns to be as good as continuous


def garch_returns(seconds: int, seed: int, alpha: float = 0.15, beta: float = 0.8) -> Float64:
    """Returns in bp of a GARCH(1,1) with normal innovations and unit variance."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal(1000 + seconds)
    variance, out = 1.0, np.empty(len(shocks))
    for t, shock in enumerate(shocks):
        out[t] = np.sqrt(variance) * shock
        variance = (1 - alpha - beta) + alpha * out[t] ** 2 + beta * variance
    return out[1000:]


def session(returns_bp: Float64, label: str, window_s: int, per_s: int = 1) -> MarketSample:
    """One session whose 1-second log returns are given, cut into windows that follow one another.

    `per_s` orders and cancels arrive evenly in each second, of random side, depth and size.
    """
    rng = np.random.default_rng(len(returns_bp))
    mid = np.rint(PRICE * np.exp(np.concatenate(([0.0], np.cumsum(returns_bp))) / 1e4))
    touch = np.repeat(mid.astype(np.int64), per_s)
    n = len(touch)
    side = rng.integers(0, 2, n)
    away = rng.geometric(0.2, n)
    events = Events(
        time_ns=NS_PER_S // per_s * np.arange(n),
        action=np.where(rng.random(n) < 0.45, Action.CANCEL, Action.ADD).astype(np.int8),
        side=side.astype(np.int8),
        price_ticks=np.where(side == 0, touch - away, touch + away),
        size=rng.geometric(0.01, n),
        order_id=np.full(n, NO_ORDER),
        meta=EventsMeta("TOY"),
    )
    spread = 1 + rng.integers(0, 3, n)
    sizes = rng.geometric(0.005, (2, n))
    quotes = Quotes(touch - spread, touch + spread, *sizes)
    sample = MarketSample.from_recordings([Recording(events, quotes)], label)
    return sample.windows(window_s * NS_PER_S)
