"""Which rows of an ensemble are which orders of the plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.ensemble import Origin, PathEnsemble
from engine.risk.paths import last_rows, mids_at, path_positions, sum_by_path
from engine.shocks import ShockPlan
from model.events import Action, Float64, Int64


@dataclass(frozen=True, eq=False)
class ParentFills:
    """Fills of one parent order: float64 [P], a value a path.

    Attributes
    ----------
    requested : shares that were to be sent until the end of the horizon
    filled : shares traded
    paid : ticks x shares
    arrival_ticks : mid just before the parent order started
    twin_value : ticks x shares, the same fills at the twin's mid of the same time
    """

    requested: float
    filled: Float64
    paid: Float64
    arrival_ticks: Float64
    twin_value: Float64


def injected_orders(ensemble: PathEnsemble, plan: ShockPlan) -> tuple[Int64, Int64]:
    """Rows that executed an order of the plan, and the position of that order in the plan.

    An order is executed at its own time; orders of the same time are executed in plan order.
    """
    sent = (ensemble.origin == Origin.SHOCK) & (ensemble.action == Action.ADD)
    rows = np.flatnonzero(sent)
    times = ensemble.time_ns[rows]
    order = np.searchsorted(plan.order_time_ns, times, side="left")
    paths = path_positions(ensemble)[rows]
    first = np.r_[True, (np.diff(paths) != 0) | (np.diff(times) != 0)][: len(rows)]
    group_start = np.maximum.accumulate(np.where(first, np.arange(len(rows)), 0))
    order += np.arange(len(rows)) - group_start
    known = order < len(plan.order_time_ns)
    rows, order, times = rows[known], order[known], times[known]
    matched = plan.order_time_ns[order] == times
    return rows[matched], order[matched]


def parent_fills(
    shocked: PathEnsemble, baseline: PathEnsemble, plan: ShockPlan, parent: int, horizon_ns: int
) -> ParentFills:
    """Fills up to `horizon_ns` of the orders that shock number `parent` sent."""
    own = (plan.order_parent == parent) & (plan.order_time_ns <= horizon_ns)
    rows, order = injected_orders(shocked, plan)
    rows = rows[own[order]]
    count = len(shocked)
    paths, times = path_positions(shocked)[rows], shocked.time_ns[rows]
    filled = shocked.traded_size[rows].astype(np.float64)
    twin = mids_at(baseline, paths, last_rows(baseline, paths, times))
    start = np.full(count, plan.order_time_ns[own].min(initial=horizon_ns))
    everyone = np.arange(count)
    arrival = mids_at(shocked, everyone, last_rows(shocked, everyone, start, before=True))
    return ParentFills(
        requested=float(plan.order_size[own].sum()),
        filled=sum_by_path(paths, filled, count),
        paid=sum_by_path(paths, shocked.traded_value[rows], count),
        arrival_ticks=arrival,
        twin_value=sum_by_path(paths, filled * twin, count),
    )
