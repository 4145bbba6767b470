"""What shocks of the book and rules of the venue achieved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.path_state import ASKED, DONE, FIRST
from engine.risk.achieved_flow import removed
from engine.risk.paths import PairedPaths, path_positions
from engine.risk.quantity import (
    Quantity,
    account,
    flow,
    mean_of_paths,
    ratio_of_sums,
    rows_in,
    totals,
)
from engine.shocks import (
    DepthRemoval,
    MessageThrottle,
    PriceBands,
    PriceGap,
    SpreadWipe,
    TickSize,
    TradingHalt,
)
from model.events import NS_PER_S, Action


def depth_removal(paths: PairedPaths, position: int, shock: DepthRemoval) -> Iterator[Quantity]:
    """Share of what could be taken away that was."""
    yield removed(paths, position, shock.share_at(shock.own(paths.run.spec.intensity)))


def spread_wipe(paths: PairedPaths, position: int, shock: SpreadWipe) -> Iterator[Quantity]:
    """The spread just after."""
    asked = shock.spread_ticks(shock.own(paths.run.spec.intensity), paths.run.profile)
    yield Quantity(
        "spread just after", "mean over the times that it was done", "ticks", float(asked),
        ratio_of_sums, (account(paths, position, DONE), account(paths, position, ASKED)),
        "at least",
    )  # fmt: skip


def price_gap(paths: PairedPaths, position: int, shock: PriceGap) -> Iterator[Quantity]:
    """The jump of the mid."""
    before = account(paths, position, FIRST)
    jump = np.full(len(before), np.nan)
    np.divide(1e4 * account(paths, position, DONE), before, out=jump, where=before > 0)
    yield Quantity(
        "jump of the mid", "move of the mid at that moment", "bp",
        shock.own(paths.run.spec.intensity) * shock.gap_bps, mean_of_paths, (jump,),
    )  # fmt: skip


def tick_size(paths: PairedPaths, position: int, shock: TickSize) -> Iterator[Quantity]:
    """Whether the prices of new orders are those that are allowed."""
    arm, factor = paths.run.shocked, shock.factor_at(shock.own(paths.run.spec.intensity))
    adds = flow(arm) & (arm.action == Action.ADD) & (arm.traded_size == 0)
    allowed = adds & (arm.price_ticks % factor == 0)
    samples = tuple(totals(arm, m, shock.window_s, paths.horizon_ns) for m in (allowed, adds))
    yield Quantity(
        "new orders at allowed prices", "of those that do not trade on arrival", "share", 1.0,
        ratio_of_sums, samples,
    )  # fmt: skip


def price_bands(paths: PairedPaths, position: int, shock: PriceBands) -> Iterator[Quantity]:
    """How often the rule bit."""
    for key, name in (("limit_states", "limit state"), ("pauses", "pause")):
        times = paths.run.shocked.by_path.get(key, np.full(len(paths.run.shocked), np.nan))
        yield Quantity(
            f"paths with a {name}", f"share of paths with at least one {name}", "share", None,
            mean_of_paths, (np.where(np.isfinite(times), np.asarray(times) > 0, np.nan),),
        )  # fmt: skip


def halt(paths: PairedPaths, position: int, shock: TradingHalt) -> Iterator[Quantity]:
    """What trades all the same."""
    start = shock.start_s
    window = (start, start + shock.length_s(shock.own(paths.run.spec.intensity)))
    shocked, unshocked = (
        totals(arm, arm.traded_size > 0, window, paths.horizon_ns, arm.traded_size)
        for arm in (paths.run.shocked, paths.run.baseline)
    )
    yield Quantity(
        "shares traded in the halt", "over those of the unshocked paths in the same seconds",
        "ratio", 0.0, ratio_of_sums, (shocked, unshocked),
    )  # fmt: skip


def throttle(paths: PairedPaths, position: int, shock: MessageThrottle) -> Iterator[Quantity]:
    """The busiest second."""
    arm, intensity = paths.run.shocked, shock.own(paths.run.spec.intensity)
    rows = rows_in(arm, flow(arm), shock.window_s, paths.horizon_ns)
    second = (arm.time_ns[rows] - round(shock.start_s * NS_PER_S)) // NS_PER_S
    seconds = 1 + int(second.max(initial=0))
    counts = np.bincount(
        path_positions(arm)[rows] * seconds + second, minlength=len(arm) * seconds
    ).reshape(len(arm), seconds)
    yield Quantity(
        "events in the busiest second", "of the flow, in full seconds of the window", "1/s",
        float(shock.most_per_s(intensity, paths.run.profile)), mean_of_paths,
        (counts.max(axis=1).astype(np.float64),), "at most",
    )  # fmt: skip
