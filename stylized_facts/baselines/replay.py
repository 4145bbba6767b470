"""Block-bootstrap replay: real blocks of order flow, re-anchored to where the market is now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.compiled_flow import CompiledSession, writes_each
from model.errors import RecordingError
from model.events import NS_PER_S, Action, Float64, Int8, Int64, Recording, Side
from model.order_flow import MarketView
from model.profile import AssetProfile
from model.randomness import uniform
from stylized_facts.baselines.files import read_baseline, write_baseline

LEAST_EVENTS = 1000
BLOCK_DRAW, SIDE_DRAW = 1, 2
_PRINT, _CANCEL, _BUY = int(Action.PRINT), int(Action.CANCEL), int(Side.BUY)


class BlockReplay(BaseModel):
    """Stretches of a recording from random moments on, each shifted to the mid that it meets.

    The moving-block bootstrap (Kuensch, Annals of Statistics 1989) of order flow: what happens
    inside a block is real, how it fits the market is not, and nothing reacts to anything. It bounds
    what a model of the marginals can reach, and fails every test of impact. The file is the
    recording itself, so it is made where the recording lies and does not ship.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["replay"] = "replay"
    asset: str
    block_s: float = Field(gt=0)
    window_start: list[int] = Field(description="row at which each recording begins, and the end")
    elapsed_ns: list[int] = Field(description="time of each event, recordings end to end")
    action: list[int]
    side: list[int]
    price_ticks: list[int]
    size: list[int]
    touch_sum: list[int] = Field(description="best bid + best ask just before the event, ticks")

    @model_validator(mode="after")
    def _shapes(self) -> BlockReplay:
        rows = len(self.elapsed_ns)
        columns = (self.action, self.side, self.price_ticks, self.size, self.touch_sum)
        if any(len(column) != rows for column in columns):
            raise ValueError("the columns of events differ in length")
        start = self.window_start
        if len(start) < 2 or start[0] != 0 or start[-1] != rows or np.diff(start).min() < 1:
            raise ValueError("window_start must rise from 0 to the number of events")
        return self

    @property
    def name(self) -> str:
        """Short name shown in tables."""
        return "Block replay"

    @classmethod
    def fit(
        cls, recordings: Sequence[Recording], profile: AssetProfile, block_s: float = 300.0
    ) -> BlockReplay:
        """Keep recordings with quotes, prints left out.

        Raises
        ------
        RecordingError
            A recording has no quotes, or there are fewer than 1,000 events in all.
        """
        windows = [_columns(recording) for recording in recordings]
        windows = [window for window in windows if len(window.elapsed_ns)]
        rows = np.cumsum([0] + [len(window.elapsed_ns) for window in windows])
        if rows[-1] < LEAST_EVENTS:
            raise RecordingError(
                f"a replay cannot be made of {rows[-1]} events; give it at least {LEAST_EVENTS}"
            )
        joined = {
            name: np.concatenate([getattr(window, name) for window in windows])
            for name in _Columns._fields
        }
        before = np.cumsum([0] + [int(window.elapsed_ns[-1]) for window in windows[:-1]])
        joined["elapsed_ns"] += np.repeat(before, np.diff(rows))
        return cls(
            asset=profile.asset, block_s=block_s, window_start=rows.tolist(),
            **{name: column.tolist() for name, column in joined.items()},
        )  # fmt: skip

    def start(
        self, paths: Int64, seed: int, profile: AssetProfile, view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> CompiledSession:  # fmt: skip
        """See `model.order_flow.OrderFlowModel`; nothing is reacted to, history is not read."""
        rows = len(paths)
        state = ReplayState(np.full(rows, -1), *np.zeros((4, rows), np.int64))
        numbers = np.asarray(paths, np.int64)
        return CompiledSession(ReplayFlow(self._blocks(), numbers, seed, state))

    def _blocks(self) -> Blocks:
        action, side = np.asarray(self.action), np.asarray(self.side)
        shares = [
            np.clip((side[(action == _CANCEL) == cancels] == _BUY).mean(), 0.01, 0.99)
            if ((action == _CANCEL) == cancels).any()
            else 0.5
            for cancels in (False, True)
        ]
        return Blocks(
            np.asarray(self.window_start), np.asarray(self.elapsed_ns), action, side,
            np.asarray(self.price_ticks), np.asarray(self.size), np.asarray(self.touch_sum),
            round(self.block_s * NS_PER_S), np.asarray(shares),
        )  # fmt: skip

    def write(self, path: Path) -> None:
        """Write the blocks as JSON, atomically."""
        write_baseline(self, path)

    @classmethod
    def read(cls, path: Path) -> BlockReplay:
        """Read what `write` wrote; `CheckpointError` names the file and the field that is wrong."""
        return read_baseline(cls, path)


class _Columns(NamedTuple):
    elapsed_ns: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    size: Int64
    touch_sum: Int64


def _columns(recording: Recording) -> _Columns:
    """Events of one recording but the first, which only opens it, and the prints."""
    events, quotes = recording.events, recording.quotes
    if quotes is None:
        raise RecordingError(
            f"{events.meta.asset or 'recording'}: a baseline needs quotes; replay it first"
        )
    rows = np.flatnonzero(events.action[1:] != _PRINT) + 1
    return _Columns(
        events.time_ns[rows] - events.time_ns[:1], events.action[rows], events.side[rows],
        events.price_ticks[rows], events.size[rows],
        quotes.bid_ticks[rows - 1] + quotes.ask_ticks[rows - 1],
    )  # fmt: skip


class Blocks(NamedTuple):
    """`BlockReplay` as arrays."""

    window_start: Int64
    elapsed_ns: Int64
    action: Int64
    side: Int64
    price_ticks: Int64
    size: Int64
    touch_sum: Int64
    block_ns: int
    buy_share: Float64  # [2], of adds and of cancels


class ReplayState(NamedTuple):
    """State of each path, updated in place."""

    row: Int64  # [B], event that was proposed; -1: nothing yet
    end_ns: Int64  # [B], where the block ends, on the clock of `elapsed_ns`
    shift_ticks: Int64  # [B], of the block's prices
    draw: Int64  # [B], draw number of that proposal
    asked_ns: Int64  # [B], its waiting time


class ReplayFlow(NamedTuple):
    """See `model.compiled_flow`."""

    blocks: Blocks
    paths: Int64
    seed: int
    state: ReplayState


@njit(cache=True)
def _next(b, blocks, path, seed, state, view):  # type: ignore[no-untyped-def]
    """The next event of a path and the wait for it; at the end of a block a new one begins."""
    row, last = state.row[b] + 1, blocks.elapsed_ns[-1]
    waited = 0
    if row > 0:
        before = blocks.elapsed_ns[row - 1]
        window = np.searchsorted(blocks.window_start, row - 1, side="right")
        if row < blocks.window_start[window] and blocks.elapsed_ns[row] <= state.end_ns[b]:
            return row, blocks.elapsed_ns[row] - before
        closes = blocks.elapsed_ns[blocks.window_start[window] - 1]
        waited = max(0, min(state.end_ns[b], closes) - before)
    begin = int(uniform(seed, path, view.draw[b], BLOCK_DRAW) * last)
    row = min(np.searchsorted(blocks.elapsed_ns, begin), len(blocks.elapsed_ns) - 1)
    state.end_ns[b] = begin + blocks.block_ns
    now = view.bid_ticks[b] + view.ask_ticks[b]
    state.shift_ticks[b] = (now - blocks.touch_sum[row]) // 2
    return row, waited + blocks.elapsed_ns[row] - begin


@njit(cache=True)
def _flips(share, log_odds, u):  # type: ignore[no-untyped-def]
    """Side that a tilt turns an event to, given the share of buys: 0 buy, 1 sell, -1 as it is."""
    odds = np.exp(log_odds)
    tilted = share * odds / (share * odds + 1.0 - share)
    if tilted > share:
        return 0 if u < (tilted - share) / (1.0 - share) else -1
    return 1 if u < (share - tilted) / share else -1


@writes_each(ReplayFlow)
@njit(cache=True, forceinline=True)
def _propose(b, flow, view, tilts, out):  # type: ignore[no-untyped-def]
    blocks, paths, seed, state = flow
    path, pressure, event = paths[b], tilts.pressure_log_odds[b], view.draw[b]
    if state.row[b] < 0 or event > state.draw[b]:
        row, wait = _next(b, blocks, path, seed, state, view)
        wait = max(1, wait)
    else:  # an order of a shock came first: the engine counts what has been waited
        row, wait = state.row[b], state.asked_ns[b]
    action, side = blocks.action[row], blocks.side[row]
    price, shift = blocks.price_ticks[row], state.shift_ticks[b]
    if pressure != 0.0:
        cancels = action == _CANCEL
        tilt = -pressure if cancels else pressure
        share = blocks.buy_share[1 if cancels else 0]
        turned = _flips(share, tilt, uniform(seed, path, event, SIDE_DRAW))
        if turned >= 0 and turned != side:  # mirrored about the mid that it met
            side, price = turned, blocks.touch_sum[row] - price
    out.dt_ns[b], out.action[b], out.side[b] = wait, action, side
    out.price_ticks[b], out.size[b] = max(price + shift, 1), blocks.size[row]
    state.row[b], state.draw[b], state.asked_ns[b] = row, event, wait
