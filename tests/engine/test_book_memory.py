"""What a book takes of memory: little, until orders rest in it."""

from __future__ import annotations

import psutil

from engine.book import OrderBooks
from engine.seeding import seed_from_profile
from model.catalogue import load_profile
from model.events import Side

BOOKS = 256


def resident() -> int:
    return int(psutil.Process().memory_full_info().uss)


def test_a_seeded_book_takes_less_than_64_kb() -> None:
    """The ladder's memory is claimed page by page, where orders rest."""
    profile = load_profile("AMZN")
    seeds = [seed_from_profile(profile, path, seed=1) for path in range(8)]
    OrderBooks(1).load(seeds[0])  # compile
    before = resident()
    books = OrderBooks(BOOKS)
    for book in range(BOOKS):
        books.load(seeds[book % len(seeds)], book)
    assert 4_096 < (resident() - before) / BOOKS < 65_536
    assert len(books.resting(BOOKS - 1).size) == len(seeds[(BOOKS - 1) % len(seeds)])


def test_the_pool_grows_and_drops_no_order() -> None:
    books = OrderBooks(1, capacity=4)
    for i in range(100):
        books.add(Side.BUY, 1_000 - i % 10, 1 + i, order_id=i)
    assert len(books.resting().size) == 100
    assert books.out_of_range() == 0
