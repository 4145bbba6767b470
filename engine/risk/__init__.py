"""Risk measures of an ensemble of paths, and what the shocks achieved."""

from engine.risk.achieved import AchievedRow, requested_against_achieved
from engine.risk.backtests import acerbi_szekely, christoffersen, kupiec
from engine.risk.bipower import bipower_volatility_bp, jump_share
from engine.risk.bootstrap import (
    Interval,
    bootstrap_draws,
    bootstrap_interval,
    interval,
    paired_bootstrap,
)
from engine.risk.drawdown import drawdown_duration, max_drawdown_bp
from engine.risk.estimate import Estimate
from engine.risk.expected_shortfall import expected_shortfall
from engine.risk.fan import ArmBands, Bands, bands
from engine.risk.gpd_tail import TailFit, gpd_tail, threshold_scan
from engine.risk.how_many_paths import PathsNeeded, how_many_paths, paths_for_a_tenth
from engine.risk.liquidation_cost import shortfall_bp, unfilled_share
from engine.risk.liquidity import quantile_bands, time_mean, usual_depth
from engine.risk.price_impact import amihud, kyle_lambda
from engine.risk.proportion import share_of_paths
from engine.risk.realised_volatility import realised_volatility_bp
from engine.risk.recovery import following_mean, half_life, median_time, recovery_times
from engine.risk.row import RiskRow
from engine.risk.table import RiskTable, risk_table
from engine.risk.tail_dependence import tail_dependence
from engine.risk.tail_rows import TailCheck
from engine.risk.var import value_at_risk
from engine.risk.variance_reduction import variance_reduction

__all__ = [
    "AchievedRow",
    "ArmBands",
    "Bands",
    "Estimate",
    "Interval",
    "PathsNeeded",
    "RiskRow",
    "RiskTable",
    "TailCheck",
    "TailFit",
    "acerbi_szekely",
    "amihud",
    "bands",
    "bipower_volatility_bp",
    "bootstrap_draws",
    "bootstrap_interval",
    "christoffersen",
    "drawdown_duration",
    "expected_shortfall",
    "following_mean",
    "gpd_tail",
    "half_life",
    "how_many_paths",
    "interval",
    "jump_share",
    "kupiec",
    "kyle_lambda",
    "max_drawdown_bp",
    "median_time",
    "paired_bootstrap",
    "paths_for_a_tenth",
    "quantile_bands",
    "realised_volatility_bp",
    "recovery_times",
    "requested_against_achieved",
    "risk_table",
    "share_of_paths",
    "shortfall_bp",
    "tail_dependence",
    "threshold_scan",
    "time_mean",
    "unfilled_share",
    "usual_depth",
    "value_at_risk",
    "variance_reduction",
]
