"""The compiled book does what the plain one does, and what price-time priority says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from engine.book import OrderBooks
from engine.seeding import BookSeed
from model.events import NO_ORDER, Action, Recording, Side
from tests.engine.book_twin import TwinBook

BUY, SELL = Side.BUY, Side.SELL
Operation = tuple[str, tuple[object, ...]]


def contents(book: OrderBooks, at: int = 0) -> list[tuple[int, int, int, int]]:
    resting = book.resting(at)
    columns = (resting.side, resting.price_ticks, resting.size, resting.order_id)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def operations() -> SearchStrategy[list[Operation]]:
    side = st.sampled_from([BUY, SELL])
    price = st.integers(95, 105)
    size = st.integers(1, 300)
    one = st.one_of(
        st.tuples(st.just("add"), st.tuples(side, price, size, st.booleans())),
        st.tuples(st.just("add"), st.tuples(side, price, size, st.just(True))),
        st.tuples(st.just("cancel"), st.tuples(st.integers(0, 60), st.none() | size)),
        st.tuples(st.just("cancel_nearest"), st.tuples(side, price, size)),
        st.tuples(st.just("cancel_at"), st.tuples(side, price, size)),
        st.tuples(
            st.just("withdraw"), st.tuples(side, st.integers(0, 8), st.floats(0, 1, width=32))
        ),
    )
    return st.lists(one, max_size=60)


@dataclass
class Pair:
    """Both books, and the shares that went in and out of the compiled one."""

    book: OrderBooks
    twin: TwinBook
    came: int = 0
    went: int = 0

    def apply(self, name: str, arguments: tuple[object, ...], order_id: int) -> None:
        if name == "add":
            side, price, size, rests = arguments
            fill = self.book.add(side, price, size, order_id, rests=rests)
            trades = self.twin.add(side, price, size, order_id, rests)
            assert fill.traded_size == sum(trade.size for trade in trades)
            assert fill.traded_value == sum(trade.size * trade.price_ticks for trade in trades)
            assert fill.rested_size == (size - fill.traded_size if rests else 0)
            self.came += fill.rested_size
            self.went += fill.traded_size
            return
        got = getattr(self.book, name)(*arguments)
        assert got == getattr(self.twin, name)(*arguments)
        self.went += got[1] if name == "cancel_nearest" else got


@given(operations())
@settings(max_examples=150, deadline=None)
def test_same_as_the_plain_book_on_any_stream(stream: list[Operation]) -> None:
    pair = Pair(OrderBooks(levels=64, capacity=2), TwinBook())
    for order_id, (name, arguments) in enumerate(stream):
        pair.apply(name, arguments, order_id)
        resting = contents(pair.book)
        assert resting == pair.twin.resting()
        assert pair.book.touch() == pair.twin.touch()
        touch = pair.book.touch()
        assert touch.bid_ticks < touch.ask_ticks or pair.came == 0, "crossed"
        assert pair.came - pair.went == sum(size for _, _, size, _ in resting), "shares are lost"


def test_same_as_the_plain_book_on_a_recording(amzn: Recording) -> None:
    events = amzn.events.slice(0, 3000)
    book, twin = OrderBooks(), TwinBook()
    for i in range(len(events)):
        side, price = Side(events.side[i]), int(events.price_ticks[i])
        size, order_id = int(events.size[i]), int(events.order_id[i])
        if events.action[i] == Action.ADD:
            rests = order_id != NO_ORDER
            fill = book.add(side, price, size, order_id, rests=rests)
            assert fill.traded_size == sum(
                t.size for t in twin.add(side, price, size, order_id, rests)
            )
        elif events.action[i] == Action.CANCEL:
            assert book.cancel(order_id, size) == twin.cancel(order_id, size)
        assert book.touch() == twin.touch()
    assert contents(book) == twin.resting()
    assert len(twin.resting()) > 50


def test_oldest_order_of_the_best_price_is_filled_first() -> None:
    book = OrderBooks()
    book.add(SELL, 101, 50, 1)
    book.add(SELL, 100, 30, 2)
    book.add(SELL, 100, 40, 3)
    assert book.add(BUY, 101, 80, 4) == (80, 30 * 100 + 40 * 100 + 10 * 101, 0)
    assert contents(book) == [(SELL, 101, 40, 1)]


def test_remainder_of_a_crossing_order_rests_at_its_price() -> None:
    book = OrderBooks()
    book.add(SELL, 100, 30)
    assert book.add(BUY, 102, 50, 7) == (30, 3000, 20)
    assert contents(book) == [(BUY, 102, 20, 7)]
    assert book.touch() == (102, 103, 20, 0), "the empty side must not look crossed"


def test_order_that_may_not_rest_leaves_nothing() -> None:
    book = OrderBooks()
    assert book.add(BUY, 100, 50, 1, rests=False) == (0, 0, 0)
    assert contents(book) == []


def test_cancel_knows_an_order_only_while_it_rests() -> None:
    book = OrderBooks()
    book.add(BUY, 100, 50, 1)
    assert book.cancel(1, 20) == 20
    assert book.cancel(9) == 0
    assert book.cancel(1, 500) == 30
    assert book.cancel(1) == 0
    book.add(BUY, 100, 10, 2)  # takes the slot that order 1 had
    assert book.cancel(1) == 0
    assert contents(book) == [(BUY, 100, 10, 2)]


@pytest.mark.parametrize(
    ("price", "size", "taken"),
    [
        (100, 60, (100, 50)),  # nearest size on the level itself
        (99, 10, (98, 200)),  # aimed behind the touch: not the touch, though it is as near
        (97, 10, (98, 200)),  # 98 and 96 are as near: the better price
        (94, 9, (95, 10)),
        (120, 90, (100, 100)),  # aimed at the spread: the touch
    ],
)
def test_anonymous_cancel_takes_the_nearest_order(
    price: int, size: int, taken: tuple[int, int]
) -> None:
    book = OrderBooks()
    for at, (level, shares) in enumerate(
        [(98, 200), (100, 50), (100, 100), (100, 50), (96, 30), (95, 10)]
    ):
        book.add(BUY, level, shares, at)
    assert book.cancel_nearest(BUY, price, size) == taken
    assert book.cancel_nearest(SELL, price, size) == (price, 0)
    if taken == (100, 50):
        assert (BUY, 100, 50, 1) not in contents(book)
        assert (BUY, 100, 50, 3) in contents(book)


def test_anonymous_cancel_behind_a_lone_level_takes_it() -> None:
    book = OrderBooks()
    book.add(SELL, 100, 50)
    assert book.cancel_nearest(SELL, 130, 10) == (100, 50)


def test_withdrawal_takes_the_share_evenly_and_newest_first() -> None:
    book = OrderBooks()
    for price in (100, 99, 98, 90):
        for _ in range(10):
            book.add(BUY, price, 100)
    first = contents(book)
    assert book.withdraw(BUY, 2, 0.3) == 900
    prices, sizes = book.depth(BUY, 4)
    assert prices.tolist() == [100, 99, 98, 90]
    assert sizes.tolist() == [700, 700, 700, 1000]
    assert book.withdraw(BUY, 2, 0.0) == 0
    assert book.withdraw(BUY, 2, 1.0) == 2100
    assert contents(book) == first[30:]
    assert book.withdraw(SELL, 2, 1.0) == 0


def test_pool_grows_instead_of_dropping_orders() -> None:
    book = OrderBooks(capacity=4)
    for order_id in range(1000):
        book.add(BUY, 100 + order_id % 7, 1 + order_id, order_id)
    assert len(contents(book)) == 1000
    assert all(book.cancel(order_id) == 1 + order_id for order_id in range(1000))
    assert contents(book) == []


def test_ladder_follows_the_price() -> None:
    book, twin = OrderBooks(levels=64), TwinBook()
    rng = np.random.default_rng(0)
    for order_id in range(3000):
        middle = 1000 + order_id // 3 if order_id < 1500 else 1500 - (order_id - 1500) // 3
        side = Side(int(rng.integers(2)))
        away = int(rng.integers(1, 12))
        price = middle - away if side is BUY else middle + away
        size = int(rng.integers(1, 100))
        assert book.add(side, price, size, order_id).traded_size == sum(
            trade.size for trade in twin.add(side, price, size, order_id)
        )
        for old in (BUY, SELL):  # what the price has left behind is cancelled, by price
            for level in twin.outwards(old):
                if abs(level - middle) > 12:
                    assert book.cancel_at(old, level, 10**6) == twin.cancel_at(old, level, 10**6)
        assert book.touch() == twin.touch()
    assert contents(book) == twin.resting()
    assert book.out_of_range() == 0


def test_order_far_from_the_touch_is_counted_not_kept() -> None:
    book = OrderBooks(levels=128)
    book.add(BUY, 1000, 10)
    book.add(SELL, 1002, 10)
    assert book.add(BUY, 900, 5) == (0, 0, 0)
    assert book.add(BUY, 0, 5) == (0, 0, 0)
    assert book.out_of_range() == 2
    assert book.add(BUY, 5000, 25) == (10, 10020, 0), "it trades all the same"
    assert book.out_of_range() == 3
    assert contents(book) == [(BUY, 1000, 10, NO_ORDER)]


def test_moved_ladder_counts_the_orders_it_leaves_behind() -> None:
    book = OrderBooks(levels=64)
    book.add(BUY, 1000, 10, 1)
    for price in range(1000, 1120, 5):
        book.add(BUY, price, 10)
    assert book.cancel(1) == 0
    assert book.out_of_range() + len(contents(book)) == 25
    assert book.touch().bid_ticks == 1115


def test_load_replaces_the_book() -> None:
    book = OrderBooks(2, capacity=2)
    book.add(BUY, 50, 5, 1)
    seed = BookSeed(
        np.array([0, 0, 0, 1], np.int8), np.array([99, 99, 98, 101]), np.array([10, 20, 30, 40]), 0
    )
    book.load(seed)
    assert contents(book) == [
        (0, 99, 10, NO_ORDER), (0, 99, 20, NO_ORDER), (0, 98, 30, NO_ORDER), (1, 101, 40, NO_ORDER)
    ]  # fmt: skip
    assert book.cancel(1) == 0
    assert contents(book, 1) == []


def test_ladder_length_must_fill_whole_words() -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        OrderBooks(levels=100)
