"""The two arms of a run side by side, sampled on one clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from engine.ensemble import PathEnsemble
from engine.shocks import ShockPlan
from engine.spec import RunSpec
from model.events import NS_PER_S, Float64, Int64
from model.profile import AssetProfile

STEP_NS = NS_PER_S  # of the common grid


class PairedRun(Protocol):
    """What the measures need of an `engine.rollout.StressRun`."""

    @property
    def spec(self) -> RunSpec:
        """What was asked."""
        ...

    @property
    def profile(self) -> AssetProfile:
        """The asset."""
        ...

    @property
    def baseline(self) -> PathEnsemble:
        """The unshocked arm."""
        ...

    @property
    def shocked(self) -> PathEnsemble:
        """The shocked arm, the same paths in the same order."""
        ...


@dataclass(frozen=True, eq=False)
class QuoteSample:
    """Quotes of P paths at T times, the last known before or at each time: float64 [P, T].

    `touch_depth` is the size at the best bid plus the size at the best ask, shares.
    """

    mid_ticks: Float64
    spread_ticks: Float64
    touch_depth: Float64


def path_positions(ensemble: PathEnsemble) -> Int64:
    """For each row the position of its path: int64 [n]."""
    return np.repeat(np.arange(len(ensemble)), np.diff(ensemble.offsets))


def sum_by_path(paths: Int64, values: Int64 | Float64, count: int) -> Float64:
    """Sum of the values of each path's rows; `paths` are positions: float64 [count]."""
    return np.asarray(np.bincount(paths, values, count), np.float64)


def last_rows(
    ensemble: PathEnsemble, paths: Int64, times_ns: Int64, *, before: bool = False
) -> Int64:
    """The last row of a path at or before (`before`: strictly before) a time.

    Parameters
    ----------
    paths, times_ns : int64, positions of paths and times, broadcast against each other

    Returns
    -------
    int64, of the common shape; offsets[path] - 1 where the path has no such row
    """
    # One search for all paths: times are made to increase from path to path.
    span = 2 + max(int(times_ns.max(initial=0)), int(ensemble.time_ns.max(initial=0)))
    keys = path_positions(ensemble) * span + ensemble.time_ns
    rows = np.searchsorted(keys, paths * span + times_ns, "left" if before else "right")
    return np.asarray(rows - 1)


def mids_at(ensemble: PathEnsemble, paths: Int64, rows: Int64) -> Float64:
    """Mid after the rows that `last_rows` gave for `paths`, ticks."""
    bid = _after_rows(ensemble, "bid_ticks", paths, rows)
    return 0.5 * (bid + _after_rows(ensemble, "ask_ticks", paths, rows))


def sample_quotes(ensemble: PathEnsemble, times_ns: Int64) -> QuoteSample:
    """Quotes of every path at the given times, ns after the start of the horizon."""
    sampled = []
    for part in ensemble.parts():
        paths = np.arange(len(part))[:, None]
        rows = last_rows(part, paths, times_ns)
        names = ("bid_ticks", "ask_ticks", "bid_size", "ask_size")
        sampled.append([_after_rows(part, name, paths, rows) for name in names])
    bid, ask, bid_size, ask_size = (np.concatenate(own) for own in zip(*sampled, strict=True))
    return QuoteSample(0.5 * (bid + ask), ask - bid, bid_size + ask_size)


def _after_rows(ensemble: PathEnsemble, column: str, paths: Int64, rows: Int64) -> Float64:
    """A quote column after the given rows; a path without a row yet has its starting quote."""
    flat, start = getattr(ensemble, column), getattr(ensemble, f"start_{column}")
    known = np.append(flat, 0)[rows]  # row -1 meets the appended 0 and is replaced
    return np.where(rows < ensemble.offsets[paths], start[paths], known).astype(np.float64)


@dataclass(frozen=True, eq=False)
class PairedPaths:
    """Both arms of a run up to the time that every path of both has reached.

    Where paths were cut by `max_events` the horizon is shortened for all: to leave out the busiest
    paths would flatter the result.
    """

    run: PairedRun

    def __post_init__(self) -> None:
        if not np.array_equal(self.run.baseline.paths, self.run.shocked.paths):
            raise ValueError("the arms of a run must hold the same paths in the same order")

    @cached_property
    def horizon_ns(self) -> int:
        """Time reached by every path of both arms."""
        return min(self.run.baseline.horizon_ns, self.run.shocked.horizon_ns)

    @cached_property
    def cut(self) -> int:
        """Paths of either arm that did not reach the horizon that was asked for."""
        asked = round(self.run.spec.horizon_s * NS_PER_S)
        return int(np.sum((self.run.baseline.end_ns < asked) | (self.run.shocked.end_ns < asked)))

    @cached_property
    def grid_ns(self) -> Int64:
        """0, 1, 2, ... seconds up to the horizon: int64 [T]."""
        return np.arange(0, self.horizon_ns + 1, STEP_NS)

    @cached_property
    def plan(self) -> ShockPlan:
        """The compiled scenario."""
        spec = self.run.spec
        return spec.scenario.compile(spec.intensity, self.run.profile, spec.horizon_s)

    @cached_property
    def arms(self) -> tuple[QuoteSample, QuoteSample]:
        """Unshocked and shocked quotes on the grid."""
        return (
            sample_quotes(self.run.baseline, self.grid_ns),
            sample_quotes(self.run.shocked, self.grid_ns),
        )

    @cached_property
    def returns_bp(self) -> tuple[Float64, Float64]:
        """Simple return of the mid over the horizon, bp [P], unshocked and shocked."""
        ends = np.array([0, self.horizon_ns])
        unshocked, shocked = (
            mid_returns_bp(sample_quotes(arm, ends).mid_ticks)[:, -1]
            for arm in (self.run.baseline, self.run.shocked)
        )
        return unshocked, shocked

    def grid_slice(self, window_s: tuple[float, float]) -> slice:
        """The grid points in a window; empty where the window lies beyond the horizon."""
        start, stop = np.searchsorted(self.grid_ns, np.array(window_s) * NS_PER_S, "left")
        return slice(int(start), int(stop))


def mid_returns_bp(mid_ticks: Float64) -> Float64:
    """Simple returns since the first sample, bp, same shape [..., T]."""
    return np.asarray(1e4 * (mid_ticks / mid_ticks[..., :1] - 1.0))
