"""TradeFM as an `OrderFlowModel`: history in, next event out, for a batch of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit

from model.anchors import AssetAnchors
from model.asked import GROUP as ASKED_GROUP
from model.asked import Asked, answer, ask
from model.checkpoint import Checkpoint
from model.codec import BINS, Decoding, Encoding, Tokens
from model.compiled_flow import CompiledSession
from model.dataset import asset_margin, input_columns, start_columns
from model.decoder import Decoder, TorchDecoder
from model.decoder_cpu import CpuDecoder
from model.decoder_cuda import GraphDecoder, on_device
from model.errors import SpecError
from model.events import Float64, Int64, Recording
from model.features import COUNT, FAST_CONTEXTS, context_scale, flow_features, stationary_state
from model.margins import followed_margin
from model.moves import (
    PURPOSES,
    ContextBins,
    TradeFMFlow,
    Written,
    observe,
    write,
)
from model.order_flow import (
    MarketView,
    ProposalArrays,
    Proposals,
    TiltArrays,
    Tilts,
    ViewArrays,
)
from model.profile import AssetProfile
from model.randomness import uniforms
from model.slow import SLOW_CONTEXTS
from model.token_tables import MARGIN_SHAPE
from model.tokenizer import MIDDLE_TIER, TIERS, asset_context
from model.transformer import Transformer
from model.turns import GROUP, cut, in_turn


class TradeFM:
    """A trained transformer that writes order flow.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : "cpu" (compiled decoder where the heads allow it), "cuda" or another torch device
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
    def parts(self) -> int:
        """See `model.order_flow.AskedSession`: on a GPU two, so that one is always at work."""
        return 2 if self.device.startswith("cuda") else 1

    @cached_property
    def on_gpu(self) -> Transformer:
        """The weights as `GraphDecoder` reads them, shared by all sessions."""
        return on_device(self.checkpoint.transformer(), self.device)

    def decoder(self, paths: int) -> Decoder:
        """What writes the events of `paths` paths on this device."""
        if self.device.startswith("cuda"):
            return GraphDecoder(self.on_gpu, paths)
        if self.device == "cpu" and self.checkpoint.config.settings.head == "factored":
            return CpuDecoder(self.network, paths)
        return TorchDecoder(self.network, paths, self.device)

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
        decoder = self.decoder(len(paths))
        kind: type[TradeFMSession] = TradeFMSession
        if isinstance(decoder, GraphDecoder):
            kind = AskedTradeFM
        elif isinstance(decoder, CpuDecoder):
            kind = CompiledTradeFM
        session = kind(self.checkpoint, decoder, paths, seed, profile, view)
        if history is not None:
            session.read(history)
        if self.tiers:  # what the history showed belongs to the tiers that it had
            session.margins[:] = asset_margin(session.tokenizer, profile, session.settings)
        decoder.keep(np.arange(len(paths)), session.margins + self.anchor(history is not None))
        for name, tier in self.tiers.items():
            session.context[:, 3 + self.checkpoint.tokenizer.contexts.index(name)] = tier
        return session


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
        margin = asset_margin(self.tokenizer, profile, self.settings)
        self.margins = np.tile(margin, (len(paths), 1, 1, 1))
        self.written = Written(
            self.state, self.tokens, self.context, self.started, self.state[:, COUNT].copy(),
            np.zeros(len(paths)), np.full(len(paths), -1, np.int64),
        )  # fmt: skip

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
                if self.settings.margins == "asset":
                    shares = self.tokenizer.tables(self.profile)["shares"]
                    self.margins[b] = followed_margin(tokens, features.dt_s, shares)
            recent = slice(-2 * self.settings.window, None)
            encoded.append(input_columns(tokens[recent], context[recent], self.settings))
        self.written.own[:] = self.state[:, COUNT]
        longest = max(len(columns) for columns in encoded)
        for step in range(longest):  # aligned at the end
            at = [step - longest + len(columns) for columns in encoded]
            rows = np.array([b for b, i in enumerate(at) if i >= 0], np.int64)
            self.decoder.advance(rows, np.stack([encoded[b][at[b]] for b in rows]))
        self.started[:] = [len(columns) > 0 for columns in encoded]

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        """See `FlowSession.propose`."""
        market = ViewArrays.of(view)
        rows = np.flatnonzero(view.active)
        if len(rows) == 0:
            return
        _observe(market, rows, tilts.rate, self.written, self.encoding, self.context_bins)
        grown = rows[view.fresh[rows] | ~self.started[rows]]
        if len(grown):
            columns = input_columns(self.tokens[grown], self.context[grown], self.settings)
            begin = start_columns(self.settings)
            columns[~view.fresh[grown], : len(begin)] = begin
            self.decoder.advance(grown, columns)
            self.started[grown] = True
        draws = uniforms(self.seed, self.paths[rows], view.draw[rows], PURPOSES)
        odds = np.stack([tilts.cancel_log_odds, tilts.depth_log_odds, tilts.size_log_odds], axis=1)
        first = np.ascontiguousarray(draws[:, : len(BINS)])
        tokens = self.decoder.sample(rows, first, tilts.pressure_log_odds[rows], odds[rows])
        out.log_ratio[rows] = self.decoder.log_ratio
        _write(market, rows, tokens, draws, self.written, self.decoding, ProposalArrays.of(out))


class CompiledTradeFM(CompiledSession, TradeFMSession):
    """Paths that compiled code writes."""

    group = GROUP

    def __init__(self, *given: Any) -> None:
        TradeFMSession.__init__(self, *given)
        assert isinstance(self.decoder, CpuDecoder)
        CompiledSession.__init__(
            self,
            TradeFMFlow(
                self.written, self.paths, self.seed, self.decoder.network, self.encoding,
                self.decoding, self.context_bins,
            ),
        )  # fmt: skip


class AskedTradeFM(TradeFMSession):
    """Paths that a GPU writes; see `model.order_flow.AskedSession`."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        assert isinstance(self.decoder, GraphDecoder)
        self._beside = self.decoder
        self._asked = Asked(
            self.written, self.paths, self.seed, start_columns(self.settings), self.encoding,
            self.decoding, self.context_bins, self._beside.letters(),
        )  # fmt: skip

    def ask(self, view: MarketView, tilts: Tilts) -> None:
        """See `AskedSession.ask`."""
        self._rows, self._view = np.flatnonzero(view.active), ViewArrays.of(view)
        self._cuts = cut(len(self._rows), ASKED_GROUP)
        if len(self._rows):
            in_turn(ask, self._cuts, self._rows, self._asked, self._view, TiltArrays.of(tilts))
            self._beside.play()

    def answer(self, out: Proposals) -> None:
        """See `AskedSession.answer`."""
        if len(self._rows):
            self._beside.wait()
            given = self._rows, self._asked, self._view, ProposalArrays.of(out)
            in_turn(answer, self._cuts, *given)


@njit(cache=True)
def _observe(
    view: ViewArrays,
    rows: Int64,
    rate: Float64,
    written: Written,
    encoding: Encoding,
    bins: ContextBins,
) -> None:
    for b in rows:
        observe(view, b, rate[b], written, encoding, bins)


@njit(cache=True)
def _write(
    view: ViewArrays,
    rows: Int64,
    tokens: Tokens,
    draws: Float64,
    written: Written,
    decoding: Decoding,
    out: ProposalArrays,
) -> None:
    """Decode the sub-tokens [R, 5] of each path in `rows` into its proposal.

    `draws` float64 [R, 8]: see `PURPOSES`.
    """
    for r in range(len(rows)):
        write(view, rows[r], tokens[r], draws[r], written, decoding, out)
