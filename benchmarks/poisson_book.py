"""Zero intelligence in Faultline's own simulator, with parameters whose law the touch alone fixes.

Unit orders, cancels at the touch only: the rates then depend on the spread and the two queues at
the touch and on nothing behind them, while the levels behind hold what the simulator left there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.event_classes import CLASSES, Kind, event_class
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.seeding import BookSeed
from engine.spec import RunSpec
from model.errors import FaultlineError
from model.events import Float64, Int64, Recording, Side
from model.profile import AssetProfile
from stylized_facts.baselines import ZeroIntelligence

PATH_EVENTS = 1000  # levels behind the touch only grow: longer paths run into walls
START_TICKS = 10_000
SEEDED, LEVELS = 3, 60  # orders a level and levels at the start, so that no side runs empty
REACH = 3  # ticks from the opposite touch in which orders arrive
RATES = {"limit": 1.0, "market": 0.4, "cancel": 0.3}  # a second and side; cancels for each order
DISTANCES = [1, 1, 1, 2, 2, 3]
PROFILE = AssetProfile(  # the units of features; bins are quantiles, so rough numbers will do
    asset="POISSON", tick_size=0.01, price_ticks=START_TICKS, spread_ticks=1, spread_pmf=[1],
    liquidity=1, events_per_s=4, volume_per_s=1, volatility_bps=3, shape_occupied=[1],
    shape_size=[2], order_size_quantiles=[1, 1],
)  # fmt: skip
QUIET = Scenario(name="quiet", title="Quiet", description="Nothing happens.", shocks=())


@dataclass(frozen=True)
class PoissonBook:
    """Zero intelligence through `engine.rollout`."""

    name: str = "Zero intelligence"

    @property
    def model(self) -> ZeroIntelligence:
        """The flow."""
        return ZeroIntelligence(
            asset="POISSON", limit_rate=RATES["limit"], market_rate=RATES["market"],
            touch_cancel_rate=RATES["cancel"], deep_cancel_rate=0.0,
            sizes=[[1]] * 4, distances=[DISTANCES, [0], [0], [1]],
        )  # fmt: skip

    def law(self, spread: Int64, bid_size: Int64, ask_size: Int64) -> Float64:
        """Probability of each class of the next event in n states, float64 [n, 12]."""
        flow = self.model
        by_distance = np.concatenate([[0.0], flow.limit_rates(REACH)])
        reach = np.minimum(spread, REACH + 1)
        below = np.concatenate([by_distance.cumsum(), [by_distance.sum()]])  # up to this distance
        at_touch = np.append(by_distance, 0.0)[reach]
        inside = below[reach - 1]
        rates = np.zeros((len(spread), CLASSES))
        for side, own in ((Side.BUY, bid_size), (Side.SELL, ask_size)):
            first = event_class(side, 0)
            rates[:, first + Kind.CROSS] = flow.market_rate
            rates[:, first + Kind.INSIDE] = inside
            rates[:, first + Kind.JOIN] = at_touch
            rates[:, first + Kind.BEHIND] = by_distance.sum() - inside - at_touch
            rates[:, first + Kind.CANCEL] = flow.touch_cancel_rate * own
        return np.asarray(rates / rates.sum(1, keepdims=True))

    def simulate(self, events: int, seed: int) -> list[Recording]:
        """Paths of 1,000 events, as many as hold so many, each from three orders a level.

        Raises
        ------
        FaultlineError
            A side of a book ran empty: the law does not hold there.
        """
        paths = -(-events // PATH_EVENTS)
        levels = np.repeat(np.arange(LEVELS), SEEDED)
        start = BookSeed(
            np.repeat(np.array(Side, np.int8), len(levels)),
            np.concatenate([START_TICKS - 1 - levels, START_TICKS + 1 + levels]),
            np.ones(2 * len(levels), np.int64),
            0,
        )
        spec = RunSpec(
            asset=PROFILE.asset, scenario=QUIET, paths=paths, horizon_s=23_400.0,
            max_events=PATH_EVENTS, burn_in_events=0, seed=seed,
        )  # fmt: skip
        ensemble = rollout(self.model, PROFILE, spec, seeds=[start] * paths).baseline
        if ensemble.counters["empty_side"]:
            raise FaultlineError("the Poisson book ran empty: the law does not hold there")
        return [ensemble.recording(path) for path in range(paths)]
