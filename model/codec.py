"""Sub-tokens of one event, compiled: encode, decode, and the paper's composite index.

See `model.tokenizer` for what the bins mean. Training encodes whole recordings with these
functions, the closed loop the last event of each path, so that both mean the same by a token.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from model.events import NS_PER_S, Action, Float64, Int8, Int64
from model.features import Quote
from model.order_flow import Bools

Tokens = npt.NDArray[np.uint8]

BINS = (2, 2, 16, 16, 16)  # action, side, depth, size, time
VOCABULARY = int(np.prod(BINS))

CROSSING, INSIDE_FAR, INSIDE, IMPROVE, JOIN, BEHIND, DEEPER = range(7)  # depth bins of `touch`
_CANCEL = int(Action.CANCEL)


def composite(tokens: npt.NDArray[np.integer[Any]]) -> Int64:
    """Sub-tokens [..., 5] to the paper's single index [...]: (((2 a + s) 16 + d) 16 + v) 16 + t.

    >>> int(composite(np.array([0, 1, 7, 7, 11])))
    6011
    """
    out = np.zeros(tokens.shape[:-1], np.int64)
    for i, bins in enumerate(BINS):
        out = out * bins + tokens[..., i]
    return out


@njit(cache=True)
def composite_event(tokens: Tokens) -> int:
    """`composite` of one event, [5]."""
    index = 0
    for i in range(len(BINS)):
        index = index * BINS[i] + int(tokens[i])
    return index


def sub_tokens(index: npt.NDArray[np.integer[Any]]) -> Tokens:
    """Inverse of `composite`: uint8 [..., 5]."""
    return np.stack(np.unravel_index(index, BINS), axis=-1).astype(np.uint8)


class Encoding(NamedTuple):
    """What turns the features of an asset's events into sub-tokens, see `Tokenizer`."""

    touch: bool
    unit: float  # typical spread, ticks
    size_unit: float  # median order, shares
    pace: float  # events a second
    depth_edges: Float64
    size_edges: Float64
    crossing_edges: Float64
    time_edges: Float64


class Decoding(NamedTuple):
    """What turns sub-tokens into an asset's events: tables of its tick regime, see `Tokenizer`."""

    touch: bool
    unit: float  # typical spread, ticks
    size_unit: float  # median order, shares
    pace: float  # events a second
    widest: int  # ticks of spread beyond which new orders are placed from the EW-VWAP mid
    crossing_edges: Float64
    depth_values: Float64  # [2, 16, KNOTS]
    size_values: Float64  # [3, 16, KNOTS]
    time_values: Float64  # [16, KNOTS]
    bound: float  # own events of some seconds beyond which waits are stretched, see `model.moves`


class EventFeatures(NamedTuple):
    """Features of one event, under the names and in the units of `FlowFeatures`."""

    action: int
    side: int
    crossing: bool
    depth_ticks: int
    depth_mid: float
    size: int
    dt_s: float


class FeatureColumns(NamedTuple):
    """`EventFeatures` of n events."""

    action: Int8
    side: Int8
    crossing: Bools
    depth_ticks: Int64
    depth_mid: Float64
    size: Int64
    dt_s: Float64


@njit(cache=True, inline="always")
def touch_depth_bin(crossing: bool, depth_ticks: int, unit: float, edges: Float64) -> int:
    """Depth bin of the preset `touch`; `edges`[0] splits the inside, the others the outside."""
    if crossing:
        return CROSSING
    if depth_ticks <= -2:
        return INSIDE_FAR if depth_ticks / unit <= edges[0] else INSIDE
    if depth_ticks <= 1:
        return JOIN + depth_ticks
    return DEEPER + int(np.searchsorted(edges[1:], depth_ticks / unit, side="right"))


@njit(cache=True)
def encode_event(event: EventFeatures, encoding: Encoding, out: Tokens) -> None:
    """Sub-tokens of one event into `out` uint8 [5]."""
    e = encoding
    out[0] = event.action
    out[1] = event.side
    if e.touch:
        out[2] = touch_depth_bin(event.crossing, event.depth_ticks, e.unit, e.depth_edges)
        edges = e.crossing_edges if event.crossing else e.size_edges
        out[3] = np.searchsorted(edges, event.size / e.size_unit, side="right")
    else:
        out[2] = np.searchsorted(e.depth_edges, event.depth_mid, side="right")
        out[3] = np.searchsorted(e.size_edges, np.log1p(event.size), side="right")
    out[4] = np.searchsorted(e.time_edges, np.log(event.dt_s * e.pace + 1e-6), side="right")


