"""Many markets at once: books, clocks, shocks and the record, driven by proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from engine.agenda import compile_agenda
from engine.book import OrderBooks, book_of
from engine.ensemble import PathEnsemble
from engine.matching import OUT_OF_RANGE
from engine.recorder import Recorder
from engine.seeding import BookSeed
from engine.shocks.plan import ShockPlan
from engine.stepping import (
    NOT_YET,
    ROW,
    Counter,
    ProposalArrays,
    Rules,
    TiltArrays,
    ViewArrays,
    World,
    begin,
    show_quotes,
    show_tilts,
    step,
)
from engine.tilts import compile_tilts
from model.events import EventsMeta, Float64, Int64
from model.order_flow import Bools, MarketView, Proposals, Tilts


class MarketSimulator:
    """B independent markets, each with its own book, clock and record.

    One call of `step` moves every active path by one event at most: an order or operation of the
    shock plan if one is due before the model's proposal (which is then dropped: the model proposes
    again, with the same draw), else the proposal. Paths do not know of each other: a path is the
    same, bit for bit, in whatever batch it runs.

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
    shocked : bool [B], paths on which the plan acts; None: all
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
        self._active = count
        self._tilts = Tilts.neutral(count)
        self._recorder = Recorder(count)
        self._books = OrderBooks(count)
        plan = ShockPlan.empty() if plan is None else plan
        rows = np.zeros(count, ROW)
        rows["path"] = self.paths
        rows["origin_ns"] = NOT_YET
        rows["shocked"] = True if shocked is None else shocked
        self._world = World(
            books=self._books.arrays,
            market=ViewArrays(*(getattr(self.view, name) for name in ViewArrays._fields)),
            tilts=TiltArrays(*(getattr(self._tilts, f.name) for f in fields(Tilts))),
            rows=rows,
            counters=np.zeros((count, len(Counter)), np.int64),
            log=self._recorder.log,
            used=self._recorder.used,
            table=compile_tilts(plan),
            entries=compile_agenda(plan),
            rules=Rules(seed, horizon_ns, max_events, burn_in_events),
        )
        for b, one in enumerate(seeds):
            self._books.load(one, b)
            self.view.time_ns[b] = rows[b]["last_ns"] = one.time_ns
            self.view.open_ticks[b] = one.mid_ticks if open_ticks is None else open_ticks[b]
        self._world = self._world._replace(books=self._books.arrays)
        for b in range(count):
            show_quotes(self._world.market, book_of(self._books.arrays, b), b)
            if burn_in_events == 0:
                begin(self._world, b)
                show_tilts(self._world, b)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def done(self) -> bool:
        """Whether every path has reached its horizon or was cut."""
        return self._active == 0

    @property
    def recorded(self) -> Int64:
        """Events recorded so far by each path, burn-in excluded: int64 [B]."""
        return self._world.rows["recorded"].copy()

    @property
    def fraction(self) -> float:
        """Share of the work that is done, 0..1: of the horizon, or of `max_events` if nearer."""
        rows, rules = self._world.rows, self._world.rules
        begun = rows["origin_ns"] != NOT_YET
        passed = np.where(begun, self.view.time_ns - rows["origin_ns"], 0) / rules.horizon_ns
        done = np.maximum(passed, rows["recorded"] / rules.max_events)
        return float(np.where(self.view.active, np.minimum(done, 1.0), 1.0).mean())

    def tilts(self) -> Tilts:
        """Tilts of each path now; the arrays are updated in place by `step`."""
        return self._tilts

    def step(self, proposals: Proposals) -> None:
        """Execute the proposals, or what the shock plan has due before them; update `view`."""
        columns = ProposalArrays(
            proposals.dt_ns,
            proposals.action,
            proposals.side,
            proposals.price_ticks,
            proposals.size,
        )
        self._active, executed, full_log, full_book = step(self._world, columns)
        self.executed += executed
        if full_log:
            self._recorder.flush()
        if full_book:
            self._books.make_room()
            self._world = self._world._replace(books=self._books.arrays)

    def counters(self, rows: Sequence[int] | Int64) -> dict[str, int]:
        """What was counted on some paths (their positions in the batch), burn-in excluded."""
        at = np.asarray(rows, np.int64)
        total = self._world.counters[at].sum(axis=0)
        counted = {counter.name.lower(): int(total[counter]) for counter in Counter}
        return counted | {"out_of_range": int(self._books.arrays.state[at, OUT_OF_RANGE].sum())}

    def ensemble(self, rows: Sequence[int] | Int64) -> PathEnsemble:
        """The record of some paths (their positions in the batch).

        Paths that are still under way are given as far as they have come.
        """
        at = np.asarray(rows, np.int64)
        events, offsets = self._recorder.collect(at)
        state = self._world.rows[at]
        begun = state["origin_ns"] != NOT_YET
        reached = np.where(begun, self.view.time_ns[at] - state["origin_ns"], 0)
        over = ~self.view.active[at]
        quotes = ("bid_ticks", "ask_ticks", "bid_size", "ask_size")
        return PathEnsemble(
            meta=self.meta,
            paths=self.paths[at],
            offsets=offsets,
            **{name: np.ascontiguousarray(events[name]) for name in events.dtype.names or ()},
            **{
                f"start_{name}": np.where(
                    begun, state[f"start_{name}"], getattr(self.view, name)[at]
                )
                for name in quotes
            },
            end_ns=np.where(over, state["end_ns"], reached),
            counters=self.counters(at),
        )
