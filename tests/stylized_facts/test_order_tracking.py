"""Order lifetimes against a toy book that knows every fate, and the kernel against its twin."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording, Side
from stylized_facts import MarketSample
from stylized_facts.bootstrap import window_weights
from stylized_facts.facts import FACTS
from stylized_facts.facts.survival import EDGES_S, SHOWN_S, kaplan_meier
from stylized_facts.order_tracking import CANCELLED, CENSORED, FILLED, lifetimes
from stylized_facts.trades import rested, trades

FIRST = 6  # orders that rest before the window


class ToyBook:
    """Price-time priority by plain lists; remembers when and how each order ended."""

    def __init__(self):
        self.queues = {Side.BUY: {}, Side.SELL: {}}
        self.last = {Side.BUY: 0, Side.SELL: 0}
        self.fate, self.order = {}, {}

    def best(self, side):
        prices = self.queues[side]
        if prices:
            self.last[side] = max(prices) if side == Side.BUY else min(prices)
        return self.last[side], sum(o["size"] for o in prices.get(self.last[side], []))

    def remove(self, one, time, fate):
        queue = self.queues[one["side"]][one["price"]]
        queue.remove(one)
        if not queue:
            del self.queues[one["side"]][one["price"]]
        self.fate[one["id"]] = (time, fate)

    def add(self, time, side, price, size, name):
        other = Side(1 - side)
        while size and self.queues[other]:
            touch, _ = self.best(other)
            if (touch > price) if side == Side.BUY else (touch < price):
                break
            oldest = self.queues[other][touch][0]
            traded = min(size, oldest["size"])
            size -= traded
            oldest["size"] -= traded
            if oldest["size"] == 0:
                self.remove(oldest, time, FILLED)
        if size:
            one = {"id": name, "side": side, "price": price, "size": size, "born": time}
            self.queues[side].setdefault(price, []).append(one)
            self.order[name] = one

    def resting(self):
        return [o for side in self.queues.values() for queue in side.values() for o in queue]


def toy_market(seed, events=3_000, named=True, distinct=False):
    """Rows, quotes and the book of a random market whose orders are all known."""
    rng = np.random.default_rng(seed)
    book, rows, quotes, time = ToyBook(), [], [], 0
    for i in range(events + FIRST):
        time += int(rng.integers(1, 2 * NS_PER_S))
        size = 10 + i if distinct else 10 * int(rng.integers(1, 4))
        live = [o for o in book.resting() if o["id"] >= FIRST]
        if i >= FIRST and live and rng.random() < 0.4:
            one = live[int(rng.integers(len(live)))]
            taken = one["size"] if rng.random() < 0.8 or not named else (one["size"] + 1) // 2
            rows.append((time, Action.CANCEL, one["side"], one["price"], taken, one["id"]))
            one["size"] -= taken
            if one["size"] == 0:
                book.remove(one, time, CANCELLED)
        else:
            side = Side(int(rng.integers(2)))
            away = int(rng.integers(1, 8)) if i < FIRST or rng.random() < 0.85 else -5
            price = 1_000 - away if side == Side.BUY else 1_000 + away
            rows.append((time, Action.ADD, side, price, size, i))
            book.add(time, side, price, size, i)
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        quotes.append((bid[0], ask[0], bid[1], ask[1]))
    columns = np.array(rows, np.int64).T
    if not named:
        columns[5] = NO_ORDER
    table = Events(
        columns[0], columns[1].astype(np.int8), columns[2].astype(np.int8), *columns[3:],
        EventsMeta("TOY"),
    )  # fmt: skip
    recording = Recording(table, Quotes(*np.array(quotes, np.int64).T)).slice(FIRST - 1, None)
    sample = MarketSample.from_recordings([recording], "Toy")
    return sample, book


def true_lives(sample, book):
    """Seconds and fate of every order that came to rest in the window, in order of birth."""
    end = int(sample.end_ns[0])
    lives = [
        (one["born"], *book.fate.get(name, (end, CENSORED)))
        for name, one in sorted(book.order.items())
        if name >= FIRST
    ]
    born, died, fate = np.array(lives).T
    return (died - born) / NS_PER_S, fate


@pytest.mark.parametrize("seed", range(3))
def test_lives_are_those_of_the_book_where_orders_have_names(seed):
    sample, book = toy_market(seed)
    seconds, fate = true_lives(sample, book)
    found = lifetimes(sample)
    assert {CENSORED, CANCELLED, FILLED} == set(fate)
    np.testing.assert_array_equal(found.fate, fate)
    np.testing.assert_allclose(found.seconds, seconds)


def test_anonymous_cancels_mean_the_order_of_their_size():
    sample, book = toy_market(3, events=800, named=False, distinct=True)
    seconds, fate = true_lives(sample, book)
    found = lifetimes(sample)
    np.testing.assert_array_equal(found.fate, fate)
    np.testing.assert_allclose(found.seconds, seconds)


def test_what_rests_of_a_crossing_order_is_known():
    sample, _ = toy_market(4)
    tape = trades(sample)
    rows = np.flatnonzero(sample.aggressive)
    rest = rested(sample, rows)
    assert (rest > 0).any()
    assert tape.volume.sum() == sample.events.size[rows].sum() - rest.sum()
    assert (tape.volume > 0).all()


def twin(sample):
    """The rules of `order_tracking` by lists and searches, one window after the other."""
    events, quotes = sample.events, sample.quotes
    rest = np.where((events.action == Action.ADD) & ~sample.aggressive, events.size, 0)
    crossing = np.flatnonzero(sample.aggressive)
    rest[crossing] = rested(sample, crossing)
    lives = []
    for w in range(len(sample)):
        live, own = [], []
        for i in range(sample.offsets[w], sample.offsets[w + 1]):
            side, price, time = int(events.side[i]), events.price_ticks[i], events.time_ns[i]
            if rest[i]:
                order = {"side": side, "price": price, "left": rest[i], "born": time,
                         "name": events.order_id[i], "died": None, "fate": CENSORED}  # fmt: skip
                live.append(order)
                own.append(order)
            elif events.action[i] == Action.CANCEL:
                if events.order_id[i] != NO_ORDER:
                    newest = [o for o in own if o["name"] == events.order_id[i]][-1:]
                    meant = [o for o in newest if o["died"] is None]
                else:
                    meant = [
                        o
                        for o in live
                        if (o["side"], o["price"], o["left"]) == (side, price, events.size[i])
                    ][:1]
                for o in meant:
                    o["left"] -= min(o["left"], events.size[i])
                    if o["left"] == 0:
                        o["died"], o["fate"] = time, CANCELLED
            live = [o for o in live if o["died"] is None]
            for s in (0, 1):
                best = (quotes.bid_ticks, quotes.ask_ticks)[s][i]
                shown = (quotes.bid_size, quotes.ask_size)[s][i]
                hit = sample.aggressive[i] and s != side
                for o in [o for o in live if o["side"] == s]:
                    better = o["price"] > best if s == 0 else o["price"] < best
                    if shown == 0 or better:
                        o["died"], o["fate"] = time, FILLED if hit else CENSORED
                if hit and shown:
                    queue = [o for o in live if (o["side"], o["price"]) == (s, best)]
                    over = max(0, sum(o["left"] for o in queue) - shown)
                    for o in queue:
                        taken = min(over, o["left"])
                        over -= taken
                        o["left"] -= taken
                        if o["left"] == 0:
                            o["died"], o["fate"] = time, FILLED
                live = [o for o in live if o["died"] is None]
        for o in own:
            died = sample.end_ns[w] if o["died"] is None else o["died"]
            lives.append((w, (died - o["born"]) / NS_PER_S, o["fate"]))
    return np.array(lives).T


@pytest.mark.parametrize("named", [False, True])
def test_kernel_is_its_twin_on_flow_that_makes_no_sense(named):
    rng = np.random.default_rng(5)
    n = 400
    pieces = []
    for _ in range(4):
        bid = 1_000 + rng.integers(-4, 4, n)
        ids = rng.integers(0, 60, n) if named else np.full(n, NO_ORDER)
        events = Events(
            np.sort(rng.integers(0, 100 * NS_PER_S, n)), rng.integers(0, 2, n).astype(np.int8),
            rng.integers(0, 2, n).astype(np.int8), 1_000 + rng.integers(-6, 8, n),
            rng.integers(1, 4, n), ids, EventsMeta("TOY"),
        )  # fmt: skip
        quotes = Quotes(
            bid, bid + rng.integers(1, 4, n), rng.integers(0, 9, n), rng.integers(0, 9, n)
        )
        pieces.append(Recording(events, quotes))
    sample = MarketSample.from_recordings(pieces, "Noise")
    window, seconds, fate = twin(sample)
    found = lifetimes(sample)
    np.testing.assert_array_equal(found.window, window)
    np.testing.assert_array_equal(found.fate, fate)
    np.testing.assert_allclose(found.seconds, seconds)


def test_kaplan_meier_is_that_of_statsmodels():
    rng = np.random.default_rng(6)
    rows, windows = 2_000, 5
    life, end = rng.weibull(0.6, rows) * 5, rng.uniform(0, 20, rows)
    seconds, ended = np.minimum(life, end), (life <= end).astype(float)
    window = rng.integers(0, windows, rows)
    rounded = EDGES_S[np.searchsorted(EDGES_S, seconds)]
    table = kaplan_meier(seconds, ended, window, windows)
    weights = window_weights(windows, 3, 0)
    for row, found in zip(weights, table.draws(weights), strict=True):
        exact = SurvfuncRight(rounded, ended, freq_weights=row[window])
        at = np.searchsorted(exact.surv_times, np.array(SHOWN_S) * (1 + 1e-9), side="right") - 1
        wanted = np.where(at >= 0, exact.surv_prob[at], 1.0)
        known = np.isfinite(found)
        assert known[:6].all()
        np.testing.assert_allclose(found[known], wanted[known])


def test_censored_lives_do_not_shorten_the_median():
    rng = np.random.default_rng(7)
    life, end = rng.exponential(10, 40_000), rng.uniform(0, 20, 40_000)
    ended = (life <= end).astype(float)
    table = kaplan_meier(np.minimum(life, end), ended, np.zeros(40_000, int), 1)
    survival, _ = table.everywhere(np.ones((1, 1)))
    found = survival[0, np.searchsorted(EDGES_S, 9.99)]
    assert found == pytest.approx(np.exp(-1), abs=0.03)  # of those seen to end few live so long
    assert np.mean(life[ended == 1] > 10) < 0.25


def test_facts_of_lifetimes():
    sample, book = toy_market(8)
    seconds, fate = true_lives(sample, book)
    one = np.ones((1, 1))
    within = FACTS["cancelled_within_1s"].draws(sample, one)[0]
    exact = SurvfuncRight(seconds, fate == CANCELLED)
    alive = exact.surv_prob[exact.surv_times <= 1][-1]
    assert within == pytest.approx(1 - alive, abs=0.02)
    median = FACTS["median_time_to_cancel"].draws(sample, one)[0]
    assert median == pytest.approx(exact.quantile(0.5), rel=0.15)
