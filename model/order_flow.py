"""The protocol by which anything that writes order flow is driven.

One step of the closed loop, for B paths at once::

    session.propose(view, tilts, proposals)     the model: the next event of each path
    simulator.step(proposals, ...)              the engine: match it, update `view`

A model sees the market only through `MarketView`, and an engine knows a model only through
`OrderFlowModel`: TradeFM, Hawkes, zero intelligence and a replay are driven by the same loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from model.events import Float64, Int8, Int64, Recording
from model.profile import AssetProfile

Bools = npt.NDArray[np.bool_]


@dataclass(eq=False)
class MarketView:
    """What every path's market shows, arrays of length B, written in place by the simulator.

    `last_*` describe the event executed in the last step, whoever sent it (the model or a shock),
    and the touch just before it. Where `fresh` is False nothing was executed in the last step
    (the proposal was thinned out or refused): the history has not grown, though time and quotes
    may have moved.
    """

    active: Bools  # False once a path has reached its horizon: nothing need be proposed
    draw: Int64  # number of the next model event: the coordinate `event` of its random draws
    time_ns: Int64  # now, nanoseconds after local midnight
    open_ticks: Float64  # reference price of the price level (mid at the session's or path's start)
    bid_ticks: Int64  # an empty side keeps its last price and has size 0
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64
    fresh: Bools
    last_dt_ns: Int64  # time since the event before it
    last_action: Int8
    last_side: Int8
    last_price_ticks: Int64
    last_size: Int64
    last_bid_ticks: Int64  # touch before the last event
    last_ask_ticks: Int64
    last_traded_size: Int64  # shares that the last event traded on arrival
    last_traded_value: Float64  # sum of price in ticks x shares of those trades

    @classmethod
    def empty(cls, paths: int) -> MarketView:
        """A view of `paths` markets, all zero, all active, nothing fresh."""

        def ints() -> Int64:
            return np.zeros(paths, np.int64)

        return cls(
            active=np.ones(paths, np.bool_), draw=ints(), time_ns=ints(),
            open_ticks=np.zeros(paths), bid_ticks=ints(), ask_ticks=ints(),
            bid_size=ints(), ask_size=ints(), fresh=np.zeros(paths, np.bool_),
            last_dt_ns=ints(), last_action=np.zeros(paths, np.int8),
            last_side=np.zeros(paths, np.int8), last_price_ticks=ints(), last_size=ints(),
            last_bid_ticks=ints(), last_ask_ticks=ints(), last_traded_size=ints(),
            last_traded_value=np.zeros(paths),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.time_ns)


@dataclass(eq=False)
class Proposals:
    """The next event of each path, arrays of length B, written in place by the model.

    A CANCEL names no order: it asks for the deletion of one resting order of its side, at the
    level nearest to `price_ticks`, of the size nearest to `size`.
    """

    dt_ns: Int64  # time to the event, from `MarketView.time_ns`, >= 1
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64  # >= 1
    repaired: Bools  # the model had to change what it drew to make it an order at all
    log_ratio: Float64  # log of the probability of what was drawn, tilted over untilted

    @classmethod
    def empty(cls, paths: int) -> Proposals:
        """Room for `paths` proposals."""
        return cls(
            np.ones(paths, np.int64), np.zeros(paths, np.int8), np.zeros(paths, np.int8),
            np.zeros(paths, np.int64), np.ones(paths, np.int64), np.zeros(paths, np.bool_),
            np.zeros(paths),
        )  # fmt: skip


@dataclass(eq=False)
class Tilts:
    """How the flow of each path is tilted now, arrays of length B; neutral values change nothing.

    Every model honours `pressure_log_odds`; one that draws its next event from a table of
    probabilities (`reweights`) the other odds as well, exactly, and says in `Proposals.log_ratio`
    by how much what it drew has become more or less probable. The engine divides the time to the
    next event by `rate`, the same for every model, and does everything else itself; a model that
    remembers time remembers it by the clock that `rate` speeds up.

    Pressure: given its action, an ADD is a BUY with odds multiplied by exp(pressure_log_odds) and
    a CANCEL is a BUY with odds divided by it, so that a positive value pushes the price up. The
    mix of actions and the total rate are left alone.
    """

    pressure_log_odds: Float64  # 0 neutral; log(3): odds of a buy among adds three times as high
    rate: Float64  # 1 neutral; 10: ten times as many events a second
    cancel_log_odds: Float64  # 0 neutral; log(3): odds of a cancel three times as high
    depth_log_odds: Float64  # 0 neutral; log(2): each depth bin twice as likely against the last
    size_log_odds: Float64  # 0 neutral; the same for the size bins

    @classmethod
    def neutral(cls, paths: int) -> Tilts:
        """Tilts that change nothing."""
        return cls(
            np.zeros(paths), np.ones(paths), np.zeros(paths), np.zeros(paths), np.zeros(paths)
        )


_Columns = TypeVar("_Columns", MarketView, Proposals, Tilts)


def part_of(columns: _Columns, part: slice) -> _Columns:
    """Some of the paths; shares memory with the whole."""
    return type(columns)(*(getattr(columns, field.name)[part] for field in fields(columns)))


class ViewArrays(NamedTuple):
    """The arrays of a `MarketView` under the same names, in the form that compiled code takes."""

    active: Bools
    draw: Int64
    time_ns: Int64
    open_ticks: Float64
    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64
    fresh: Bools
    last_dt_ns: Int64
    last_action: Int8
    last_side: Int8
    last_price_ticks: Int64
    last_size: Int64
    last_bid_ticks: Int64
    last_ask_ticks: Int64
    last_traded_size: Int64
    last_traded_value: Float64

    @classmethod
    def of(cls, view: MarketView) -> ViewArrays:
        """Share memory with a view."""
        return cls(*(getattr(view, name) for name in cls._fields))


class ProposalArrays(NamedTuple):
    """The arrays of `Proposals` under the same names, in the form that compiled code takes."""

    dt_ns: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64
    repaired: Bools
    log_ratio: Float64

    @classmethod
    def of(cls, proposals: Proposals) -> ProposalArrays:
        """Share memory with proposals."""
        return cls(*(getattr(proposals, name) for name in cls._fields))


class TiltArrays(NamedTuple):
    """The arrays of `Tilts` under the same names, in the form that compiled code takes."""

    pressure_log_odds: Float64
    rate: Float64
    cancel_log_odds: Float64
    depth_log_odds: Float64
    size_log_odds: Float64

    @classmethod
    def of(cls, tilts: Tilts) -> TiltArrays:
        """Share memory with tilts."""
        return cls(*(getattr(tilts, name) for name in cls._fields))


@runtime_checkable
class FlowSession(Protocol):
    """One batch of paths being written; holds whatever state the model needs for each path."""

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        """Take in the last event of each path where `view.fresh`, and write its next one to `out`.

        Where `view.draw` is still that of the last proposal, something else came first: the same
        event is proposed again, and its `dt_ns` counts from when that draw began, on the clock that
        `tilts.rate` speeds up; the engine subtracts what has been waited.

        Only paths with `view.active` matter. Random numbers come from `model.randomness` with
        coordinates (seed, path, view.draw[b], purpose), nothing else, so that the same view gives
        the same proposal in whatever batch.
        """
        ...


@runtime_checkable
class AskedSession(FlowSession, Protocol):
    """A session that works beside its caller: `propose` in two halves.

    A model whose sessions are of this kind may say in an attribute `parts` how many of them a
    rollout should deal its paths out to: while one works, the engine plays the books of another.
    """

    def ask(self, view: MarketView, tilts: Tilts) -> None:
        """Start on the next event of each path and return; the view must then stand still."""
        ...

    def answer(self, out: Proposals) -> None:
        """Wait for what was asked last and write it to `out`."""
        ...


@runtime_checkable
class OrderFlowModel(Protocol):
    """Anything that writes order flow."""

    @property
    def name(self) -> str:
        """Short name shown in tables: `TradeFM small`, `Hawkes`, `Zero intelligence`."""
        ...

    def start(
        self,
        paths: Int64,
        seed: int,
        profile: AssetProfile,
        view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> FlowSession:
        """Begin writing.

        Parameters
        ----------
        paths : int64 [B], path numbers: the coordinate `path` of the random draws. The same number
            may occur twice (shocked and unshocked twin) and then meets the same draws.
        seed : int
        profile : AssetProfile
        view : MarketView, the market at the start, already seeded
        history : for each path the real events (with quotes) that came before, or None where there
            is no recording: the model then starts from its own long-run state and the engine lets
            it run in (burn-in).
        """
        ...
