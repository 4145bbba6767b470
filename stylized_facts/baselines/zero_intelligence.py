"""Zero intelligence: order flow that reacts to nothing but what rests in the book.

Smith, Farmer, Gillemot and Krishnamurthy, "Statistical theory of the continuous double auction"
(Quantitative Finance 2003, the Santa Fe model), with rates by distance as in Cont, Stoikov and
Talreja, "A stochastic model for order book dynamics" (Operations Research 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field, field_validator

from model.compiled_flow import CompiledSession, writes_each
from model.events import NS_PER_S, Action, Float64, Int64, Recording, Side
from model.order_flow import MarketView
from model.profile import AssetProfile
from model.randomness import uniform
from stylized_facts.baselines.files import read_baseline, write_baseline
from stylized_facts.baselines.marks import (
    OFFSET_QUANTILES,
    SIZE_QUANTILES,
    Tables,
    look_up,
    quantile_table,
)
from stylized_facts.baselines.streams import (
    CO_DEEP,
    CO_TOP,
    LO_INSPREAD,
    MO,
    StreamEvents,
    training_streams,
)

LEAST_EVENTS = 1000
REACH_SHARE = 0.95  # of the cancels behind the touch: the depth in which orders come and go
KIND_DRAW, SIDE_DRAW, OFFSET_DRAW, SIZE_DRAW, WAIT_DRAW = 1, 2, 3, 4, 16
LONGEST_S = 86_400.0


class Flow(IntEnum):
    """Kind of an event."""

    LIMIT = 0
    MARKET = 1
    CANCEL_TOUCH = 2
    CANCEL_DEEP = 3


LIMIT, MARKET, CANCEL_TOUCH, CANCEL_DEEP = (int(flow) for flow in Flow)
_ADD, _CANCEL, _BUY, _SELL = int(Action.ADD), int(Action.CANCEL), int(Side.BUY), int(Side.SELL)


class ZeroIntelligence(BaseModel):
    """Poisson orders and cancels, rates per side; buy and sell mirror each other.

    New limit orders arrive at a constant rate at each distance from the OPPOSITE touch, in ticks
    (`limit_rate` times the share of that distance in `distances`), market orders at a constant
    rate. Cancels are proportional to what rests: at the touch to its visible size; behind it to an
    estimate of the hidden rest, since the protocol shows the touch alone. The estimate starts at
    the mean shape of the profile, as far down as 95% of the cancels reach, and follows every
    order, trade and cancel that the path executes. A cancel's distance and every size are drawn
    from training. There is no time of day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["zero-intelligence"] = "zero-intelligence"
    asset: str
    limit_rate: float = Field(ge=0, description="new limit orders a second and side")
    market_rate: float = Field(ge=0, description="aggressive orders a second and side")
    touch_cancel_rate: float = Field(ge=0, description="cancels a second and resting share, touch")
    deep_cancel_rate: float = Field(ge=0, description="cancels a second and side, at mean depth")
    sizes: list[list[int]] = Field(description="by Flow, shares: quantiles")
    distances: list[list[int]] = Field(
        description="by Flow, ticks: quantiles; a limit order from the opposite touch, a market "
        "order through it, a cancel behind its own"
    )

    @field_validator("sizes", "distances")
    @classmethod
    def _tables(cls, tables: list[list[int]]) -> list[list[int]]:
        if len(tables) != len(Flow) or any(not table or min(table) < 0 for table in tables):
            raise ValueError(f"{len(Flow)} tables of quantiles, not empty, not negative")
        return tables

    @property
    def name(self) -> str:
        """Short name shown in tables."""
        return "Zero intelligence"

    @classmethod
    def fit(cls, recordings: Sequence[Recording], profile: AssetProfile) -> ZeroIntelligence:
        """Rates (events over time) and distributions of recordings with quotes.

        Raises
        ------
        RecordingError
            A recording has no quotes, or there are fewer than 1,000 events in all.
        """
        windows = training_streams(recordings, LEAST_EVENTS)
        flow, distance = _by_flow(windows)
        size = np.concatenate([window.size for window in windows])
        gap_s = np.concatenate([window.gap_s for window in windows])
        resting = np.concatenate([window.bid_size + window.ask_size for window in windows])
        counts = np.bincount(flow, minlength=len(Flow))
        per_side = counts / (2.0 * gap_s.sum())
        return cls(
            asset=profile.asset,
            limit_rate=float(per_side[LIMIT]),
            market_rate=float(per_side[MARKET]),
            touch_cancel_rate=float(counts[CANCEL_TOUCH] / max(gap_s @ resting, 1e-9)),
            deep_cancel_rate=float(per_side[CANCEL_DEEP]),
            sizes=[quantile_table(size[flow == k], SIZE_QUANTILES) for k in Flow],
            distances=[quantile_table(distance[flow == k], OFFSET_QUANTILES) for k in Flow],
        )

    def limit_rates(self, ticks: int) -> Float64:
        """New limit orders a second and side at distances 1..ticks from the opposite touch."""
        table = np.asarray(self.distances[LIMIT])
        return self.limit_rate * np.bincount(table, minlength=ticks + 1)[1 : ticks + 1] / len(table)

    def start(
        self, paths: Int64, seed: int, profile: AssetProfile, view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> CompiledSession:  # fmt: skip
        """See `model.order_flow.OrderFlowModel`; the flow has no memory, history is not read."""
        depths = self.distances[CANCEL_DEEP]
        reach = depths[int(REACH_SHARE * len(depths))]
        levels = np.asarray(profile.shape_occupied) * np.asarray(profile.shape_size)
        mean_deep = max(1.0, float(levels[1 : reach + 1].sum()))  # shares behind a touch
        flow = ZeroIntelligenceFlow(
            Rates(
                self.limit_rate, self.market_rate, self.touch_cancel_rate,
                self.deep_cancel_rate / mean_deep,
            ),
            Tables.pack(self.sizes), Tables.pack(self.distances), np.asarray(paths, np.int64), seed,
            np.stack((view.bid_size, view.ask_size), axis=1) + np.float64(mean_deep),
            np.empty((len(paths), len(Flow), 2)),
        )  # fmt: skip
        return CompiledSession(flow)

    def write(self, path: Path) -> None:
        """Write the fitted model as JSON, atomically."""
        write_baseline(self, path)

    @classmethod
    def read(cls, path: Path) -> ZeroIntelligence:
        """Read what `write` wrote; `CheckpointError` names the file and the field that is wrong."""
        return read_baseline(cls, path)


def _by_flow(windows: Sequence[StreamEvents]) -> tuple[Int64, Int64]:
    """Kind of each event and its distance in the sense of `ZeroIntelligence.distances`."""
    kind = np.concatenate([window.stream for window in windows]) // 2
    offset = np.concatenate([window.offset_ticks for window in windows])
    spread = np.concatenate([window.spread_ticks for window in windows])
    flow = np.full(len(kind), LIMIT)
    for stream_kind, own in ((MO, MARKET), (CO_TOP, CANCEL_TOUCH), (CO_DEEP, CANCEL_DEEP)):
        flow[kind == stream_kind] = own
    behind = np.where(kind == LO_INSPREAD, -offset, offset)
    return flow, np.where(flow == LIMIT, np.maximum(spread + behind, 1), offset)


class Rates(NamedTuple):
    """Events a second and side."""

    limit: float
    market: float
    touch_cancel: float  # per resting share
    deep_cancel: float  # per resting share


class ZeroIntelligenceFlow(NamedTuple):
    """See `model.compiled_flow`."""

    rates: Rates
    sizes: Tables
    distances: Tables
    paths: Int64
    seed: int
    resting: Float64  # [B, 2], shares of each side, what is hidden estimated; updated in place
    levels: Float64  # [B, 4, 2], rates by kind and side: scratch


@writes_each(ZeroIntelligenceFlow)
@njit(cache=True, forceinline=True)
def _propose(b, flow, view, tilts, out):  # type: ignore[no-untyped-def]
    rates, sizes, distances, paths, seed, resting, levels = flow
    path, pressure, level = paths[b], tilts.pressure_log_odds[b], levels[b]
    if view.fresh[b]:
        own, traded = view.last_side[b], view.last_traded_size[b]
        if view.last_action[b] == _CANCEL:
            resting[b, own] -= view.last_size[b]
        else:
            resting[b, own] += view.last_size[b] - traded
            resting[b, 1 - own] -= traded
    for side in range(2):
        here = view.bid_size[b] if side == _BUY else view.ask_size[b]
        resting[b, side] = max(resting[b, side], here)
        level[LIMIT, side], level[MARKET, side] = rates.limit, rates.market
        level[CANCEL_TOUCH, side] = rates.touch_cancel * here
        level[CANCEL_DEEP, side] = rates.deep_cancel * (resting[b, side] - here)
    event, total = view.draw[b], level.sum()
    wait = -np.log(uniform(seed, path, event, WAIT_DRAW)) / total
    left, kind = total * uniform(seed, path, event, KIND_DRAW), 0
    left -= level[0].sum()
    while left >= 0.0 and kind < 3:
        kind += 1
        left -= level[kind].sum()
    cancels = kind in (CANCEL_TOUCH, CANCEL_DEEP)
    odds = np.exp(-pressure) if cancels else np.exp(pressure)
    buy, sell = level[kind, _BUY] * odds, level[kind, _SELL]
    side = _BUY if uniform(seed, path, event, SIDE_DRAW) * (buy + sell) < buy else _SELL
    distance = look_up(distances, kind, uniform(seed, path, event, OFFSET_DRAW))
    size = look_up(sizes, kind, uniform(seed, path, event, SIZE_DRAW))
    bid, ask = view.bid_ticks[b], view.ask_ticks[b]
    sign, touch, opposite = (1, bid, ask) if side == _BUY else (-1, ask, bid)
    if kind == LIMIT:
        price = opposite - sign * distance
    elif kind == MARKET:
        price = opposite + sign * distance
        offered = view.ask_size[b] if side == _BUY else view.bid_size[b]
        if distance == 0 and offered > 0:
            size = min(size, offered)
    else:
        price = touch - sign * distance
    out.dt_ns[b] = max(1, round(min(wait, LONGEST_S) * NS_PER_S))
    out.action[b] = _CANCEL if cancels else _ADD
    out.side[b], out.price_ticks[b], out.size[b] = side, max(price, 1), max(size, 1)
