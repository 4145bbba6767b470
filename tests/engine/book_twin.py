"""The order book in plain Python, slow and obvious: the oracle of the compiled one."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from model.events import NO_ORDER, Side


class TwinOrder:
    """A resting order."""

    def __init__(self, order_id: int, size: int) -> None:
        self.order_id = order_id
        self.size = size


class Trade(NamedTuple):
    """One fill of a resting order."""

    order_id: int
    price_ticks: int
    size: int


class TwinBook:
    """Price-time priority with a dict of queues a side; the same rules as `OrderBooks`."""

    def __init__(self) -> None:
        self.queues: dict[Side, dict[int, deque[TwinOrder]]] = {Side.BUY: {}, Side.SELL: {}}
        self.kept = {Side.BUY: 0, Side.SELL: 0}  # last price of each side

    def best(self, side: Side) -> int | None:
        prices = self.queues[side]
        if not prices:
            return None
        return max(prices) if side is Side.BUY else min(prices)

    def outwards(self, side: Side) -> list[int]:
        """Occupied prices, best first."""
        return sorted(self.queues[side], reverse=side is Side.BUY)

    def crosses(self, side: Side, price: int) -> bool:
        best = self.best(Side(1 - side))
        if best is None:
            return False
        return best <= price if side is Side.BUY else best >= price

    def add(
        self, side: Side, price: int, size: int, order_id: int = NO_ORDER, rests: bool = True
    ) -> list[Trade]:
        other = Side(1 - side)
        trades = []
        while size > 0 and self.crosses(side, price):
            best = self.best(other)
            assert best is not None
            queue = self.queues[other][best]
            filled = min(size, queue[0].size)
            trades.append(Trade(queue[0].order_id, best, filled))
            size -= filled
            self._reduce(other, best, queue[0], filled)
        if size > 0 and rests:
            self.queues[side].setdefault(price, deque()).append(TwinOrder(order_id, size))
            self._note_touch()
        return trades

    def cancel(self, order_id: int, size: int | None = None) -> int:
        for side in Side:
            for price, queue in self.queues[side].items():
                for order in queue:
                    if order.order_id == order_id:
                        return self._reduce(side, price, order, size or order.size)
        return 0

    def cancel_nearest(self, side: Side, price: int, size: int) -> tuple[int, int]:
        if not self.queues[side]:
            return price, 0
        levels = self.outwards(side)
        at = min(levels, key=lambda p: abs(p - price))
        behind_touch = price < levels[0] if side is Side.BUY else price > levels[0]
        if at == levels[0] and behind_touch and len(levels) > 1:
            at = levels[1]
        order = min(self.queues[side][at], key=lambda o: abs(o.size - size))
        return at, self._reduce(side, at, order, order.size)

    def cancel_at(self, side: Side, price: int, size: int) -> int:
        taken = 0
        while taken < size and price in self.queues[side]:
            taken += self._reduce(side, price, self.queues[side][price][0], size - taken)
        return taken

    def withdraw(self, side: Side, distance: int, share: float) -> int:
        best = self.best(side)
        if best is None:
            return 0
        taken = 0
        due = 0.0
        for price in self.outwards(side):
            if abs(price - best) > distance:
                break
            queue = self.queues[side][price]
            due += share * sum(order.size for order in queue)
            for order in reversed(list(queue)):
                if taken + order.size / 2 <= due:
                    taken += self._reduce(side, price, order, order.size)
        return taken

    def resting(self) -> list[tuple[int, int, int, int]]:
        """(side, price, size, id) in priority order."""
        return [
            (int(side), price, order.size, order.order_id)
            for side in Side
            for price in self.outwards(side)
            for order in self.queues[side][price]
        ]

    def touch(self) -> tuple[int, int, int, int]:
        sizes = []
        for side in Side:
            best = self.best(side)
            sizes.append(0 if best is None else sum(o.size for o in self.queues[side][best]))
        return self.kept[Side.BUY], self.kept[Side.SELL], sizes[0], sizes[1]

    def _reduce(self, side: Side, price: int, order: TwinOrder, size: int) -> int:
        taken = min(size, order.size)
        order.size -= taken
        if order.size == 0:
            self.queues[side][price].remove(order)
            if not self.queues[side][price]:
                del self.queues[side][price]
            self._note_touch()
        return taken

    def _note_touch(self) -> None:
        """Keep the last price of an empty side, one tick off at least."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        if bid is not None:
            self.kept[Side.BUY] = bid
            if ask is None:
                self.kept[Side.SELL] = max(self.kept[Side.SELL], bid + 1)
        if ask is not None:
            self.kept[Side.SELL] = ask
            if bid is None:
                self.kept[Side.BUY] = min(self.kept[Side.BUY], ask - 1)
