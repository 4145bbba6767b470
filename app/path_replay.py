"""Everything that a replay of one path shows, both arms, read from the files of its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.ensemble import Origin, PathEnsemble
from engine.one_path import read_opening, read_path
from engine.path_book import PathBook, path_prices, rebuild_book
from engine.shocks.plan import ShockPlan
from engine.spec import RunSpec
from model.catalogue import find_asset, load_profile
from model.events import NS_PER_S, Float64, Int64, Side

UNSHOCKED, SHOCKED = "Unshocked", "Shocked"
COLUMNS = 240  # times at which the book is kept
LINE_POINTS = 1200  # of a line over time
EDGE_QUANTILE = 0.01  # share of the time that the touch may lie outside the view
LEAST_REACH, REACH_SHARE = 8, 0.2  # ticks beyond the touch; share of the touch's own range


@dataclass(frozen=True, eq=False)
class ArmReplay:
    """One path of one arm.

    Attributes
    ----------
    time_s : float64 [T], of the lines
    mid_ticks, spread_ticks, depth : float64 [T]; depth is the size at both touches together
    book : the book over time; None where the run did not keep the books that paths open with
    trades : one row each: time_s, side (of the aggressor), price_ticks (mean), size, shock (whether
        a shock sent it)
    events : rows of the record
    end_s : where the path ends
    """

    time_s: Float64
    mid_ticks: Float64
    spread_ticks: Float64
    depth: Float64
    book: PathBook | None
    trades: pd.DataFrame
    events: int
    end_s: float


@dataclass(frozen=True, eq=False)
class PathReplay:
    """A path with its unshocked twin; one arm where the scenario does nothing.

    `first_mid_ticks` is where both begin: charts show prices as ticks from there.
    """

    position: int
    arms: Mapping[str, ArmReplay]
    first_mid_ticks: float
    tick_size: float
    size_unit: str


def load_replay(folder: Path, spec: RunSpec, position: int) -> PathReplay:
    """Read a path of a finished run and rebuild its book.

    Parameters
    ----------
    folder : of the run
    spec : of the run
    position : of the path, from 0

    Raises
    ------
    FaultlineError
        There is no such path, or a file of the run is missing or broken.
    """
    plan = spec.scenario.compile(spec.intensity, load_profile(spec.asset), spec.horizon_s)
    found: dict[str, tuple[PathEnsemble, int, ShockPlan | None]]
    found = {UNSHOCKED: (*read_path(folder, "baseline", position), None)}
    if not plan.does_nothing:
        found[SHOCKED] = (*read_path(folder, "shocked", position), plan)
    opening = read_opening(folder, position)
    prices = np.concatenate([_sampled_touch(arm, own) for arm, own, _ in found.values()], axis=1)
    view = _view(prices)
    arms = {}
    for name, (arm, own, done) in found.items():
        end_ns = int(arm.end_ns[own])
        times = np.linspace(0, end_ns, COLUMNS).astype(np.int64)
        book = None
        if opening is not None:
            book = rebuild_book(arm, own, opening, times, view, done)
        arms[name] = _arm(arm, own, book)
    first, own, _ = found[UNSHOCKED]
    return PathReplay(
        position=position,
        arms=arms,
        first_mid_ticks=0.5 * float(first.start_bid_ticks[own] + first.start_ask_ticks[own]),
        tick_size=first.meta.tick_size,
        size_unit=find_asset(spec.asset).size_unit,
    )


def _arm(ensemble: PathEnsemble, path: int, book: PathBook | None) -> ArmReplay:
    rows, end_ns = ensemble.rows(path), int(ensemble.end_ns[path])
    grid = np.linspace(0, end_ns, LINE_POINTS).astype(np.int64)
    bid, ask = _at(ensemble, path, grid, path_prices(ensemble, path))
    size = np.array(
        [
            np.append(ensemble.start_bid_size[path], ensemble.bid_size[rows]),
            np.append(ensemble.start_ask_size[path], ensemble.ask_size[rows]),
        ],
        np.float64,
    )
    return ArmReplay(
        time_s=grid / NS_PER_S,
        mid_ticks=0.5 * (bid + ask),
        spread_ticks=ask - bid,
        depth=_at(ensemble, path, grid, size).sum(axis=0),
        book=book,
        trades=_trades(ensemble, rows),
        events=rows.stop - rows.start,
        end_s=end_ns / NS_PER_S,
    )


def _trades(ensemble: PathEnsemble, rows: slice) -> pd.DataFrame:
    size = ensemble.traded_size[rows]
    traded = size > 0
    return pd.DataFrame(
        {
            "time_s": ensemble.time_ns[rows][traded] / NS_PER_S,
            "side": np.where(ensemble.side[rows][traded] == Side.BUY, "buy", "sell"),
            "price_ticks": ensemble.traded_value[rows][traded] / size[traded],
            "size": size[traded],
            "shock": ensemble.origin[rows][traded] == Origin.SHOCK,
        }
    )


def _at(ensemble: PathEnsemble, path: int, grid: Int64, values: Float64) -> Float64:
    """Columns of `values` [k, 1 + n] (at the start, after each event) as they are at some times."""
    last = np.searchsorted(ensemble.time_ns[ensemble.rows(path)], grid, side="right")
    return np.asarray(values[:, last])


def _sampled_touch(ensemble: PathEnsemble, path: int) -> Float64:
    """Bid and ask at even times: float64 [2, T]."""
    grid = np.linspace(0, int(ensemble.end_ns[path]), LINE_POINTS).astype(np.int64)
    return _at(ensemble, path, grid, path_prices(ensemble, path))


def _view(touch: Float64) -> tuple[int, int]:
    """Lowest and highest price that is shown, ticks."""
    low = float(np.quantile(touch[0], EDGE_QUANTILE))
    high = float(np.quantile(touch[1], 1 - EDGE_QUANTILE))
    reach = max(LEAST_REACH, REACH_SHARE * (high - low))
    return max(1, int(low - reach)), int(high + reach) + 1
