"""Many moves of the closed loop in one compiled call, for a model whose moves are compiled.

Each thread takes a group of paths from the model's proposal to the book and back, over and over:
no barrier and no Python between events, and what the group needs stays in the thread's caches.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from engine.book import BookArrays
from engine.execution import Rules
from engine.path_state import NOT_YET, Memory, ProposalColumns, ShownArrays, TiltArrays
from engine.stepping import Shocks, step
from engine.tilts import TiltTable
from model.borrowed import borrowed
from model.codec import Decoding, Encoding
from model.decoder_kernels import KeptShape, Network, Paths
from model.decoder_weights import Weights
from model.events import Float64, Int64
from model.moves import CompiledFlow, ContextBins, Odds, Written, propose_group
from model.order_flow import ProposalArrays, ViewArrays
from model.turns import take

MOVES = 16  # of a group before another one has its turn; every call asks whether to go on

EVENTS, FULL_LOG, FULL_BOOK = range(3)  # columns of `told`


@njit(cache=True, parallel=True)
def play(
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
    repaired: Int64,
    books: BookArrays,
    states: npt.NDArray[np.void],
    log: npt.NDArray[np.void],
    shown: ShownArrays,
    tilts: TiltArrays,
    table: TiltTable,  # and the parts of `Shocks`
    entries: npt.NDArray[np.void],
    triggers: npt.NDArray[np.void],
    memory: Memory,
    rules: Rules,
    told: Int64,
) -> None:
    """Play the active paths `rows` up to `MOVES` moves on.

    A group stops early where a path of it begins its horizon, or has no room for one more event in
    its record or book. `cuts` and `turns`: see `model.moves.propose`, as for what else belongs to
    the model; the rest see `engine.stepping.step`. `repaired` [B] counts proposals that had to be;
    `told` [groups, 3] is added to.
    """
    for _ in prange(len(turns)):
        group = take(turns)
        while group < len(cuts) - 1:
            network = Network(weights, paths, shape, frequency, heads, begin, columns)
            flow = CompiledFlow(
                view, written, numbers, seed, odds, network, encoding, decoding, bins
            )
            shocks = Shocks(table, entries, triggers)
            _play_group(
                rows[cuts[group] : cuts[group + 1]].copy(), flow, out, log_ratio, repaired, books,
                states, log, shown, tilts, shocks, memory, rules, told[group],
            )  # fmt: skip
            group = take(turns)


@njit(cache=True)
def _play_group(
    own: Int64,
    flow: CompiledFlow,
    out: ProposalArrays,
    log_ratio: Float64,
    repaired: Int64,
    books: BookArrays,
    states: npt.NDArray[np.void],
    log: npt.NDArray[np.void],
    shown: ShownArrays,
    tilts: TiltArrays,
    shocks: Shocks,
    memory: Memory,
    rules: Rules,
    told: Int64,
) -> None:
    states, repaired, told = borrowed((states, repaired, told))
    proposals = ProposalColumns(out.dt_ns, out.action, out.side, out.price_ticks, out.size)
    count, stop = len(own), False
    for _ in range(MOVES):
        if stop or count == 0:
            return
        rows, count = own[:count], 0
        propose_group(rows, rows, flow, out, log_ratio)
        for b in rows:
            repaired[b] += out.repaired[b]
            waiting = states[b].origin_ns == NOT_YET
            active, events, full_log, full_book = step(
                b, b + 1, books, states, log, shown, tilts, proposals, log_ratio, shocks, memory,
                rules,
            )  # fmt: skip
            told[EVENTS] += events
            told[FULL_LOG] += full_log
            told[FULL_BOOK] += full_book
            stop |= full_log or full_book or (waiting and states[b].origin_ns != NOT_YET)
            if active:
                own[count] = b
                count += 1
