"""Features of an event and of the market around it: what the tokenizer bins.

Definitions follow TradeFM (arXiv 2602.23784, section 5.3) and extend them by what a book shows.
The recursive ones live in one compiled function, `advance_context`, called by training (over a
recording) and by the closed loop (over a batch of paths), so that both mean the same by a name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from numba import njit

from model.errors import RecordingError
from model.events import NS_PER_S, Action, Float64, Int8, Int64, Recording
from model.order_flow import Bools
from model.profile import AssetProfile
from model.slow import SLOW_CONTEXTS, SlowInputs, slow_contexts

VWAP_HALF_LIFE_S = 10.0  # the paper gives no value
ACTIVITY_HALF_LIFE_S = 10.0
VOLATILITY_HALF_LIFE_S = 30.0

CROSSING_SHARE = 0.07  # of new orders, assumed until enough are seen
SIGN_KEPT = 0.75  # of the memory of trade signs, by each aggressive order

# Columns of the recursive state, float64 [B, STATE_SIZE].
VALUE, VOLUME, COUNT, VARIANCE, MID, SIGN = range(6)
STATE_SIZE = 6

# Columns of the context of an event, float64 [n, CONTEXT_SIZE]: what the next event may depend on
# at once, then the slow contexts, see `model.slow`.
FAST_CONTEXTS = (
    "price_level", "spread", "imbalance", "bid_size", "ask_size", "activity", "volatility",
    "trade_sign",
)  # fmt: skip
CONTEXTS = FAST_CONTEXTS + SLOW_CONTEXTS
FAST_SIZE, CONTEXT_SIZE = len(FAST_CONTEXTS), len(CONTEXTS)

_LN2 = float(np.log(2.0))
_PRINT = int(Action.PRINT)
_ADD = int(Action.ADD)


class Quote(NamedTuple):
    """The touch of one market, ticks and shares."""

    bid_ticks: int
    ask_ticks: int
    bid_size: int
    ask_size: int


@njit(cache=True)
def depth_from_touch(
    action: int, side: int, price_ticks: int, bid_ticks: int, ask_ticks: int
) -> tuple[bool, int]:
    """Where an order lies, given the touch just before it.

    Returns
    -------
    tuple
        Whether it crosses: an add whose price reaches the opposite touch. Its depth in ticks: how
        far it reaches through the opposite touch if it crosses, else how far it lies behind the
        touch of its own side (negative: inside the spread).
    """
    is_buy = side == 0
    beyond = price_ticks - ask_ticks if is_buy else bid_ticks - price_ticks
    if action == _ADD and beyond >= 0:
        return True, beyond
    return False, bid_ticks - price_ticks if is_buy else price_ticks - ask_ticks


@njit(cache=True, inline="always")
def advance_context(
    state: Float64,
    dt_s: float,
    traded_size: float,
    traded_value: float,
    counted: float,
    mid: float,
    sign: float,
) -> None:
    """Decay the state of one path, float64 [STATE_SIZE], by `dt_s` seconds and add one event.

    `traded_size` in shares and `traded_value` in ticks x shares are what the event traded,
    `counted` is 1 for an event of the flow and 0 for a print, `mid` is the mid after it in ticks,
    `sign` is 1 for an aggressive buy, -1 for an aggressive sell and 0 for any other event.
    """
    fade = 2.0 ** (-dt_s / VWAP_HALF_LIFE_S)
    state[VALUE] = state[VALUE] * fade + traded_value
    state[VOLUME] = state[VOLUME] * fade + traded_size
    state[COUNT] = state[COUNT] * 2.0 ** (-dt_s / ACTIVITY_HALF_LIFE_S) + counted
    moved = mid - state[MID]
    state[VARIANCE] = state[VARIANCE] * 2.0 ** (-dt_s / VOLATILITY_HALF_LIFE_S) + moved * moved
    state[MID] = mid
    if sign != 0.0:
        state[SIGN] = SIGN_KEPT * state[SIGN] + (1.0 - SIGN_KEPT) * sign


@njit(cache=True, inline="always")
def vwap_mid(state: Float64) -> float:
    """The EW-VWAP estimate of the mid in ticks; the quoted mid until the first trade."""
    mid: float = state[VALUE] / state[VOLUME] if state[VOLUME] > 1e-9 else state[MID]
    return mid


@njit(cache=True)
def write_context(
    state: Float64, open_ticks: float, quote: Quote, scale: Float64, out: Float64
) -> None:
    """The fast context of one path now, into the first columns of `out` float64 [CONTEXT_SIZE].

    price_level: (EW-VWAP mid - open) / open in bp, NaN where there is no open; spread: in units of
    the asset's typical spread; imbalance: (bid - ask) / (bid + ask) size at the touch; sizes in
    units of the usual touch; activity and volatility: log2 of the recent over the typical;
    trade_sign: mean sign of the last aggressive orders. `scale` is `context_scale(profile)`.
    """
    out[0] = (vwap_mid(state) - open_ticks) / open_ticks * 1e4 if open_ticks > 0 else np.nan
    out[1] = (quote.ask_ticks - quote.bid_ticks) / scale[0]
    total = quote.bid_size + quote.ask_size
    out[2] = (quote.bid_size - quote.ask_size) / total if total > 0 else 0.0
    out[3] = quote.bid_size / scale[6]
    out[4] = quote.ask_size / scale[6]
    out[5] = np.log2(state[COUNT] / scale[2] + 1e-3)
    out[6] = 0.5 * np.log2(state[VARIANCE] / scale[3] + 1e-6)
    out[7] = state[SIGN]


def context_scale(profile: AssetProfile) -> Float64:
    """Units of the features, float64 [7], from an asset's profile.

    Typical spread in ticks; median order in shares; usual event count and sum of squared mid moves
    in ticks of the fast contexts; events a second; squared mid moves a second; mean touch in shares
    """
    median_size = profile.order_sizes(np.array([0.5]))[0]
    per_second = (profile.volatility_bps * 1e-4 * profile.price_ticks) ** 2 / 10.0
    return np.array([
        profile.spread_ticks,
        float(median_size),
        profile.events_per_s * ACTIVITY_HALF_LIFE_S / _LN2,
        per_second * VOLATILITY_HALF_LIFE_S / _LN2,
        profile.events_per_s,
        per_second,
        profile.shape_size[0],
    ])  # fmt: skip


def stationary_state(profile: AssetProfile, mid_ticks: Float64) -> Float64:
    """State of paths that start without a history: typical activity and volatility, no trades."""
    scale = context_scale(profile)
    state = np.zeros((len(mid_ticks), STATE_SIZE))
    state[:, COUNT], state[:, VARIANCE], state[:, MID] = scale[2], scale[3], mid_ticks
    return state


@dataclass(frozen=True, eq=False)
class FlowFeatures:
    """Features of the adds and cancels of one recording, and the context after each; length n.

    Attributes
    ----------
    time_ns : int64; row : int64, row of the event in the recording
    dt_s : float64, seconds since the add or cancel before it
    action, side : int8; size : int64
    crossing : bool; depth_ticks : int64, see `depth_from_touch`
    depth_mid : float64, (price - EW-VWAP mid) / EW-VWAP mid, signed, as in the paper
    context : float64 [n, CONTEXT_SIZE], after the event
    profile : AssetProfile
    """

    time_ns: Int64
    row: Int64
    dt_s: Float64
    action: Int8
    side: Int8
    size: Int64
    crossing: Bools
    depth_ticks: Int64
    depth_mid: Float64
    context: Float64
    profile: AssetProfile

    def __len__(self) -> int:
        return len(self.time_ns)

    def between(self, start_ns: int, end_ns: int) -> FlowFeatures:
        """Rows with start_ns <= time < end_ns."""
        a, b = np.searchsorted(self.time_ns, [start_ns, end_ns])
        return self.rows(slice(a, b))

    def rows(self, rows: slice) -> FlowFeatures:
        """A part of the flow."""
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "profile"}
        return FlowFeatures(**columns, profile=self.profile)

    def mirrored(self) -> FlowFeatures:
        """The same flow with buy and sell exchanged and prices reflected."""
        context = self.context.copy()
        context[:, [0, 2, 7]] *= -1
        context[:, [3, 4]] = context[:, [4, 3]]
        return replace(
            self, side=(1 - self.side).astype(np.int8), depth_mid=-self.depth_mid, context=context
        )


class _Flow(NamedTuple):
    """The columns that `_walk` reads, length n: of `Events`, then of `Quotes`."""

    time_ns: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64
    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64


class _Found(NamedTuple):
    """The columns that `_walk` writes, under the names of `FlowFeatures`; room for n rows."""

    row: Int64
    dt_s: Float64
    crossing: Bools
    depth_ticks: Int64
    depth_mid: Float64
    context: Float64


@njit(cache=True)
def _walk(flow: _Flow, open_ticks: float, scale: Float64, state: Float64, found: _Found) -> int:
    """Features of every add and cancel but the first event; returns how many there are."""
    time_ns, action, side, price, size, bid, ask, bid_size, ask_size = flow
    state[MID] = 0.5 * (bid[0] + ask[0])
    previous, last_kept, n = time_ns[0], time_ns[0], 0
    for i in range(1, len(time_ns)):
        crosses, depth = depth_from_touch(action[i], side[i], price[i], bid[i - 1], ask[i - 1])
        traded = size[i] if crosses or action[i] == _PRINT else 0
        kept = action[i] != _PRINT
        if kept:
            found.row[n] = i
            found.dt_s[n] = (time_ns[i] - last_kept) / NS_PER_S
            found.crossing[n] = crosses
            found.depth_ticks[n] = depth
            anchor = vwap_mid(state)
            found.depth_mid[n] = (price[i] - anchor) / anchor if anchor > 0.0 else 0.0
            last_kept = time_ns[i]
        dt_s = (time_ns[i] - previous) / NS_PER_S
        counted = 1.0 if kept else 0.0
        mid = 0.5 * (bid[i] + ask[i])
        sign = (1.0 - 2.0 * side[i]) if crosses else 0.0
        advance_context(state, dt_s, traded, traded * price[i], counted, mid, sign)
        previous = time_ns[i]
        if kept:
            quote = Quote(bid[i], ask[i], bid_size[i], ask_size[i])
            write_context(state, open_ticks, quote, scale, found.context[n])
            n += 1
    return n


def flow_features(
    recording: Recording, profile: AssetProfile, open_ticks: float | None = None
) -> tuple[FlowFeatures, Float64]:
    """Features of a recording, and the recursive state after its last event, float64 [STATE_SIZE].

    The first event has no touch before it and is left out. Prints are no events of their own:
    they enter the EW-VWAP. `open_ticks` is the reference of the price level: None takes the mid of
    the first row, 0 leaves the price level unknown.

    Raises
    ------
    RecordingError
        The recording has no quotes (rebuild them with `engine.replay`) or fewer than two events.
    """
    events, quotes = recording.events, recording.quotes
    if quotes is None:
        raise RecordingError(f"{events.meta.asset}: no quotes; rebuild the book with engine.replay")
    n = len(events)
    if n < 2:
        raise RecordingError(f"{events.meta.asset}: {n} events are too few for features")
    if open_ticks is None:
        open_ticks = 0.5 * float(quotes.bid_ticks[0] + quotes.ask_ticks[0])
    state = stationary_state(profile, np.zeros(1))[0]
    flow = _Flow(
        events.time_ns, events.action, events.side, events.price_ticks, events.size,
        quotes.bid_ticks, quotes.ask_ticks, quotes.bid_size, quotes.ask_size,
    )  # fmt: skip
    found = _Found(
        np.empty(n, np.int64), np.empty(n), np.empty(n, np.bool_), np.empty(n, np.int64),
        np.empty(n), np.empty((n, CONTEXT_SIZE)),
    )  # fmt: skip
    kept = _walk(flow, open_ticks, context_scale(profile), state, found)
    columns = {name: column[:kept] for name, column in found._asdict().items()}
    row = columns["row"]
    columns["context"][:, FAST_SIZE:] = slow_contexts(
        SlowInputs(
            columns["dt_s"], events.action[row], events.size[row], columns["crossing"],
            quotes.bid_ticks[row], quotes.ask_ticks[row], quotes.bid_size[row],
            quotes.ask_size[row],
        ),
        context_scale(profile), CROSSING_SHARE,
    )  # fmt: skip
    features = FlowFeatures(
        time_ns=events.time_ns[row],
        action=events.action[row],
        side=events.side[row],
        size=events.size[row],
        profile=profile,
        **columns,
    )
    return features, state


def busiest(features: FlowFeatures) -> float:
    """The highest activity, in units of the asset's events a second; see `write_context`."""
    return float(2.0 ** features.context[:, FAST_CONTEXTS.index("activity")].max())
