"""Markov chains of order K on the tokens of TradeFM: does it need more than the last K events?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field

from model.codec import (
    BINS,
    Decoding,
    Encoding,
    EventFeatures,
    composite,
    decode_event,
    encode_event,
)
from model.compiled_flow import CompiledSession, writes_each
from model.errors import RecordingError
from model.events import NS_PER_S, Action, Int64, Recording
from model.features import Quote, depth_from_touch, flow_features
from model.order_flow import MarketView
from model.profile import AssetProfile
from model.randomness import uniform
from model.tokenizer import PRESET_CONTEXTS, Tokenizer, fit_tokenizer
from stylized_facts.baselines.contexts import CLASSES, Contexts, class_shares, draw_token, find
from stylized_facts.baselines.files import read_baseline, write_baseline

LEAST_EVENTS = 1000
ACTION_DRAW, SIDE_DRAW, CONTEXT_DRAW, TOKEN_DRAW, BIN_DRAW = 1, 2, 3, 4, 5  # BIN_DRAW: and 6, 7
BEYOND = 1e300
_CANCEL, _SIDES = int(Action.CANCEL), BINS[1]
_SIDE_FLIP = int(np.prod(BINS[2:]))


class MarkovChain(BaseModel):
    """The next token given the last `order` tokens, interpolated with shorter contexts.

    Tokens are those of the preset `touch` of `model.tokenizer`, fitted to the same training data;
    a value is drawn inside its bin as TradeFM draws it. The training flow is counted as it is and
    mirrored, buy for sell. The file holds the token sequence itself, so it is as confidential as
    the recording.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["markov"] = "markov"
    asset: str
    order: int = Field(ge=1, le=5)
    tokenizer: dict[str, list]  # type: ignore[type-arg]  # nested lists: arrays of `Tokenizer`
    windows: list[list[int]] = Field(description="composite tokens of the training data")

    @property
    def name(self) -> str:
        """Short name shown in tables."""
        return f"Markov order {self.order}"

    @classmethod
    def fit(
        cls, recordings: Sequence[Recording], profile: AssetProfile, order: int = 1
    ) -> MarkovChain:
        """Tokens of recordings with quotes, each one session or window.

        Raises
        ------
        RecordingError
            A recording has no quotes, or there are fewer than 1,000 events in all.
        """
        parts = [flow_features(recording, profile)[0] for recording in recordings]
        found = sum(len(part) for part in parts)
        if found < LEAST_EVENTS:
            raise RecordingError(
                f"a Markov chain cannot be fitted on {found} events; give it at least "
                f"{LEAST_EVENTS}"
            )
        tokenizer = fit_tokenizer("touch", parts)
        arrays = {  # JSON has no infinity; unused edges lie beyond every value
            name: np.nan_to_num(array, posinf=BEYOND).tolist()
            for name, array in tokenizer.arrays().items()
        }
        windows = [composite(tokenizer.encode(part)[0].astype(np.int64)).tolist() for part in parts]
        return cls(asset=profile.asset, order=order, tokenizer=arrays, windows=windows)

    def contexts(self) -> Contexts:
        """The table of contexts, of the flow and of its mirror image."""
        windows = [np.asarray(window, np.int64) for window in self.windows]
        return Contexts.of(windows + [mirrored(window) for window in windows], self.order)

    def start(
        self, paths: Int64, seed: int, profile: AssetProfile, view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> CompiledSession:  # fmt: skip
        """See `model.order_flow.OrderFlowModel`; without history, from the empty context."""
        tokenizer = Tokenizer.from_arrays(
            "touch",
            PRESET_CONTEXTS["touch"],
            {name: np.asarray(values) for name, values in self.tokenizer.items()},
        )
        last, known = np.zeros((len(paths), self.order), np.int64), np.zeros(len(paths), np.int64)
        for b, recording in enumerate(history or ()):
            part = recording.slice(max(0, len(recording) - 4 * self.order - 2), len(recording))
            if len(part) < 2:
                continue
            tokens = composite(tokenizer.encode(flow_features(part, profile)[0])[0].astype(int))
            newest = tokens[::-1][: self.order]
            last[b, : len(newest)], known[b] = newest, len(newest)
        state = MarkovState(last, known)
        codes = Codes(tokenizer.encoding(profile), tokenizer.decoding(profile))
        numbers = np.asarray(paths, np.int64)
        return CompiledSession(MarkovFlow(self.contexts(), codes, numbers, seed, state))

    def write(self, path: Path) -> None:
        """Write the fitted model as JSON, atomically."""
        write_baseline(self, path)

    @classmethod
    def read(cls, path: Path) -> MarkovChain:
        """Read what `write` wrote; `CheckpointError` names the file and the field that is wrong."""
        return read_baseline(cls, path)


def mirrored(tokens: Int64) -> Int64:
    """Composite tokens with buy and sell exchanged."""
    return np.asarray(tokens ^ _SIDE_FLIP, np.int64)


class Codes(NamedTuple):
    """How events of the asset become tokens and back."""

    encoding: Encoding
    decoding: Decoding


class MarkovState(NamedTuple):
    """State of each path, updated in place."""

    last: Int64  # [B, K], newest first
    known: Int64  # [B], how many of them there are


class MarkovFlow(NamedTuple):
    """See `model.compiled_flow`; a proposal costs O(K log n)."""

    contexts: Contexts
    codes: Codes
    paths: Int64
    seed: int
    state: MarkovState


@njit(cache=True)
def _take_in(b, encoding, state, view, rate, tokens):  # type: ignore[no-untyped-def]
    """Put the event just executed at the head of the context."""
    if view.fresh[b]:
        action, side, price = view.last_action[b], view.last_side[b], view.last_price_ticks[b]
        crosses, depth = depth_from_touch(
            action, side, price, view.last_bid_ticks[b], view.last_ask_ticks[b]
        )
        dt_s = view.last_dt_ns[b] / NS_PER_S * rate
        event = EventFeatures(action, side, crosses, depth, 0.0, view.last_size[b], dt_s)
        encode_event(event, encoding, tokens)
        for k in range(state.last.shape[1] - 1, 0, -1):
            state.last[b, k] = state.last[b, k - 1]
        token = 0
        for i in range(len(BINS)):
            token = token * BINS[i] + tokens[i]
        state.last[b, 0] = token
        state.known[b] = min(state.known[b] + 1, state.last.shape[1])


@writes_each(MarkovFlow)
@njit(cache=True, forceinline=True)
def _propose(b, flow, view, tilts, out):  # type: ignore[no-untyped-def]
    contexts, (encoding, decoding), paths, seed, state = flow
    path, pressure = paths[b], tilts.pressure_log_odds[b]
    tokens, draws = np.empty(len(BINS), np.uint8), np.empty(3)
    _take_in(b, encoding, state, view, tilts.rate[b], tokens)
    event, order = view.draw[b], state.last.shape[1]
    rows, weight, shares = np.empty(order + 1, np.int64), np.empty(order + 1), np.empty(CLASSES)
    found = find(contexts, state.last[b], state.known[b], rows, weight)
    class_shares(contexts, rows, weight, found, shares)
    adds = shares[0] + shares[1]
    cancels = uniform(seed, path, event, ACTION_DRAW) * shares.sum() >= adds
    first = _SIDES * _CANCEL if cancels else 0
    odds = np.exp(-pressure) if cancels else np.exp(pressure)
    buy, sell = shares[first] * odds, shares[first + 1]
    class_ = first if uniform(seed, path, event, SIDE_DRAW) * (buy + sell) < buy else first + 1
    token = draw_token(
        contexts, rows, weight, found, class_, shares[class_],
        uniform(seed, path, event, CONTEXT_DRAW), uniform(seed, path, event, TOKEN_DRAW),
    )  # fmt: skip
    for i in range(len(BINS) - 1, -1, -1):
        tokens[i] = token % BINS[i]
        token //= BINS[i]
    for i in range(3):
        draws[i] = uniform(seed, path, event, BIN_DRAW + i)
    quote = Quote(view.bid_ticks[b], view.ask_ticks[b], view.bid_size[b], view.ask_size[b])
    out.action[b], out.side[b] = tokens[0], tokens[1]
    mid = 0.5 * (quote.bid_ticks + quote.ask_ticks)
    out.dt_ns[b], out.price_ticks[b], out.size[b], out.repaired[b] = decode_event(
        tokens, draws, quote, mid, decoding
    )
