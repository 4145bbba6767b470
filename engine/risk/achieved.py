"""Requested against achieved: what each shock asked for, and what the paths show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine import shocks as s
from engine.risk import achieved_book, achieved_flow, achieved_orders
from engine.risk.bootstrap import bootstrap_interval
from engine.risk.estimate import Estimate
from engine.risk.paths import PairedPaths, PairedRun
from engine.risk.quantity import Quantity, Sense
from model.events import NS_PER_S

TOLERANCE = 0.1  # relative; the achieved agrees if it is so near, or its interval covers the asked


class AchievedRow(BaseModel):
    """One quantity of one shock. `asked` is None for what is shown but was not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shock: int  # position in the scenario
    kind: str
    quantity: str
    definition: str
    unit: str
    asked: float | None
    achieved: Estimate
    agrees: bool | None  # None: nothing was asked, or nothing could be measured
    n: int
    note: str = ""


def requested_against_achieved(
    run: PairedRun, resamples: int = 1000, *, confidence: float = 0.95
) -> tuple[AchievedRow, ...]:
    """Rows for each shock of the scenario, with bootstrap intervals over paths.

    What a shock achieves is measured in its own window, or, where it ramps, while it is in full
    force. Other shocks that act in the same window show in it, and so does the answer of the flow
    to the market it meets. A run of intensity 0 has no rows, nor has a shock of other assets.
    """
    if run.spec.intensity == 0.0:
        return ()
    paths, scenario = PairedPaths(run), run.spec.scenario
    own = [p for p in range(len(scenario.shocks)) if scenario.acts_on(p, run.profile.asset)]
    rows = []
    for position in own:
        shock = scenario.shocks[position]
        start, end = shock.window_s
        others = [scenario.shocks[other].window_s for other in own if other != position]
        notes = []
        if any(first < end and start < last for first, last in others):
            notes.append("other shocks act in the same window")
        if end * NS_PER_S > paths.horizon_ns:
            notes.append("the paths end before the window does")
        for quantity in _QUANTITIES[type(shock)](paths, position, shock):
            achieved = Estimate.of(
                bootstrap_interval(
                    quantity.statistic, *quantity.samples,
                    resamples=resamples, confidence=confidence, seed=run.spec.seed,
                )
            )  # fmt: skip
            rows.append(
                AchievedRow(
                    shock=position, kind=shock.kind, quantity=quantity.name,
                    definition=quantity.definition, unit=quantity.unit, asked=quantity.asked,
                    achieved=achieved, agrees=agrees(quantity.asked, achieved, quantity.sense),
                    n=len(quantity.samples[0]),
                    note="; ".join([*notes, quantity.sense] if quantity.sense != "equal"
                                   else notes),
                )
            )  # fmt: skip
    return tuple(rows)


def agrees(asked: float | None, achieved: Estimate, sense: Sense = "equal") -> bool | None:
    """Whether the interval covers what was asked, or the value is within `TOLERANCE` of it.

    Where `sense` is "at most" or "at least", a value on that side agrees as well.
    """
    if asked is None or achieved.value is None:
        return None
    if (sense == "at most" and achieved.value <= asked) or (
        sense == "at least" and achieved.value >= asked
    ):
        return True
    near = abs(achieved.value - asked) <= TOLERANCE * abs(asked)
    if achieved.lower is None or achieved.upper is None:
        return near
    return near or achieved.lower <= asked <= achieved.upper


_QUANTITIES: dict[type, Callable[[PairedPaths, int, Any], Iterator[Quantity]]] = {
    s.ActivityBurst: achieved_flow.burst,
    s.CancelWave: achieved_flow.cancel_wave,
    s.DepthRemoval: achieved_book.depth_removal,
    s.FatFinger: achieved_orders.fat_finger,
    s.InformedTrader: achieved_orders.informed,
    s.Layering: achieved_orders.layering,
    s.Liquidation: achieved_orders.liquidation,
    s.LiquidityTier: achieved_flow.tier,
    s.LiquidityWithdrawal: achieved_flow.withdrawal,
    s.MessageThrottle: achieved_book.throttle,
    s.OneSidedMarket: achieved_flow.one_sided,
    s.OrderFlowImbalance: achieved_flow.imbalance,
    s.PriceBands: achieved_book.price_bands,
    s.PriceGap: achieved_book.price_gap,
    s.QuoteStuffing: achieved_orders.stuffing,
    s.RecordedSegment: achieved_orders.segment,
    s.Reweighting: achieved_flow.reweighting,
    s.SizeInflation: achieved_flow.size_inflation,
    s.SpreadWipe: achieved_book.spread_wipe,
    s.StopLossCascade: achieved_orders.stops,
    s.TickSize: achieved_book.tick_size,
    s.TradingHalt: achieved_book.halt,
    s.Volatility: achieved_flow.volatility,
}
