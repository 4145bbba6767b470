"""Charts of one path with its unshocked twin: the book over time, spread, depth, the ladder."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from app.charts.numbers import count, number
from app.charts.palette import Role
from app.charts.spec import ASKS, BIDS, Axis, ChartSpec, Span
from app.charts.stress import ROLES, TIME
from app.path_replay import COLUMNS, LINE_POINTS, SHOCKED, UNSHOCKED, ArmReplay, PathReplay
from engine.path_book import PathBook

MOST_BINS = 84  # of prices, in the height of a panel
MOST_TRADES = 1_500  # drawn on a panel
LADDER_TICKS = 30  # shown on both sides of the mid, more where the spread is wide
BOUGHT, SOLD = "Buys", "Sells"
_MID = {UNSHOCKED: "Mid, unshocked", SHOCKED: "Mid, shocked"}


def depth_chart(replay: PathReplay, spans: tuple[Span, ...], asset: str) -> ChartSpec | None:
    """The book over time with trades and mid, both arms on the same axes; None without books."""
    frames, step = [], 1
    for name, arm in replay.arms.items():
        if arm.book is None:
            return None
        step = math.ceil(arm.book.size.shape[1] / MOST_BINS)
        own = pd.concat(
            [
                _cells(arm.book, replay.first_mid_ticks, step),
                _line(_MID[name], arm, replay.first_mid_ticks),
                *_trades(arm, replay.first_mid_ticks),
            ]
        )
        frames.append(own.assign(panel=name))
    return ChartSpec(
        kind="depth",
        name="book",
        data=pd.concat(frames),
        title=f"Order book of {asset}, path {replay.position + 1}",
        x=TIME,
        y=Axis(label="ticks from the first mid"),
        roles={
            BIDS: Role.BUY,
            ASKS: Role.SELL,
            **{_MID[name]: ROLES[name] for name in replay.arms},
            BOUGHT: Role.BUY,
            SOLD: Role.SELL,
        },
        spans=spans,
        caption=(
            f"What rests at each price over time ({replay.size_unit}; the deeper the colour the "
            f"more{f', {step} ticks a cell' if step > 1 else ''}), bids below and asks above "
            "the mid. Triangles are trades: up where the aggressor buys, down where it sells, "
            f"larger with size.{' Shocks act in the shaded time.' if spans else ''} "
            f"{_checked(replay)}"
        ),
        definition=(
            "The book that the path opened with, and every recorded order, trade and cancel done "
            "to it again, order by order; what a shock does to the book is done as the scenario "
            f"says. Shown are {COLUMNS} moments, and the {MOST_TRADES:,} largest trades of an arm. "
            "Both arms meet the same random numbers."
        ),
        alt=(
            "Heat maps of the order book over time. "
            + "; ".join(
                f"{name.lower()}, the mid ends {number(_moved(arm, replay), signed=True)} ticks "
                f"from its start after {count(len(arm.trades))} trades"
                for name, arm in replay.arms.items()
            )
            + "."
        ),
    )


def level_lines(
    replay: PathReplay, spans: tuple[Span, ...], asset: str, column: str, panels: bool = False
) -> ChartSpec:
    """Spread, touch depth or mid over time, both arms.

    Parameters
    ----------
    replay, spans, asset : see `depth_chart`
    column : `spread_ticks`, `depth` or `mid_ticks`
    panels : whether each arm has a panel of its own, on the same axes
    """
    what, unit = {
        "spread_ticks": ("Spread", "ticks"),
        "depth": ("Depth at the touch, both sides", replay.size_unit),
        "mid_ticks": ("Mid price", "ticks from the first mid"),
    }[column]
    start = replay.first_mid_ticks if column == "mid_ticks" else 0.0
    frames = []
    for name, arm in replay.arms.items():
        frame = pd.DataFrame({"series": name, "x": arm.time_s, "y": getattr(arm, column) - start})
        frames.append(frame.assign(panel=name) if panels else frame)
    ends = "; ".join(
        f"{name.lower()} {number(float(getattr(arm, column).min() - start))} to "
        f"{number(float(getattr(arm, column).max() - start))} {unit}"
        for name, arm in replay.arms.items()
    )
    return ChartSpec(
        kind="lines",
        name=f"path_{column}",
        data=pd.concat(frames),
        title=f"{what}: {asset}, path {replay.position + 1}",
        x=TIME,
        y=Axis(label=unit),
        roles={name: ROLES[name] for name in replay.arms},
        spans=spans,
        caption=f"{what} of this path and its unshocked twin. Range: {ends}.",
        definition=f"{what} as it stands at {LINE_POINTS:,} even times of the path.",
        alt=f"{what} over time of one path; range: {ends}.",
    )


def ladder_chart(replay: PathReplay, at_s: float) -> ChartSpec | None:
    """What rests at each price at one moment, both arms on the same axes; None without books."""
    frames, touches = [], []
    for name, arm in replay.arms.items():
        if arm.book is None:
            return None
        t = _column(arm.book, at_s)
        bid, ask = int(arm.book.bid_ticks[t]), int(arm.book.ask_ticks[t])
        prices = arm.book.low_ticks + np.arange(arm.book.size.shape[1])
        reach = max(LADDER_TICKS, 2 * (ask - bid))
        near = (arm.book.size[t] > 0) & (np.abs(prices - 0.5 * (bid + ask)) <= reach)
        side = np.where(prices[near] >= ask, ASKS, BIDS)
        frames.append(
            pd.DataFrame(
                {
                    "panel": name,
                    "series": side,
                    "x": arm.book.size[t][near],
                    "y": prices[near] - 0.5 * (bid + ask),
                }
            )
        )
        touches.append(
            f"{name.lower()}: bid {bid * replay.tick_size:,.2f} x {count(arm.book.bid_size[t])}, "
            f"ask {ask * replay.tick_size:,.2f} x {count(arm.book.ask_size[t])}"
        )
    return ChartSpec(
        kind="ladder",
        name="ladder",
        data=pd.concat(frames),
        title=f"Order book after {number(at_s)} s",
        x=Axis(label=replay.size_unit),
        y=Axis(label="ticks from the mid now"),
        roles={ASKS: Role.SELL, BIDS: Role.BUY},
        caption=f"At the touch, {'; '.join(touches)}.",
        definition=(
            "What rests at each price as of the last of the moments that are kept; prices are "
            "counted from the mid of each arm at that moment, so that both books can be compared."
        ),
        alt=f"Ladders of the order book after {number(at_s)} s. {'; '.join(touches)}.",
    )


def tape(replay: PathReplay, arm: str, until_s: float, last: int = 12) -> pd.DataFrame:
    """The last trades of an arm up to a moment, the newest first, in words for a table."""
    trades = replay.arms[arm].trades
    shown = trades[trades["time_s"] <= until_s].tail(last)[::-1]
    digits = max(0, -math.floor(math.log10(replay.tick_size)))
    return pd.DataFrame(
        {
            "Time, s": [f"{t:,.3f}" for t in shown["time_s"]],
            "Side": shown["side"].to_numpy(),
            "Price": [f"{p * replay.tick_size:,.{digits}f}" for p in shown["price_ticks"]],
            "Size": [count(int(size)) for size in shown["size"]],
            "Sent by": np.where(shown["shock"], "shock", "market"),
        }
    )


def _cells(book: PathBook, first_mid: float, step: int) -> pd.DataFrame:
    """Rows of the cells that hold anything: `step` prices together, bids and asks apart."""
    times, prices = book.size.shape
    bins = math.ceil(prices / step)
    size = np.zeros((times, bins * step), np.int64)
    size[:, :prices] = book.size
    ask = book.low_ticks + np.arange(bins * step) >= book.ask_ticks[:, None]
    centre = book.low_ticks + step * np.arange(bins) + 0.5 * (step - 1) - first_mid
    frames = []
    for name, own in ((BIDS, ~ask), (ASKS, ask)):
        cells = np.where(own, size, 0).reshape(times, bins, step).sum(axis=2)
        t, b = np.nonzero(cells)
        x = book.time_ns[t] / 1e9
        frames.append(pd.DataFrame({"series": name, "x": x, "y": centre[b], "value": cells[t, b]}))
    return pd.concat(frames)


def _line(name: str, arm: ArmReplay, first_mid: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"series": name, "x": arm.time_s, "y": arm.mid_ticks - first_mid, "value": np.nan}
    )


def _trades(arm: ArmReplay, first_mid: float) -> list[pd.DataFrame]:
    largest = arm.trades.nlargest(MOST_TRADES, "size")
    return [
        pd.DataFrame(
            {
                "series": name,
                "x": own["time_s"],
                "y": own["price_ticks"] - first_mid,
                "value": own["size"],
            }
        )
        for name, own in (
            (BOUGHT, largest[largest["side"] == "buy"]),
            (SOLD, largest[largest["side"] == "sell"]),
        )
    ]


def _column(book: PathBook, at_s: float) -> int:
    """The last time of the book that is not after `at_s`."""
    return max(0, int(np.searchsorted(book.time_ns, round(at_s * 1e9), side="right")) - 1)


def _moved(arm: ArmReplay, replay: PathReplay) -> float:
    return float(arm.mid_ticks[-1]) - replay.first_mid_ticks


def _checked(replay: PathReplay) -> str:
    """What came of holding the rebuilt touch against the recorded one."""
    events = sum(arm.events for arm in replay.arms.values())
    wrong = sum(arm.book.mismatches for arm in replay.arms.values() if arm.book)
    if wrong == 0:
        return (
            f"Rebuilt from the record; its touch is the recorded one after all {events:,} events."
        )
    return (
        f"Rebuilt from the record; its touch differs from it after {wrong:,} of {events:,} events."
    )
