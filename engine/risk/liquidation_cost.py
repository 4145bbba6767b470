"""What it costs to trade a parent order."""

from __future__ import annotations

import numpy as np

from engine.risk.drawdown import BP
from model.events import Float64, Side


def shortfall_bp(
    side: Side, filled: Float64, paid: Float64, benchmark_value: Float64, arrival_ticks: Float64
) -> Float64:
    """Implementation shortfall of the filled shares against a benchmark, basis points.

    Perold (J. Portfolio Management 14, 1988): what was paid less what the same shares would have
    cost at the benchmark, over filled shares x arrival mid; for a sale with the sign turned.
    Positive is a cost. Against the arrival mid the benchmark value is filled x arrival; against
    the unshocked twin it is the sum of shares x the twin's mid at the time of each fill.

    Parameters
    ----------
    side : of the parent order
    filled : float64 [P], shares traded
    paid : float64 [P], sum of price x shares, ticks x shares
    benchmark_value : float64 [P], ticks x shares
    arrival_ticks : float64 [P], mid just before the parent order started

    Returns
    -------
    float64 [P], NaN where nothing was filled
    """
    sign = 1.0 if side == Side.BUY else -1.0
    notional = np.where(filled > 0, filled * arrival_ticks, np.nan)
    return np.asarray(BP * sign * (paid - benchmark_value) / notional)


def unfilled_share(requested: float, filled: Float64) -> Float64:
    """Share of the parent order that did not trade: float64 [P], 0..1; NaN if none was asked."""
    if requested <= 0:
        return np.full(filled.shape, np.nan)
    return np.asarray(1.0 - filled / requested)
