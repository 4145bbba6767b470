"""One quantity that a shock was asked to change, and how it is measured in the paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.ensemble import Origin, PathEnsemble
from engine.risk.bootstrap import Statistic
from engine.risk.paths import PairedPaths, path_positions, sum_by_path
from model.events import NS_PER_S, Float64, Int64
from model.order_flow import Bools

Sense = Literal["equal", "at most", "at least"]
Window = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Quantity:
    """What a shock's achievement is estimated from; a row of each sample is a path."""

    name: str
    definition: str
    unit: str
    asked: float | None
    statistic: Statistic
    samples: tuple[Float64, ...]
    sense: Sense = "equal"


def ratio_of_sums(numerator: Float64, denominator: Float64) -> Float64:
    """Sum over paths of one over that of the other, [r, n] -> [r]; NaN over zero."""
    above, below = numerator.sum(axis=1), denominator.sum(axis=1)
    empty = np.full(below.shape, np.nan)
    return np.asarray(np.divide(above, below, out=empty, where=below > 0))


def ratio_of_ratios(a: Float64, b: Float64, base_a: Float64, base_b: Float64) -> Float64:
    """A ratio of sums over paths, over the base ratio, [r, n] -> [r]; NaN where one is zero."""
    return ratio_of_sums(a, b) * ratio_of_sums(base_b, base_a)


def mean_of_paths(values: Float64) -> Float64:
    """Mean over the paths on which it is defined, [r, n] -> [r]; NaN where it is on none."""
    defined = np.isfinite(values)
    return ratio_of_sums(np.where(defined, values, 0.0), defined.astype(np.float64))


def rows_in(ensemble: PathEnsemble, mask: Bools, window_s: Window, horizon_ns: int) -> Int64:
    """Rows in a window, up to the horizon, of those in `mask`."""
    start, end = window_s[0] * NS_PER_S, min(window_s[1] * NS_PER_S, horizon_ns)
    return np.flatnonzero(mask & (ensemble.time_ns >= start) & (ensemble.time_ns < end))


def totals(
    ensemble: PathEnsemble,
    mask: Bools,
    window_s: Window,
    horizon_ns: int,
    values: Int64 | Float64 | None = None,
) -> Float64:
    """Sum of `values` (None: number) of each path's rows in `mask` and window: float64 [P]."""
    rows = rows_in(ensemble, mask, window_s, horizon_ns)
    weight = np.ones(len(rows)) if values is None else values[rows]
    return sum_by_path(path_positions(ensemble)[rows], weight, len(ensemble))


def flow(ensemble: PathEnsemble) -> Bools:
    """Rows that the model wrote."""
    return np.asarray(ensemble.origin == Origin.MODEL)


def account(paths: PairedPaths, position: int, column: int) -> Float64:
    """A column of what shock number `position` did on each path, see `engine.path_state`."""
    accounts = paths.run.shocked.accounts
    if position >= accounts.shape[1]:
        return np.zeros(len(paths.run.shocked))
    return np.asarray(accounts[:, position, column])


def compared(
    paths: PairedPaths,
    window_s: Window,
    name: str,
    asked: float | None,
    kind: int,
    *,
    resting: bool | None = None,
    side: int | None = None,
) -> Quantity:
    """Events of the flow of one action a second, over those of the unshocked paths.

    `resting`: of new orders, those that do not trade on arrival (True), that do (False), or all.
    """
    counts = []
    for arm in (paths.run.shocked, paths.run.baseline):
        mask = flow(arm) & (arm.action == kind)
        if resting is not None:
            mask &= (arm.traded_size == 0) == resting
        if side is not None:
            mask &= arm.side == side
        counts.append(totals(arm, mask, window_s, paths.horizon_ns))
    return Quantity(
        name, "number in the window over that of the unshocked paths in the same seconds", "ratio",
        asked, ratio_of_sums, tuple(counts),
    )  # fmt: skip
