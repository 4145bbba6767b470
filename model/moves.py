"""One move of the closed loop on the model's side, compiled: what happened in, next events out.

`propose` does all of it in one parallel call: each thread takes its groups of paths from the last
event to the next proposal, without a barrier and without Python in between.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange

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
from model.decoder_heads import sample_group
from model.decoder_kernels import KeptShape, Network, Paths, advance_group
from model.decoder_weights import Weights
from model.events import NS_PER_S, Float64, Int64
from model.features import (
    FAST_SIZE,
    Quote,
    advance_context,
    depth_from_touch,
    vwap_mid,
    write_context,
)
from model.order_flow import Bools, ProposalArrays, ViewArrays
from model.randomness import uniform
from model.turns import take

PURPOSES = np.arange(8)  # five sub-tokens, then depth, size and time inside their bins
_DRAWS = len(PURPOSES)


class ContextBins(NamedTuple):
    """How the context of an asset is measured and binned."""

    scale: Float64  # see `context_scale`
    chosen: Int64  # [F], columns of the fast contexts that the tokenizer uses
    edges: Float64  # [F, E]


class Written(NamedTuple):
    """What a session keeps of each of B paths, updated in place."""

    state: Float64  # [B, STATE_SIZE], see `advance_context`
    tokens: Tokens  # [B, 5], the last event
    context: Tokens  # [B, 3 + C], now
    started: Bools  # [B], the decoder has taken in an event, or 'no event yet'


class Odds(NamedTuple):
    """The columns of `Tilts` that reweight the next event, under the same names; length B."""

    pressure_log_odds: Float64
    cancel_log_odds: Float64
    depth_log_odds: Float64
    size_log_odds: Float64


class CompiledFlow(NamedTuple):
    """What `propose` needs of a session, in its order from `view` to `bins`."""

    view: ViewArrays
    written: Written
    numbers: Int64
    seed: int
    odds: Odds
    network: Network
    encoding: Encoding
    decoding: Decoding
    bins: ContextBins

    def arguments(self) -> tuple[Any, ...]:
        """One after the other, the network in its parts."""
        return (*self[:5], *self.network, *self[6:])


@njit(cache=True)
def observe(
    view: ViewArrays, b: int, written: Written, encoding: Encoding, bins: ContextBins
) -> None:
    """Bring state, tokens and context of path `b` up to its last event."""
    state, tokens, context, _ = written
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


@njit(cache=True)
def write(
    view: ViewArrays,
    b: int,
    tokens: Tokens,
    draws: Float64,
    state: Float64,
    decoding: Decoding,
    out: ProposalArrays,
) -> None:
    """Decode the sub-tokens [5] drawn for path `b` by `draws` [8] into its proposal."""
    dt_ns, action, side, price, size, repaired = out
    quote = Quote(view.bid_ticks[b], view.ask_ticks[b], view.bid_size[b], view.ask_size[b])
    action[b], side[b] = tokens[0], tokens[1]
    dt_ns[b], price[b], size[b], repaired[b] = decode_event(
        tokens, draws[len(BINS) :], quote, vwap_mid(state[b]), decoding
    )


@njit(cache=True, parallel=True)
def propose(
    rows: Int64,
    cuts: Int64,
    turns: Int64,
    view: ViewArrays,
    written: Written,
    numbers: Int64,
    seed: int,
    odds: Odds,
    weights: Weights,  # a prange takes no tuple of tuples: the parts of a `Network`
    paths: Paths,
    shape: KeptShape,
    frequency: Float64,
    heads: int,
    begin: Int64,
    columns: Int64,
    encoding: Encoding,
    decoding: Decoding,
    bins: ContextBins,
    out: ProposalArrays,
    log_ratio: Float64,
) -> None:
    """Take in the last event of each path in `rows` and write its next one.

    `cuts` are the ends of the groups in `rows`, see `model.decoder_cpu.cut`; as many threads as
    `turns` is long take them in turn, counted in its first element, 0 before; `numbers` [B] are the
    path numbers of the random draws; `out` and `log_ratio` [B] are written.
    """
    for _ in prange(len(turns)):
        group = take(turns)
        while group < len(cuts) - 1:
            network = Network(weights, paths, shape, frequency, heads, begin, columns)
            flow = CompiledFlow(
                view, written, numbers, seed, odds, network, encoding, decoding, bins
            )
            own = rows[cuts[group] : cuts[group + 1]]
            propose_group(own, rows[cuts[group + 1] :], flow, out, log_ratio)
            group = take(turns)


@njit(cache=True)
def propose_group(
    rows: Int64, following: Int64, flow: CompiledFlow, out: ProposalArrays, log_ratio: Float64
) -> None:
    """`propose` of one group; `following` are the paths whose first layer is wanted next."""
    view, written, numbers, seed, odds, network, encoding, decoding, bins = flow
    _, tokens, context, started = written
    size, own = len(rows), tokens.shape[1]
    grown, growing = np.empty(size, np.int64), 0
    columns = np.empty((size, own + context.shape[1]), np.int64)
    draws, tilts = np.empty((size, _DRAWS)), np.empty((size, 4))
    drawn, ratios = np.empty((size, own), np.uint8), np.empty(size)
    for r in range(size):
        b = rows[r]
        observe(view, b, written, encoding, bins)
        if view.fresh[b] or not started[b]:
            column = columns[growing]
            for c in range(own):
                column[c] = tokens[b, c] if view.fresh[b] else network.begin[c]
            for c in range(context.shape[1]):
                column[own + c] = context[b, c]
            started[b] = True
            grown[growing] = b
            growing += 1
        for i in range(_DRAWS):
            draws[r, i] = uniform(seed, numbers[b], view.draw[b], i)
        tilts[r, 0], tilts[r, 1] = odds.pressure_log_odds[b], odds.cancel_log_odds[b]
        tilts[r, 2], tilts[r, 3] = odds.depth_log_odds[b], odds.size_log_odds[b]
    if growing > 0:
        advance_group(grown[:growing], columns[:growing], network, following)
    sample_group(rows, draws, tilts, network, drawn, ratios)
    for r in range(size):
        log_ratio[rows[r]] = ratios[r]
        write(view, rows[r], drawn[r], draws[r], written.state, decoding, out)
