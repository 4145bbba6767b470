"""The view and the proposals as tuples of arrays, which a compiled loop can take."""

from __future__ import annotations

from typing import NamedTuple

from model.events import Float64, Int8, Int64
from model.order_flow import Bools, MarketView, Proposals


class ViewArrays(NamedTuple):
    """The arrays of a `MarketView`."""

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
    """The arrays of `Proposals`."""

    dt_ns: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64

    @classmethod
    def of(cls, proposals: Proposals) -> ProposalArrays:
        """Share memory with proposals."""
        return cls(*(getattr(proposals, name) for name in cls._fields))
