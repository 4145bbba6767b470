"""The record of a rollout: what every path of one arm did, event by event."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from engine.runs.atomic import replacing
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

    def parts(self) -> Iterator[PathEnsemble]:
        """The paths in portions that fit into memory, in their order."""
        yield self

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
        values, start, times = getattr(self, column), getattr(self, f"start_{column}"), self.time_ns
        out = np.empty((len(self), len(grid)))
        for p in range(len(self)):
            rows = self.rows(p)
            last = np.searchsorted(times[rows], grid, side="right") - 1
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


COLUMNS = ("offsets", *_PER_PATH, *_FLAT, "parent")  # of a file


def write_ensemble(ensemble: PathEnsemble, path: Path) -> None:
    """Write as one Parquet file (a row an event, column `path` first), in one step.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full; nothing is left behind.
    """
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
    text = json.dumps(header).encode()
    # Parquet has checksums for pages and none for this.
    metadata = {b"faultline.ensemble": text, b"faultline.sha256": sha256(text).digest()}
    table = pa.table(columns).replace_schema_metadata(metadata)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def chunk_file(path: Path, number: int) -> Path:
    """Name of a chunk of the ensemble called `path`: `baseline-00003.parquet`."""
    return path.with_name(f"{path.stem}-{number:05d}{path.suffix}")


def read_ensemble(path: Path) -> PathEnsemble:
    """Read what `write_ensemble` wrote, in one file or in the chunks of `chunk_file`.

    Raises
    ------
    FaultlineError
        A file is missing or broken.
    """
    if path.is_file() or not chunk_file(path, 0).is_file():
        return _read_file(path)
    return join([_read_file(file) for file in chunk_files(path)])


def chunk_files(path: Path) -> list[Path]:
    """The chunks that there are of an ensemble, in order."""
    return sorted(path.parent.glob(f"{path.stem}-[0-9][0-9][0-9][0-9][0-9]{path.suffix}"))


def join(ensembles: Sequence[PathEnsemble]) -> PathEnsemble:
    """One ensemble of the paths of several, in order."""
    flat = {
        name: np.concatenate([getattr(e, name) for e in ensembles]) for name in (*_FLAT, "parent")
    }
    return PathEnsemble(**(joined_paths(ensembles) | flat))


def joined_paths(ensembles: Sequence[PathEnsemble]) -> dict[str, Any]:
    """All fields of `join` that hold a value a path, or one for all."""
    first = ensembles[0]
    counters: dict[str, int] = {}
    for one in ensembles:
        for name, count in one.counters.items():
            counters[name] = counters.get(name, 0) + count
    events = np.concatenate([np.diff(e.offsets) for e in ensembles])
    return {
        "meta": first.meta,
        "offsets": np.concatenate(([0], np.cumsum(events))),
        "counters": counters,
        "accounts": np.concatenate([e.accounts for e in ensembles]),
        "by_path": {
            name: np.concatenate([e.by_path[name] for e in ensembles]) for name in first.by_path
        },
    } | {name: np.concatenate([getattr(e, name) for e in ensembles]) for name in _PER_PATH}


def _read_file(path: Path) -> PathEnsemble:
    """An ensemble with all its columns in memory."""
    table = read_columns(path, (*_FLAT, "parent"))
    columns: dict[str, Any] = {name: table[name] for name in table}
    header = read_header(path)
    if any(len(column) != header.offsets[-1] for column in columns.values()):
        raise _broken(path, ValueError("its rows are not those of its paths"))
    return PathEnsemble(**(vars(header) | columns))


def read_columns(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Columns of a file that `write_ensemble` wrote, those of them that it has, by name.

    Raises
    ------
    FaultlineError
        The file is missing, cut short, or a page of it does not have its checksum.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            wanted = [name for name in names if name in file.schema_arrow.names]
            table = file.read(wanted)
            return {name: table[name].to_numpy() for name in wanted}
    except (OSError, pa.ArrowException, ValueError) as error:
        raise _broken(path, error) from error


def read_header(path: Path) -> PathEnsemble:
    """What a file holds for each path, without its events."""
    try:
        metadata = pq.read_schema(path).metadata
        text = metadata[b"faultline.ensemble"]
        if metadata.get(b"faultline.sha256", digest := sha256(text).digest()) != digest:
            raise ValueError("its header was changed")
        header = json.loads(text)
        names = ("offsets", *_PER_PATH)
        per_path: dict[str, Any] = {name: np.asarray(header[name], np.int64) for name in names}
        offsets, number = per_path["offsets"], len(per_path["paths"])
        lengths = {per_path[name].shape for name in _PER_PATH}
        if lengths != {(number,)} or offsets.shape != (number + 1,):
            raise ValueError("its header does not fit together")
        if offsets[0] != 0 or (np.diff(offsets) < 0).any():
            raise ValueError("its paths overlap")
        none: dict[str, Any] = {name: np.zeros(0, np.int64) for name in _FLAT}
        return PathEnsemble(
            meta=EventsMeta(**header["meta"]), counters=header["counters"], **per_path, **none,
            accounts=np.array(header.get("accounts", ()), np.float64).reshape(
                len(per_path["paths"]), -1, 4
            ),
            by_path={name: np.array(v) for name, v in header.get("by_path", {}).items()},
        )  # fmt: skip
    except (
        OSError, pa.ArrowException, KeyError, TypeError, ValueError, ArithmeticError,
        AttributeError, RecursionError,
    ) as error:  # fmt: skip
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> FaultlineError:
    return FaultlineError(f"{path}: not a path ensemble ({error}); run it again")
