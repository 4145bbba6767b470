"""What a scenario becomes before the loop starts: arrays, no calls.

Times are nanoseconds after the start of the horizon (burn-in excluded).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from model.events import Float64, Int8, Int64

MARKET = 1 << 40  # `order_through_ticks` of an order without a limit price


class Tilt(IntEnum):
    """What a tilt row tilts; its value is on the log scale, and rows in force add up."""

    PRESSURE = 0  # log odds, see `model.order_flow.Tilts`
    RATE = 1  # log of the factor on events a second
    LIMIT_KEEP = 2  # log of the share of new limit orders that is let through


class BookOperation(IntEnum):
    """What a book operation does."""

    WITHDRAW = 0  # deletes resting orders within a distance of the touch until the share is reached


@dataclass(frozen=True, eq=False)
class ShockPlan:
    """A compiled scenario: timetable of tilts, orders to inject, operations on the book.

    Attributes
    ----------
    tilt_kind : int8 [R], see `Tilt`; tilt_value : float64 [R]
    tilt_start_ns, tilt_end_ns, tilt_ramp_ns : int64 [R]
        In force for start <= t < end, rising and falling linearly over `ramp` at both ends.
    order_time_ns : int64 [Q], ascending; order_side : int8 [Q]; order_size : int64 [Q]
    order_through_ticks : int64 [Q], limit price as ticks through the opposite touch, or `MARKET`
    order_rests : bool [Q], whether what does not trade on arrival stays in the book
    order_parent : int64 [Q], which shock of the scenario sent it
    op_time_ns : int64 [K], ascending; op_kind : int8 [K]; op_side : int8 [K], 0 buy, 1 sell, 2 both
    op_distance_ticks : int64 [K], from the touch of the side, 0 = the touch alone
    op_share : float64 [K], share of the resting size to take away, 0..1
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
    order_rests: npt.NDArray[np.bool_]
    order_parent: Int64
    op_time_ns: Int64
    op_kind: Int8
    op_side: Int8
    op_distance_ticks: Int64
    op_share: Float64

    @classmethod
    def empty(cls) -> ShockPlan:
        """A plan that does nothing."""
        i8, i64, f8 = np.zeros(0, np.int8), np.zeros(0, np.int64), np.zeros(0)
        return cls(
            i8, i64, i64, i64, f8, i64, i8, i64, i64, np.zeros(0, np.bool_), i64,
            i64, i8, i8, i64, f8,
        )  # fmt: skip

    @property
    def does_nothing(self) -> bool:
        """Whether there is no row at all."""
        return len(self.tilt_kind) + len(self.order_time_ns) + len(self.op_time_ns) == 0

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
