"""Toy markets with a known mid price, and the processes that drive them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording
from stylized_facts import MarketSample

PRICE = 10_000_000  # ticks: fine enough for returns to be as good as continuous


@pytest.fixture(scope="session")
def market() -> Callable[..., MarketSample]:
    """A function that makes a sample whose 1-second log returns are given.

    Call it with returns in bp, float64 [windows, seconds]. One event a second, at `shift_ns` past
    it, sets the touch half of `spread` below and above the mid.
    """

    def make(
        returns_bp: np.ndarray, label: str = "Toy", spread: int = 2, asset: str = "TOY"
    ) -> MarketSample:
        meta = EventsMeta(asset)
        recordings = []
        for row in returns_bp:
            mid = np.rint(PRICE * np.exp(np.concatenate(([0.0], np.cumsum(row))) / 1e4))
            n = len(mid)
            bid = mid.astype(np.int64) - spread // 2
            ask = bid + spread
            side = np.arange(n) % 2
            events = Events(
                time_ns=NS_PER_S * np.arange(n),
                action=np.full(n, Action.ADD, np.int8),
                side=side.astype(np.int8),
                price_ticks=np.where(side == 0, bid, ask) - np.where(side == 0, 500_000, -500_000),
                size=1 + np.arange(n) % 5,
                order_id=np.full(n, NO_ORDER),
                meta=meta,
            )
            size = 100 + 50 * (np.arange(n) % 3)
            recordings.append(Recording(events, Quotes(bid, ask, size, size[::-1].copy())))
        return MarketSample.from_recordings(recordings, label)

    return make


@pytest.fixture(scope="session")
def garch_returns() -> Callable[[int, int, int], np.ndarray]:
    """A function (windows, seconds, seed) that draws a GARCH(1,1) with normal innovations."""

    def draw(windows: int, seconds: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        alpha, beta = 0.15, 0.8
        variance = np.ones(windows)
        out = np.empty((windows, 500 + seconds))
        for t in range(out.shape[1]):
            out[:, t] = np.sqrt(variance) * rng.standard_normal(windows)
            variance = (1 - alpha - beta) + alpha * out[:, t] ** 2 + beta * variance
        return out[:, 500:]

    return draw


@pytest.fixture(scope="module")
def rows() -> list[np.ndarray]:
    """Six windows of Student's t with four degrees of freedom, 200 to 500 values each."""
    rng = np.random.default_rng(0)
    return [rng.standard_t(4, int(n)) for n in rng.integers(200, 500, 6)]
