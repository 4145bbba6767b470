"""What shocks that send orders achieved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.path_state import ACTS, ASKED, DONE
from engine.risk.injected import sent_by
from engine.risk.paths import PairedPaths, last_rows, mids_at
from engine.risk.quantity import (
    Quantity,
    account,
    mean_of_paths,
    ratio_of_sums,
    rows_in,
    totals,
)
from engine.shocks import (
    FatFinger,
    InformedTrader,
    Layering,
    Liquidation,
    QuoteStuffing,
    RecordedSegment,
    StopLossCascade,
)
from model.events import NS_PER_S, Float64


def liquidation(paths: PairedPaths, position: int, shock: Liquidation) -> Iterator[Quantity]:
    """What was executed, and which share of the market that was."""
    run, intensity = paths.run, shock.own(paths.run.spec.intensity)
    filled = _traded(paths, position)
    usual = run.profile.volume_per_s * shock.duration_s
    follows = shock.participation is not None
    yield Quantity(
        "executed share of usual volume",
        "shares that the parent order traded over the volume usually traded in the window",
        "share",
        None if follows else shock.total_shares(intensity, run.profile) / usual,
        ratio_of_sums,
        (filled, np.full(len(filled), usual)),
    )
    everything = np.ones(len(run.shocked.time_ns), np.bool_)
    market = totals(
        run.shocked, everything, shock.window_s, paths.horizon_ns, run.shocked.traded_size
    )
    yield Quantity(
        "participation",
        "shares that the parent order traded over all shares traded in the window",
        "share", shock.participation, ratio_of_sums, (filled, market),
    )  # fmt: skip


def _traded(paths: PairedPaths, position: int) -> Float64:
    """Shares that the orders of a shock traded on each path up to the common horizon."""
    arm = paths.run.shocked
    window = (0.0, np.inf)
    return totals(arm, sent_by(arm, position), window, paths.horizon_ns + 1, arm.traded_size)


def fat_finger(paths: PairedPaths, position: int, shock: FatFinger) -> Iterator[Quantity]:
    """What the order traded."""
    profile = paths.run.profile
    usual = profile.shape_occupied[0] * profile.shape_size[0]
    filled = _traded(paths, position)
    yield Quantity(
        "executed size", "shares traded over those that usually rest at the touch", "touches",
        shock.shares(shock.own(paths.run.spec.intensity), profile) / usual, ratio_of_sums,
        (filled, np.full(len(filled), usual)),
    )  # fmt: skip


def stops(paths: PairedPaths, position: int, shock: StopLossCascade) -> Iterator[Quantity]:
    """How many stops were set off, and whether they found a market."""
    yield Quantity(
        "executed share of stops set off", "shares traded over shares sent", "share", 1.0,
        ratio_of_sums, (account(paths, position, DONE), account(paths, position, ASKED)),
    )  # fmt: skip
    size = shock.stop_size(shock.own(paths.run.spec.intensity), paths.run.profile)
    yield Quantity(
        "stops set off", "orders sent over orders that wait", "share", None, mean_of_paths,
        (account(paths, position, ASKED) / (size * shock.count),),
    )  # fmt: skip


def stuffing(paths: PairedPaths, position: int, shock: QuoteStuffing) -> Iterator[Quantity]:
    """Messages a second."""
    arm, intensity = paths.run.shocked, shock.own(paths.run.spec.intensity)
    start, end = shock.window_s
    sent = totals(arm, arm.parent == position, (start, end + shock.lifetime_s), paths.horizon_ns)
    yield Quantity(
        "messages a second", "orders of the shock and their cancels over the length of the window",
        "1/s", 2 * shock.count(intensity) / shock.duration_s, mean_of_paths,
        (sent / shock.duration_s,),
    )  # fmt: skip


def layering(paths: PairedPaths, position: int, shock: Layering) -> Iterator[Quantity]:
    """Orders placed, and how much of them traded all the same."""
    placed = account(paths, position, ACTS) / (shock.layers * shock.rounds)
    yield Quantity(
        "orders placed", "over the number that was to be placed", "share", 1.0, mean_of_paths,
        (placed,),
    )  # fmt: skip


def informed(paths: PairedPaths, position: int, shock: InformedTrader) -> Iterator[Quantity]:
    """Where the mid has come to at the end of the window."""
    arm, intensity = paths.run.shocked, shock.own(paths.run.spec.intensity)
    everyone = np.arange(len(arm))
    start, end = (
        mids_at(arm, everyone, last_rows(arm, everyone, np.full(len(arm), time_ns)))
        for time_ns in (
            round(shock.window_s[0] * NS_PER_S) - 1,
            min(round(shock.window_s[1] * NS_PER_S), paths.horizon_ns),
        )
    )
    sign = 1.0 if shock.value_bps > 0.0 else -1.0
    yield Quantity(
        "move of the mid towards the known price", "from the start of the window to its end", "bp",
        intensity * abs(shock.value_bps), mean_of_paths, (sign * 1e4 * (end / start - 1.0),),
        "at least",
    )  # fmt: skip


def segment(paths: PairedPaths, position: int, shock: RecordedSegment) -> Iterator[Quantity]:
    """Recorded events that found a place in the book."""
    plan, arm = paths.plan, paths.run.shocked
    recorded = (plan.order_parent == position).sum() + (plan.op_parent == position).sum()
    own = rows_in(arm, arm.parent == position, shock.window_s, paths.horizon_ns)
    counts = np.histogram(own, arm.offsets)[0] if len(arm) else np.zeros(0)
    yield Quantity(
        "events played", "events executed over events recorded", "share", 1.0, ratio_of_sums,
        (counts.astype(np.float64), np.full(len(arm), float(recorded))),
    )  # fmt: skip
