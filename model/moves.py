"""One move of the closed loop on the model's side, compiled: what happened in, next events out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from model.codec import (
    BINS,
    Decoding,
    Encoding,
    EventFeatures,
    Tokens,
    composite_event,
    decode_event,
    encode_context,
    encode_event,
)
from model.compiled_flow import writes
from model.decoder_heads import sample_group
from model.decoder_kernels import Network, advance_group
from model.events import NS_PER_S, Float64, Int64
from model.features import (
    ACTIVITY_HALF_LIFE_S,
    FAST_SIZE,
    Quote,
    advance_context,
    depth_from_touch,
    vwap_mid,
    write_context,
)
from model.order_flow import Bools, ProposalArrays, TiltArrays, ViewArrays
from model.randomness import uniform

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
    own: Float64  # [B], the activity of `state` without what shocks have sent
    held: Float64  # [B], `own` when the wait for the next event began
    draw: Int64  # [B], number of the event that was proposed last


class TradeFMFlow(NamedTuple):
    """What TradeFM writes the events of B paths from, see `model.compiled_flow`."""

    written: Written
    numbers: Int64  # [B], path numbers of the random draws
    seed: int
    network: Network
    encoding: Encoding
    decoding: Decoding
    bins: ContextBins


@njit(cache=True)
def observe(
    view: ViewArrays, b: int, rate: float, written: Written, encoding: Encoding, bins: ContextBins
) -> None:
    """Bring state, tokens and context of path `b` up to its last event.

    A `rate` tilt speeds up the clock of the flow, and it is by this clock that waits and activity
    are told: at ten times the pace by the wall clock the network would be where it never learned.
    The rate is that at the end of the wait, so one in which it changes is told by about as much.
    """
    state, tokens, context, _, own, held, draw = written
    quote = Quote(view.bid_ticks[b], view.ask_ticks[b], view.bid_size[b], view.ask_size[b])
    if view.fresh[b]:
        action, side, price = view.last_action[b], view.last_side[b], view.last_price_ticks[b]
        crosses, depth = depth_from_touch(
            action, side, price, view.last_bid_ticks[b], view.last_ask_ticks[b]
        )
        anchor = vwap_mid(state[b])
        depth_mid = (price - anchor) / anchor
        dt_s = view.last_dt_ns[b] / NS_PER_S * rate
        event = EventFeatures(action, side, crosses, depth, depth_mid, view.last_size[b], dt_s)
        encode_event(event, encoding, tokens[b])
        mid = 0.5 * (quote.bid_ticks + quote.ask_ticks)
        sign = (1.0 - 2.0 * side) if crosses else 0.0
        advance_context(
            state[b], dt_s, view.last_traded_size[b], view.last_traded_value[b], 1.0, mid, sign
        )
        own[b] = own[b] * 2.0 ** (-dt_s / ACTIVITY_HALF_LIFE_S) + (view.draw[b] != draw[b])
    if view.draw[b] != draw[b]:
        held[b], draw[b] = own[b], view.draw[b]
    values = np.empty(FAST_SIZE)
    write_context(state[b], view.open_ticks[b], quote, bins.scale, values)
    encode_context(values[bins.chosen], bins.edges, context[b, 3 : 3 + len(bins.chosen)])


@njit(cache=True, forceinline=True)
def take_in(
    view: ViewArrays,
    b: int,
    rate: float,
    written: Written,
    encoding: Encoding,
    bins: ContextBins,
    begin: Int64,
    column: Int64,
) -> bool:
    """`observe` path `b`; whether its decoder has anything to take in, which is then in `column`.

    `begin`: token column(s) of 'no event yet', of which the composite head has one.
    """
    observe(view, b, rate, written, encoding, bins)
    tokens, context, started = written.tokens, written.context, written.started
    if not view.fresh[b] and started[b]:
        return False
    own = len(begin)
    if view.fresh[b] and own == 1:
        column[0] = composite_event(tokens[b])
    else:
        for i in range(own):
            column[i] = tokens[b, i] if view.fresh[b] else begin[i]
    for i in range(context.shape[1]):
        column[own + i] = context[b, i]
    started[b] = True
    return True


@njit(cache=True, forceinline=True)
def throw(
    view: ViewArrays,
    b: int,
    tilts: TiltArrays,
    seed: int,
    number: int,
    draws: Float64,
    odds: Float64,
) -> None:
    """Random numbers for path `b`'s next event, as many as `draws` has room for, and its odds."""
    for i in range(len(draws)):
        draws[i] = uniform(seed, number, view.draw[b], i)
    odds[0], odds[1] = tilts.pressure_log_odds[b], tilts.cancel_log_odds[b]
    odds[2], odds[3] = tilts.depth_log_odds[b], tilts.size_log_odds[b]


@njit(cache=True)
def write(
    view: ViewArrays,
    b: int,
    tokens: Tokens,
    draws: Float64,
    written: Written,
    decoding: Decoding,
    out: ProposalArrays,
) -> None:
    """Decode the sub-tokens [5] drawn for path `b` by `draws` [8] into its proposal.

    Bursts that were learned call for more of their kind. Beyond the bound on what the model itself
    has written of late, waits are longer by the square of how much more that is, but by no more
    than the time in which it fades to the bound.
    """
    dt_ns, action, side, price, size, repaired, _ = out
    quote = Quote(view.bid_ticks[b], view.ask_ticks[b], view.bid_size[b], view.ask_size[b])
    action[b], side[b] = tokens[0], tokens[1]
    dt_ns[b], price[b], size[b], repaired[b] = decode_event(
        tokens, draws[len(BINS) :], quote, vwap_mid(written.state[b]), decoding
    )
    over = written.held[b] / decoding.bound
    if over > 1.0:
        fading_ns = ACTIVITY_HALF_LIFE_S * np.log2(over) * NS_PER_S
        dt_ns[b] += int(min(dt_ns[b] * (over * over - 1.0), fading_ns))


@writes(TradeFMFlow)
@njit(cache=True)
def propose_group(
    rows: Int64, flow: TradeFMFlow, view: ViewArrays, tilts: TiltArrays, out: ProposalArrays
) -> None:
    """See `model.compiled_flow.propose_rows`."""
    written, numbers, seed, network, encoding, decoding, bins = flow
    size, own = len(rows), len(BINS)
    grown, growing = np.empty(size, np.int64), 0
    columns = np.empty((size, own + written.context.shape[1]), np.int64)
    draws, odds = np.empty((size, _DRAWS)), np.empty((size, 4))
    drawn, ratios = np.empty((size, own), np.uint8), np.empty(size)
    for r in range(size):
        b, rate = rows[r], tilts.rate[rows[r]]
        if take_in(view, b, rate, written, encoding, bins, network.begin, columns[growing]):
            grown[growing] = b
            growing += 1
        throw(view, b, tilts, seed, numbers[b], draws[r], odds[r])
    if growing > 0:
        advance_group(grown[:growing], columns[:growing], network)
    sample_group(rows, draws, odds, network, drawn, ratios)
    for r in range(size):
        out.log_ratio[rows[r]] = ratios[r]
        write(view, rows[r], drawn[r], draws[r], written, decoding, out)
