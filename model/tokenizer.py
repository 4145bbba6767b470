"""Features to tokens and back.

An event is five sub-tokens: action (2), side (2), depth (16), size (16), time (16). Together they
are the paper's composite token of 2 x 2 x 16 x 16 x 16 = 16,384. Two presets say how depth, size
and time are binned and which context goes with them:

`paper`
    Depth as the relative distance from the EW-VWAP mid (14 quantile bins and one beyond each of
    the 1st and 99th percentiles), size and time equal width on the log scale with one bin beyond
    the 99th percentile; context: liquidity, participant flag, price level.
`touch`
    Depth from the same-side touch in units of the asset's typical spread; a crossing order, an
    order at the touch, and one a tick to either side have bins of their own. Sizes in units of the
    asset's median order with a bin for each round lot; of a crossing order, in units of what rests
    at the touch that it meets (`taken`; all of it is by far the most frequent). Context adds what
    the book shows.

A value is drawn inside its bin from the training values of that bin, kept apart by tick regime
(how many ticks the typical spread has) and by action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from model.binning import (
    atom_edges,
    bin_values,
    log_uniform_edges,
    quantile_edges,
    trimmed_quantile_edges,
)
from model.errors import CheckpointError
from model.events import NS_PER_S, Action, Float64, Int8, Int64
from model.features import CONTEXTS, FlowFeatures, Quote, context_scale
from model.order_flow import Bools
from model.profile import AssetProfile

Preset = Literal["paper", "touch"]
Tokens = npt.NDArray[np.uint8]

BINS = (2, 2, 16, 16, 16)  # action, side, depth, size, time
VOCABULARY = int(np.prod(BINS))
KNOTS = 128
REGIMES = 4
REGIME_EDGES = np.array([1.5, 4.0, 16.0])  # typical spread in ticks
LEAST_SAMPLES = 32  # below this a bin of a regime takes the values of all regimes

CROSSING, INSIDE_FAR, INSIDE, IMPROVE, JOIN, BEHIND, DEEPER = range(7)  # depth bins of `touch`
_CANCEL = int(Action.CANCEL)

_QUANTILE_CONTEXTS = {
    "price_level": 32, "spread": 12, "imbalance": 9, "bid_size": 9, "ask_size": 9,
    "activity": 10, "volatility": 10,
}  # fmt: skip
_USED = {"paper": ("price_level",), "touch": CONTEXTS}


def composite(tokens: npt.NDArray[np.integer[Any]]) -> Int64:
    """Sub-tokens [..., 5] to the paper's single index [...]: (((2 a + s) 16 + d) 16 + v) 16 + t.

    >>> int(composite(np.array([0, 1, 7, 7, 11])))
    6011
    """
    out = np.zeros(tokens.shape[:-1], np.int64)
    for i, bins in enumerate(BINS):
        out = out * bins + tokens[..., i]
    return out


def sub_tokens(index: npt.NDArray[np.integer[Any]]) -> Tokens:
    """Inverse of `composite`: uint8 [..., 5]."""
    return np.stack(np.unravel_index(index, BINS), axis=-1).astype(np.uint8)


class Encoding(NamedTuple):
    """What turns the features of an asset's events into sub-tokens, see `Tokenizer`."""

    touch: bool
    unit: float  # typical spread, ticks
    size_unit: float  # median order, shares
    depth_edges: Float64
    size_edges: Float64
    crossing_edges: Float64
    time_edges: Float64


class Decoding(NamedTuple):
    """What turns sub-tokens into an asset's events: tables of its tick regime, see `Tokenizer`."""

    touch: bool
    unit: float  # typical spread, ticks
    size_unit: float  # median order, shares
    depth_values: Float64  # [2, 16, KNOTS]
    size_values: Float64  # [3, 16, KNOTS]
    time_values: Float64  # [16, KNOTS]


class EventFeatures(NamedTuple):
    """Features of one event, under the names and in the units of `FlowFeatures`."""

    action: int
    side: int
    crossing: bool
    depth_ticks: int
    depth_mid: float
    size: int
    opposite_size: int
    dt_s: float


class FeatureColumns(NamedTuple):
    """`EventFeatures` of n events."""

    action: Int8
    side: Int8
    crossing: Bools
    depth_ticks: Int64
    depth_mid: Float64
    size: Int64
    opposite_size: Int64
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


