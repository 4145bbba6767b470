"""The paths that a run loses most on, one by one."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.risk.drawdown import max_drawdown_bp
from engine.risk.paths import PairedPaths, PairedRun, mid_returns_bp

WORST_PATHS = 10


class WorstPath(BaseModel):
    """One shocked path; losses are of a long position over the horizon, mid to mid.

    Attributes
    ----------
    path : its number in the run
    loss_bp, unshocked_loss_bp : with the shock, and of the same path without it
    drawdown_bp : largest fall of the mid from its running maximum, sampled each second
    trough_bp, trough_s : lowest return of the mid since the start, and when it is first reached
    widest_spread_ticks, thinnest_depth : over the horizon, sampled each second; depth is the size
        at the best bid plus that at the best ask
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: int
    loss_bp: float
    unshocked_loss_bp: float
    drawdown_bp: float
    trough_bp: float
    trough_s: float
    widest_spread_ticks: float
    thinnest_depth: float


def worst_paths(run: PairedRun, count: int = WORST_PATHS) -> tuple[WorstPath, ...]:
    """The `count` shocked paths of the largest loss, the worst first; fewer where there are fewer.

    Equal losses stand in the order of the paths.
    """
    paths = PairedPaths(run)
    unshocked, shocked = (-returns for returns in paths.returns_bp)
    sample = paths.arms[1]
    worst = np.argsort(-shocked, kind="stable")[:count]
    moves = mid_returns_bp(sample.mid_ticks[worst])
    drawdowns = max_drawdown_bp(sample.mid_ticks[worst])
    return tuple(
        WorstPath(
            path=int(run.shocked.paths[position]),
            loss_bp=float(shocked[position]),
            unshocked_loss_bp=float(unshocked[position]),
            drawdown_bp=float(drawdowns[rank]),
            trough_bp=float(moves[rank].min()),
            trough_s=float(paths.grid_ns[int(moves[rank].argmin())] / 1e9),
            widest_spread_ticks=float(sample.spread_ticks[position].max()),
            thinnest_depth=float(sample.touch_depth[position].min()),
        )
        for rank, position in enumerate(worst)
    )
