"""What a shock plan does at set times: its orders and book operations in one line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.shocks.plan import BOTH, BookOperation, ShockPlan
from model.events import Side

# Kinds of an entry: those of `BookOperation`, and these.
ORDER, WITHDRAW_TAGGED = 100, 101
NO_TAG = -1
ENTRY = np.dtype(
    [
        ("time_ns", "i8"),
        ("size", "i8"),
        ("through_ticks", "i8"),
        ("distance_ticks", "i8"),
        ("tag", "i8"),  # number of an order that will be cancelled, NO_TAG
        ("share", "f8"),
        ("parent", "i2"),
        ("kind", "i1"),
        ("side", "i1"),
        ("anchor", "i1"),
        ("rests", "?"),
    ],
    align=True,
)


def compile_agenda(plan: ShockPlan) -> npt.NDArray[np.void]:
    """Entries in time order: ENTRY [n]. At equal times operations come before orders.

    A withdrawal on both sides becomes two entries, the buy side first. Orders of size 0 and
    withdrawals with share 0 do nothing and are left out. An order with a lifetime gets a tag
    (0, 1, ...) and a second entry that cancels it.
    """
    parts = [_operations(plan, side) for side in (*Side, BOTH)] + _orders(plan)
    entries = np.concatenate(parts)
    return entries[np.argsort(entries["time_ns"], kind="stable")]


def tags(entries: npt.NDArray[np.void]) -> int:
    """How many orders of an agenda have a tag."""
    return 1 + int(entries["tag"].max(initial=NO_TAG))


def _operations(plan: ShockPlan, side: int) -> npt.NDArray[np.void]:
    """Withdrawals that act on a side; `BOTH`: everything else."""
    withdraws = plan.op_kind == BookOperation.WITHDRAW
    own = ~withdraws
    if side != BOTH:
        own = withdraws & (plan.op_share > 0) & np.isin(plan.op_side, (side, BOTH))
    entries = np.zeros(int(own.sum()), ENTRY)
    for name in ("time_ns", "kind", "side", "distance_ticks", "size", "share", "parent"):
        entries[name] = getattr(plan, f"op_{name}")[own]
    entries["tag"] = NO_TAG
    if side != BOTH:
        entries["side"] = side
    return entries


def _orders(plan: ShockPlan) -> list[npt.NDArray[np.void]]:
    """The cancels of orders that live for a time, and all orders."""
    own = plan.order_size > 0
    orders = np.zeros(int(own.sum()), ENTRY)
    orders["kind"] = ORDER
    for name in ("time_ns", "side", "size", "through_ticks", "anchor", "rests", "parent"):
        orders[name] = getattr(plan, f"order_{name}")[own]
    lifetime = plan.order_lifetime_ns[own]
    mortal = lifetime > 0
    orders["tag"] = np.where(mortal, np.cumsum(mortal) - 1, NO_TAG)
    ends = orders[mortal]
    ends["kind"] = WITHDRAW_TAGGED
    ends["time_ns"] += lifetime[mortal]
    return [ends, orders]
