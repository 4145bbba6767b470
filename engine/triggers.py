"""What the state of a path sets off, compiled: stops, participation, price bands, throttles.

A trigger is a row of a small table, with a few numbers remembered for each path. Its columns:

`STOPS`
    `count` stop orders of `side`, `size` shares each; number k is set off when the touch that it
    would meet is `distance_ticks` + k `step_ticks` beyond the mid at the start.
`PARTICIPATION`
    Every `interval_ns` a market order of `side` brings what was traded to `share` of all that has
    been traded since the start, up to `size` shares, at prices no worse than `distance_ticks` from
    the first mid (`MARKET`: any).
`BANDS`
    No trade further than `share` from the reference price, which is the mean of trades over
    `memory_ns` (weights fall exponentially), taken anew where it has moved by 1%, every 30 s at
    most. A touch that stands at the band for `interval_ns` stops all trading for `pause_ns`; the
    reference is then the mid.
`THROTTLE`
    At most `count` events of the flow in any full second.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine import agenda
from engine.execution import Injection, Rules, first_mid2, inject
from engine.ladder import BUY, RESTING, SELL, TOUCH, Book, as_int
from engine.path_state import ASKED, DONE, NOT_YET, Memory, Record
from engine.shocks.plan import MARKET, ShockPlan, Trigger
from model.events import NS_PER_S, Float64

TRIGGER = np.dtype(
    [
        ("start_ns", "i8"),
        ("end_ns", "i8"),
        ("size", "i8"),
        ("count", "i8"),
        ("distance_ticks", "i8"),
        ("step_ticks", "i8"),
        ("share", "f8"),
        ("interval_ns", "i8"),
        ("pause_ns", "i8"),
        ("memory_ns", "i8"),
        ("parent", "i2"),
        ("kind", "i1"),
        ("side", "i1"),
    ],
    align=True,
)
COLUMNS = 8  # remembered of each trigger and path
MOVED, EVERY_NS = 0.01, 30 * NS_PER_S  # when a reference price is taken anew

# Remembered of BANDS, times in ns since the start of the horizon.
_REFERENCE, _MEAN, _TRADED_NS, _VOLUME, _VALUE, _NEXT_NS, _SINCE_NS, _REOPENS_NS = range(COLUMNS)


def compile_triggers(plan: ShockPlan) -> npt.NDArray[np.void]:
    """The triggers of a plan: TRIGGER [T]."""
    triggers = np.zeros(len(plan.trigger_kind), TRIGGER)
    for name in TRIGGER.names or ():
        triggers[name] = getattr(plan, f"trigger_{name}")
    return triggers


@njit(cache=True)
def pull(
    book: Book,
    row: Record,
    line: Record,
    triggers: npt.NDArray[np.void],
    memory: Memory,
    b: int,
    until_ns: int,
    rules: Rules,
) -> bool:
    """Look at every trigger before what is due next, at `until_ns`; whether one sent an order."""
    now = row.time_ns - row.origin_ns
    for t in range(len(triggers)):
        trigger = triggers[t]
        kept = memory.triggers[b, t]
        if until_ns < trigger.start_ns:
            continue
        if now >= trigger.end_ns:
            if trigger.kind == Trigger.BANDS.value and kept[_REFERENCE] > 0.0:
                kept[_REFERENCE] = 0.0
                row.band_low = row.band_high = 0
            continue
        if trigger.kind == Trigger.STOPS.value:
            if _stop(book, row, line, trigger, kept, memory, b, rules):
                return True
        elif trigger.kind == Trigger.PARTICIPATION.value:
            if _participate(book, row, line, trigger, kept, memory, b, until_ns, rules):
                return True
        elif trigger.kind == Trigger.BANDS.value:
            _watch_bands(book, row, trigger, kept, until_ns)
    return False


@njit(cache=True)
def _stop(
    book: Book,
    row: Record,
    line: Record,
    trigger: Record,
    kept: Float64,
    memory: Memory,
    b: int,
    rules: Rules,
) -> bool:
    """Send the next stop order if the touch has come to its level."""
    side, parent, fired = as_int(trigger.side), as_int(trigger.parent), int(kept[0])
    first = first_mid2(book, memory, b, parent)
    if fired == trigger.count or book.state[RESTING + 1 - side] == 0:
        return False
    now = row.time_ns - row.origin_ns
    if now < row.halt_until_ns:
        return False
    away = trigger.distance_ticks + fired * trigger.step_ticks
    moved2 = 2 * book.state[TOUCH + 1 - side] - first
    if (moved2 if side == BUY else -moved2) < 2 * away:
        return False
    kept[0] = fired + 1
    row.time_ns = row.origin_ns + max(now, as_int(trigger.start_ns))
    order = Injection(
        side, _any_price(book, side), as_int(trigger.size), agenda.NO_TAG, False, parent
    )
    before = row.events
    inject(book, row, line, order, memory, b, rules)
    return bool(row.events > before)


@njit(cache=True)
def _any_price(book: Book, side: int) -> int:
    """A limit price that takes whatever rests on the other side."""
    touch = book.state[TOUCH + 1 - side]
    return as_int(touch + MARKET if side == BUY else touch - MARKET)


@njit(cache=True)
def _participate(
    book: Book,
    row: Record,
    line: Record,
    trigger: Record,
    kept: Float64,
    memory: Memory,
    b: int,
    until_ns: int,
    rules: Rules,
) -> bool:
    """Send what is missing at the next time of the schedule before `until_ns`, if anything is."""
    side, parent = as_int(trigger.side), as_int(trigger.parent)
    account = memory.accounts[b, parent]
    if kept[1] == 0.0:  # the volume when it started, plus one
        kept[0] = trigger.start_ns + trigger.interval_ns
        kept[1] = row.traded_volume + 1
        first_mid2(book, memory, b, parent)
    due = as_int(kept[0])
    while due <= until_ns and due < min(as_int(trigger.end_ns), rules.horizon_ns):
        if due < row.halt_until_ns:
            due += trigger.interval_ns
            continue
        others = row.traded_volume - (kept[1] - 1) - account[DONE]
        wanted = min(float(trigger.size), trigger.share / (1.0 - trigger.share) * others)
        size = int(wanted - account[DONE])
        due += trigger.interval_ns
        kept[0] = due
        if size > 0:
            row.time_ns = max(row.time_ns, row.origin_ns + due - trigger.interval_ns)
            price = _any_price(book, side)
            if trigger.distance_ticks != MARKET:
                price = first_mid2(book, memory, b, parent) // 2 + trigger.distance_ticks
            before = row.events
            order = Injection(side, price, size, agenda.NO_TAG, False, parent)
            inject(book, row, line, order, memory, b, rules)
            account[ASKED] = wanted
            if row.events > before:
                return True
    return False


@njit(cache=True)
def _watch_bands(book: Book, row: Record, trigger: Record, kept: Float64, until_ns: int) -> None:
    """Follow the reference price; note a limit state; pause and reopen."""
    now = max(row.time_ns - row.origin_ns, as_int(trigger.start_ns))
    mid = 0.5 * (book.state[TOUCH + BUY] + book.state[TOUCH + SELL])
    reopens = 0.0 < kept[_REOPENS_NS] <= until_ns
    if kept[_REFERENCE] == 0.0 or reopens:
        if reopens:
            now = int(kept[_REOPENS_NS])
        kept[_REFERENCE] = kept[_MEAN] = mid
        kept[_TRADED_NS], kept[_VOLUME], kept[_VALUE] = now, row.traded_volume, row.traded_value
        kept[_NEXT_NS], kept[_SINCE_NS], kept[_REOPENS_NS] = now + EVERY_NS, -1.0, 0.0
        _set_bands(row, trigger, mid)
    shares = row.traded_volume - kept[_VOLUME]
    if shares > 0.0:
        weight = 1.0 - math.exp(-(now - kept[_TRADED_NS]) / trigger.memory_ns)
        price = (row.traded_value - kept[_VALUE]) / shares
        kept[_MEAN] += weight * (price - kept[_MEAN])
        kept[_TRADED_NS], kept[_VOLUME], kept[_VALUE] = now, row.traded_volume, row.traded_value
    if now < row.halt_until_ns:
        return
    if now >= kept[_NEXT_NS] and abs(kept[_MEAN] / kept[_REFERENCE] - 1.0) >= MOVED:
        kept[_REFERENCE] = kept[_MEAN]
        kept[_NEXT_NS] = now + EVERY_NS
        _set_bands(row, trigger, kept[_REFERENCE])
    at_low = book.state[RESTING + SELL] > 0 and book.state[TOUCH + SELL] <= row.band_low
    at_high = book.state[RESTING + BUY] > 0 and book.state[TOUCH + BUY] >= row.band_high
    if not at_low and not at_high:
        kept[_SINCE_NS] = -1.0
        return
    if kept[_SINCE_NS] < 0.0:
        kept[_SINCE_NS] = now
        row.limit_states += 1
    pause_ns = int(kept[_SINCE_NS]) + trigger.interval_ns
    if pause_ns <= until_ns and pause_ns < trigger.end_ns:
        row.halt_until_ns = pause_ns + trigger.pause_ns
        row.pauses += 1
        if row.first_pause_ns == NOT_YET:
            row.first_pause_ns = pause_ns
        kept[_REOPENS_NS], kept[_SINCE_NS] = row.halt_until_ns, -1.0


@njit(cache=True)
def _set_bands(row: Record, trigger: Record, reference: float) -> None:
    row.band_low = math.ceil(reference * (1.0 - trigger.share))
    row.band_high = math.floor(reference * (1.0 + trigger.share))


@njit(cache=True)
def refuses(row: Record, triggers: npt.NDArray[np.void], memory: Memory, b: int) -> bool:
    """Whether a throttle refuses the proposal of the flow that is due now."""
    now = row.time_ns - row.origin_ns
    for t in range(len(triggers)):
        trigger = triggers[t]
        if trigger.kind != Trigger.THROTTLE.value or not trigger.start_ns <= now < trigger.end_ns:
            continue
        kept = memory.triggers[b, t]
        second = 1.0 + (now - trigger.start_ns) // NS_PER_S
        if kept[0] != second:
            kept[0], kept[1] = second, 0.0
        kept[1] += 1.0
        if kept[1] > trigger.count:
            row.throttled += 1
            return True
    return False
