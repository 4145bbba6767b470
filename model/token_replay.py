"""Recorded flow through tokens and back, as an `OrderFlowModel`: what tokens alone cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.checkpoint import Checkpoint
from model.codec import Tokens
from model.errors import SpecError
from model.events import Float64, Int64, Recording
from model.features import FlowFeatures
from model.order_flow import MarketView
from model.profile import AssetProfile
from model.tradefm import TradeFMSession


class _RecordedTokens:
    """A `Decoder` that 'samples' what was recorded, one event after the other."""

    def __init__(self, tokens: Sequence[Tokens]) -> None:
        self.tokens = tokens
        self.next = np.zeros(len(tokens), np.int64)
        self.log_ratio = np.zeros(0)

    def keep(self, rows: Int64, margins: Float64) -> None:
        """Nothing is drawn by shares."""

    def advance(self, rows: Int64, columns: Int64) -> None:
        """Nothing is learned from what happened."""

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """The next recorded event of each path; after the last the first again."""
        self.log_ratio = np.zeros(len(rows))
        at = self.next[rows]
        self.next[rows] += 1
        return np.stack(
            [self.tokens[b][i % len(self.tokens[b])] for b, i in zip(rows, at, strict=True)]
        )


class TokenReplay:
    """Real events as a tokenizer sees them, drawn inside their bins and placed from the book.

    Run through the simulator it is the reconstruction floor: what tokens, anonymous cancels and
    the simulator cost before any model has written a word.

    Parameters
    ----------
    checkpoint : its tokenizer is used, its weights are not
    flows : what really followed, for each path

    Raises
    ------
    SpecError
        A flow holds no event.
    """

    name = "Real tokens"
    reweights = False

    def __init__(self, checkpoint: Checkpoint, flows: Sequence[FlowFeatures]) -> None:
        for path, flow in enumerate(flows):
            if not len(flow):
                raise SpecError(f"token replay: no event after the start of path {path}")
        self.checkpoint = checkpoint
        self.tokens = [checkpoint.tokenizer.encode(flow)[0] for flow in flows]

    def start(
        self,
        paths: Int64,
        seed: int,
        profile: AssetProfile,
        view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> TradeFMSession:
        """See `OrderFlowModel.start`; path number p takes up flow p."""
        decoder = _RecordedTokens([self.tokens[p] for p in paths.tolist()])
        session = TradeFMSession(self.checkpoint, decoder, paths, seed, profile, view)
        if history is not None:
            session.read(history)
        return session
