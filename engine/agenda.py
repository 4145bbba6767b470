"""What a shock plan does at set times: its orders and book operations in one line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.shocks.plan import ShockPlan
from model.events import Side

ORDER, WITHDRAW = 0, 1  # kinds of an entry
ENTRY = np.dtype(
    [
        ("time_ns", "i8"),
        ("size", "i8"),
        ("through_ticks", "i8"),
        ("distance_ticks", "i8"),
        ("share", "f8"),
        ("kind", "i1"),
        ("side", "i1"),
        ("rests", "?"),
    ],
    align=True,
)
_BOTH = 2  # `op_side` of an operation on both sides


def compile_agenda(plan: ShockPlan) -> npt.NDArray[np.void]:
    """Entries in time order: ENTRY [n]. At equal times operations come before orders.

    An operation on both sides becomes two entries, the buy side first. Orders of size 0 and
    operations with share 0 do nothing and are left out.
    """
    operations = [
        (
            plan.op_time_ns[k],
            0,
            0,
            plan.op_distance_ticks[k],
            plan.op_share[k],
            WITHDRAW,
            side,
            False,
        )
        for k in range(len(plan.op_time_ns))
        for side in (tuple(Side) if plan.op_side[k] == _BOTH else (plan.op_side[k],))
        if plan.op_share[k] > 0
    ]
    orders = [
        (
            plan.order_time_ns[q],
            plan.order_size[q],
            plan.order_through_ticks[q],
            0,
            0.0,
            ORDER,
            plan.order_side[q],
            plan.order_rests[q],
        )
        for q in range(len(plan.order_time_ns))
        if plan.order_size[q] > 0
    ]
    entries = np.array(operations + orders, ENTRY)
    return entries[np.argsort(entries["time_ns"], kind="stable")]
