"""Risk measures of an ensemble of paths, and what the shocks achieved."""

from engine.risk.achieved import AchievedRow, requested_against_achieved
from engine.risk.bootstrap import (
    Interval,
    bootstrap_draws,
    bootstrap_interval,
    interval,
    paired_bootstrap,
)
from engine.risk.drawdown import max_drawdown_bp
from engine.risk.estimate import Estimate
from engine.risk.expected_shortfall import expected_shortfall
from engine.risk.fan import ArmBands, Bands, bands
from engine.risk.liquidation_cost import shortfall_bp, unfilled_share
from engine.risk.liquidity import quantile_bands, time_mean, usual_depth
from engine.risk.realised_volatility import realised_volatility_bp
from engine.risk.recovery import following_mean, median_time, recovery_times
from engine.risk.table import RiskRow, RiskTable, risk_table
from engine.risk.var import value_at_risk

__all__ = [
    "AchievedRow",
    "ArmBands",
    "Bands",
    "Estimate",
    "Interval",
    "RiskRow",
    "RiskTable",
    "bands",
    "bootstrap_draws",
    "bootstrap_interval",
    "expected_shortfall",
    "following_mean",
    "interval",
    "max_drawdown_bp",
    "median_time",
    "paired_bootstrap",
    "quantile_bands",
    "realised_volatility_bp",
    "recovery_times",
    "requested_against_achieved",
    "risk_table",
    "shortfall_bp",
    "time_mean",
    "unfilled_share",
    "usual_depth",
    "value_at_risk",
]
