"""TradeFM as an `OrderFlowModel`: history in, next event out, for a batch of paths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit, prange

from model.checkpoint import Checkpoint
from model.dataset import input_columns, start_columns
from model.decoder import Decoder, TorchDecoder
from model.decoder_cpu import CpuDecoder
from model.errors import SpecError
from model.events import NS_PER_S, Action, Int64, Recording
from model.features import (
    CONTEXT_SIZE,
    CONTEXTS,
    advance_context,
    context_scale,
    flow_features,
    stationary_state,
    vwap_mid,
    write_context,
)
from model.order_flow import FlowSession, MarketView, Proposals, Tilts
from model.profile import AssetProfile
from model.randomness import uniforms
from model.tokenizer import (
    asset_context,
    decode_event,
    encode_context,
    encode_event,
    tick_regime,
)

PURPOSES = np.arange(8)  # five sub-tokens, then depth, size and time inside their bins
_ADD = int(Action.ADD)


class TradeFM:
    """A trained transformer that writes order flow.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : "cpu" (compiled decoder where the heads allow it) or a torch device
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "cpu") -> None:
        self.checkpoint, self.device = checkpoint, device
        self.network = checkpoint.transformer()

    @property
    def name(self) -> str:
        """Shown in tables."""
        return f"TradeFM {self.checkpoint.config.name}"

    def start(
        self,
        paths: Int64,
        seed: int,
        profile: AssetProfile,
        view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> FlowSession:
        """See `OrderFlowModel.start`.

        Raises
        ------
        SpecError
            `history` does not hold one recording for each path.
        """
        if history is not None and len(history) != len(paths):
            raise SpecError(f"history: {len(history)} recordings for {len(paths)} paths")
        compiled = self.device == "cpu" and self.checkpoint.config.settings.head == "factored"
        decoder: Decoder = (
            CpuDecoder(self.network, len(paths))
            if compiled
            else TorchDecoder(self.network, len(paths), self.device)
        )
        session = TradeFMSession(self.checkpoint, decoder, paths, seed, profile, view)
        if history is not None:
            session.read(history)
        return session


class TradeFMSession:
    """Paths being written; see `FlowSession`."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        decoder: Decoder,
        paths: Int64,
        seed: int,
        profile: AssetProfile,
        view: MarketView,
    ) -> None:
        self.settings, self.tokenizer = checkpoint.config.settings, checkpoint.tokenizer
        self.decoder, self.paths, self.seed, self.profile = decoder, paths, seed, profile
        self.scale, regime = context_scale(profile), tick_regime(profile)
        self.tables = tuple(
            np.ascontiguousarray(table[regime])
            for table in (
                self.tokenizer.depth_values, self.tokenizer.size_values, self.tokenizer.time_values,
            )
        )  # fmt: skip
        self.chosen = np.array([CONTEXTS.index(name) for name in self.tokenizer.contexts])
        self.before = np.stack([view.bid_size, view.ask_size], axis=1)  # touch sizes, last seen
        self.state = stationary_state(profile, 0.5 * (view.bid_ticks + view.ask_ticks))
        self.started = np.zeros(len(paths), np.bool_)
        self.tokens = np.zeros((len(paths), 5), np.uint8)
        self.context = np.zeros((len(paths), len(self.tokenizer.context_sizes)), np.uint8)
        self.context[:, :3] = asset_context(profile)

    def read(self, history: Sequence[Recording]) -> None:
        """Take in what came before: the last 2 x window events of each path's recording."""
        encoded = []
        for b, recording in enumerate(history):
            most = 2 * self.settings.window + 1
            part = recording.slice(max(0, len(recording) - most), len(recording))
            features, self.state[b] = flow_features(part, self.profile, open_ticks=0.0)
            tokens, context = self.tokenizer.encode(features)
            encoded.append(input_columns(tokens, context, self.settings))
        longest = max(len(columns) for columns in encoded)
        for step in range(longest):  # aligned at the end
            at = [step - longest + len(columns) for columns in encoded]
            rows = np.array([b for b, i in enumerate(at) if i >= 0], np.int64)
            self.decoder.advance(rows, np.stack([encoded[b][at[b]] for b in rows]))
        self.started[:] = [len(columns) > 0 for columns in encoded]

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        """See `FlowSession.propose`."""
        t = self.tokenizer
        _observe(
            t.touch, self.state, self.before, self.scale, self.chosen, t.depth_edges, t.size_edges,
            t.crossing_edges, t.time_edges, t.context_edges, view.active, view.fresh, view.open_ticks, view.bid_ticks,
            view.ask_ticks, view.bid_size, view.ask_size, view.last_dt_ns, view.last_action,
            view.last_side, view.last_price_ticks, view.last_size, view.last_bid_ticks,
            view.last_ask_ticks, view.last_traded_size, view.last_traded_value,
            self.tokens, self.context,
        )  # fmt: skip
        grown = np.flatnonzero(view.active & (view.fresh | ~self.started))
        if len(grown):
            columns = input_columns(self.tokens[grown], self.context[grown], self.settings)
            begin = start_columns(self.settings)
            columns[~view.fresh[grown], : len(begin)] = begin
            self.decoder.advance(grown, columns)
            self.started[grown] = True
        rows = np.flatnonzero(view.active)
        draws = uniforms(self.seed, self.paths[rows], view.draw[rows], PURPOSES)
        tokens = self.decoder.sample(
            rows, np.ascontiguousarray(draws[:, :5]), tilts.pressure_log_odds[rows]
        )
        _write(
            t.touch, rows, tokens, draws, self.scale, self.state, view.bid_ticks, view.ask_ticks,
            view.bid_size, view.ask_size, *self.tables, out.dt_ns, out.action, out.side, out.price_ticks, out.size, out.repaired,
        )  # fmt: skip


@njit(cache=True, parallel=True)
def _observe(touch, state, before, scale, chosen, depth_edges, size_edges, crossing_edges,
             time_edges, context_edges, active, fresh, open_ticks, bid, ask, bid_size, ask_size, dt_ns, action, side, price,
             size, last_bid, last_ask, traded_size, traded_value, tokens, context):  # type: ignore[no-untyped-def]  # fmt: skip
    """Bring state, tokens and context of every path up to its last event."""
    for b in prange(len(active)):
        if not active[b]:
            continue
        if fresh[b]:
            buy = side[b] == 0
            crosses = action[b] == _ADD and (price[b] >= last_ask[b] if buy else price[b] <= last_bid[b])
            if crosses:
                depth = price[b] - last_ask[b] if buy else last_bid[b] - price[b]
            else:
                depth = last_bid[b] - price[b] if buy else price[b] - last_ask[b]
            anchor = vwap_mid(state[b])
            dt_s = dt_ns[b] / NS_PER_S
            encode_event(touch, action[b], side[b], crosses, depth, (price[b] - anchor) / anchor,
                         size[b], before[b, 1] if buy else before[b, 0], dt_s, scale[0], scale[1],
                         depth_edges, size_edges, crossing_edges, time_edges, tokens[b])  # fmt: skip
            advance_context(state[b], dt_s, traded_size[b], traded_value[b], 1.0,
                            0.5 * (bid[b] + ask[b]))  # fmt: skip
        values = np.empty(CONTEXT_SIZE)
        write_context(state[b], open_ticks[b], bid[b], ask[b], bid_size[b], ask_size[b], scale, values)
        encode_context(values[chosen], context_edges, context[b, 3:])
        before[b, 0], before[b, 1] = bid_size[b], ask_size[b]


@njit(cache=True, parallel=True)
def _write(touch, rows, tokens, draws, scale, state, bid, ask, bid_size, ask_size, depth_values, size_values,
           time_values, dt_ns, action, side, price, size, repaired):  # type: ignore[no-untyped-def]  # fmt: skip
    """Decode the sub-tokens of each row into its proposal."""
    for r in prange(len(rows)):
        b = rows[r]
        action[b], side[b] = tokens[r, 0], tokens[r, 1]
        dt_ns[b], price[b], size[b], repaired[b] = decode_event(
            touch, tokens[r], draws[r, 5:], scale[0], scale[1], bid[b], ask[b],
            bid_size[b], ask_size[b], vwap_mid(state[b]), depth_values, size_values, time_values)  # fmt: skip
