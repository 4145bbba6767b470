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
    asset's median order with a bin for each round lot. A crossing order that stops at the touch
    takes no more than rests there, and exactly that if its size falls into the same bin: six in ten
    do. Context adds what the book shows and what the last minutes were like.

Bins, the values inside them, from which one is drawn, and how often each occurs are the asset's
own (`model.token_tables`). An asset whose profile holds none, a model that has learned the shares
itself, in the bins of its training, and `paper`, which knows no assets, take those of the training
data: `touch` those of the asset's tick regime (how many ticks the typical spread has). Values are
kept by action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from model.binning import (
    atom_edges,
    bin_values,
    log_uniform_edges,
    quantile_edges,
    trimmed_quantile_edges,
)
from model.codec import (
    BINS,
    Decoding,
    Encoding,
    FeatureColumns,
    Tokens,
    encode_all,
    encode_contexts,
)
from model.errors import CheckpointError
from model.events import Float64, Int64
from model.features import CONTEXTS, FlowFeatures, context_scale
from model.margins import shares
from model.profile import AssetProfile
from model.slow import SLOW_CONTEXTS
from model.token_tables import MARGIN_SHAPE, TokenTables

Preset = Literal["paper", "touch"]

KNOTS = 128
REGIMES = 4
REGIME_EDGES = np.array([1.5, 4.0, 16.0])  # typical spread in ticks
LEAST_EVENTS = 1000  # a regime with fewer takes the edges of all regimes
RARE_SPREAD = 1e-3  # of the time: a wider one was as good as never seen
LEAST_SAMPLES = 32  # below this a bin of a regime takes the values of all regimes

ASSET_CONTEXTS = 3  # columns of `asset_context`, before those of `Tokenizer.contexts`
HEADROOM = 2.0  # times the highest activity of the training split, see `Decoding.bound`
TIERS = 5  # of a slow context
MIDDLE_TIER = 3  # 0 stands for not known
_QUANTILE_CONTEXTS = {
    "price_level": 32, "spread": 12, "imbalance": 9, "bid_size": 9, "ask_size": 9,
    "activity": 10, "volatility": 10, "trade_sign": 9, **dict.fromkeys(SLOW_CONTEXTS, TIERS),
}  # fmt: skip
PRESET_CONTEXTS: dict[str, tuple[str, ...]] = {"paper": ("price_level",), "touch": CONTEXTS}


