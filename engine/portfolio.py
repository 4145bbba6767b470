"""Portfolios: positions in several assets, each played under the same scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.combined import combined
from engine.risk.injected import parent_fills
from engine.risk.liquidation_cost import shortfall_bp, unfilled_share
from engine.risk.paths import PairedPaths, PairedRun, sample_quotes
from engine.rollout import Progress, rollout
from engine.scenario import Scenario
from engine.shocks import Liquidation
from engine.spec import RunSettings, RunSpec
from engine.sweep import Sources
from model.catalogue import find_asset
from model.errors import SpecError
from model.events import NS_PER_S, Float64, Side
from model.profile import AssetProfile


class LiquidationRule(BaseModel):
    """How a position is closed within the horizon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schedule: Literal["twap", "pov"] = "twap"
    start_s: float = Field(default=0.0, ge=0, description="start, seconds")
    duration_s: float = Field(gt=0, description="length, seconds")
    slices: int = Field(default=30, ge=1, le=10_000, description="orders (pov: looks)")
    participation: float | None = Field(
        default=None, gt=0, le=0.5, description="pov: share of all volume since the start"
    )

    @model_validator(mode="after")
    def _participation_of_pov(self) -> Self:
        if (self.schedule == "pov") != (self.participation is not None):
            raise ValueError("participation belongs to schedule: pov, which needs it")
        return self


