"""One step of the closed loop on every path, compiled: what happens next, and when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from engine import ladder
from engine.book import BookArrays, book_of
from engine.execution import Proposal, Rules, cut, execute, spend_draw, tilted
from engine.ladder import Book, as_int
from engine.operations import act
from engine.path_state import (
    NOT_YET,
    Memory,
    Record,
    begin,
    publish,
    publish_tilts,
)
from engine.tilts import TiltTable, advance, flow_time, segment_at
from engine.triggers import pull, refuses
from model.borrowed import borrowed
from model.events import Int64
from model.order_flow import ProposalArrays, TiltArrays, ViewArrays
from model.turns import take

_LONGEST_NS = 1 << 60  # a proposal further away than this is taken to be this far


class Shocks(NamedTuple):
    """A compiled plan; see `engine.tilts`, `engine.agenda` and `engine.triggers`."""

    table: TiltTable
    entries: npt.NDArray[np.void]
    triggers: npt.NDArray[np.void]


@njit(cache=True, nogil=True)
def step_parts(
    counter: Int64,
    cuts: Int64,
    books: BookArrays,
    rows: npt.NDArray[np.void],
    log: npt.NDArray[np.void],
    view: ViewArrays,
    tilts: TiltArrays,
    proposals: ProposalArrays,
    shocks: Shocks,
    memory: Memory,
    rules: Rules,
    told: Int64,
) -> None:
    """`step` of rows cuts[i]..cuts[i + 1] - 1, part i by part; see `model.turns.in_turn`.

    What `step` returns but the first goes to `told` [parts, 3].
    """
    part = take(counter)
    while part < len(cuts) - 1:
        _, told[part, 0], told[part, 1], told[part, 2] = step(
            cuts[part], cuts[part + 1], books, rows, log, view, tilts, proposals, shocks, memory,
            rules,
        )  # fmt: skip
        part = take(counter)


@njit(cache=True, forceinline=True)
def step(
    start: int,
    stop: int,
    books: BookArrays,
    rows: npt.NDArray[np.void],
    log: npt.NDArray[np.void],
    view: ViewArrays,
    tilts: TiltArrays,
    proposals: ProposalArrays,
    shocks: Shocks,
    memory: Memory,
    rules: Rules,
) -> tuple[int, int, bool, bool]:
    """Move every active path of rows start..stop - 1 by one event at most.

    Parameters
    ----------
    start, stop : rows
    books : B books with room for one order each
    rows : ROW [B]; log : LOG [B, C] with room for one row each
    view, tilts : written
    proposals : read
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
    books, rows, log = borrowed(books), borrowed(rows), borrowed(log)
    view, tilts, proposals = borrowed(view), borrowed(tilts), borrowed(proposals)
    shocks, memory = borrowed(shocks), borrowed(memory)
    dt_ns, action, side, price_ticks, size, _, log_ratio = proposals
    for b in range(start, stop):
        row = rows[b]
        if not row.active:
            view.fresh[b] = False
            continue
        book = book_of(books, b)
        before = row.events
        draw = row.draw
        proposal = Proposal(dt_ns[b], as_int(action[b]), as_int(side[b]), price_ticks[b], size[b])
        if row.shocked and row.origin_ns != NOT_YET:
            _step_shocked(book, row, log[b, row.logged], proposal, shocks, memory, b, rules)
        else:
            _step_calm(book, row, log[b, row.logged], proposal, rules)
        if row.draw != draw:
            row.log_ratio += log_ratio[b]
            if row.proposed >= rules.max_proposals:
                _give_up(book, row)
        publish(view, row, b)
        if row.shocked:
            publish_tilts(tilts, row, shocks.table, b)
        events += row.events - before
        active += 1 if row.active else 0
        full_log |= row.logged == log.shape[1]
        full_book |= ladder.room(book) == 0
    return active, events, full_log, full_book


@njit(cache=True, forceinline=True)
def _step_calm(book: Book, row: Record, line: Record, proposal: Proposal, rules: Rules) -> None:
    """A path on which no plan acts, or not yet."""
    row.fresh = False
    time = row.time_ns + min(max(proposal.dt_ns, 1), _LONGEST_NS)
    if row.origin_ns != NOT_YET and time >= row.origin_ns + rules.horizon_ns:
        _end(row, rules)
        return
    row.time_ns = time
    spend_draw(row)
    execute(book, row, line, proposal, rules)


@njit(cache=True, forceinline=True)
def _step_shocked(
    book: Book,
    row: Record,
    line: Record,
    proposal: Proposal,
    shocks: Shocks,
    memory: Memory,
    b: int,
    rules: Rules,
) -> None:
    """A path on which the plan acts: what it has due, or the proposal under its tilts."""
    row.fresh = False
    table, entries, triggers = shocks
    now = row.time_ns - row.origin_ns
    # A proposal that gave way to a shock comes when it would have come: it is drawn again, from
    # the same draw, and what has been waited counts.
    dt = min(max(proposal.dt_ns, 1), _LONGEST_NS)
    at = advance(table, now, max(1, dt - row.waited_ns))
    due = rules.horizon_ns
    if row.next_entry < len(entries):
        due = min(due, as_int(entries[row.next_entry].time_ns))
    acted = len(triggers) > 0 and pull(book, row, line, triggers, memory, b, min(at, due), rules)
    if not acted and due <= at and due < rules.horizon_ns:
        entry = entries[row.next_entry]
        row.next_entry += 1
        row.time_ns = max(row.time_ns, row.origin_ns + due)
        act(book, row, line, entry, memory, b, rules)
        acted = True
    if acted:
        row.waited_ns += flow_time(table, now, row.time_ns - row.origin_ns)
        return
    if at >= rules.horizon_ns:
        _end(row, rules)
        return
    row.time_ns = row.origin_ns + at
    draw = row.draw
    spend_draw(row)
    if len(triggers) > 0 and refuses(row, triggers, memory, b):
        return
    k = segment_at(table, at)
    if table.tilted[k]:
        price, size, kept = tilted(book, row, proposal, table, k, draw, rules)
        if not kept:
            row.thinned += 1
            return
        proposal = Proposal(proposal.dt_ns, proposal.action, proposal.side, price, size)
    execute(book, row, line, proposal, rules)


@njit(cache=True)
def _end(row: Record, rules: Rules) -> None:
    """The horizon is reached."""
    row.time_ns = row.origin_ns + rules.horizon_ns
    row.active = False
    row.end_ns = rules.horizon_ns


@njit(cache=True)
def _give_up(book: Book, row: Record) -> None:
    """Nearly everything was refused: end the burn-in, or the path."""
    if row.origin_ns == NOT_YET:
        begin(book, row)
    elif row.active:
        cut(row)