@dataclass(frozen=True, eq=False)
class Tokenizer:
    """Bin edges and in-bin values, fitted on training data.

    Attributes
    ----------
    preset : "paper" or "touch"
    contexts : names of the binned contexts, in column order
    depth_edges, size_edges, time_edges : float64 [REGIMES, 15] (`touch` depth: [REGIMES, 10], see
        `touch_depth_bin`)
    crossing_edges : float64 [REGIMES, 15], of the size of crossing orders in `touch`
    context_edges : float64 [REGIMES, C, 31], padded with inf, for the contexts in `contexts`
    depth_values : float64 [REGIMES, 2, 16, KNOTS], by action; in units of the typical spread
        (`touch`) or relative to the mid (`paper`)
    size_values : float64 [REGIMES, 3, 16, KNOTS], of adds, cancels and crossing adds, in units of
        the asset's median order
    time_values : float64 [REGIMES, 16, KNOTS], times the asset's events a second
    shares : float64 [REGIMES, 5, 3, 16], how often each value occurs, see `model.margins`; noughts
        for a model that has learned it
    """

    preset: Preset
    contexts: tuple[str, ...]
    depth_edges: Float64
    size_edges: Float64
    crossing_edges: Float64
    time_edges: Float64
    context_edges: Float64
    depth_values: Float64
    size_values: Float64
    time_values: Float64
    shares: Float64

    @property
    def touch(self) -> bool:
        """Whether depth is measured from the same-side touch."""
        return self.preset == "touch"

    @property
    def context_sizes(self) -> tuple[int, ...]:
        """Values of each context column: liquidity, participant, regime, then `contexts`."""
        return context_sizes(self.contexts)

    def tables(self, profile: AssetProfile) -> dict[str, Float64]:
        """The tables of an asset under the names of `arrays`, without the axis of regimes."""
        if self.touch and profile.tokens is not None and self.shares.any():
            return profile.tokens.arrays(self.contexts)
        regime = tick_regime(profile)
        return {name: np.ascontiguousarray(array[regime]) for name, array in self.arrays().items()}

    def encoding(self, profile: AssetProfile) -> Encoding:
        """How the events of an asset become sub-tokens."""
        scale, tables = context_scale(profile), self.tables(profile)
        return Encoding(
            self.touch, scale[0], scale[1], scale[4], tables["depth_edges"],
            tables["size_edges"], tables["crossing_edges"], tables["time_edges"],
        )  # fmt: skip

    def decoding(self, profile: AssetProfile) -> Decoding:
        """How sub-tokens become events of an asset."""
        scale, tables = context_scale(profile), self.tables(profile)
        bound = np.inf if profile.busiest is None else HEADROOM * profile.busiest * scale[2]
        return Decoding(
            self.touch, scale[0], scale[1], scale[4], widest_spread(profile),
            tables["crossing_edges"], tables["depth_values"], tables["size_values"],
            tables["time_values"], bound,
        )  # fmt: skip

    def encode(self, features: FlowFeatures) -> tuple[Tokens, Tokens]:
        """Sub-tokens uint8 [n, 5] and context bins uint8 [n, 3 + C] (context after the event)."""
        tokens = np.empty((len(features), len(BINS)), np.uint8)
        columns = FeatureColumns(*(getattr(features, name) for name in FeatureColumns._fields))
        encode_all(columns, self.encoding(features.profile), tokens)
        context = np.empty((len(features), len(self.context_sizes)), np.uint8)
        context[:, :3] = asset_context(features.profile)
        chosen = [CONTEXTS.index(name) for name in self.contexts]
        encode_contexts(
            np.ascontiguousarray(features.context[:, chosen]),
            self.tables(features.profile)["context_edges"],
            context[:, 3:],
        )
        return tokens, context

    def arrays(self) -> dict[str, Float64]:
        """Everything but preset and names of contexts, for the checkpoint; shares if there are."""
        kept = {name: getattr(self, name) for name in _ARRAYS}
        return kept | ({"shares": self.shares} if self.shares.any() else {})

    @classmethod
    def from_arrays(
        cls, preset: Preset, contexts: tuple[str, ...], arrays: dict[str, Float64]
    ) -> Tokenizer:
        """Inverse of `arrays`; `CheckpointError` where one is missing or has the wrong shape."""
        found = {name: _array(arrays, name) for name in _ARRAYS}
        shares = arrays.get("shares", np.zeros((REGIMES, *MARGIN_SHAPE)))
        tokenizer = cls(preset, contexts, **found, shares=np.asarray(shares, np.float64))
        if tokenizer.context_edges.shape[1] != len(tokenizer.contexts):
            raise CheckpointError("tokenizer.context_edges: wrong number of contexts; train again")
        return tokenizer


_ARRAYS = (
    "depth_edges", "size_edges", "crossing_edges", "time_edges", "context_edges",
    "depth_values", "size_values", "time_values",
)  # fmt: skip


def context_sizes(contexts: tuple[str, ...]) -> tuple[int, ...]:
    """Values of each context column, see `Tokenizer.context_sizes`."""
    return (3, 2, REGIMES, *(_QUANTILE_CONTEXTS[name] + 1 for name in contexts))


