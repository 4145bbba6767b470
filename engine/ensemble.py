"""The record of a rollout: what every path of one arm did, event by event."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from model.errors import FaultlineError
from model.events import NO_ORDER, Events, EventsMeta, Float64, Int8, Int64, Quotes, Recording

FLOW = -1  # `parent` of an event of the model


class Origin(IntEnum):
    """Who sent an event."""

    MODEL = 0
    SHOCK = 1  # injected by a shock, or done to the book by one


@dataclass(frozen=True, eq=False)
class PathEnsemble:
    """Paths of one arm (baseline or shocked), flat and ragged.

    Path p owns rows offsets[p] .. offsets[p+1]-1 of every column. Quotes are those AFTER the event.

    Attributes
    ----------
    paths : int64 [P], path numbers
    offsets : int64 [P+1]
    time_ns : int64 [n], nanoseconds since the start of the horizon (burn-in excluded), from 0
    action, side, origin : int8 [n]; price_ticks, size : int64 [n]
    traded_size : int64 [n], shares that the event traded on arrival
    traded_value : float64 [n], sum of price in ticks x shares of those trades
    bid_ticks, ask_ticks, bid_size, ask_size : int64 [n]
    start_bid_ticks, start_ask_ticks : int64 [P], quotes at time 0
    start_bid_size, start_ask_size : int64 [P]
    end_ns : int64 [P], time up to which the path was simulated (its horizon, or where it was cut)
    parent : int16 [n], number of the shock that sent the event, `FLOW`: the model
    accounts : float64 [P, shocks, 4], what each shock did on each path: twice the mid in ticks when
        it acted first (0: never), what it was asked, what was done of it, how often it acted; see
        `engine.path_state`. No shocks where none sends, does or triggers anything.
    by_path : int64 or float64 [P] each: `limit_states`, `pauses`, `first_pause_ns` (-1: none) and
        `log_ratio`, the log-likelihood ratio of what the model drew, tilted over untilted
    counters : what was refused or repaired, by kind, summed over paths and without burn-in:
        `proposed`, `thinned`, `cancel_empty_side`, `empty_side`, `out_of_range`, ...
    """

    meta: EventsMeta
    paths: Int64
    offsets: Int64
    time_ns: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64
    origin: Int8
    traded_size: Int64
    traded_value: Float64
    bid_ticks: Int64
    ask_ticks: Int64
    bid_size: Int64
    ask_size: Int64
    start_bid_ticks: Int64
    start_ask_ticks: Int64
    start_bid_size: Int64
    start_ask_size: Int64
    end_ns: Int64
    counters: dict[str, int]
    parent: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    accounts: Float64 = field(default_factory=lambda: np.zeros((0, 0, 4)))
    by_path: dict[str, Float64] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.parent) != len(self.origin):  # not kept: the only shock, if it was a shock
            parent = np.where(self.origin == Origin.SHOCK, 0, FLOW).astype(np.int16)
            object.__setattr__(self, "parent", parent)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def horizon_ns(self) -> int:
        """Time reached by every path."""
        return int(self.end_ns.min())

    def rows(self, path: int) -> slice:
        """Rows of the path at position `path`."""
        return slice(int(self.offsets[path]), int(self.offsets[path + 1]))

    def recording(self, path: int) -> Recording:
        """The path at position `path` as a `Recording` (times from 0)."""
        rows = self.rows(path)
        events = Events(
            self.time_ns[rows], self.action[rows], self.side[rows], self.price_ticks[rows],
            self.size[rows], np.full(rows.stop - rows.start, NO_ORDER), self.meta,
        )  # fmt: skip
        quotes = Quotes(
            self.bid_ticks[rows], self.ask_ticks[rows], self.bid_size[rows], self.ask_size[rows]
        )
        return Recording(events, quotes)

    def on_grid(self, column: str, step_ns: int, horizon_ns: int | None = None) -> Float64:
        """A quote column sampled at 0, step, 2 step, ... <= horizon, previous-tick: float64 [P, T].

        `column` is one of bid_ticks, ask_ticks, bid_size, ask_size, or `mid_ticks`, `spread_ticks`.
        """
        if column == "mid_ticks":
            return 0.5 * (
                self.on_grid("bid_ticks", step_ns, horizon_ns)
                + self.on_grid("ask_ticks", step_ns, horizon_ns)
            )
        if column == "spread_ticks":
            return self.on_grid("ask_ticks", step_ns, horizon_ns) - self.on_grid(
                "bid_ticks", step_ns, horizon_ns
            )
        grid = np.arange(0, (horizon_ns or self.horizon_ns) + 1, step_ns)
        values, start = getattr(self, column), getattr(self, f"start_{column}")
        out = np.empty((len(self), len(grid)))
        for p in range(len(self)):
            rows = self.rows(p)
            last = np.searchsorted(self.time_ns[rows], grid, side="right") - 1
            own = np.concatenate(([start[p]], values[rows]))
            out[p] = own[last + 1]
        return out


_FLAT = (
    "time_ns", "action", "side", "price_ticks", "size", "origin", "traded_size", "traded_value",
    "bid_ticks", "ask_ticks", "bid_size", "ask_size",
)  # fmt: skip
_PER_PATH = (
    "paths", "start_bid_ticks", "start_ask_ticks", "start_bid_size", "start_ask_size", "end_ns",
)  # fmt: skip


def write_ensemble(ensemble: PathEnsemble, path: Path) -> None:
    """Write as one Parquet file (a row an event, column `path` first), atomically."""
    position = np.repeat(np.arange(len(ensemble)), np.diff(ensemble.offsets))
    columns = {"path": position} | {name: getattr(ensemble, name) for name in _FLAT}
    if len(ensemble.parent) == len(position):
        columns["parent"] = ensemble.parent
    header = {
        "meta": dataclasses.asdict(ensemble.meta),
        "offsets": ensemble.offsets.tolist(),
        "counters": ensemble.counters,
        "accounts": ensemble.accounts.tolist(),
        "by_path": {name: values.tolist() for name, values in ensemble.by_path.items()},
    } | {name: getattr(ensemble, name).tolist() for name in _PER_PATH}
    table = pa.table(columns).replace_schema_metadata(
        {b"faultline.ensemble": json.dumps(header).encode()}
    )
    temporary = path.with_name(path.name + ".tmp")
    pq.write_table(table, temporary, compression="zstd")
    os.replace(temporary, path)


def read_ensemble(path: Path) -> PathEnsemble:
    """Read what `write_ensemble` wrote; `FaultlineError` where the file is missing or broken."""
    try:
        table = pq.read_table(path)
        header = json.loads(table.schema.metadata[b"faultline.ensemble"])
        columns: dict[str, Any] = {name: table[name].to_numpy() for name in _FLAT}
        columns |= {name: np.asarray(header[name], np.int64) for name in ("offsets", *_PER_PATH)}
        if "parent" in table.column_names:
            columns["parent"] = table["parent"].to_numpy()
        return PathEnsemble(
            meta=EventsMeta(**header["meta"]), counters=header["counters"], **columns,
            accounts=np.array(header.get("accounts", ()), np.float64).reshape(
                len(columns["paths"]), -1, 4
            ),
            by_path={name: np.array(v) for name, v in header.get("by_path", {}).items()},
        )  # fmt: skip
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise FaultlineError(f"{path}: not a path ensemble ({error}); run it again") from error
