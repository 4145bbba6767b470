"""The book that a path starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.events import Float64, Int8, Int64, Side
from model.profile import AssetProfile
from model.randomness import uniform, uniforms

# Purposes of the draws, see `model.randomness`; the coordinate `event` is the distance in ticks.
_SPREAD, _PARITY, _OCCUPIED, _COUNT, _SIZE = 1000, 1001, 1010, 1020, 10_000
_SIDE_STRIDE = 100_000  # between the size draws of the two sides


@dataclass(frozen=True, eq=False)
class BookSeed:
    """Resting orders at one moment, in priority order (best price first, then oldest first).

    Attributes
    ----------
    side : int8 [n]; price_ticks, size : int64 [n]
    time_ns : nanoseconds after local midnight
    """

    side: Int8
    price_ticks: Int64
    size: Int64
    time_ns: int

    def __len__(self) -> int:
        return len(self.side)

    @property
    def mid_ticks(self) -> float:
        """Mid price; the touch of the other side where one side is empty, NaN for an empty book."""
        bids = self.price_ticks[self.side == Side.BUY]
        asks = self.price_ticks[self.side == Side.SELL]
        touches = ([float(bids.max())] if len(bids) else []) + (
            [float(asks.min())] if len(asks) else []
        )
        return sum(touches) / len(touches) if touches else math.nan


def seed_from_profile(profile: AssetProfile, path: int, seed: int) -> BookSeed:
    """Draw a book that looks like the asset's, when there is no recording to start from.

    The spread comes from `spread_pmf` around `price_ticks`; a level at each distance is occupied
    with probability `shape_occupied` (the touch always is) and holds as many orders, with sizes
    from `order_size_quantiles`, as bring its mean size to `shape_size` (at least one). The clock
    stands in the middle of the session. The same (seed, path) gives the same book.
    """
    edges = np.cumsum(profile.spread_pmf)
    drawn = uniform(seed, path, 0, _SPREAD) * edges[-1]
    spread = 1 + int(np.searchsorted(edges, drawn, side="right"))
    spread = min(spread, len(edges))
    odd = int(uniform(seed, path, 0, _PARITY) < 0.5)
    bid = profile.price_ticks - (spread + odd) // 2
    mean_order = float(profile.order_sizes((np.arange(1000) + 0.5) / 1000).mean())
    queues = [
        _side(profile, path, seed, side, touch, mean_order)
        for side, touch in ((Side.BUY, bid), (Side.SELL, bid + spread))
    ]
    return BookSeed(
        side=np.concatenate(
            [np.full(len(q[0]), s, np.int8) for s, q in zip(Side, queues, strict=True)]
        ),
        price_ticks=np.concatenate([q[0] for q in queues]),
        size=np.concatenate([q[1] for q in queues]),
        time_ns=(profile.session_start_ns + profile.session_end_ns) // 2,
    )


def _side(
    profile: AssetProfile, path: int, seed: int, side: Side, touch: int, mean_order: float
) -> tuple[Int64, Int64]:
    """Prices and sizes of one side, best first."""
    distance = np.arange(len(profile.shape_occupied))
    draws = _draws(path, seed, distance, np.array([_OCCUPIED + side, _COUNT + side]))
    occupied = draws[:, 0] < np.asarray(profile.shape_occupied)
    occupied[:1] = True
    wanted = np.asarray(profile.shape_size)[: len(distance)] / mean_order
    count = np.maximum(1, np.floor(wanted + draws[:, 1]).astype(np.int64)) * occupied
    most = int(count.max(initial=0))
    purposes = _SIZE + _SIDE_STRIDE * int(side) + np.arange(most)
    sizes = profile.order_sizes(_draws(path, seed, distance, purposes))
    there = np.arange(most) < count[:, None]
    away = -1 if side == Side.BUY else 1
    prices = np.repeat(touch + away * distance, count)
    keep = prices >= 1
    return prices[keep], sizes[there][keep]


def _draws(path: int, seed: int, distance: Int64, purposes: Int64) -> Float64:
    """Uniform draws [distance, purpose]."""
    return uniforms(seed, np.full(len(distance), path), distance, purposes)
