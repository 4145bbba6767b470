"""What a scenario becomes before the loop starts: arrays, no calls.

Times are nanoseconds after the start of the horizon (burn-in excluded).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from model.events import Float64, Int8, Int64

MARKET = 1 << 40  # `order_through_ticks` of an order without a limit price
BOTH = 2  # `op_side` of an operation on both sides


class Tilt(IntEnum):
    """What a tilt row tilts; its value is on the log scale, and rows in force add up.

    The keeps are logs of the share of the model's events of a kind and side that is let through.
    """

    PRESSURE = 0  # log odds, see `model.order_flow.Tilts`
    RATE = 1  # log of the factor on events a second
    KEEP_LIMIT_BUY = 2  # new orders that do not trade on arrival
    KEEP_LIMIT_SELL = 3
    KEEP_AGGRESSIVE_BUY = 4  # new orders that do
    KEEP_AGGRESSIVE_SELL = 5
    KEEP_CANCEL_BUY = 6
    KEEP_CANCEL_SELL = 7
    SIZE = 8  # log of the factor on the size of new orders
    DEPTH = 9  # log of the factor on the distance of new orders from the tick before their touch
    PATIENCE = 10  # log of the share of new limit orders that stay so; the others cross the spread
    CANCEL_ODDS = 11  # log odds, see `model.order_flow.Tilts`
    DEPTH_ODDS = 12  # log odds for each depth bin further
    SIZE_ODDS = 13  # log odds for each size bin further


class Anchor(IntEnum):
    """What the limit price of an injected order is counted from."""

    OPPOSITE = 0  # the opposite touch when it arrives; positive goes through it
    OWN = 1  # the touch of its own side when it arrives; positive goes towards the other side
    FIRST = 2  # the mid when its shock acted first; positive is upwards, whatever the side


class BookOperation(IntEnum):
    """What a book operation does."""

    WITHDRAW = 0  # deletes resting orders within a distance of the touch until the share is reached
    WIDEN = 1  # deletes all orders of a side within `distance` half ticks of the mid
    SHIFT = 2  # moves the whole book by `distance` ticks
    GRID = 3  # prices are multiples of `distance` ticks from now on
    HALT = 4  # nothing trades for `size` nanoseconds
    CANCEL = 5  # deletes the order nearest to `distance` ticks from the first mid and to `size`


class Trigger(IntEnum):
    """A rule that the state of the path sets off."""

    STOPS = 0  # stop orders at equal distances, set off when the opposite touch reaches them
    PARTICIPATION = 1  # market orders that keep up a share of what the others trade
    BANDS = 2  # limit up and limit down, with pauses
    THROTTLE = 3  # refuses events of the flow beyond a number a second


@dataclass(frozen=True, eq=False)
class ShockPlan:
    """A compiled scenario: timetable of tilts, orders to inject, operations on the book, triggers.

    Attributes
    ----------
    tilt_kind : int8 [R], see `Tilt`; tilt_value : float64 [R]
    tilt_start_ns, tilt_end_ns, tilt_ramp_ns : int64 [R]
        In force for start <= t < end, rising and falling linearly over `ramp` at both ends.
    order_time_ns : int64 [Q], ascending; order_side : int8 [Q]; order_size : int64 [Q]
    order_through_ticks : int64 [Q], limit price as ticks from the anchor, or `MARKET`
    order_anchor : int8 [Q], see `Anchor`
    order_rests : bool [Q], whether what does not trade on arrival stays in the book
    order_lifetime_ns : int64 [Q], after which it is cancelled, 0: never
    order_parent : int64 [Q], which shock of the scenario sent it
    op_time_ns : int64 [K], ascending; op_kind : int8 [K], see `BookOperation`
    op_side : int8 [K], 0 buy, 1 sell, 2 both
    op_distance_ticks, op_size : int64 [K], see `BookOperation`
    op_share : float64 [K], share of the resting size to take away, 0..1
    op_parent : int64 [K]
    trigger_kind : int8 [T], see `Trigger`; trigger_side : int8 [T]; trigger_parent : int64 [T]
    trigger_start_ns, trigger_end_ns : int64 [T], in force for start <= t < end
    trigger_size, trigger_count, trigger_distance_ticks, trigger_step_ticks : int64 [T]
    trigger_share : float64 [T]
    trigger_interval_ns, trigger_pause_ns, trigger_memory_ns : int64 [T]
        What they mean for each kind, see `engine.triggers`.
    """

    tilt_kind: Int8
    tilt_start_ns: Int64
    tilt_end_ns: Int64
    tilt_ramp_ns: Int64
    tilt_value: Float64
    order_time_ns: Int64
    order_side: Int8
    order_size: Int64
    order_through_ticks: Int64
    order_anchor: Int8
    order_rests: npt.NDArray[np.bool_]
    order_lifetime_ns: Int64
    order_parent: Int64
    op_time_ns: Int64
    op_kind: Int8
    op_side: Int8
    op_distance_ticks: Int64
    op_size: Int64
    op_share: Float64
    op_parent: Int64
    trigger_kind: Int8
    trigger_side: Int8
    trigger_parent: Int64
    trigger_start_ns: Int64
    trigger_end_ns: Int64
    trigger_size: Int64
    trigger_count: Int64
    trigger_distance_ticks: Int64
    trigger_step_ticks: Int64
    trigger_share: Float64
    trigger_interval_ns: Int64
    trigger_pause_ns: Int64
    trigger_memory_ns: Int64

    @classmethod
    def empty(cls) -> ShockPlan:
        """A plan that does nothing."""
        return cls(
            **{field.name: np.zeros(0, _DTYPES.get(str(field.type), "?")) for field in fields(cls)}
        )

    @property
    def does_nothing(self) -> bool:
        """Whether there is no row at all."""
        rows = (self.tilt_kind, self.order_time_ns, self.op_time_ns, self.trigger_kind)
        return not any(len(column) for column in rows)

    @property
    def parents(self) -> int:
        """One more than the highest number of a shock that sends, does or triggers something."""
        columns = (self.order_parent, self.op_parent, self.trigger_parent)
        return 1 + max(int(column.max(initial=-1)) for column in columns)

    def of_parent(self, parent: int) -> ShockPlan:
        """The same rows, said to be those of shock number `parent`."""
        return replace(
            self,
            order_parent=np.full(len(self.order_parent), parent, np.int64),
            op_parent=np.full(len(self.op_parent), parent, np.int64),
            trigger_parent=np.full(len(self.trigger_parent), parent, np.int64),
        )

    def joined(self, other: ShockPlan) -> ShockPlan:
        """Both plans together, orders and operations in time order (ties: self first)."""
        columns = {
            field.name: np.concatenate((getattr(self, field.name), getattr(other, field.name)))
            for field in fields(self)
        }
        for prefix in ("order_", "op_"):
            rank = np.argsort(columns[f"{prefix}time_ns"], kind="stable")
            columns |= {name: c[rank] for name, c in columns.items() if name.startswith(prefix)}
        return ShockPlan(**columns)


_DTYPES = {"Int8": "i1", "Int64": "i8", "Float64": "f8"}
