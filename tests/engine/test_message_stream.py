"""Messages applied again and again give the quotes of a replay, every time."""

from __future__ import annotations

import numpy as np

from engine.replay import MessageStream, replay
from model.events import Action, Events, EventsMeta, Recording


def random_messages(count: int) -> Recording:
    """Adds by id about 1,000 ticks, some crossing; half of the messages cancel one of them."""
    rng = np.random.default_rng(3)
    action = np.zeros(count, np.int8)
    side, price, size = rng.integers(0, 2, count), np.zeros(count, np.int64), np.full(count, 10)
    order, live = np.arange(count), list[int]()
    for i in range(count):
        if live and rng.random() < 0.5:
            named = live.pop(int(rng.integers(len(live))))
            action[i], side[i] = Action.CANCEL, side[named]
            price[i], order[i] = price[named], named
        else:
            away = int(rng.geometric(0.2)) - 3
            price[i] = 1_000 + (away if side[i] else -away)
            live.append(i)
    meta = EventsMeta("TEST")
    return Recording(
        Events(np.arange(count), action, side.astype(np.int8), price, size, order, meta)
    )


def test_a_stream_gives_the_quotes_of_a_replay_each_time() -> None:
    recording = random_messages(3_000)
    expected = replay(recording).quotes
    stream = MessageStream(recording)
    for _ in range(3):
        for name, column in vars(stream.run()).items():
            np.testing.assert_array_equal(column, getattr(expected, name), err_msg=name)
    assert len(stream) == 3_000
