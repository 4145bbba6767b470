"""Shocks: each a small settings class that compiles itself into rows of a `ShockPlan`."""

from typing import Annotated

from pydantic import Field

from engine.shocks.activity_burst import ActivityBurst
from engine.shocks.base import MAX_INTENSITY, ShockModel
from engine.shocks.liquidation import Liquidation
from engine.shocks.liquidity_withdrawal import LiquidityWithdrawal
from engine.shocks.order_flow_imbalance import OrderFlowImbalance
from engine.shocks.plan import BookOperation, ShockPlan, Tilt

Shock = Annotated[
    Liquidation | LiquidityWithdrawal | OrderFlowImbalance | ActivityBurst,
    Field(discriminator="kind"),
]

SHOCKS: dict[str, type[ShockModel]] = {
    "activity_burst": ActivityBurst,
    "liquidation": Liquidation,
    "liquidity_withdrawal": LiquidityWithdrawal,
    "order_flow_imbalance": OrderFlowImbalance,
}

__all__ = [
    "MAX_INTENSITY",
    "SHOCKS",
    "ActivityBurst",
    "BookOperation",
    "Liquidation",
    "LiquidityWithdrawal",
    "OrderFlowImbalance",
    "Shock",
    "ShockModel",
    "ShockPlan",
    "Tilt",
]
