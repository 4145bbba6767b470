"""Requested against achieved: what each shock asked for, and what the paths show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.ensemble import Origin, PathEnsemble
from engine.risk.bootstrap import Statistic, bootstrap_interval
from engine.risk.estimate import Estimate
from engine.risk.injected import parent_fills
from engine.risk.liquidity import usual_depth
from engine.risk.paths import PairedPaths, PairedRun, path_positions, sum_by_path
from engine.shocks import ActivityBurst, Liquidation, LiquidityWithdrawal, OrderFlowImbalance
from model.events import NS_PER_S, Action, Float64, Side
from model.order_flow import Bools

TOLERANCE = 0.1  # relative; the achieved agrees if it is so near, or its interval covers the asked


class AchievedRow(BaseModel):
    """One quantity of one shock. `asked` is None for what is shown but was not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shock: int  # position in the scenario
    kind: str
    quantity: str
    definition: str
    unit: str
    asked: float | None
    achieved: Estimate
    agrees: bool | None  # None: nothing was asked, or nothing could be measured
    n: int
    note: str = ""


@dataclass(frozen=True, eq=False)
class _Quantity:
    """What a shock's achievement is estimated from; a row of each sample is a path."""

    name: str
    definition: str
    unit: str
    asked: float | None
    statistic: Statistic
    samples: tuple[Float64, ...]


def requested_against_achieved(
    run: PairedRun, resamples: int = 1000, *, confidence: float = 0.95
) -> tuple[AchievedRow, ...]:
    """Rows for each shock of the scenario, with bootstrap intervals over paths.

    What a shock achieves is measured in its own window, or, where it ramps, while it is in full
    force. Other shocks that act in the same window show in it, and so does the answer of the flow
    to the market it meets. A run of intensity 0 has no rows.
    """
    if run.spec.intensity == 0.0:
        return ()
    paths = PairedPaths(run)
    shocks = run.spec.scenario.shocks
    rows = []
    for position, shock in enumerate(shocks):
        start, end = shock.window_s
        others = [other.window_s for other in shocks[:position] + shocks[position + 1 :]]
        notes = []
        if any(s < end and start < e for s, e in others):
            notes.append("other shocks act in the same window")
        if end * NS_PER_S > paths.horizon_ns:
            notes.append("the paths end before the window does")
        for quantity in _QUANTITIES[type(shock)](paths, position, shock):
            achieved = Estimate.of(
                bootstrap_interval(
                    quantity.statistic, *quantity.samples,
                    resamples=resamples, confidence=confidence, seed=run.spec.seed,
                )
            )  # fmt: skip
            rows.append(
                AchievedRow(
                    shock=position, kind=shock.kind, quantity=quantity.name,
                    definition=quantity.definition, unit=quantity.unit, asked=quantity.asked,
                    achieved=achieved, agrees=agrees(quantity.asked, achieved),
                    n=len(quantity.samples[0]), note="; ".join(notes),
                )
            )  # fmt: skip
    return tuple(rows)


def agrees(asked: float | None, achieved: Estimate) -> bool | None:
    """Whether the interval covers what was asked, or the value is within `TOLERANCE` of it."""
    if asked is None or achieved.value is None:
        return None
    near = abs(achieved.value - asked) <= TOLERANCE * abs(asked)
    if achieved.lower is None or achieved.upper is None:
        return near
    return near or achieved.lower <= asked <= achieved.upper


def ratio_of_sums(numerator: Float64, denominator: Float64) -> Float64:
    """Sum over paths of one over that of the other, [r, n] -> [r]; NaN over zero."""
    above, below = numerator.sum(axis=1), denominator.sum(axis=1)
    empty = np.full(below.shape, np.nan)
    return np.asarray(np.divide(above, below, out=empty, where=below > 0))


def odds_ratio(yes: Float64, no: Float64, base_yes: Float64, base_no: Float64) -> Float64:
    """Odds of sums over paths, over the base odds, [r, n] -> [r]; NaN where a sum is zero."""
    return ratio_of_sums(yes, no) * ratio_of_sums(base_no, base_yes)


def _counts(
    ensemble: PathEnsemble, mask: Bools, window_s: tuple[float, float], horizon_ns: int
) -> Float64:
    """Rows of each path in a window, up to the horizon, of those in `mask`: float64 [P]."""
    start, end = window_s[0] * NS_PER_S, min(window_s[1] * NS_PER_S, horizon_ns)
    rows = np.flatnonzero(mask & (ensemble.time_ns >= start) & (ensemble.time_ns < end))
    return sum_by_path(path_positions(ensemble)[rows], np.ones(len(rows)), len(ensemble))


