"""What is known of one path while it runs, and how the model is shown it.

Everything lies in one record, `ROW`, and compiled functions hand that on instead of arrays: numba
counts references to arrays at every call, which would cost more than the matching.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from engine import ladder
from engine.ladder import BUY, SELL, TOUCH, Book
from engine.shocks.plan import Tilt
from engine.tilts import TiltTable, segment_at, tilt_in
from model.events import Float64, Int64
from model.order_flow import TiltArrays, ViewArrays

# What is counted per path, from the start of the horizon.
COUNTERS = (
    "proposed",  # proposals of the model that came to execution
    "executed",  # of them, those that were
    "thinned",  # events of the flow left out by a tilt
    "halted",  # orders that would have traded, refused because trading was halted
    "throttled",  # events of the flow refused because there were too many
    "cancel_empty_side",  # cancels refused because the side was empty
    "empty_side",  # executed events that left a side empty
    "injected",  # orders of shocks that were executed
    "unfilled_size",  # shares of injected orders that neither traded nor rested
    "withdrawn_size",  # shares taken out of the book by shocks
    "limit_states",  # times that a touch came to stand at its price band
    "pauses",  # times that trading was paused because it stayed there
    "cut",  # paths cut at `max_events`, or because nearly everything was refused
)
_VIEW = [
    ("active", "?"), ("draw", "i8"), ("time_ns", "i8"), ("bid_ticks", "i8"), ("ask_ticks", "i8"),
    ("bid_size", "i8"), ("ask_size", "i8"), ("fresh", "?"), ("last_dt_ns", "i8"),
    ("last_action", "i1"), ("last_side", "i1"), ("last_price_ticks", "i8"), ("last_size", "i8"),
    ("last_bid_ticks", "i8"), ("last_ask_ticks", "i8"), ("last_traded_size", "i8"),
    ("last_traded_value", "f8"),
]  # fmt: skip
ROW = np.dtype(
    [
        *_VIEW,  # as in `model.order_flow.MarketView`
        *((name, "i8") for name in COUNTERS),
        ("path", "i8"),
        ("shocked", "?"),
        ("origin_ns", "i8"),  # clock at the start of the horizon, NOT_YET during burn-in
        ("last_ns", "i8"),  # clock at the last event that the model was told of
        ("events", "i8"),  # done so far, burn-in and shocks included
        ("recorded", "i8"),  # rows of the record
        ("logged", "i8"),  # of them, those in the open chunk
        ("next_entry", "i8"),  # of the agenda
        ("end_ns", "i8"),  # since origin_ns; set once the path is over
        ("halt_until_ns", "i8"),  # since origin_ns; nothing trades before
        ("band_low", "i8"),  # no trade below, ticks
        ("band_high", "i8"),  # none above; 0: there is no band
        ("grid", "i8"),  # prices are multiples of so many ticks, 0: of one
        ("waited_ns", "i8"),  # on the clock of the flow, since a draw was spent last
        ("traded_volume", "i8"),  # shares
        ("traded_value", "f8"),  # ticks x shares
        ("first_pause_ns", "i8"),  # since origin_ns, NOT_YET
        ("log_ratio", "f8"),  # log likelihood of what was drawn, tilted over untilted
        ("start_bid_ticks", "i8"),
        ("start_ask_ticks", "i8"),
        ("start_bid_size", "i8"),
        ("start_ask_size", "i8"),
    ],
    align=True,
)
NOT_YET = -1

Record = Any  # one element of a structured array


# Columns of `Memory.accounts`: what a shock was to do on a path, and did.
FIRST, ASKED, DONE, ACTS = range(4)
ACCOUNT = 4


class Memory(NamedTuple):
    """What the shocks of a plan remember of each path, written by the loop."""

    accounts: Float64  # [B, shocks, ACCOUNT]: twice the mid when it acted first, asked, done, acts
    triggers: Float64  # [B, T, columns], see `engine.triggers`
    slots: Int64  # [B, tags], where in the book the orders with a tag are


@njit(cache=True)
def begin(book: Book, row: Record) -> None:
    """Start the horizon of a path: everything is counted and timed from here."""
    row.origin_ns = row.time_ns
    row.start_bid_ticks, row.start_ask_ticks = row.bid_ticks, row.ask_ticks
    row.start_bid_size, row.start_ask_size = row.bid_size, row.ask_size
    row.proposed = row.executed = row.cancel_empty_side = 0
    row.traded_volume = 0
    row.traded_value = 0.0
    row.first_pause_ns = NOT_YET
    book.state[ladder.OUT_OF_RANGE] = 0


@njit(cache=True)
def show_quotes(book: Book, row: Record) -> None:
    """Copy the best quotes of a book to the record of its path."""
    row.bid_ticks = book.state[TOUCH + BUY]
    row.ask_ticks = book.state[TOUCH + SELL]
    row.bid_size = ladder.touch_size(book, BUY)
    row.ask_size = ladder.touch_size(book, SELL)


@njit(cache=True, forceinline=True)
def publish(view: ViewArrays, row: Record, b: int) -> None:
    """Copy the record of a path to row `b` of the view."""
    view.active[b] = row.active
    view.draw[b] = row.draw
    view.time_ns[b] = row.time_ns
    view.bid_ticks[b] = row.bid_ticks
    view.ask_ticks[b] = row.ask_ticks
    view.bid_size[b] = row.bid_size
    view.ask_size[b] = row.ask_size
    view.fresh[b] = row.fresh
    view.last_dt_ns[b] = row.last_dt_ns
    view.last_action[b] = row.last_action
    view.last_side[b] = row.last_side
    view.last_price_ticks[b] = row.last_price_ticks
    view.last_size[b] = row.last_size
    view.last_bid_ticks[b] = row.last_bid_ticks
    view.last_ask_ticks[b] = row.last_ask_ticks
    view.last_traded_size[b] = row.last_traded_size
    view.last_traded_value[b] = row.last_traded_value


@njit(cache=True, forceinline=True)
def publish_tilts(tilts: TiltArrays, row: Record, table: TiltTable, b: int) -> None:
    """Show the tilts in force on a shocked path now; its tilts stay neutral during burn-in."""
    if row.origin_ns == NOT_YET:
        return
    now = row.time_ns - row.origin_ns
    k = segment_at(table, now)
    tilts.pressure_log_odds[b] = tilt_in(table, k, Tilt.PRESSURE.value, now)
    tilts.rate[b] = math.exp(tilt_in(table, k, Tilt.RATE.value, now))
    tilts.cancel_log_odds[b] = tilt_in(table, k, Tilt.CANCEL_ODDS.value, now)
    tilts.depth_log_odds[b] = tilt_in(table, k, Tilt.DEPTH_ODDS.value, now)
    tilts.size_log_odds[b] = tilt_in(table, k, Tilt.SIZE_ODDS.value, now)
