"""Many moves of the closed loop in one compiled call, for flow that is written by compiled code.

Each thread takes a group of paths from the proposal to the book and back, over and over: no
barrier and no Python between events, and what the group needs stays in the thread's caches.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.book import BookArrays
from engine.execution import Rules
from engine.path_state import NOT_YET, Memory
from engine.stepping import Shocks, step
from model.borrowed import borrowed
from model.compiled_flow import Flow, propose_rows
from model.events import Int64
from model.order_flow import ProposalArrays, TiltArrays, ViewArrays
from model.turns import take

MOVES = 16  # of a group before another one has its turn; every call asks whether to go on

EVENTS, FULL_LOG, FULL_BOOK = range(3)  # columns of `told`


def play(
    counter: Int64,
    cuts: Int64,
    rows: Int64,
    flow: Flow,
    out: ProposalArrays,
    repaired: Int64,
    books: BookArrays,
    states: npt.NDArray[np.void],
    log: npt.NDArray[np.void],
    view: ViewArrays,
    tilts: TiltArrays,
    shocks: Shocks,
    memory: Memory,
    rules: Rules,
    told: Int64,
) -> None:
    """Play the active paths `rows` up to `MOVES` moves on, group by group; see `kernel_for`.

    A group stops early where a path of it begins its horizon, or has no room for one more event in
    its record or book. `counter`, see `model.turns.in_turn`; `cuts`, ends of the groups in `rows`;
    `rows` and `out`, scratch; the rest see `engine.stepping.step`. `repaired` [B] counts proposals
    that had to be; `told` [groups, 3] is added to.
    """
    rows, flow, out, repaired = borrowed((rows, flow, out, repaired))
    states, view, tilts, told = borrowed((states, view, tilts, told))
    group = take(counter)
    while group < len(cuts) - 1:
        own = rows[cuts[group] : cuts[group + 1]]
        count, stop = len(own), False
        for _ in range(MOVES):
            if stop or count == 0:
                break
            moved, count = own[:count], 0
            propose_rows(moved, flow, view, tilts, out)
            for b in moved:
                repaired[b] += out.repaired[b]
                waiting = states[b].origin_ns == NOT_YET
                active, events, full_log, full_book = step(
                    b, b + 1, books, states, log, view, tilts, out, shocks, memory, rules
                )
                told[group, EVENTS] += events
                told[group, FULL_LOG] += full_log
                told[group, FULL_BOOK] += full_book
                stop |= full_log or full_book or (waiting and states[b].origin_ns != NOT_YET)
                if active:
                    own[count] = b
                    count += 1
        group = take(counter)
