"""Many markets at once: books, clocks, shocks and the record, driven by proposals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.agenda import compile_agenda, tags
from engine.book import BookArrays, OrderBooks, book_of
from engine.ensemble import PathEnsemble
from engine.execution import Rules
from engine.fused import play
from engine.ladder import OUT_OF_RANGE
from engine.path_state import (
    ACCOUNT,
    COUNTERS,
    NOT_YET,
    ROW,
    Memory,
    begin,
    publish,
    publish_tilts,
    show_quotes,
)
from engine.recorder import LOG, Recorder
from engine.seeding import BookSeed
from engine.shocks.plan import ShockPlan
from engine.stepping import Shocks, step_parts
from engine.tilts import TiltTable, compile_tilts
from engine.triggers import COLUMNS, compile_triggers
from model.compiled_flow import Flow, kernel_for
from model.events import EventsMeta, Float64, Int64
from model.order_flow import (
    Bools,
    MarketView,
    ProposalArrays,
    Proposals,
    TiltArrays,
    Tilts,
    ViewArrays,
)
from model.turns import cut, in_turn

# A path, or its burn-in, ends when it has proposed so many events for each that it may record.
MOST_REFUSED, LEAST_PROPOSALS = 16, 100_000
_PART = 1024  # books; for half of them it pays to wake a thread, a tenth of a millisecond
_BY_PATH = ("limit_states", "pauses", "first_pause_ns", "log_ratio")
_Arrays = TypeVar("_Arrays", BookArrays, Memory, ViewArrays, TiltArrays)


class MarketSimulator:
    """B independent markets, each with its own book, clock and record.

    One call of `step` moves every active path by one event at most: an order or operation of the
    shock plan if one is due before the model's proposal, else the proposal. A proposal that gives
    way is made again, from the same draw, and the time that has passed counts as waited. Paths do
    not know of each other: a path is the same, bit for bit, in whatever batch it runs.

    What the record and `view.last_*` say of an event is what happened: a cancel has price and size
    of the order it deleted; an order of which nothing rests has the size that traded and the worst
    price paid; any other order has its own limit price and whole size.

    Parameters
    ----------
    seeds : the book each path starts from, B of them
    paths : int64 [B], path numbers: the coordinate `path` of the random draws
    seed : seed of the random draws
    meta : where the market is; goes into the record
    horizon_ns : simulated time after burn-in
    max_events : a path is cut after so many recorded events
    burn_in_events : executed events that come before the horizon and are not recorded
    plan : compiled scenario, times from the start of the horizon
    shocked : bool [B], paths on which the plan acts; None: all, if it does anything
    open_ticks : float64 [B], reference price of the view; None: the mid price of the seed

    Attributes
    ----------
    view : MarketView, updated in place by `step`
    executed : events executed so far, on all paths, burn-in included
    """

    def __init__(
        self,
        seeds: Sequence[BookSeed],
        paths: Int64,
        seed: int,
        meta: EventsMeta,
        *,
        horizon_ns: int,
        max_events: int,
        burn_in_events: int = 0,
        plan: ShockPlan | None = None,
        shocked: Bools | None = None,
        open_ticks: Float64 | None = None,
    ) -> None:
        count = len(seeds)
        if len(paths) != count or (shocked is not None and len(shocked) != count):
            raise ValueError(f"{count} seeds do not fit {len(paths)} path numbers")
        self.meta = meta
        self.paths = np.asarray(paths, np.int64)
        self.view = MarketView.empty(count)
        self.executed = 0
        self._tilts = Tilts.neutral(count)
        self._recorder = Recorder(count)
        self._books = OrderBooks(count)
        plan = ShockPlan.empty() if plan is None else plan
        self._rows = np.zeros(count, ROW)
        self._rows["path"] = self.paths
        self._rows["active"] = True
        self._rows["origin_ns"] = NOT_YET
        self._rows["shocked"] = not plan.does_nothing if shocked is None else shocked
        self._view_arrays = ViewArrays.of(self.view)
        self._tilt_arrays = TiltArrays.of(self._tilts)
        self._shocks = Shocks(compile_tilts(plan), compile_agenda(plan), compile_triggers(plan))
        self._memory = Memory(
            np.zeros((count, plan.parents, ACCOUNT)),
            np.zeros((count, len(self._shocks.triggers), COLUMNS)),
            np.zeros((count, tags(self._shocks.entries)), np.int64),
        )
        most = LEAST_PROPOSALS + MOST_REFUSED * max_events
        self._rules = Rules(seed, horizon_ns, max_events, burn_in_events, most)
        for b, one in enumerate(seeds):
            self._books.load(one, b)
            self._rows[b]["time_ns"] = self._rows[b]["last_ns"] = one.time_ns
            self.view.open_ticks[b] = one.mid_ticks if open_ticks is None else open_ticks[b]
        _start(
            self._books.arrays,
            self._rows,
            self._view_arrays,
            self._tilt_arrays,
            self._shocks.table,
            self._rules,
        )

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def done(self) -> bool:
        """Whether every path has reached its horizon or was cut."""
        return not self.view.active.any()

    @property
    def recorded(self) -> Int64:
        """Events recorded so far by each path, burn-in excluded: int64 [B]."""
        return np.ascontiguousarray(self._rows["recorded"])

    @property
    def fraction(self) -> float:
        """Share of the work that is done, 0..1: of the horizon, or of `max_events` if nearer."""
        done = np.maximum(
            self._passed() / self._rules.horizon_ns,
            self._rows["recorded"] / self._rules.max_events,
        )
        return float(np.where(self._rows["active"], np.minimum(done, 1.0), 1.0).mean())

    def tilts(self) -> Tilts:
        """Tilts of each path now; the arrays are updated in place by `step`."""
        return self._tilts

    def step(self, proposals: Proposals, part: slice | None = None) -> None:
        """Execute the proposals, or what the shock plan has due before them; update `view`.

        `part`: positions of the paths to move, to which the proposals belong; None: all.
        """
        books, view, tilts = self._books.arrays, self._view_arrays, self._tilt_arrays
        rows, log, memory = self._rows, self._recorder.log, self._memory
        if part not in (None, slice(0, len(self))):
            books, memory = _of(books, part), _of(memory, part)
            view, tilts = _of(view, part), _of(tilts, part)
            rows, log = rows[part], log[part]
        cuts = cut(len(rows), _PART)
        told = np.zeros((len(cuts) - 1, 3), np.int64)
        in_turn(
            step_parts, cuts, books, rows, log, view, tilts, ProposalArrays.of(proposals),
            self._shocks, memory, self._rules, told,
        )  # fmt: skip
        self._executed(*told.sum(axis=0).tolist())

    def play(self, flow: Flow, proposals: Proposals, repaired: Int64) -> None:
        """Up to `fused.MOVES` moves of every active path, see `engine.fused`.

        Parameters
        ----------
        flow : of all paths, see `model.compiled_flow`
        proposals : scratch
        repaired : int64 [B], counts what had to be repaired of them
        """
        rows = np.flatnonzero(self.view.active)
        cuts = cut(len(rows))
        told = np.zeros((len(cuts) - 1, 3), np.int64)
        in_turn(
            kernel_for(flow, play), cuts, rows, flow, ProposalArrays.of(proposals), repaired,
            self._books.arrays, self._rows, self._recorder.log, self._view_arrays,
            self._tilt_arrays, self._shocks, self._memory, self._rules, told,
        )  # fmt: skip
        self._executed(*told.sum(axis=0).tolist())

    def _executed(self, events: int, full_log: int, full_book: int) -> None:
        self.executed += events
        if full_log:
            self._flush()
        if full_book:
            self._books.make_room()

    def counters(self, rows: Sequence[int] | Int64) -> dict[str, int]:
        """What was counted on some paths (their positions in the batch), burn-in excluded."""
        at = np.asarray(rows, np.int64)
        counted = {name: int(self._rows[name][at].sum()) for name in COUNTERS}
        return counted | {"out_of_range": int(self._books.arrays.state[at, OUT_OF_RANGE].sum())}

    def ensemble(self, rows: Sequence[int] | Int64) -> PathEnsemble:
        """The record of some paths (their positions in the batch).

        Paths that are still under way are given as far as they have come.
        """
        self._flush()
        at = np.asarray(rows, np.int64)
        events, offsets = self._recorder.collect(at)
        own = self._rows[at]
        begun = own["origin_ns"] != NOT_YET
        starts = {
            f"start_{name}": np.where(begun, own[f"start_{name}"], own[name])
            for name in ("bid_ticks", "ask_ticks", "bid_size", "ask_size")
        }
        return PathEnsemble(
            meta=self.meta,
            paths=self.paths[at],
            offsets=offsets,
            **{name: np.ascontiguousarray(events[name]) for name in LOG.names or ()},
            **starts,
            end_ns=np.where(own["active"], self._passed()[at], own["end_ns"]),
            counters=self.counters(at),
            accounts=self._memory.accounts[at],
            by_path={name: np.ascontiguousarray(own[name]) for name in _BY_PATH},
        )

    def _passed(self) -> Int64:
        """Nanoseconds since the start of the horizon, 0 during burn-in."""
        origin = self._rows["origin_ns"]
        return np.where(origin == NOT_YET, 0, self._rows["time_ns"] - origin)

    def _flush(self) -> None:
        self._recorder.flush(self._rows["logged"])
        self._rows["logged"] = 0


def _of(arrays: _Arrays, part: slice) -> _Arrays:
    """The rows of some paths, sharing memory."""
    parts: Any = (array[part] for array in arrays)
    return type(arrays)(*parts)


@njit(cache=True)
def _start(
    books: BookArrays,
    rows: npt.NDArray[np.void],
    view: ViewArrays,
    tilts: TiltArrays,
    table: TiltTable,
    rules: Rules,
) -> None:
    """Show the seeded books; where there is no burn-in, the horizon starts."""
    for b in range(len(rows)):
        book = book_of(books, b)
        show_quotes(book, rows[b])
        if rules.burn_in_events == 0:
            begin(book, rows[b])
        publish(view, rows[b], b)
        if rows[b].shocked:
            publish_tilts(tilts, rows[b], table, b)
