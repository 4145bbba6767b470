"""Rows of the risk table about liquidity: spread, depth, price impact, and how fast they heal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.risk.bootstrap import Interval
from engine.risk.estimate import Estimate
from engine.risk.liquidity import time_mean
from engine.risk.paths import PairedPaths, mid_returns_bp
from engine.risk.recovery import following_mean, half_life_interval, median_time, recovery_times
from engine.risk.row import Measure, RiskRow, mean

RECOVERY_MEAN_S = 10  # recovery looks at means over so many seconds
UNDEFINED_MOST = 0.05  # share of resamples without a half-life that needs no word

RECOVERY = (
    "seconds from the end of the last shock until the mean over the next"
    f" {RECOVERY_MEAN_S} s of the {{}} unshocked paths at that time; Kaplan-Meier median over"
    " paths; unshocked: the same clock run on the unshocked paths"
)


def liquidity_measures(paths: PairedPaths) -> Iterator[Measure]:
    """Spread and depth over the horizon and during the shock, of both arms."""
    spans = [("", "", "over the horizon", slice(None))]
    window = paths.run.spec.scenario.window_s
    if window is not None:
        during = f"from {window[0]:g} s to {window[1]:g} s"
        spans.append(("_shock", " during the shock", during, paths.grid_slice(window)))
    for name, label, unit in (
        ("spread_ticks", "Spread", "ticks"),
        ("touch_depth", "Depth at the touch, both sides", paths.run.profile.size_unit),
    ):
        for suffix, when, words, span in spans:
            unshocked, shocked = (time_mean(getattr(arm, name)[:, span]) for arm in paths.arms)
            yield Measure(
                f"{name}{suffix}", label + when,
                f"mean over paths of the mean {words}, sampled each second",
                unit, mean, shocked, unshocked,
            )  # fmt: skip


def recovery_rows(paths: PairedPaths, resamples: int, confidence: float) -> Iterator[RiskRow]:
    """How long after the last shock paths are back, and the half-life of what it left behind."""
    window = paths.run.spec.scenario.window_s
    if window is None or paths.run.spec.intensity == 0.0:
        return
    after = paths.grid_slice((window[1], np.inf))
    length = len(paths.grid_ns) - after.start - RECOVERY_MEAN_S
    if length < 0:
        return
    for key, label, state, arms, low, high in (
        ("spread_recovery_s", "Spread recovers after",
         "spread is no wider than that of 95% of", [arm.spread_ticks for arm in paths.arms],
         0.0, 0.95),
        ("depth_recovery_s", "Depth recovers after",
         "depth at the touch is no less than that of 95% of",
         [arm.touch_depth for arm in paths.arms], 0.05, 1.0),
        ("mid_recovery_s", "Mid price recovers after",
         "mid's return since the start lies within that of the central 90% of",
         [mid_returns_bp(arm.mid_ticks) for arm in paths.arms], 0.05, 0.95),
    ):  # fmt: skip
        unshocked, shocked = (following_mean(arm[:, after], RECOVERY_MEAN_S) for arm in arms)
        lower = np.quantile(unshocked, low, axis=0) if low > 0.0 else -np.inf
        upper = np.quantile(unshocked, high, axis=0) if high < 1.0 else np.inf
        calm, stressed = (recovery_times(arm, lower, upper) for arm in (unshocked, shocked))
        censored = int((~stressed[1]).sum())
        yield RiskRow(
            measure=key, label=label, definition=RECOVERY.format(state), unit="s",
            unshocked=Estimate.of(median_time(*calm, confidence)),
            shocked=Estimate.of(median_time(*stressed, confidence)), n=len(shocked),
            warning=(
                f"{censored} of {len(shocked)} shocked paths had not recovered {length} s after"
                " the shock" if censored else ""
            ),
        )  # fmt: skip
    for key, label, what, arms, sign in (
        ("spread_half_life_s", "Half-life of the wider spread", "wider",
         [arm.spread_ticks for arm in paths.arms], 1.0),
        ("depth_half_life_s", "Half-life of the missing depth", "less deep at the touch",
         [arm.touch_depth for arm in paths.arms], -1.0),
    ):  # fmt: skip
        excess = sign * (arms[1] - arms[0])[:, after]
        found, defined = half_life_interval(excess, resamples, confidence, paths.run.spec.seed)
        yield RiskRow(
            measure=key, label=label,
            definition="seconds from the end of the last shock until the mean over paths of what"
            f" the shocked book is {what} than the unshocked one has halved; bootstrap interval",
            unit="s", shocked=Estimate.of(found), n=len(excess), warning=_unhealed(found, defined),
        )  # fmt: skip


def _unhealed(found: Interval, defined: float) -> str:
    if np.isnan(found.value):
        return "no mean excess at the end of the shock, or it did not halve before the end"
    if defined < 1.0 - UNDEFINED_MOST:
        return f"{100 * (1.0 - defined):.0f}% of resamples have no half-life: read with care"
    return ""