class Position(BaseModel):
    """Shares (or coins) of an asset, below 0 sold short; held, or closed by a rule."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    asset: str
    shares: float | None = Field(default=None, description="signed number of shares or coins")
    value: float | None = Field(default=None, description="signed, in the portfolio's currency")
    liquidate: LiquidationRule | None = None

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.shares is None) == (self.value is None):
            raise ValueError(f"{self.asset}: give either shares or value")
        if not (self.shares or self.value):
            raise ValueError(f"{self.asset}: a position of 0 is none; leave it out")
        return self


class PortfolioSpec(RunSettings):
    """What a portfolio is asked: positions, the common scenario, and how assets hang together.

    Attributes
    ----------
    currency : that all losses are in; `fx` gives the value of one unit of each other currency
    copula : estimated from a table of returns where there is one
    levels : of value at risk and expected shortfall
    draws : joint draws of path scores
    """

    name: str = Field(default="portfolio", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    positions: tuple[Position, ...] = Field(min_length=1, max_length=100)
    scenario: Scenario
    intensity: float = Field(default=1.0, ge=0, le=10)
    currency: str = Field(default="USD", min_length=1, max_length=8)
    fx: dict[str, float] = Field(default_factory=dict)
    copula: Literal["gaussian", "t"] = "t"
    levels: tuple[float, ...] = Field(default=(0.95, 0.99), min_length=1, max_length=5)
    draws: int = Field(default=20_000, ge=1_000, le=1_000_000)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        assets = [position.asset for position in self.positions]
        for asset in assets:
            if assets.count(asset) > 1:
                raise ValueError(f"positions: {asset} is given twice; add the two up")
        for level in self.levels:
            if not 0.5 <= level < 1.0 or self.levels.count(level) > 1:
                raise ValueError(f"levels: {level:g} must lie from 0.5 to below 1, each once")
        for currency, rate in self.fx.items():
            if not (0.0 < rate < np.inf):
                raise ValueError(f"fx: {currency}: {rate:g} is no exchange rate")
        return self


@dataclass(frozen=True, eq=False)
class PositionLosses:
    """What one position loses on each path, in the portfolio's currency; positive is a loss.

    Attributes
    ----------
    asset, shares, value : the position as it was played; `value` at the usual mid price
    unshocked : float64 [P], held without the scenario
    shocked : float64 [P], with the scenario, and closed where there is a rule
    cost_bp, unfilled : float64 [P], implementation shortfall against arrival and share that did not
        trade; None for a position that is held
    horizon_s, cut_paths : time up to which it was measured, and paths that ended earlier
    """

    asset: str
    shares: float
    value: float
    unshocked: Float64
    shocked: Float64
    cost_bp: Float64 | None
    unfilled: Float64 | None
    horizon_s: float
    cut_paths: int


def check_portfolio(spec: PortfolioSpec, profiles: Callable[[str], AssetProfile]) -> None:
    """Find out before any work whether every position can be played.

    Raises
    ------
    FaultlineError
        Unknown asset, no exchange rate, or a liquidation that does not fit.
    """
    for position in spec.positions:
        profile = profiles(position.asset)
        _unit_value(spec, profile)
        run = run_of(spec, position, profile)
        run.scenario.compile(run.intensity, profile, run.horizon_s)


def play_positions(
    spec: PortfolioSpec,
    sources: Sources,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[PositionLosses]:
    """Play every asset under the scenario, one after the other.

    Raises
    ------
    FaultlineError
        See `check_portfolio`; `Cancelled` where `cancelled` said yes.
    """
    losses = []
    for at, position in enumerate(spec.positions):

        def inside(now: Progress, at: int = at, asset: str = position.asset) -> None:
            if progress is not None:
                fraction = (at + now.fraction) / len(spec.positions)
                stage = f"{asset}, {at + 1} of {len(spec.positions)}"
                left = now.eta_s * (1.0 + len(spec.positions) - at - 1)
                progress(Progress(now.events, fraction, now.events_per_s, left, stage))

        model, profile = sources(position.asset)
        run = run_of(spec, position, profile)
        # Not called by a name: the paths of one asset are gone before those of the next are played.
        losses.append(
            losses_of(
                spec, position,
                rollout(model, profile, run, progress=inside, cancelled=cancelled),
            )
        )  # fmt: skip
    return losses


def run_of(spec: PortfolioSpec, position: Position, profile: AssetProfile) -> RunSpec:
    """The run of one position: the scenario at its intensity, and the order that closes it, last.

    Raises
    ------
    SpecError
        The order is more than what is usually traded while it is worked, or less than one lot.
    """
    scenario = combined((spec.scenario, spec.intensity))
    if position.liquidate is not None:
        rule, lots = position.liquidate, abs(_lots(spec, position, profile))
        usual = profile.volume_per_s * rule.duration_s
        where = f"positions: {position.asset}"
        if lots < 1:
            raise SpecError(f"{where}: less than one of {profile.size_unit}; hold it instead")
        if lots > usual:
            raise SpecError(
                f"{where}: {lots:,} {profile.size_unit} are more than the {usual:,.0f} usually"
                f" traded in {rule.duration_s:g} s; choose a longer duration_s or a smaller part"
            )
        order = Liquidation(
            start_s=rule.start_s, duration_s=rule.duration_s, slices=rule.slices,
            side="sell" if _lots(spec, position, profile) > 0 else "buy", share=lots / usual,
            schedule=rule.schedule, participation=rule.participation,
        )  # fmt: skip
        scenario = scenario.model_copy(update={"shocks": (*scenario.shocks, order)})
    common = {name: getattr(spec, name) for name in RunSettings.model_fields}
    return RunSpec(asset=profile.asset, scenario=scenario, **common)


def losses_of(spec: PortfolioSpec, position: Position, run: PairedRun) -> PositionLosses:
    """Losses of a position on the paths of its run.

    A position that is held loses shares x the fall of the mid. One that is closed gets what its
    orders were paid, and keeps what did not trade at the mid at the end.
    """
    paths = PairedPaths(run)
    profile = run.profile
    lots = _lots(spec, position, profile)
    unit = _unit_value(spec, profile)  # of one lot, for each tick of its price
    ends = np.array([0, paths.horizon_ns])
    calm, shocked = (sample_quotes(arm, ends).mid_ticks for arm in (run.baseline, run.shocked))
    cost = unfilled = None
    value = lots * shocked[:, 1]
    if position.liquidate is not None:
        side = Side.SELL if lots > 0 else Side.BUY
        start_ns = round(position.liquidate.start_s * NS_PER_S)
        parent = len(run.spec.scenario.shocks) - 1
        fills = parent_fills(
            run.shocked, run.baseline, parent, float(abs(lots)), start_ns, paths.horizon_ns
        )
        sign = np.sign(lots)
        value = sign * (fills.paid + (abs(lots) - fills.filled) * shocked[:, 1])
        cost = shortfall_bp(
            side, fills.filled, fills.paid, fills.filled * fills.arrival_ticks, fills.arrival_ticks
        )
        unfilled = unfilled_share(abs(lots), fills.filled)
    return PositionLosses(
        asset=profile.asset,
        shares=lots * find_asset(profile.asset).lot,
        value=lots * unit * profile.price_ticks,
        unshocked=unit * lots * (calm[:, 0] - calm[:, 1]),
        shocked=unit * (lots * shocked[:, 0] - value),
        cost_bp=cost,
        unfilled=unfilled,
        horizon_s=paths.horizon_ns / NS_PER_S,
        cut_paths=paths.cut,
    )


def _unit_value(spec: PortfolioSpec, profile: AssetProfile) -> float:
    """Value of one lot at a price of one tick, in the portfolio's currency."""
    rate = 1.0 if profile.currency == spec.currency else spec.fx.get(profile.currency)
    if rate is None:
        raise SpecError(
            f"positions: {profile.asset} is traded in {profile.currency}: say under fx what one"
            f" {profile.currency} is worth in {spec.currency}"
        )
    return rate * profile.tick_size * find_asset(profile.asset).lot


def _lots(spec: PortfolioSpec, position: Position, profile: AssetProfile) -> float:
    """Signed size in the units that the book counts; whole where orders are sent."""
    if position.shares is not None:
        lots = position.shares / find_asset(profile.asset).lot
    else:
        lots = (position.value or 0.0) / (_unit_value(spec, profile) * profile.price_ticks)
    return float(round(lots)) if position.liquidate is not None else lots
