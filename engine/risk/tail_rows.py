"""Rows of the risk table about the far tail: a fitted tail, and do bad things come together?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.risk.bootstrap import paired_bootstrap
from engine.risk.estimate import Estimate
from engine.risk.gpd_tail import LEAST_EXCESSES, TailFit, gpd_tail, threshold_scan
from engine.risk.liquidity import time_mean
from engine.risk.paths import PairedPaths
from engine.risk.row import Measure, RiskRow
from engine.risk.tail_dependence import tail_dependence
from model.events import Float64

GPD_LEVEL, THRESHOLD = 0.99, 0.9
GPD_RESAMPLES = 60  # a fit takes some 30 ms
DEPENDENCE_LEVEL, LEAST_BEYOND = 0.9, 10
LEAST_PATHS = round(LEAST_EXCESSES / (1.0 - THRESHOLD))  # for as many losses beyond the threshold


class TailCheck(BaseModel):
    """Threshold diagnostics of the fitted loss tail: fits of each arm, a threshold each.

    Where shape and ES move with the threshold by more than their interval, the fit is no better
    than the sample. `note` says why there are no fits, or how to read them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float
    unshocked: tuple[TailFit, ...] = ()
    shocked: tuple[TailFit, ...] = ()
    note: str


def tail_check(paths: PairedPaths) -> TailCheck:
    """Fits of the losses of both arms over a range of thresholds."""
    count = len(paths.run.shocked)
    if count < LEAST_PATHS:
        return TailCheck(
            level=GPD_LEVEL,
            note=f"No tail was fitted: {count} paths; {LEAST_PATHS} leave {LEAST_EXCESSES} losses"
            f" beyond the {100 * THRESHOLD:g}% threshold",
        )
    unshocked, shocked = (threshold_scan(-returns, GPD_LEVEL) for returns in paths.returns_bp)
    return TailCheck(
        level=GPD_LEVEL, unshocked=unshocked, shocked=shocked,
        note="Shape and ES should hardly move from one threshold to the next; a shape of 1 or more"
        " has no finite ES",
    )  # fmt: skip


def tail_rows(paths: PairedPaths, check: TailCheck, confidence: float) -> Iterator[RiskRow]:
    """Expected shortfall from the fitted tail, where there are paths enough."""
    unshocked, shocked = (-returns for returns in paths.returns_bp)
    if not check.shocked or not check.unshocked:
        return
    both = paired_bootstrap(
        _fitted_es, unshocked, shocked,
        resamples=GPD_RESAMPLES, confidence=confidence, seed=paths.run.spec.seed,
    )  # fmt: skip
    shapes = [fit.shape for fit in check.shocked]
    yield RiskRow(
        measure="es_99_gpd_bp", label="ES 99%, fitted tail",
        definition="mean loss beyond level 0.99 by a generalised Pareto tail over the"
        f" {100 * THRESHOLD:g}% threshold (maximum likelihood); {GPD_RESAMPLES} resamples",
        unit="bp", n=len(shocked),
        unshocked=Estimate.of(both.unshocked), shocked=Estimate.of(both.shocked),
        effect=Estimate.of(both.effect),
        warning=f"over the thresholds the shape of the shocked tail goes from {min(shapes):.2f} to"
        f" {max(shapes):.2f}",
    )  # fmt: skip


def _fitted_es(losses: Float64) -> Float64:
    """ES at 99% of each row of [r, n]; NaN where no tail can be fitted or none is finite."""
    fits = [gpd_tail(row, GPD_LEVEL, THRESHOLD) for row in losses]
    return np.array([np.nan if fit is None or fit.es is None else fit.es for fit in fits])


def tail_measures(paths: PairedPaths) -> Iterator[Measure]:
    """Do large losses and wide spreads come on the same paths?"""
    unshocked, shocked = (
        np.stack([-returns, time_mean(arm.spread_ticks)], axis=-1)
        for returns, arm in zip(paths.returns_bp, paths.arms, strict=True)
    )
    beyond = len(shocked) * (1.0 - DEPENDENCE_LEVEL)
    yield Measure(
        "tail_dependence", "Tail dependence of loss and spread",
        f"chi({DEPENDENCE_LEVEL:g}) of Coles, Heffernan and Tawn over paths, of the loss over the"
        " horizon and the mean spread: 0 where they are independent, 1 where the worst paths are"
        " the same", "chi",
        lambda both: tail_dependence(both[..., 0], both[..., 1], DEPENDENCE_LEVEL),
        shocked, unshocked,
        f"{beyond:.1f} of {len(shocked)} paths lie beyond the level: take more paths"
        if beyond < LEAST_BEYOND else "",
    )  # fmt: skip
