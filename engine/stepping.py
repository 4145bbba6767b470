"""One step of the closed loop on every path, compiled: what happens next, and when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine import ladder
from engine.book import BookArrays, book_of
from engine.execution import Proposal, Rules, cut, execute
from engine.ladder import Book, as_int
from engine.operations import act
from engine.path_state import (
    NOT_YET,
    Memory,
    ProposalArrays,
    Record,
    TiltArrays,
    ViewArrays,
    begin,
    publish,
    publish_tilts,
)
from engine.tilts import TiltTable, advance, flow_time, segment_at
from engine.triggers import pull, refuses
from model.events import Float64

_LONGEST_NS = 1 << 60  # a proposal further away than this is taken to be this far


class Shocks(NamedTuple):
    """A compiled plan; see `engine.tilts`, `engine.agenda` and `engine.triggers`."""

    table: TiltTable
    entries: npt.NDArray[np.void]
    triggers: npt.NDArray[np.void]


@njit(cache=True)
def step(
    books: BookArrays,
    rows: npt.NDArray[np.void],
    log: npt.NDArray[np.void],
    view: ViewArrays,
    tilts: TiltArrays,
    proposals: ProposalArrays,
    log_ratio: Float64,
    shocks: Shocks,
    memory: Memory,
    rules: Rules,
) -> tuple[int, int, bool, bool]:
    """Move every active path by one event at most.

    Parameters
    ----------
    books : B books with room for one order each
    rows : ROW [B]; log : LOG [B, C] with room for one row each
    view, tilts : written
    proposals, log_ratio : read
    shocks : the plan; memory : what it remembers of each path, written
    rules : Rules

    Returns
    -------
    tuple
        Paths still active; events done; whether a chunk of the record is full; whether the
        order pool of a book is.
    """
    active = 0
    events = 0
    full_log = False
    full_book = False
    dt_ns, action, side, price_ticks, size = proposals
    for b in range(len(rows)):
        row = rows[b]
        if not row.active:
            view.fresh[b] = False
            continue
        book = book_of(books, b)
        before = row.events
        proposal = Proposal(
            dt_ns[b], as_int(action[b]), as_int(side[b]), price_ticks[b], size[b], log_ratio[b]
        )
        _step_path(book, row, log[b, row.logged], proposal, shocks, memory, b, rules)
        publish(view, row, b)
        if row.shocked:
            publish_tilts(tilts, row, shocks.table, b)
        events += row.events - before
        active += 1 if row.active else 0
        full_log |= row.logged == log.shape[1]
        full_book |= ladder.room(book) == 0
    return active, events, full_log, full_book


@njit(cache=True)
def _step_path(
    book: Book,
    row: Record,
    line: Record,
    proposal: Proposal,
    shocks: Shocks,
    memory: Memory,
    b: int,
    rules: Rules,
) -> None:
    row.fresh = False
    dt = min(max(proposal.dt_ns, 1), _LONGEST_NS)
    time = row.time_ns + dt
    segment = -1
    if row.origin_ns != NOT_YET:
        if row.shocked:
            now = row.time_ns - row.origin_ns
            table, entries, triggers = shocks
            # A proposal that gave way to a shock comes when it would have come: it is drawn again,
            # from the same draw, and what has been waited counts.
            at = advance(table, now, max(1, dt - row.waited_ns))
            time = row.origin_ns + at
            due = rules.horizon_ns
            if row.next_entry < len(entries):
                due = min(due, as_int(entries[row.next_entry].time_ns))
            acted = len(triggers) > 0 and pull(
                book, row, line, triggers, memory, b, min(at, due), rules
            )
            if not acted and due <= at and due < rules.horizon_ns:
                entry = entries[row.next_entry]
                row.next_entry += 1
                row.time_ns = max(row.time_ns, row.origin_ns + due)
                act(book, row, line, entry, memory, b, rules)
                acted = True
            if acted:
                row.waited_ns += flow_time(table, now, row.time_ns - row.origin_ns)
                return
            segment = segment_at(table, at)
            if not table.tilted[segment]:
                segment = -1
        if time >= row.origin_ns + rules.horizon_ns:
            row.time_ns = row.origin_ns + rules.horizon_ns
            row.active = False
            row.end_ns = rules.horizon_ns
            return
        row.time_ns = time
        if row.shocked and refuses(row, shocks.triggers, memory, b):
            return
    row.time_ns = time
    execute(book, row, line, proposal, shocks.table, segment, rules)
    if row.proposed >= rules.max_proposals:  # nearly all was refused
        if row.origin_ns == NOT_YET:
            begin(book, row)
        elif row.active:
            cut(row)
