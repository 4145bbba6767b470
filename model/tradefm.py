"""TradeFM as an `OrderFlowModel`: history in, next event out, for a batch of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from model.anchors import AssetAnchors
from model.checkpoint import Checkpoint
from model.codec import (
    BINS,
    Decoding,
    Encoding,
    EventFeatures,
    Tokens,
    decode_event,
    encode_context,
    encode_event,
)
from model.dataset import history_margins, input_columns, standing_margin, start_columns
from model.decoder import Decoder, TorchDecoder
from model.decoder_cpu import CpuDecoder
from model.errors import SpecError
from model.events import NS_PER_S, Float64, Int64, Recording
from model.features import (
    FAST_CONTEXTS,
    FAST_SIZE,
    Quote,
    advance_context,
    context_scale,
    depth_from_touch,
    flow_features,
    stationary_state,
    vwap_mid,
    write_context,
)
from model.order_flow import MarketView, ProposalArrays, Proposals, Tilts, ViewArrays
from model.profile import AssetProfile
from model.randomness import uniforms
from model.slow import SLOW_CONTEXTS
from model.token_tables import MARGIN_SHAPE
from model.tokenizer import MIDDLE_TIER, TIERS, asset_context

PURPOSES = np.arange(8)  # five sub-tokens, then depth, size and time inside their bins


class TradeFM:
    """A trained transformer that writes order flow.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : "cpu" (compiled decoder where the heads allow it) or a torch device
    tiers : slow contexts to hold instead of what the history shows, by name: 1 (as in the calmest,
        tightest, thinnest fifth of the training data) to 5, see `model.slow`
    anchors : offsets of the margin, see `model.anchors`; without those of a history the plain ones
        serve for both

    Raises
    ------
    SpecError
        A tier of a context that the checkpoint does not know, or not between 1 and 5.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str = "cpu",
        tiers: Mapping[str, int] | None = None,
        anchors: AssetAnchors | None = None,
    ) -> None:
        known = [name for name in checkpoint.tokenizer.contexts if name in SLOW_CONTEXTS]
        for name, tier in (tiers or {}).items():
            if name not in known or not 1 <= tier <= TIERS:
                raise SpecError(
                    f"tier {name}={tier}: use a number from 1 to {TIERS} for one of "
                    f"{', '.join(known) or 'no context: this checkpoint has no slow ones'}"
                )
        self.checkpoint, self.device, self.tiers = checkpoint, device, dict(tiers or {})
        self.anchors = anchors
        self.network = checkpoint.transformer()

    reweights = True  # honours all odds of `model.order_flow.Tilts`

    @property
    def name(self) -> str:
        """Shown in tables."""
        return f"TradeFM {self.checkpoint.config.name}"

    def anchor(self, history: bool) -> Float64:
        """Offsets of the margin, float64 [5, 3, 16], of paths with or without a history."""
        if self.anchors is None:
            return np.zeros(MARGIN_SHAPE)
        return ((history and self.anchors.history) or self.anchors.plain).array()

    def start(
        self,
        paths: Int64,
        seed: int,
        profile: AssetProfile,
        view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> TradeFMSession:
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
        decoder.keep(np.arange(len(paths)), session.margins + self.anchor(history is not None))
        for name, tier in self.tiers.items():
            session.context[:, 3 + self.checkpoint.tokenizer.contexts.index(name)] = tier
        return session


class ContextBins(NamedTuple):
    """How the context of an asset is measured and binned."""

    scale: Float64  # see `context_scale`
    chosen: Int64  # [F], columns of the fast contexts that the tokenizer uses
    edges: Float64  # [F, E]


class PathArrays(NamedTuple):
    """What a session keeps of each of B paths, updated in place."""

    state: Float64  # [B, STATE_SIZE], see `advance_context`
    tokens: Tokens  # [B, 5], the last event
    context: Tokens  # [B, 3 + C], now


class TradeFMSession:
    """Paths being written; see `model.order_flow.FlowSession`."""

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
        self.encoding = self.tokenizer.encoding(profile)
        self.decoding = self.tokenizer.decoding(profile)
        fast = [name for name in self.tokenizer.contexts if name in FAST_CONTEXTS]
        self.context_bins = ContextBins(
            context_scale(profile),
            np.array([FAST_CONTEXTS.index(name) for name in fast], np.int64),
            np.ascontiguousarray(self.tokenizer.tables(profile)["context_edges"][: len(fast)]),
        )
        self.state = stationary_state(profile, np.float64(0.5) * (view.bid_ticks + view.ask_ticks))
        self.started = np.zeros(len(paths), np.bool_)
        self.tokens = np.zeros((len(paths), len(BINS)), np.uint8)
        self.context = np.zeros((len(paths), len(self.tokenizer.context_sizes)), np.uint8)
        self.context[:, :3] = asset_context(profile)
        self.context[:, 3 + len(fast) :] = MIDDLE_TIER
        standing = standing_margin(self.tokenizer, profile, self.settings)
        self.margins = np.tile(standing, (len(paths), 1, 1, 1))

    def read(self, history: Sequence[Recording]) -> None:
        """Take in what came before: the last 2 x window events of each path's recording.

        Slow contexts and margins are those of the whole recording and stay from here on.
        """
        encoded = []
        for b, recording in enumerate(history):
            features, self.state[b] = flow_features(recording, self.profile, open_ticks=0.0)
            tokens, context = self.tokenizer.encode(features)
            if len(context):
                self.context[b] = context[-1]
                margins = history_margins(
                    self.tokenizer, features, tokens, self.settings, len(tokens)
                )
                self.margins[b] = margins[-1]
            recent = slice(-2 * self.settings.window, None)
            encoded.append(input_columns(tokens[recent], context[recent], self.settings))
        longest = max(len(columns) for columns in encoded)
        for step in range(longest):  # aligned at the end
            at = [step - longest + len(columns) for columns in encoded]
            rows = np.array([b for b, i in enumerate(at) if i >= 0], np.int64)
            self.decoder.advance(rows, np.stack([encoded[b][at[b]] for b in rows]))
        self.started[:] = [len(columns) > 0 for columns in encoded]

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        """See `FlowSession.propose`."""
        market = ViewArrays.of(view)
        paths = PathArrays(self.state, self.tokens, self.context)
        _observe(market, paths, self.encoding, self.context_bins)
        grown = np.flatnonzero(view.active & (view.fresh | ~self.started))
        if len(grown):
            columns = input_columns(self.tokens[grown], self.context[grown], self.settings)
            begin = start_columns(self.settings)
            columns[~view.fresh[grown], : len(begin)] = begin
            self.decoder.advance(grown, columns)
            self.started[grown] = True
        rows = np.flatnonzero(view.active)
        draws = uniforms(self.seed, self.paths[rows], view.draw[rows], PURPOSES)
        odds = np.stack([tilts.cancel_log_odds, tilts.depth_log_odds, tilts.size_log_odds], axis=1)
        tokens = self.decoder.sample(
            rows,
            np.ascontiguousarray(draws[:, : len(BINS)]),
            tilts.pressure_log_odds[rows],
            odds[rows],
        )
        out.log_ratio[rows] = self.decoder.log_ratio
        _write(market, rows, tokens, draws, self.state, self.decoding, ProposalArrays.of(out))


@njit(cache=True, parallel=True)
def _observe(view: ViewArrays, paths: PathArrays, encoding: Encoding, bins: ContextBins) -> None:
    """Bring state, tokens and context of every path up to its last event."""
    state, tokens, context = paths
    for b in prange(len(view.active)):
        if not view.active[b]:
            continue
        quote = Quote(view.bid_ticks[b], view.ask_ticks[b], view.bid_size[b], view.ask_size[b])
        if view.fresh[b]:
            action, side, price = view.last_action[b], view.last_side[b], view.last_price_ticks[b]
            crosses, depth = depth_from_touch(
                action, side, price, view.last_bid_ticks[b], view.last_ask_ticks[b]
            )
            anchor = vwap_mid(state[b])
            depth_mid = (price - anchor) / anchor
            dt_s = view.last_dt_ns[b] / NS_PER_S
            event = EventFeatures(action, side, crosses, depth, depth_mid, view.last_size[b], dt_s)
            encode_event(event, encoding, tokens[b])
            mid = 0.5 * (quote.bid_ticks + quote.ask_ticks)
            sign = (1.0 - 2.0 * side) if crosses else 0.0
            advance_context(
                state[b], dt_s, view.last_traded_size[b], view.last_traded_value[b], 1.0, mid, sign
            )
        values = np.empty(FAST_SIZE)
        write_context(state[b], view.open_ticks[b], quote, bins.scale, values)
        encode_context(values[bins.chosen], bins.edges, context[b, 3 : 3 + len(bins.chosen)])


@njit(cache=True, parallel=True)
def _write(
    view: ViewArrays,
    rows: Int64,
    tokens: Tokens,
    draws: Float64,
    state: Float64,
    decoding: Decoding,
    out: ProposalArrays,
) -> None:
    """Decode the sub-tokens [R, 5] of each path in `rows` into its proposal.

    `draws` float64 [R, 8]: see `PURPOSES`.
    """
    dt_ns, action, side, price, size, repaired = out
    for r in prange(len(rows)):
        b = rows[r]
        quote = Quote(view.bid_ticks[b], view.ask_ticks[b], view.bid_size[b], view.ask_size[b])
        action[b], side[b] = tokens[r, 0], tokens[r, 1]
        dt_ns[b], price[b], size[b], repaired[b] = decode_event(
            tokens[r], draws[r, len(BINS) :], quote, vwap_mid(state[b]), decoding
        )
