"""An order-level log in which trades have to be inferred: what its rows say together."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from model.readers.fills import UNKNOWN, Fill, pair_fills

CREATED, CHANGED, DELETED = range(3)
PAIR_WITHIN_MS = 1000  # of the two rows of a trade; in practice they lie a few ms apart
# A market order that is used up may be deleted with the volume that its money would have bought at
# the price before: in practice some 3e-5 away from what it did buy.
ENDING_TOLERANCE = 1e-4


class Row(NamedTuple):
    """One row of the log."""

    order: int
    time_ms: int
    price: int  # ticks
    volume: int  # that remains
    action: int  # CREATED, CHANGED or DELETED
    side: int  # see `Side`


class Trade(NamedTuple):
    """Two fills that belong together."""

    taker: Fill
    maker: Fill


class OrderLog(NamedTuple):
    """The rows, and what they say when they are read together.

    Attributes
    ----------
    rows : in time order
    used : False for a row of an order that was deleted before it
    created : for each order the row that creates it
    resting : orders from before the start: their first row, with the volume they had until then
    market : orders whose price changes: market orders on their way through the book
    trades : by the row that brings the second of the two orders
    alone : fills of limit orders that have no partner, by their row
    """

    rows: list[Row]
    used: list[bool]
    created: dict[int, int]
    resting: dict[int, Row]
    market: set[int]
    trades: dict[int, list[Trade]]
    alone: dict[int, Fill]


def read_together(rows: list[Row]) -> OrderLog:
    """Which rows count, who rests from before the start, and who traded with whom."""
    rows = _deletions_last(rows)
    created: dict[int, int] = {}
    for at, row in enumerate(rows):
        if row.action == CREATED:
            created.setdefault(row.order, at)
    used: list[bool] = []
    falls: list[Fill] = []
    endings: list[Fill] = []  # deletions with volume left
    market: set[int] = set()
    gone: set[int] = set()
    first: dict[int, Row] = {}
    left: dict[int, int] = {}  # volume, by order
    for at, row in enumerate(rows):
        order = row.order
        # A deletion may overtake the creation: of an order that nobody can have met.
        used.append(order not in gone and created.get(order, -1) <= at)
        if row.action == DELETED:
            gone.add(order)
        if not used[at]:
            continue
        if first.setdefault(order, row).price != row.price:
            market.add(order)
        fill = Fill(at, row.time_ms, order, row.side, row.price, left.get(order, 0) - row.volume)
        if order not in left and (row.action == CHANGED or row.volume == 0):
            falls.append(fill._replace(volume=UNKNOWN))
        elif fill.volume > 0:
            falls.append(fill)
        elif row.action == DELETED:
            endings.append(fill._replace(volume=row.volume))
        left[order] = row.volume
    pairs, alone = pair_fills(falls, within_ms=PAIR_WITHIN_MS, tolerance=0.0)
    ended, alone = pair_fills(
        sorted(alone + endings), within_ms=PAIR_WITHIN_MS, tolerance=ENDING_TOLERANCE
    )
    trades: dict[int, list[Trade]] = defaultdict(list)
    volumes: dict[int, int] = {}  # of the fills that have a partner, by row
    for pair in pairs + ended:
        maker, taker = sorted(
            pair, key=lambda fill: (fill.order in market, created.get(fill.order, -1))
        )
        trades[max(created.get(fill.order, 0) for fill in pair)].append(Trade(taker, maker))
        volumes |= {fill.row: fill.volume for fill in pair}
    resting = {order: row for order, row in first.items() if order not in created}
    for fill in falls:
        if fill.volume == UNKNOWN:
            row = resting[fill.order]
            resting[fill.order] = row._replace(volume=row.volume + volumes.get(fill.row, 0))
    lone = {
        fill.row: fill
        for fill in falls
        if not (fill.row in volumes or fill.volume == UNKNOWN or fill.order in market)
    }
    return OrderLog(rows, used, created, resting, market, dict(trades), lone)


def _deletions_last(rows: list[Row]) -> list[Row]:
    """The rows, with each deletion exchanged for a change of the order that it overtook."""
    rows = list(rows)
    deleted: dict[int, int] = {}
    for at, row in enumerate(rows):
        if row.action == DELETED:
            deleted[row.order] = at
        elif row.action == CHANGED and row.order in deleted:
            before = deleted[row.order]
            rows[at] = rows[before]._replace(time_ms=row.time_ms)
            rows[before] = row._replace(time_ms=rows[before].time_ms)
            deleted[row.order] = at
    return rows