def array_shapes(preset: Preset, contexts: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of `Tokenizer.arrays` of a fitted tokenizer, shares included."""
    return {
        "depth_edges": (REGIMES, 10 if preset == "touch" else 15),
        "size_edges": (REGIMES, 15),
        "crossing_edges": (REGIMES, 15),
        "time_edges": (REGIMES, 15),
        "context_edges": (REGIMES, len(contexts), max(_QUANTILE_CONTEXTS.values()) - 1),
        "depth_values": (REGIMES, 2, 16, KNOTS),
        "size_values": (REGIMES, 3, 16, KNOTS),
        "time_values": (REGIMES, 16, KNOTS),
        "shares": (REGIMES, *MARGIN_SHAPE),
    }


def _array(arrays: dict[str, Float64], name: str) -> Float64:
    if name not in arrays:
        raise CheckpointError(f"tokenizer.{name}: missing from the checkpoint; train again")
    return np.ascontiguousarray(arrays[name], np.float64)


def widest_spread(profile: AssetProfile) -> int:
    """Ticks of spread that the asset exceeds for less than a thousandth of the time."""
    return 1 + int(np.searchsorted(np.cumsum(profile.spread_pmf), 1.0 - RARE_SPREAD))


def tick_regime(profile: AssetProfile) -> int:
    """0: the spread is mostly one tick (large-tick asset) .. 3: it has 16 ticks or more."""
    return int(np.searchsorted(REGIME_EDGES, profile.spread_ticks, side="right"))


def asset_context(profile: AssetProfile) -> Tokens:
    """The context that does not change: liquidity, participant flag (0: market level), regime."""
    return np.array([profile.liquidity, 0, tick_regime(profile)], np.uint8)


def fit_tokenizer(
    preset: Preset, parts: list[FlowFeatures], contexts: tuple[str, ...] | None = None
) -> Tokenizer:
    """Edges and in-bin values from the training features of one or more assets, by tick regime.

    `contexts` names those to be binned, by default all of the preset.
    """

    def pooled(name: str) -> Float64:
        return np.concatenate([np.asarray(getattr(part, name), np.float64) for part in parts])

    def per_event(value: Callable[[FlowFeatures], float]) -> Float64:
        return np.concatenate([np.full(len(part), value(part), np.float64) for part in parts])

    unit = per_event(lambda part: context_scale(part.profile)[0])
    size_unit = per_event(lambda part: context_scale(part.profile)[1])
    pace = per_event(lambda part: context_scale(part.profile)[4])
    regime = per_event(lambda part: tick_regime(part.profile)).astype(np.int64)
    depth, size, time = pooled("depth_ticks"), pooled("size"), pooled("dt_s") * pace
    crossing, action = pooled("crossing").astype(bool), pooled("action").astype(np.int64)
    log_time = np.log(time + 1e-6)
    scaled = size / size_unit
    measured = np.concatenate([part.context for part in parts])
    groups = [(regime == r) if (regime == r).sum() >= LEAST_EVENTS else np.ones_like(crossing)
              for r in range(REGIMES)]  # fmt: skip
    crossing_edges = np.full((REGIMES, 15), np.inf)
    if preset == "touch":
        relative = depth / unit
        depth_edges = np.stack([_touch_edges(relative[g & ~crossing], depth[g & ~crossing])
                                for g in groups])  # fmt: skip
        for r, group in enumerate(groups):
            if (group & crossing).any():
                crossing_edges[r] = atom_edges(scaled[group & crossing], 16)
        size_edges = np.stack([atom_edges(scaled[g & ~crossing], 16) for g in groups])
        time_edges = np.stack([atom_edges(log_time[g], 16, tail=True) for g in groups])
    else:
        relative = pooled("depth_mid")
        depth_edges = np.stack([trimmed_quantile_edges(relative, 16)] * REGIMES)
        size_edges = np.stack([log_uniform_edges(np.log1p(size), 16)] * REGIMES)
        time_edges = np.stack([log_uniform_edges(log_time, 16)] * REGIMES)
    used = PRESET_CONTEXTS[preset] if contexts is None else contexts
    context_edges = np.full((REGIMES, len(used), max(_QUANTILE_CONTEXTS.values()) - 1), np.inf)
    for c, name in enumerate(used):
        for r, group in enumerate(groups):
            both = ("bid_size", "ask_size") if name in ("bid_size", "ask_size") else (name,)
            values = measured[group][:, [CONTEXTS.index(each) for each in both]].ravel()
            edges = quantile_edges(values[~np.isnan(values)], _QUANTILE_CONTEXTS[name])
            context_edges[r, c, : len(edges)] = edges
    empty = np.zeros((REGIMES, 3, 16, KNOTS))  # encoding needs the edges alone
    tokenizer = Tokenizer(
        preset, used, depth_edges, size_edges, crossing_edges, time_edges, context_edges,
        depth_values=empty[:, :2], size_values=empty, time_values=empty[:, 0],
        shares=np.zeros((REGIMES, *MARGIN_SHAPE)),
    )  # fmt: skip
    plain = [replace(part, profile=part.profile.model_copy(update={"tokens": None}))
             for part in parts]  # fmt: skip
    tokens = np.concatenate([tokenizer.encode(part)[0] for part in plain])
    bins = tokens.astype(np.int64)
    kind = np.where(crossing & (action == 0), 2, action) if preset == "touch" else action
    return replace(
        tokenizer,
        depth_values=_tables(relative, bins[:, 2], regime, action, 2),
        size_values=_tables(scaled, bins[:, 3], regime, kind, 3),
        time_values=_tables(time, bins[:, 4], regime, np.zeros_like(action), 1)[:, 0],
        shares=np.stack([shares(tokens[group]) for group in groups]),
    )


def own_tables(features: FlowFeatures) -> TokenTables:
    """The tables of one asset, from the features of its training split."""
    regime = tick_regime(features.profile)
    arrays = fit_tokenizer("touch", [features]).arrays()
    return TokenTables.of({name: array[regime] for name, array in arrays.items()}, CONTEXTS)


def _touch_edges(relative: Float64, depth: Float64) -> Float64:
    """Depth edges of `touch`, float64 [10], of orders that do not cross, see `touch_depth_bin`."""
    inside, outside = relative[depth <= -2], relative[depth >= 2]
    outer = quantile_edges(outside, 10) if len(outside) else np.full(9, np.inf)
    return np.concatenate([[np.median(inside) if len(inside) else -1.0], outer])


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