@njit(cache=True)
def encode_context(values: Float64, edges: Float64, out: Tokens) -> None:
    """Bins of context `values` [C] by `edges` [C, E] into `out` [C]; 0 stands for not known."""
    for c in range(len(values)):
        known = not np.isnan(values[c])
        out[c] = 1 + np.searchsorted(edges[c], values[c], side="right") if known else 0


@njit(cache=True)
def encode_all(columns: FeatureColumns, encoding: Encoding, out: Tokens) -> None:
    """`encode_event` of n events into `out` [n, 5]."""
    action, side, crossing, depth_ticks, depth_mid, size, dt_s = columns
    for i in range(len(action)):
        event = EventFeatures(
            action[i], side[i], crossing[i], depth_ticks[i], depth_mid[i], size[i], dt_s[i]
        )
        encode_event(event, encoding, out[i])


@njit(cache=True)
def encode_contexts(values: Float64, edges: Float64, out: Tokens) -> None:
    """`encode_context` of n events: `values` [n, C] into `out` [n, C]."""
    for i in range(len(values)):
        encode_context(values[i], edges, out[i])


@njit(cache=True)
def decode_event(
    tokens: Tokens, draws: Float64, quote: Quote, anchor: float, decoding: Decoding
) -> tuple[int, int, int, bool]:
    """One event from its sub-tokens.

    Parameters
    ----------
    tokens : uint8 [5]
    draws : float64 [3] in (0, 1), choose depth, size and time inside their bins
    quote : the touch now
    anchor : EW-VWAP mid now, ticks; the reference of depth in `paper`, and of new orders of `touch`
        in a spread wider than `widest`: such a market was never seen, so they are placed as if its
        touch were half of that away
    decoding : of the asset

    Returns
    -------
    tuple
        dt_ns; price in ticks; size in shares; whether the order had to be repaired.
    """
    action, side, depth, volume, time = tokens
    bid, ask, bid_size, ask_size = quote
    touch, unit, size_unit, pace, widest = decoding[:5]
    crossing_edges, depth_values, size_values, time_values = decoding[5:9]
    knots = time_values.shape[1]
    is_buy = side == 0
    repaired = False
    table = depth_values[action, depth]
    if touch:
        if depth == CROSSING and action != _CANCEL:
            through = max(0, round(table[int(draws[0] * knots)] * unit))
            price = ask + through if is_buy else bid - through
        else:
            if ask - bid > widest and action != _CANCEL:
                centre = min(max(anchor, float(bid)), float(ask))
                if is_buy:
                    bid = max(bid, min(ask - 1, int(np.floor(centre - 0.5 * widest))))
                else:
                    ask = min(ask, max(bid + 1, int(np.ceil(centre + 0.5 * widest))))
            first = 0
            if depth < IMPROVE and action != _CANCEL:  # no deeper inside than the spread allows
                while first < knots and table[first] * unit <= bid - ask + 0.5:
                    first += 1
            if first < knots:
                ticks = round(table[first + int(draws[0] * (knots - first))] * unit)
            else:
                ticks, repaired = -1, True
            if IMPROVE <= depth <= BEHIND:
                ticks = depth - JOIN
            if action == _CANCEL:
                repaired = repaired or ticks < 0
                ticks = max(0, ticks)
            elif -ticks >= ask - bid:  # would cross: join the queue instead
                ticks, repaired = 0, True
            price = bid - ticks if is_buy else ask + ticks
        if depth == CROSSING and action != _CANCEL:
            opposite = ask_size if is_buy else bid_size
            size = round(size_values[2, volume, int(draws[1] * knots)] * size_unit)
            if through == 0 and opposite > 0:
                meets = np.searchsorted(crossing_edges, opposite / size_unit, side="right")
                if size > opposite or meets == volume:
                    size = opposite
        else:
            size = round(size_values[action, volume, int(draws[1] * knots)] * size_unit)
    else:
        price = round(anchor * (1.0 + table[int(draws[0] * knots)]))
        size = round(size_values[action, volume, int(draws[1] * knots)] * size_unit)
    if price < 1:
        price, repaired = 1, True
    dt_ns = max(1, round(time_values[time, int(draws[2] * knots)] / pace * NS_PER_S))
    return dt_ns, price, max(1, size), repaired
