"""Shocks: each a small settings class that compiles itself into rows of a `ShockPlan`."""

from typing import Annotated

from pydantic import Field

from engine.shocks.activity_burst import ActivityBurst
from engine.shocks.base import MAX_INTENSITY, ShockModel
from engine.shocks.cancel_wave import CancelWave
from engine.shocks.depth_removal import DepthRemoval
from engine.shocks.fat_finger import FatFinger
from engine.shocks.informed_trader import InformedTrader
from engine.shocks.layering import Layering
from engine.shocks.liquidation import Liquidation
from engine.shocks.liquidity_tier import LiquidityTier
from engine.shocks.liquidity_withdrawal import LiquidityWithdrawal
from engine.shocks.message_throttle import MessageThrottle
from engine.shocks.one_sided_market import OneSidedMarket
from engine.shocks.order_flow_imbalance import OrderFlowImbalance
from engine.shocks.plan import Anchor, BookOperation, ShockPlan, Tilt, Trigger
from engine.shocks.price_bands import PriceBands
from engine.shocks.price_gap import PriceGap
from engine.shocks.quote_stuffing import QuoteStuffing
from engine.shocks.recorded_segment import RecordedSegment
from engine.shocks.reweighting import Reweighting
from engine.shocks.size_inflation import SizeInflation
from engine.shocks.spread_wipe import SpreadWipe
from engine.shocks.stop_loss_cascade import StopLossCascade
from engine.shocks.tick_size import TickSize
from engine.shocks.trading_halt import TradingHalt
from engine.shocks.volatility import Volatility

Shock = Annotated[
    ActivityBurst
    | CancelWave
    | DepthRemoval
    | FatFinger
    | InformedTrader
    | Layering
    | Liquidation
    | LiquidityTier
    | LiquidityWithdrawal
    | MessageThrottle
    | OneSidedMarket
    | OrderFlowImbalance
    | PriceBands
    | PriceGap
    | QuoteStuffing
    | RecordedSegment
    | Reweighting
    | SizeInflation
    | SpreadWipe
    | StopLossCascade
    | TickSize
    | TradingHalt
    | Volatility,
    Field(discriminator="kind"),
]

SHOCKS: dict[str, type[ShockModel]] = {
    "activity_burst": ActivityBurst,
    "cancel_wave": CancelWave,
    "depth_removal": DepthRemoval,
    "fat_finger": FatFinger,
    "informed_trader": InformedTrader,
    "layering": Layering,
    "liquidation": Liquidation,
    "liquidity_tier": LiquidityTier,
    "liquidity_withdrawal": LiquidityWithdrawal,
    "message_throttle": MessageThrottle,
    "one_sided_market": OneSidedMarket,
    "order_flow_imbalance": OrderFlowImbalance,
    "price_bands": PriceBands,
    "price_gap": PriceGap,
    "quote_stuffing": QuoteStuffing,
    "recorded_segment": RecordedSegment,
    "reweighting": Reweighting,
    "size_inflation": SizeInflation,
    "spread_wipe": SpreadWipe,
    "stop_loss_cascade": StopLossCascade,
    "tick_size": TickSize,
    "trading_halt": TradingHalt,
    "volatility": Volatility,
}

__all__ = [
    "MAX_INTENSITY",
    "SHOCKS",
    "ActivityBurst",
    "Anchor",
    "BookOperation",
    "CancelWave",
    "DepthRemoval",
    "FatFinger",
    "InformedTrader",
    "Layering",
    "Liquidation",
    "LiquidityTier",
    "LiquidityWithdrawal",
    "MessageThrottle",
    "OneSidedMarket",
    "OrderFlowImbalance",
    "PriceBands",
    "PriceGap",
    "QuoteStuffing",
    "RecordedSegment",
    "Reweighting",
    "Shock",
    "ShockModel",
    "ShockPlan",
    "SizeInflation",
    "SpreadWipe",
    "StopLossCascade",
    "TickSize",
    "Tilt",
    "TradingHalt",
    "Trigger",
    "Volatility",
]
