"""Features of an event and of the market around it: what the tokenizer bins.

Definitions follow TradeFM (arXiv 2602.23784, section 5.3) and extend them by what a book shows.
The recursive ones live in one compiled function, `advance_context`, called by training (over a
recording) and by the closed loop (over a batch of paths), so that both mean the same by a name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from numba import njit

from model.errors import RecordingError
from model.events import NS_PER_S, Action, Float64, Int8, Int64, Recording
from model.profile import AssetProfile

VWAP_HALF_LIFE_S = 10.0  # the paper gives no value
ACTIVITY_HALF_LIFE_S = 10.0
VOLATILITY_HALF_LIFE_S = 30.0

# Columns of the recursive state, float64 [B, STATE_SIZE].
VALUE, VOLUME, COUNT, VARIANCE, MID = range(5)
STATE_SIZE = 5

# Columns of the context of an event, float64 [n, CONTEXT_SIZE].
CONTEXTS = ("price_level", "spread", "imbalance", "bid_size", "ask_size", "activity", "volatility")
CONTEXT_SIZE = len(CONTEXTS)

_LN2 = float(np.log(2.0))
_PRINT = int(Action.PRINT)
_ADD = int(Action.ADD)


@njit(cache=True, inline="always")
def advance_context(state, dt_s, traded_size, traded_value, counted, mid):  # type: ignore[no-untyped-def]
    """Decay the state of one path by `dt_s` and add one event; `mid` is the mid after it, ticks."""
    fade = 2.0 ** (-dt_s / VWAP_HALF_LIFE_S)
    state[VALUE] = state[VALUE] * fade + traded_value
    state[VOLUME] = state[VOLUME] * fade + traded_size
    state[COUNT] = state[COUNT] * 2.0 ** (-dt_s / ACTIVITY_HALF_LIFE_S) + counted
    moved = mid - state[MID]
    state[VARIANCE] = state[VARIANCE] * 2.0 ** (-dt_s / VOLATILITY_HALF_LIFE_S) + moved * moved
    state[MID] = mid


@njit(cache=True, inline="always")
def vwap_mid(state):  # type: ignore[no-untyped-def]
    """The EW-VWAP estimate of the mid in ticks; the quoted mid until the first trade."""
    return state[VALUE] / state[VOLUME] if state[VOLUME] > 1e-9 else state[MID]


@njit(cache=True)
def write_context(state, open_ticks, bid, ask, bid_size, ask_size, scale, out):  # type: ignore[no-untyped-def]
    """The context of one path now, into `out` float64 [CONTEXT_SIZE].

    price_level: (EW-VWAP mid - open) / open in bp, NaN where there is no open; spread: in units of
    the asset's typical spread; imbalance: (bid - ask) / (bid + ask) size at the touch; sizes in
    units of the asset's median order; activity and volatility: log2 of the recent over the typical.
    `scale` is `context_scale(profile)`.
    """
    out[0] = (vwap_mid(state) - open_ticks) / open_ticks * 1e4 if open_ticks > 0 else np.nan
    out[1] = (ask - bid) / scale[0]
    total = bid_size + ask_size
    out[2] = (bid_size - ask_size) / total if total > 0 else 0.0
    out[3] = bid_size / scale[1]
    out[4] = ask_size / scale[1]
    out[5] = np.log2(state[COUNT] / scale[2] + 1e-3)
    out[6] = 0.5 * np.log2(state[VARIANCE] / scale[3] + 1e-6)


def context_scale(profile: AssetProfile) -> Float64:
    """Units of the context, float64 [4]: spread, order size, event count, squared mid moves."""
    median_size = profile.order_sizes(np.array([0.5]))[0]
    per_second = (profile.volatility_bps * 1e-4 * profile.price_ticks) ** 2 / 10.0
    return np.array([
        profile.spread_ticks,
        float(median_size),
        profile.events_per_s * ACTIVITY_HALF_LIFE_S / _LN2,
        per_second * VOLATILITY_HALF_LIFE_S / _LN2,
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
    crossing : bool, an add whose price reaches the opposite touch
    depth_ticks : int64, behind the same-side touch (negative: inside the spread); for a crossing
        add: ticks through the opposite touch
    opposite_size : int64, size at the opposite touch before the event
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
    crossing: npt.NDArray[np.bool_]
    depth_ticks: Int64
    opposite_size: Int64
    depth_mid: Float64
    context: Float64
    profile: AssetProfile

    def __len__(self) -> int:
        return len(self.time_ns)

    def between(self, start_ns: int, end_ns: int) -> FlowFeatures:
        """Rows with start_ns <= time < end_ns."""
        a, b = np.searchsorted(self.time_ns, [start_ns, end_ns])
        columns = {f.name: getattr(self, f.name)[a:b] for f in fields(self) if f.name != "profile"}
        return FlowFeatures(**columns, profile=self.profile)

    def mirrored(self) -> FlowFeatures:
        """The same flow with buy and sell exchanged and prices reflected."""
        context = self.context.copy()
        context[:, [0, 2]] *= -1
        context[:, [3, 4]] = context[:, [4, 3]]
        return replace(
            self, side=(1 - self.side).astype(np.int8), depth_mid=-self.depth_mid, context=context
        )


@njit(cache=True)
def _walk(time_ns, action, side, price, size, bid, ask, bid_size, ask_size, open_ticks, scale,
          state, keep, dt_s, crossing, depth, opposite, depth_mid, context):  # type: ignore[no-untyped-def]  # fmt: skip
    state[MID] = 0.5 * (bid[0] + ask[0])
    previous, last_kept, n = time_ns[0], time_ns[0], 0
    for i in range(1, len(time_ns)):
        is_buy = side[i] == 0
        crosses = action[i] == _ADD and (price[i] >= ask[i - 1] if is_buy else price[i] <= bid[i - 1])
        traded = size[i] if crosses or action[i] == _PRINT else 0
        kept = action[i] != _PRINT
        if kept:
            dt_s[n] = (time_ns[i] - last_kept) / NS_PER_S
            crossing[n] = crosses
            if crosses:
                depth[n] = price[i] - ask[i - 1] if is_buy else bid[i - 1] - price[i]
            else:
                depth[n] = bid[i - 1] - price[i] if is_buy else price[i] - ask[i - 1]
            opposite[n] = ask_size[i - 1] if is_buy else bid_size[i - 1]
            anchor = vwap_mid(state)
            depth_mid[n] = (price[i] - anchor) / anchor
            last_kept = time_ns[i]
        advance_context(state, (time_ns[i] - previous) / NS_PER_S, traded, traded * price[i],
                        1.0 if kept else 0.0, 0.5 * (bid[i] + ask[i]))  # fmt: skip
        previous = time_ns[i]
        if kept:
            write_context(state, open_ticks, bid[i], ask[i], bid_size[i], ask_size[i], scale,
                          context[n])  # fmt: skip
            keep[n] = i
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
    keep, dt_s = np.empty(n, np.int64), np.empty(n)
    crossing, depth = np.empty(n, np.bool_), np.empty(n, np.int64)
    opposite, depth_mid = np.empty(n, np.int64), np.empty(n)
    context = np.empty((n, CONTEXT_SIZE))
    kept = _walk(
        events.time_ns, events.action, events.side, events.price_ticks, events.size,
        quotes.bid_ticks, quotes.ask_ticks, quotes.bid_size, quotes.ask_size,
        open_ticks, context_scale(profile), state, keep, dt_s, crossing, depth,
        opposite, depth_mid, context,
    )  # fmt: skip
    row = keep[:kept]
    features = FlowFeatures(
        time_ns=events.time_ns[row],
        row=row,
        dt_s=dt_s[:kept],
        action=events.action[row],
        side=events.side[row],
        size=events.size[row],
        crossing=crossing[:kept],
        depth_ticks=depth[:kept],
        opposite_size=opposite[:kept],
        depth_mid=depth_mid[:kept],
        context=context[:kept],
        profile=profile,
    )
    return features, state