@njit(cache=True, inline="always")
def taken(size: int, opposite: int, size_unit: float) -> float:
    """Size of a crossing order: the share of the touch that it takes, 1 and what goes beyond.

    Up to the touch in units of the touch, the excess in units of the asset's median order: nobody
    sends a hundred times a large queue because somebody once sent a hundred times a small one.
    """
    return size / opposite if size <= opposite else 1.0 + (size - opposite) / size_unit


@njit(cache=True)
def encode_event(event: EventFeatures, encoding: Encoding, out: Tokens) -> None:
    """Sub-tokens of one event into `out` uint8 [5]."""
    e = encoding
    out[0] = event.action
    out[1] = event.side
    if e.touch:
        out[2] = touch_depth_bin(event.crossing, event.depth_ticks, e.unit, e.depth_edges)
        if event.crossing:
            share = taken(event.size, event.opposite_size, e.size_unit)
            out[3] = np.searchsorted(e.crossing_edges, share, side="right")
        else:
            out[3] = np.searchsorted(e.size_edges, event.size / e.size_unit, side="right")
    else:
        out[2] = np.searchsorted(e.depth_edges, event.depth_mid, side="right")
        out[3] = np.searchsorted(e.size_edges, np.log1p(event.size), side="right")
    out[4] = np.searchsorted(e.time_edges, np.log(event.dt_s + 1e-6), side="right")


@njit(cache=True)
def encode_context(values: Float64, edges: Float64, out: Tokens) -> None:
    """Bins of context `values` [C] by `edges` [C, E] into `out` [C]; 0 stands for not known."""
    for c in range(len(values)):
        known = not np.isnan(values[c])
        out[c] = 1 + np.searchsorted(edges[c], values[c], side="right") if known else 0


@njit(cache=True)
def _encode_all(columns: FeatureColumns, encoding: Encoding, out: Tokens) -> None:
    """`encode_event` of n events into `out` [n, 5]."""
    action, side, crossing, depth_ticks, depth_mid, size, opposite_size, dt_s = columns
    for i in range(len(action)):
        event = EventFeatures(
            action[i], side[i], crossing[i], depth_ticks[i], depth_mid[i], size[i],
            opposite_size[i], dt_s[i],
        )  # fmt: skip
        encode_event(event, encoding, out[i])


