"""A small book of resting orders with their ids, for logs that name every order."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import NamedTuple

from model.events import Side


class Resting(NamedTuple):
    """An order in the book."""

    order: int
    side: int
    price: int  # ticks
    size: int


class LevelBook:
    """Resting orders by id, and the size at each price; it matches nothing."""

    def __init__(self) -> None:
        self._orders: dict[int, Resting] = {}
        self._size: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._keys: tuple[list[int], list[int]] = ([], [])  # prices, negative for bids: best first

    def get(self, order: int) -> Resting | None:
        """The order, None where it is not in the book."""
        return self._orders.get(order)

    def put(self, resting: Resting) -> None:
        """Let an order rest with that size, whatever it had before; size 0 takes it out."""
        order, side, price, size = resting
        before = self._orders.pop(order, None)
        if before is not None:
            self._change(before.side, before.price, -before.size)
        if size:
            self._orders[order] = resting
            self._change(side, price, size)

    def met_by(self, side: int, price: int) -> list[Resting]:
        """The orders that an order of `side` at `price` would trade with."""
        keys = self._keys[1 - side]
        limit = price if side == Side.BUY else -price
        if not keys or keys[0] > limit:
            return []
        return [
            other
            for other in self._orders.values()
            if other.side != side and _key(other.side, other.price) <= limit
        ]

    def levels(self, side: int, depth: int) -> list[tuple[int, int]]:
        """Price and size of the first `depth` levels of a side, the best first."""
        sizes = self._size[side]
        return [(abs(key), sizes[abs(key)]) for key in self._keys[side][:depth]]

    def _change(self, side: int, price: int, by: int) -> None:
        sizes, keys, key = self._size[side], self._keys[side], _key(side, price)
        if price not in sizes:
            insort(keys, key)
        sizes[price] = sizes.get(price, 0) + by
        if not sizes[price]:
            del sizes[price]
            del keys[bisect_left(keys, key)]


def _key(side: int, price: int) -> int:
    return -price if side == Side.BUY else price
