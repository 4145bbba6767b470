"""Rows of the risk table about the price: return, losses, drawdown, volatility."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.risk.bipower import bipower_volatility_bp
from engine.risk.drawdown import drawdown_duration, max_drawdown_bp
from engine.risk.expected_shortfall import expected_shortfall
from engine.risk.paths import PairedPaths
from engine.risk.realised_volatility import realised_volatility_bp
from engine.risk.row import Measure, mean
from engine.risk.var import value_at_risk

VOLATILITY_STEP_S = 10
TAIL_PATHS = 5  # a tail number needs so many paths beyond its level


def price_measures(paths: PairedPaths, levels: tuple[float, ...]) -> Iterator[Measure]:
    """Return, VaR and ES at `levels`, drawdown and volatility, of both arms."""
    unshocked, shocked = paths.returns_bp
    yield Measure(
        "return_mean_bp", "Mean return", "mean over paths of the mid's return over the horizon",
        "bp", mean, shocked, unshocked,
    )  # fmt: skip
    for key, name, measure, what in (
        ("var", "VaR", value_at_risk, "loss that a share {:.4g} of paths does not exceed"),
        ("es", "ES", expected_shortfall, "mean loss of the paths beyond level {:.4g}"),
    ):
        for level in levels:
            beyond = len(shocked) * (1.0 - level)
            few = f"{beyond:.1f} of {len(shocked)} paths lie beyond the level: take more paths"
            yield Measure(
                f"{key}_{100 * level:g}_bp", f"{name} {100 * level:g}%",
                what.format(level) + "; loss of a long position over the horizon, mid to mid",
                "bp", partial(measure, level=level), -shocked, -unshocked,
                few if beyond < TAIL_PATHS else "",
            )  # fmt: skip
    mids = [arm.mid_ticks for arm in paths.arms]
    slow = [mid[:, ::VOLATILITY_STEP_S] for mid in mids]
    yield Measure(
        "drawdown_bp", "Maximum drawdown",
        "mean over paths of the largest fall of the mid from its running maximum, sampled each"
        " second", "bp", mean, max_drawdown_bp(mids[1]), max_drawdown_bp(mids[0]),
    )  # fmt: skip
    yield Measure(
        "drawdown_duration_s", "Drawdown duration",
        "mean over paths of the longest time that the mid stays below an earlier maximum, sampled"
        " each second", "s", mean, drawdown_duration(mids[1]), drawdown_duration(mids[0]),
    )  # fmt: skip
    yield Measure(
        "volatility_bp", "Realised volatility",
        f"mean over paths of the root mean square of {VOLATILITY_STEP_S}-second log returns of the"
        " mid", f"bp in {VOLATILITY_STEP_S} s", mean,
        realised_volatility_bp(slow[1]), realised_volatility_bp(slow[0]),
    )  # fmt: skip
    yield Measure(
        "bipower_bp", "Volatility without jumps",
        f"mean over paths of the root of the bipower variation of {VOLATILITY_STEP_S}-second log"
        " returns of the mid", f"bp in {VOLATILITY_STEP_S} s", mean,
        bipower_volatility_bp(slow[1]), bipower_volatility_bp(slow[0]),
    )  # fmt: skip
