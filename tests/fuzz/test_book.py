"""The order book keeps its invariants whatever is done to it, as wide apart as prices may lie."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from engine.book import OrderBooks
from model.events import NO_ORDER, Side
from tests.fuzz.fuzzing import fuzz

SIDES = st.sampled_from([Side.BUY, Side.SELL])
PRICES = st.integers(990, 1010) | st.integers(1, 4000)
SIZES = st.integers(1, 50) | st.integers(1, 10**12)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), SIDES, PRICES, SIZES),
        st.tuples(st.just("add"), SIDES, st.integers(995, 1005), SIZES),
        st.tuples(st.just("cancel"), st.integers(0, 80), st.none() | SIZES),
        st.tuples(st.just("cancel_nearest"), SIDES, PRICES, SIZES),
        st.tuples(st.just("cancel_at"), SIDES, PRICES, SIZES),
        st.tuples(st.just("withdraw"), SIDES, st.integers(0, 50), st.floats(0, 1)),
    ),
    max_size=80,
)


@given(OPERATIONS)
@fuzz(60)
def test_invariants(operations: list[tuple[object, ...]]) -> None:
    book = OrderBooks(levels=128, capacity=2)
    queue: dict[tuple[int, int], list[int]] = {}  # ids at each price as they were before
    inside = left_out = 0
    for number, (name, *arguments) in enumerate(operations):
        before = book.resting().size.sum()
        outside = book.out_of_range()
        if name == "add":
            side, price, size = arguments
            fill = book.add(side, price, size, number)
            change = fill.rested_size - fill.traded_size
            assert 0 <= fill.traded_size + fill.rested_size <= size
            assert fill.rested_size in (0, size - fill.traded_size)
        else:
            taken = getattr(book, str(name))(*arguments)
            taken = taken[1] if name == "cancel_nearest" else taken
            assert taken >= 0
            change = -taken
        now = book.resting()
        inside = int(now.size.sum())
        left_out = book.out_of_range() - outside
        # A window that moves leaves orders behind, and counts them.
        assert inside == before + change or (left_out > 0 and inside < before + change)
        assert (now.size > 0).all(), "a size that is not positive"
        own = [now.price_ticks[now.side == side] for side in Side]
        if len(own[Side.BUY]) and len(own[Side.SELL]):
            assert own[Side.BUY].max() < own[Side.SELL].min(), "crossed"
        assert max(Counter(now.order_id.tolist()).values(), default=1) == 1, "an order twice"
        assert NO_ORDER not in now.order_id
        levels: dict[tuple[int, int], list[int]] = {}
        for side, price, order in zip(now.side, now.price_ticks, now.order_id, strict=True):
            levels.setdefault((int(side), int(price)), []).append(int(order))
        for level, orders in levels.items():
            assert orders == sorted(orders), "the oldest is not first"
            new = set(orders) - set(queue.get(level, ()))
            assert new <= {number}, "an order came from nowhere"
        queue = levels