@njit(cache=True)
def _encode_contexts(values: Float64, edges: Float64, out: Tokens) -> None:
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
    anchor : EW-VWAP mid now, ticks; the reference of depth in `paper`
    decoding : of the asset

    Returns
    -------
    tuple
        dt_ns; price in ticks; size in shares; whether the order had to be repaired.
    """
    action, side, depth, volume, time = tokens
    bid, ask, bid_size, ask_size = quote
    touch, unit, size_unit, depth_values, size_values, time_values = decoding
    knots = time_values.shape[1]
    is_buy = side == 0
    repaired = False
    table = depth_values[action, depth]
    if touch:
        if depth == CROSSING and action != _CANCEL:
            through = max(0, round(table[int(draws[0] * knots)] * unit))
            price = ask + through if is_buy else bid - through
        else:
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
            share = size_values[2, volume, int(draws[1] * knots)]
            size = round(share * opposite if share <= 1 else opposite + (share - 1) * size_unit)
        else:
            size = round(size_values[action, volume, int(draws[1] * knots)] * size_unit)
    else:
        price = round(anchor * (1.0 + table[int(draws[0] * knots)]))
        size = round(size_values[action, volume, int(draws[1] * knots)] * size_unit)
    if price < 1:
        price, repaired = 1, True
    dt_ns = max(1, round(time_values[time, int(draws[2] * knots)] * NS_PER_S))
    return dt_ns, price, max(1, size), repaired


@dataclass(frozen=True, eq=False)
class Tokenizer:
    """Bin edges and in-bin values, fitted on training data.

    Attributes
    ----------
    preset : "paper" or "touch"
    depth_edges, size_edges, time_edges : float64 [15] (`touch` depth: [10], see `touch_depth_bin`)
    crossing_edges : float64 [15], of the size of crossing orders in `touch`
    context_edges : float64 [C, 31], padded with inf, for the contexts in `contexts`
    depth_values : float64 [REGIMES, 2, 16, KNOTS], by action; in units of the typical spread
        (`touch`) or relative to the mid (`paper`)
    size_values : float64 [REGIMES, 3, 16, KNOTS], of adds and of cancels, in units of the asset's
        median order; of crossing adds, see `taken`
    time_values : float64 [REGIMES, 16, KNOTS], seconds
    """

    preset: Preset
    depth_edges: Float64
    size_edges: Float64
    crossing_edges: Float64
    time_edges: Float64
    context_edges: Float64
    depth_values: Float64
    size_values: Float64
    time_values: Float64

    @property
    def touch(self) -> bool:
        """Whether depth is measured from the same-side touch."""
        return self.preset == "touch"

    @property
    def contexts(self) -> tuple[str, ...]:
        """Names of the binned contexts, in column order."""
        return _USED[self.preset]

    @property
    def context_sizes(self) -> tuple[int, ...]:
        """Values of each context column: liquidity, participant, regime, then `contexts`."""
        return (3, 2, REGIMES, *(_QUANTILE_CONTEXTS[name] + 1 for name in self.contexts))

    def encoding(self, profile: AssetProfile) -> Encoding:
        """How the events of an asset become sub-tokens."""
        unit, size_unit = context_scale(profile)[:2]
        return Encoding(
            self.touch, unit, size_unit, self.depth_edges, self.size_edges, self.crossing_edges,
            self.time_edges,
        )  # fmt: skip

    def decoding(self, profile: AssetProfile) -> Decoding:
        """How sub-tokens become events of an asset."""
        unit, size_unit = context_scale(profile)[:2]
        regime = tick_regime(profile)
        return Decoding(
            self.touch,
            unit,
            size_unit,
            np.ascontiguousarray(self.depth_values[regime]),
            np.ascontiguousarray(self.size_values[regime]),
            np.ascontiguousarray(self.time_values[regime]),
        )

    def encode(self, features: FlowFeatures) -> tuple[Tokens, Tokens]:
        """Sub-tokens uint8 [n, 5] and context bins uint8 [n, 3 + C] (context after the event)."""
        tokens = np.empty((len(features), len(BINS)), np.uint8)
        columns = FeatureColumns(*(getattr(features, name) for name in FeatureColumns._fields))
        _encode_all(columns, self.encoding(features.profile), tokens)
        context = np.empty((len(features), len(self.context_sizes)), np.uint8)
        context[:, :3] = asset_context(features.profile)
        chosen = [CONTEXTS.index(name) for name in self.contexts]
        _encode_contexts(
            np.ascontiguousarray(features.context[:, chosen]), self.context_edges, context[:, 3:]
        )
        return tokens, context

    def arrays(self) -> dict[str, Float64]:
        """Everything but the preset, for the checkpoint."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, preset: Preset, arrays: dict[str, Float64]) -> Tokenizer:
        """Inverse of `arrays`; `CheckpointError` where one is missing or has the wrong shape."""
        tokenizer = cls(preset, **{name: _array(arrays, name) for name in _ARRAYS})
        if tokenizer.context_edges.shape[0] != len(tokenizer.contexts):
            raise CheckpointError("tokenizer.context_edges: wrong number of contexts; train again")
        return tokenizer


_ARRAYS = (
    "depth_edges", "size_edges", "crossing_edges", "time_edges", "context_edges",
    "depth_values", "size_values", "time_values",
)  # fmt: skip


def _array(arrays: dict[str, Float64], name: str) -> Float64:
    if name not in arrays:
        raise CheckpointError(f"tokenizer.{name}: missing from the checkpoint; train again")
    return np.ascontiguousarray(arrays[name], np.float64)


def tick_regime(profile: AssetProfile) -> int:
    """0: the spread is mostly one tick (large-tick asset) .. 3: it has 16 ticks or more."""
    return int(np.searchsorted(REGIME_EDGES, profile.spread_ticks, side="right"))


def asset_context(profile: AssetProfile) -> Tokens:
    """The context that does not change: liquidity, participant flag (0: market level), regime."""
    return np.array([profile.liquidity, 0, tick_regime(profile)], np.uint8)


