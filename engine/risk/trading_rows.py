"""Rows of the risk table about trading: price impact, the cost of parent orders, venue rules."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.ensemble import PathEnsemble
from engine.risk.estimate import Estimate
from engine.risk.how_many_paths import paths_for_a_tenth
from engine.risk.injected import parent_fills
from engine.risk.liquidation_cost import shortfall_bp, unfilled_share
from engine.risk.paths import PairedPaths, path_positions
from engine.risk.price_impact import amihud, impact_moments, impact_slope
from engine.risk.proportion import share_of_paths
from engine.risk.row import Measure, RiskRow, mean
from engine.shocks import Liquidation, PriceBands
from model.catalogue import load_catalogue
from model.events import NS_PER_S, Float64, Side

IMPACT_STEP_S = 10  # price impact is measured on intervals of so many seconds
PER_SIZE = 100.0  # Kyle's lambda is shown for so many shares


def impact_measures(paths: PairedPaths) -> Iterator[Measure]:
    """How far trading moves the price in each arm."""
    run = paths.run
    steps = len(paths.grid_ns[::IMPACT_STEP_S]) - 1
    if steps < 1:
        return
    profile = run.profile
    known = load_catalogue().get(profile.asset)
    unit = profile.tick_size * (known.lot if known else 1.0)  # a tick x size, in currency
    mids = [arm.mid_ticks[:, ::IMPACT_STEP_S] for arm in paths.arms]
    values, volumes = [], []
    for arm in (run.baseline, run.shocked):
        sign = np.where(arm.side == Side.BUY, 1.0, -1.0)
        values.append(unit * _in_steps(arm, arm.traded_value, steps))
        volumes.append(_in_steps(arm, sign * arm.traded_size, steps))
    every = f"{IMPACT_STEP_S}-second intervals"
    yield Measure(
        "amihud", "Amihud's illiquidity",
        f"mean over paths of the mean of |return of the mid| over traded value, {every} in which"
        " something traded", f"bp a million {profile.currency}", mean,
        amihud(mids[1], values[1]), amihud(mids[0], values[0]),
    )  # fmt: skip
    yield Measure(
        "kyle_lambda", "Kyle's lambda",
        "slope, by least squares, of the change of the mid on what aggressive orders bought less"
        f" what they sold, {every} of all paths; positive where buying moves the price up",
        f"ticks for {PER_SIZE:g} {profile.size_unit}",
        lambda moments: PER_SIZE * impact_slope(moments),
        impact_moments(mids[1], volumes[1]), impact_moments(mids[0], volumes[0]),
    )  # fmt: skip


def _in_steps(ensemble: PathEnsemble, values: Float64, steps: int) -> Float64:
    """Sum of a column over each interval of each path: float64 [P, steps]."""
    at = (ensemble.time_ns - 1).clip(0) // (IMPACT_STEP_S * NS_PER_S)
    inside = at < steps
    cell = path_positions(ensemble)[inside] * steps + at[inside]
    count = len(ensemble) * steps
    sums = np.bincount(cell, values[inside], count)
    return np.asarray(sums.reshape(len(ensemble), steps), np.float64)


def liquidation_measures(paths: PairedPaths) -> Iterator[Measure]:
    """What it cost to sell or buy what each liquidation was to trade."""
    run = paths.run
    parents = [
        (position, shock)
        for position, shock in enumerate(run.spec.scenario.shocks)
        if isinstance(shock, Liquidation)
    ]
    for position, shock in parents:
        if not run.spec.scenario.acts_on(position, run.profile.asset):
            continue
        start_ns = round(shock.start_s * NS_PER_S)
        sent = paths.plan.order_size[
            (paths.plan.order_parent == position) & (paths.plan.order_time_ns <= paths.horizon_ns)
        ].sum()
        if shock.participation is not None and run.spec.intensity > 0.0:
            sent = shock.total_shares(shock.own(run.spec.intensity), run.profile)
        fills = parent_fills(
            run.shocked, run.baseline, position, float(sent), start_ns, paths.horizon_ns
        )
        if fills.requested == 0:
            continue
        key, which = "liquidation", "Liquidation"
        if len(parents) > 1:
            key, which = f"liquidation_{position}", f"Liquidation (shock {position})"
        side = Side[shock.side.upper()]
        for suffix, against, benchmark in (
            ("cost_bp", "arrival", fills.filled * fills.arrival_ticks),
            ("twin_cost_bp", "the unshocked path", fills.twin_value),
        ):
            yield Measure(
                f"{key}_{suffix}", f"{which}: cost against {against}",
                "mean over paths of the implementation shortfall of the filled shares against the"
                + (" mid before the first slice" if against == "arrival"
                   else " mid of the unshocked path at the time of each slice"),
                "bp", mean,
                shortfall_bp(side, fills.filled, fills.paid, benchmark, fills.arrival_ticks),
            )  # fmt: skip
        yield Measure(
            f"{key}_unfilled", f"{which}: unfilled",
            "mean over paths of the share of the parent order that did not trade", "share",
            mean, unfilled_share(fills.requested, fills.filled),
        )  # fmt: skip


def venue_rows(paths: PairedPaths, confidence: float) -> Iterator[RiskRow]:
    """Shares of paths on which price bands bit, where a scenario has them."""
    shocked = paths.run.shocked
    if not any(isinstance(shock, PriceBands) for shock in paths.run.spec.scenario.shocks):
        return
    for key, name in (("limit_states", "limit state"), ("pauses", "pause")):
        if key in shocked.by_path:
            happened = (shocked.by_path[key] > 0).astype(np.float64)
            events = int(happened.sum())
            yield RiskRow(
                measure=f"paths_with_{key}", label=f"Paths with a {name}",
                definition=f"share of shocked paths with at least one {name}; Wilson interval",
                unit="share", n=len(shocked),
                shocked=Estimate.of(share_of_paths(events, len(shocked), confidence)),
                paths_needed=paths_for_a_tenth(mean, happened, seed=paths.run.spec.seed),
            )  # fmt: skip
