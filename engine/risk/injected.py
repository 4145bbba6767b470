"""Which rows of an ensemble are the orders of a shock, and what they traded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.ensemble import PathEnsemble
from engine.risk.paths import last_rows, mids_at, path_positions, sum_by_path
from model.events import Action, Float64
from model.order_flow import Bools


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


def sent_by(ensemble: PathEnsemble, parent: int) -> Bools:
    """Rows that are orders of shock number `parent`."""
    return np.asarray((ensemble.parent == parent) & (ensemble.action == Action.ADD))


def parent_fills(
    shocked: PathEnsemble,
    baseline: PathEnsemble,
    parent: int,
    requested: float,
    start_ns: int,
    horizon_ns: int,
) -> ParentFills:
    """Fills up to `horizon_ns` of the orders that shock number `parent` sent from `start_ns` on."""
    rows = np.flatnonzero(sent_by(shocked, parent) & (shocked.time_ns <= horizon_ns))
    count = len(shocked)
    paths, times = path_positions(shocked)[rows], shocked.time_ns[rows]
    filled = shocked.traded_size[rows].astype(np.float64)
    twin = mids_at(baseline, paths, last_rows(baseline, paths, times))
    everyone = np.arange(count)
    start = np.full(count, min(start_ns, horizon_ns))
    arrival = mids_at(shocked, everyone, last_rows(shocked, everyone, start, before=True))
    return ParentFills(
        requested=requested,
        filled=sum_by_path(paths, filled, count),
        paid=sum_by_path(paths, shocked.traded_value[rows], count),
        arrival_ticks=arrival,
        twin_value=sum_by_path(paths, filled * twin, count),
    )
