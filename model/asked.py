"""The host's share of a move whose events a decoder on another device draws, on several threads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from model.borrowed import borrowed
from model.codec import BINS, Decoding, Encoding
from model.events import Float64, Int64
from model.moves import PURPOSES, ContextBins, Written, take_in, throw, write
from model.order_flow import ProposalArrays, TiltArrays, ViewArrays
from model.randomness import uniform
from model.turns import take

GROUP = 1024  # paths; half of them, about 0.3 ms, are worth waking a thread for


class Letters(NamedTuple):
    """What host and decoder tell each other of B paths, in memory of the host."""

    event: Int64  # [B, 1 + columns]: 1 where a path has grown, then what it has grown by
    chance: Float64  # [B, 5 + 4]: draws, then log odds
    drawn: Float64  # [B, 5 + 1]: sub-tokens, then the log ratio


class Asked(NamedTuple):
    """What the events of B paths are asked with."""

    written: Written
    numbers: Int64  # [B], path numbers of the random draws
    seed: int
    begin: Int64  # token column(s) of 'no event yet'
    encoding: Encoding
    decoding: Decoding
    bins: ContextBins
    letters: Letters


@njit(cache=True, nogil=True)
def ask(
    counter: Int64, cuts: Int64, rows: Int64, asked: Asked, view: ViewArrays, tilts: TiltArrays
) -> None:
    """Put what happened on the paths `rows`, and what their next events are drawn with, to letters.

    See `model.turns.in_turn`.
    """
    view, tilts = borrowed(view), borrowed(tilts)
    written, numbers, seed, begin, encoding, _, bins, letters = borrowed(asked)
    event, chance, _ = letters
    group = take(counter)
    while group < len(cuts) - 1:
        for b in rows[cuts[group] : cuts[group + 1]]:
            rate = tilts.rate[b]
            if take_in(view, b, rate, written, encoding, bins, begin, event[b, 1:]):
                event[b, 0] = 1
            own = chance[b]
            throw(view, b, tilts, seed, numbers[b], own[: len(BINS)], own[len(BINS) :])
        group = take(counter)


@njit(cache=True, nogil=True)
def answer(
    counter: Int64, cuts: Int64, rows: Int64, asked: Asked, view: ViewArrays, out: ProposalArrays
) -> None:
    """Decode what was drawn for the paths `rows` into their proposals; the view has stood still."""
    view, out = borrowed(view), borrowed(out)
    written, numbers, seed, _, _, decoding, _, letters = borrowed(asked)
    group = take(counter)
    tokens, draws = np.empty(len(BINS), np.uint8), np.empty(len(PURPOSES))
    while group < len(cuts) - 1:
        for b in rows[cuts[group] : cuts[group + 1]]:
            drawn = letters.drawn[b]
            for i in range(len(BINS)):
                tokens[i] = np.uint8(drawn[i])
            for i in range(len(BINS), len(PURPOSES)):
                draws[i] = uniform(seed, numbers[b], view.draw[b], i)
            out.log_ratio[b] = drawn[len(BINS)]
            write(view, b, tokens, draws, written, decoding, out)
        group = take(counter)
