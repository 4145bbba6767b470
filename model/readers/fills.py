"""Who traded with whom, where a log shows only that the volumes of two orders fell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from model.events import Side

UNKNOWN = -1  # volume of a fill of an order whose volume before it nobody saw
ROUNDING = 2  # volume units that the two falls of one trade may differ by


class Fill(NamedTuple):
    """One fall of an order's volume that is no cancellation."""

    row: int  # of the log
    time_ms: int
    order: int
    side: int  # see `Side`
    price_ticks: int
    volume: int  # `UNKNOWN` where the order's volume before is not known


def pair_fills(
    fills: Sequence[Fill], *, within_ms: int, tolerance: float
) -> tuple[list[tuple[Fill, Fill]], list[Fill]]:
    """The two sides of each trade: fills of one volume, on opposite sides, close in time.

    A bid can only have traded with an ask at its own price or below. The pairs nearest in time are
    made first. What is then left of fills of unknown volume takes the nearest partner of any
    volume.

    Parameters
    ----------
    fills : in time order
    within_ms : how far apart the two rows of a trade may lie
    tolerance : how far their volumes may differ, as a share, beside `ROUNDING`

    Returns
    -------
    tuple
        The pairs, in which an unknown volume has become that of the partner, and the fills
        without a partner; both in the order of `fills`.
    """
    times = [fill.time_ms for fill in fills]
    equal, unseen = [], []
    for i, fill in enumerate(fills):
        stop = bisect_right(times, fill.time_ms + within_ms)
        for j in range(i + 1, stop):
            other = fills[j]
            if not _could_trade(fill, other):
                continue
            near = (other.time_ms - fill.time_ms, i, j)
            if UNKNOWN in (fill.volume, other.volume):
                if fill.volume != other.volume:
                    unseen.append(near)
            elif abs(fill.volume - other.volume) <= ROUNDING + tolerance * fill.volume:
                equal.append(near)
    partner: dict[int, int] = {}
    for _, i, j in sorted(equal) + sorted(unseen):
        if i not in partner and j not in partner:
            partner[i], partner[j] = j, i
    pairs = [
        (_known(fills[i], fills[j]), _known(fills[j], fills[i]))
        for i, j in sorted(partner.items())
        if i < j
    ]
    return pairs, [fill for i, fill in enumerate(fills) if i not in partner]


def _known(fill: Fill, partner: Fill) -> Fill:
    return fill._replace(volume=partner.volume) if fill.volume == UNKNOWN else fill


def _could_trade(one: Fill, other: Fill) -> bool:
    if one.side == other.side or one.order == other.order:
        return False
    bid, ask = (one, other) if one.side == Side.BUY else (other, one)
    return bid.price_ticks >= ask.price_ticks