def _liquidation(paths: PairedPaths, position: int, shock: Liquidation) -> Iterator[_Quantity]:
    run = paths.run
    fills = parent_fills(run.shocked, run.baseline, paths.plan, position, paths.horizon_ns)
    usual = run.profile.volume_per_s * shock.duration_s
    yield _Quantity(
        "executed share of usual volume",
        "shares that the parent order traded over the volume usually traded in the window",
        "share",
        shock.total_shares(run.spec.intensity, run.profile) / usual,
        ratio_of_sums,
        (fills.filled, np.full(len(fills.filled), usual)),
    )
    start, end = (bound * NS_PER_S for bound in shock.window_s)
    rows = np.flatnonzero((run.shocked.time_ns >= start) & (run.shocked.time_ns < end))
    traded = sum_by_path(
        path_positions(run.shocked)[rows], run.shocked.traded_size[rows], len(run.shocked)
    )
    yield _Quantity(
        "participation",
        "shares that the parent order traded over all shares traded in the window",
        "share",
        None,
        ratio_of_sums,
        (fills.filled, traded),
    )


def _withdrawal(
    paths: PairedPaths, position: int, shock: LiquidityWithdrawal
) -> Iterator[_Quantity]:
    run, intensity = paths.run, paths.run.spec.intensity
    if shock.share > 0.0:
        yield _removed(paths, shock)
    if shock.limit_keep == 1.0:
        return
    shocked, unshocked = (
        _counts(
            arm,
            (arm.origin == Origin.MODEL) & (arm.action == Action.ADD) & (arm.traded_size == 0),
            shock.window_s,
            paths.horizon_ns,
        )
        for arm in (run.shocked, run.baseline)
    )
    yield _Quantity(
        "new limit orders a second",
        "new orders that do not trade on arrival, over those of the unshocked paths in the same"
        " seconds",
        "ratio",
        shock.limit_keep**intensity,
        ratio_of_sums,
        (shocked, unshocked),
    )


def _removed(paths: PairedPaths, shock: LiquidityWithdrawal) -> _Quantity:
    shocked, profile = paths.run.shocked, paths.run.profile
    first = shocked.time_ns == round(shock.start_s * NS_PER_S)
    first &= (shocked.origin == Origin.SHOCK) & (shocked.action == Action.CANCEL)
    sides = list(Side) if shock.sides == "both" else [Side[shock.sides.upper()]]
    rows = np.flatnonzero(first & np.isin(shocked.side, sides))
    taken = sum_by_path(path_positions(shocked)[rows], shocked.size[rows], len(shocked))
    usual = len(sides) * usual_depth(profile, shock.distance_ticks(profile))
    return _Quantity(
        "depth removed, share of usual",
        "shares that the first withdrawal took over those that usually rest within its reach",
        "share",
        shock.share_at(paths.run.spec.intensity),
        ratio_of_sums,
        (taken, np.full(len(taken), usual)),
    )


def _imbalance(paths: PairedPaths, position: int, shock: OrderFlowImbalance) -> Iterator[_Quantity]:
    run = paths.run
    favoured = Side[shock.direction.upper()]
    other = Side(1 - favoured)
    asked = shock.factor**run.spec.intensity
    # What is cancelled depends on what rests, and so follows what was added: the tilt of cancels
    # cannot be read off their sides, which are shown but not held against what was asked.
    for action, side, name, wanted in (
        (Action.ADD, favoured, f"odds that a new order is a {favoured.name.lower()} order", asked),
        (Action.CANCEL, other, f"odds that a cancel takes a {other.name.lower()} order", None),
    ):
        counts = [
            _counts(
                arm,
                (arm.origin == Origin.MODEL) & (arm.action == action) & mask,
                shock.plateau_s,
                paths.horizon_ns,
            )
            for arm in (run.shocked, run.baseline)
            for mask in (arm.side == side, arm.side != side)
        ]
        yield _Quantity(
            name,
            "odds at full force of the shock over those of the unshocked paths in the same seconds",
            "ratio",
            wanted,
            odds_ratio,
            tuple(counts),
        )


def _burst(paths: PairedPaths, position: int, shock: ActivityBurst) -> Iterator[_Quantity]:
    run = paths.run
    shocked, unshocked = (
        _counts(arm, arm.origin == Origin.MODEL, shock.plateau_s, paths.horizon_ns)
        for arm in (run.shocked, run.baseline)
    )
    yield _Quantity(
        "events a second",
        "events of the flow over those of the unshocked paths in the same seconds",
        "ratio",
        shock.factor**run.spec.intensity,
        ratio_of_sums,
        (shocked, unshocked),
    )


_QUANTITIES: dict[type, Callable[[PairedPaths, int, Any], Iterator[_Quantity]]] = {
    ActivityBurst: _burst,
    Liquidation: _liquidation,
    LiquidityWithdrawal: _withdrawal,
    OrderFlowImbalance: _imbalance,
}