def fit_tokenizer(preset: Preset, parts: list[FlowFeatures]) -> Tokenizer:
    """Edges and in-bin values from the training features of one or more assets, pooled."""

    def pooled(name: str) -> Float64:
        return np.concatenate([np.asarray(getattr(part, name), np.float64) for part in parts])

    def per_event(value: Callable[[FlowFeatures], float]) -> Float64:
        return np.concatenate([np.full(len(part), value(part), np.float64) for part in parts])

    unit = per_event(lambda part: context_scale(part.profile)[0])
    size_unit = per_event(lambda part: context_scale(part.profile)[1])
    regime = per_event(lambda part: tick_regime(part.profile)).astype(np.int64)
    depth, size, dt_s = pooled("depth_ticks"), pooled("size"), pooled("dt_s")
    crossing, action = pooled("crossing").astype(bool), pooled("action").astype(np.int64)
    log_dt = np.log(dt_s + 1e-6)
    scaled = size / size_unit
    crossing_edges = np.full(15, np.inf)
    if preset == "touch":
        relative = depth / unit
        inside = relative[~crossing & (depth <= -2)]
        outside = relative[~crossing & (depth >= 2)]
        depth_edges = np.r_[np.median(inside) if len(inside) else -1.0, quantile_edges(outside, 10)]
        opposite = pooled("opposite_size")
        within = size / np.maximum(opposite, 1)
        beyond = 1.0 + (size - opposite) / size_unit
        scaled[crossing] = np.where(size <= opposite, within, beyond)[crossing]
        if crossing.any():
            crossing_edges = atom_edges(scaled[crossing], 16)
        size_edges = atom_edges(scaled[~crossing], 16)
        time_edges = atom_edges(log_dt, 16, tail=True)
    else:
        relative = pooled("depth_mid")
        depth_edges = trimmed_quantile_edges(relative, 16)
        size_edges = log_uniform_edges(np.log1p(size), 16)
        time_edges = log_uniform_edges(log_dt, 16)
    used = _USED[preset]
    context_edges = np.full((len(used), max(_QUANTILE_CONTEXTS.values()) - 1), np.inf)
    contexts = np.concatenate([part.context for part in parts])
    for c, name in enumerate(used):
        values = contexts[:, CONTEXTS.index(name)]
        edges = quantile_edges(values[~np.isnan(values)], _QUANTILE_CONTEXTS[name])
        context_edges[c, : len(edges)] = edges
    empty = np.zeros((REGIMES, 3, 16, KNOTS))  # encoding needs the edges alone
    tokenizer = Tokenizer(
        preset, depth_edges, size_edges, crossing_edges, time_edges, context_edges,
        depth_values=empty[:, :2], size_values=empty, time_values=empty[:, 0],
    )  # fmt: skip
    bins = np.concatenate([tokenizer.encode(part)[0] for part in parts]).astype(np.int64)
    kind = np.where(crossing & (action == 0), 2, action) if preset == "touch" else action
    return Tokenizer(
        preset, depth_edges, size_edges, crossing_edges, time_edges, context_edges,
        depth_values=_tables(relative, bins[:, 2], regime, action, 2),
        size_values=_tables(scaled, bins[:, 3], regime, kind, 3),
        time_values=_tables(dt_s, bins[:, 4], regime, np.zeros_like(action), 1)[:, 0],
    )  # fmt: skip


def _tables(values: Float64, bins: Int64, regime: Int64, kind: Int64, kinds: int) -> Float64:
    """In-bin values [REGIMES, kinds, 16, KNOTS]; thin cells borrow of all regimes, then kinds."""
    out = np.empty((REGIMES, kinds, 16, KNOTS))
    everything = bin_values(values, bins, 16, KNOTS)
    everything = np.where(np.isnan(everything), np.nanmedian(values), everything)
    for k in range(kinds):
        own = kind == k
        pooled = _borrowed(values[own], bins[own], everything)
        for r in range(REGIMES):
            here = own & (regime == r)
            out[r, k] = _borrowed(values[here], bins[here], pooled)
    return out


def _borrowed(values: Float64, bins: Int64, fallback: Float64) -> Float64:
    enough = np.bincount(bins, minlength=16) >= LEAST_SAMPLES
    return np.where(enough[:, None], bin_values(values, bins, 16, KNOTS), fallback)
