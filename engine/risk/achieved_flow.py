"""What shocks of the flow achieved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.ensemble import PathEnsemble
from engine.path_state import ASKED, DONE
from engine.risk.paths import PairedPaths
from engine.risk.quantity import (
    Quantity,
    Window,
    account,
    compared,
    flow,
    mean_of_paths,
    ratio_of_ratios,
    ratio_of_sums,
    totals,
)
from engine.shocks import (
    ActivityBurst,
    CancelWave,
    LiquidityTier,
    LiquidityWithdrawal,
    OneSidedMarket,
    OrderFlowImbalance,
    Reweighting,
    SizeInflation,
    Volatility,
)
from model.events import Action, Float64, Side

AT_FORCE = "at full force of the shock over that of the unshocked paths in the same seconds"


def burst(paths: PairedPaths, position: int, shock: ActivityBurst) -> Iterator[Quantity]:
    """Events a second."""
    yield _rate(paths, shock.plateau_s, shock.factor ** shock.own(paths.run.spec.intensity))


def _rate(paths: PairedPaths, window_s: Window, asked: float) -> Quantity:
    shocked, unshocked = (
        totals(arm, flow(arm), window_s, paths.horizon_ns)
        for arm in (paths.run.shocked, paths.run.baseline)
    )
    return Quantity(
        "events a second", "events of the flow " + AT_FORCE, "ratio", asked, ratio_of_sums,
        (shocked, unshocked),
    )  # fmt: skip


def imbalance(paths: PairedPaths, position: int, shock: OrderFlowImbalance) -> Iterator[Quantity]:
    """Odds of the sides of new orders and of cancels."""
    favoured = Side[shock.direction.upper()]
    asked = shock.factor ** shock.own(paths.run.spec.intensity)
    # What is cancelled depends on what rests, and so follows what was added: the tilt of cancels
    # cannot be read off their sides, which are shown but not held against what was asked.
    yield _side_odds(paths, shock.plateau_s, Action.ADD, favoured, asked)
    yield _side_odds(paths, shock.plateau_s, Action.CANCEL, Side(1 - favoured), None)


def _side_odds(
    paths: PairedPaths, window_s: Window, action: Action, side: Side, asked: float | None
) -> Quantity:
    counts = [
        totals(arm, flow(arm) & (arm.action == action) & mask, window_s, paths.horizon_ns)
        for arm in (paths.run.shocked, paths.run.baseline)
        for mask in (arm.side == side, arm.side != side)
    ]
    what = "a new order is" if action == Action.ADD else "a cancel takes"
    return Quantity(
        f"odds that {what} a {side.name.lower()} order", "odds " + AT_FORCE, "ratio", asked,
        ratio_of_ratios, tuple(counts),
    )  # fmt: skip


def size_inflation(paths: PairedPaths, position: int, shock: SizeInflation) -> Iterator[Quantity]:
    """Mean size of new orders."""
    yield _mean_size(paths, shock.plateau_s, shock.factor ** shock.own(paths.run.spec.intensity))


def _mean_size(paths: PairedPaths, window_s: Window, asked: float | None) -> Quantity:
    samples: list[Float64] = []
    for arm in (paths.run.shocked, paths.run.baseline):
        mask = flow(arm) & (arm.action == Action.ADD) & (arm.traded_size == 0)
        samples.append(totals(arm, mask, window_s, paths.horizon_ns, arm.size))
        samples.append(totals(arm, mask, window_s, paths.horizon_ns))
    return Quantity(
        "mean size of new orders", "of those that do not trade on arrival, " + AT_FORCE, "ratio",
        asked, ratio_of_ratios, tuple(samples),
    )  # fmt: skip


def volatility(paths: PairedPaths, position: int, shock: Volatility) -> Iterator[Quantity]:
    """Distance of new orders, and how many of them cross the spread."""
    intensity = shock.own(paths.run.spec.intensity)
    arms = (paths.run.shocked, paths.run.baseline)
    if shock.depth > 1.0:
        samples: list[Float64] = []
        for arm in arms:
            behind = _ticks_behind(arm)
            mask = flow(arm) & (arm.action == Action.ADD) & (arm.traded_size == 0) & (behind >= 0)
            samples.append(totals(arm, mask, shock.plateau_s, paths.horizon_ns, behind + 1.0))
            samples.append(totals(arm, mask, shock.plateau_s, paths.horizon_ns))
        yield Quantity(
            "mean distance of new limit orders",
            "ticks behind the touch plus one, of orders at the touch or behind it, " + AT_FORCE,
            "ratio", shock.depth**intensity, ratio_of_ratios, tuple(samples),
        )  # fmt: skip
    if shock.crossing > 0.0:
        counts = []
        for arm in arms:
            adds = flow(arm) & (arm.action == Action.ADD)
            for mask in (adds & (arm.traded_size == 0), adds):
                counts.append(totals(arm, mask, shock.plateau_s, paths.horizon_ns))
        yield Quantity(
            "share of limit orders that cross the spread",
            "one less the share of new orders that do not trade on arrival, " + AT_FORCE,
            "share", shock.crossing_at(intensity), _lost, tuple(counts),
        )  # fmt: skip


def _lost(a: Float64, b: Float64, base_a: Float64, base_b: Float64) -> Float64:
    return 1.0 - ratio_of_ratios(a, b, base_a, base_b)


def _ticks_behind(ensemble: PathEnsemble) -> Float64:
    """Ticks from the same-side touch just before each event to its price; positive: behind."""
    behind = np.zeros(len(ensemble.time_ns))
    for side, column, away in ((Side.BUY, "bid_ticks", -1), (Side.SELL, "ask_ticks", 1)):
        touch = getattr(ensemble, column)
        before = np.r_[0, touch[:-1]]
        first = ensemble.offsets[:-1][np.diff(ensemble.offsets) > 0]
        before[first] = getattr(ensemble, f"start_{column}")[np.diff(ensemble.offsets) > 0]
        own = ensemble.side == side
        behind[own] = away * (ensemble.price_ticks - before)[own]
    return behind


def cancel_wave(paths: PairedPaths, position: int, shock: CancelWave) -> Iterator[Quantity]:
    """Cancels and new orders a second."""
    asked = shock.factor ** shock.own(paths.run.spec.intensity)
    side = None if shock.sides == "both" else Side[shock.sides.upper()]
    yield compared(paths, shock.plateau_s, "cancels a second", asked, Action.CANCEL, side=side)
    yield compared(paths, shock.plateau_s, "new orders a second", 1.0, Action.ADD)


def one_sided(paths: PairedPaths, position: int, shock: OneSidedMarket) -> Iterator[Quantity]:
    """What went at once, and the limit orders that still come."""
    intensity = shock.own(paths.run.spec.intensity)
    if shock.share > 0.0:
        yield removed(paths, position, shock.share_at(intensity))
    yield compared(
        paths, shock.plateau_s, f"new {shock.side} limit orders a second",
        shock.limit_keep**intensity, Action.ADD, resting=True, side=Side[shock.side.upper()],
    )  # fmt: skip


def tier(paths: PairedPaths, position: int, shock: LiquidityTier) -> Iterator[Quantity]:
    """Order sizes, events a second, and what was thinned out."""
    intensity = shock.own(paths.run.spec.intensity)
    yield _mean_size(paths, shock.plateau_s, shock.size**intensity)
    yield _rate(paths, shock.plateau_s, shock.rate**intensity)
    if shock.size < 1.0:
        yield removed(paths, position, 1.0 - shock.size**intensity)


def withdrawal(paths: PairedPaths, position: int, shock: LiquidityWithdrawal) -> Iterator[Quantity]:
    """What was taken away, and the limit orders that still come."""
    intensity = shock.own(paths.run.spec.intensity)
    if shock.share > 0.0:
        yield removed(paths, position, shock.share_at(intensity))
    if shock.limit_keep < 1.0:
        yield compared(
            paths, shock.window_s, "new limit orders a second", shock.limit_keep**intensity,
            Action.ADD, resting=True, side=None if shock.sides == "both" else
            Side[shock.sides.upper()],
        )  # fmt: skip


def removed(paths: PairedPaths, position: int, asked: float) -> Quantity:
    """Share of what rested within reach that withdrawals took away."""
    return Quantity(
        "depth removed",
        "shares taken away over those that rested within reach just before, all withdrawals",
        "share", asked, ratio_of_sums,
        (account(paths, position, DONE), account(paths, position, ASKED)),
    )  # fmt: skip


def reweighting(paths: PairedPaths, position: int, shock: Reweighting) -> Iterator[Quantity]:
    """Odds of cancels and of buying, and how far the paths are from the untilted model."""
    intensity, run = shock.own(paths.run.spec.intensity), paths.run
    if shock.cancel != 1.0:
        counts = [
            totals(arm, flow(arm) & (arm.action == action), shock.plateau_s, paths.horizon_ns)
            for arm in (run.shocked, run.baseline)
            for action in (Action.CANCEL, Action.ADD)
        ]
        yield Quantity(
            "odds of a cancel", "cancels over new orders, " + AT_FORCE, "ratio",
            shock.cancel**intensity, ratio_of_ratios, tuple(counts),
        )  # fmt: skip
    if shock.buy != 1.0:
        yield _side_odds(paths, shock.plateau_s, Action.ADD, Side.BUY, shock.buy**intensity)
    if shock.larger != 1.0:
        yield _mean_size(paths, shock.plateau_s, None)
    ratio = run.shocked.by_path.get("log_ratio", np.full(len(run.shocked), np.nan))
    yield Quantity(
        "log-likelihood ratio of a path",
        "log of the probability of what the model drew, tilted over untilted; mean over paths",
        "nats", None, mean_of_paths, (np.asarray(ratio, np.float64),),
    )  # fmt: skip
