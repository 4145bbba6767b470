"""The compound Hawkes model writing order flow, many paths at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from model.events import NS_PER_S, Action, Float64, Int64, Recording, Side
from model.order_flow import MarketView, Proposals, Tilts
from model.randomness import uniform
from stylized_facts.baselines.hawkes_simulation import decay, excite, waiting_time
from stylized_facts.baselines.marks import PackedMarks, draw_offset, draw_size
from stylized_facts.baselines.streams import (
    CO_DEEP,
    CO_TOP,
    KINDS,
    LO_INSPREAD,
    STREAMS,
    price_at,
    stream_and_offset,
    stream_events,
)
from stylized_facts.baselines.time_of_day import factor_at

KIND_DRAW, SIDE_DRAW, OFFSET_DRAW, SIZE_DRAW = 1, 2, 3, 4  # purposes of random draws

_ADD, _CANCEL, _BUY, _SELL = int(Action.ADD), int(Action.CANCEL), int(Side.BUY), int(Side.SELL)


class Intensities(NamedTuple):
    """Parameters of the intensities as arrays for a compiled loop."""

    mu: Float64  # [K]
    jumps: Float64  # [source, decay, target], see `jumps_of`
    betas: Float64  # [M], 1/s
    mean_spread: float  # ticks
    spread_exponent: float
    factors: Float64  # time of day
    factors_start_ns: int
    factors_width_ns: int


class PathState(NamedTuple):
    """State of each path, arrays of length B, updated in place."""

    excitation: Float64  # [B, M, K], at the last proposal
    time_ns: Int64  # of the last proposal
    asked_ns: Int64  # waiting time that was proposed; -1: nothing proposed yet
    draw: Int64  # draw number of that proposal
    rate: Float64  # rate tilt at that proposal


@njit(cache=True)
def spread_weight(spread_ticks, mean_spread, exponent):  # type: ignore[no-untyped-def]
    """Factor on arrivals inside the spread; 0 where the spread leaves no room."""
    return (spread_ticks / mean_spread) ** exponent if spread_ticks > 1 else 0.0


@njit(cache=True)
def _own_clock_s(state, b, time_ns, draw):  # type: ignore[no-untyped-def]
    """Seconds of the model's own clock since the last proposal.

    A rate tilt speeds up the clock of the whole flow. Kernels decay on that clock, not on the wall
    clock: otherwise a tilt of ten would multiply the branching ratio by ten, and the flow explode.
    """
    if state.asked_ns[b] >= 0 and draw > state.draw[b]:
        return state.asked_ns[b] / NS_PER_S
    return max(0.0, (time_ns - state.time_ns[b]) / NS_PER_S) * state.rate[b]


@njit(cache=True)
def _pick(mu, excitation, factor, inside, buy_odds, u_kind, u_side):  # type: ignore[no-untyped-def]
    """Kind and side of the next event, given the decayed state of its path.

    `buy_odds` re-weights the sides within each kind and leaves the mix of kinds alone.
    """
    level = np.empty(STREAMS)
    for i in range(STREAMS):
        level[i] = mu[i] * factor
        for m in range(excitation.shape[0]):
            level[i] += excitation[m, i]
        if i // 2 == LO_INSPREAD:
            level[i] *= inside
    left, kind = level.sum() * u_kind, 0
    left -= level[0] + level[1]
    while left >= 0.0 and kind < KINDS - 1:
        kind += 1
        left -= level[2 * kind] + level[2 * kind + 1]
    if kind == LO_INSPREAD and inside == 0.0:  # rounding at u_kind near 1
        kind = LO_INSPREAD - 1
    odds = 1.0 / buy_odds if kind == CO_DEEP or kind == CO_TOP else buy_odds
    buy, sell = level[2 * kind] * odds, level[2 * kind + 1]
    return kind, _BUY if u_side * (buy + sell) < buy else _SELL


@njit(parallel=True, cache=True)
def _propose(  # type: ignore[no-untyped-def]
    intensities, marks, paths, seed, state,
    active, draw, time_ns, bid, ask, bid_size, ask_size, fresh,
    last_action, last_side, last_price, last_bid, last_ask,
    pressure, rate, out_dt, out_action, out_side, out_price, out_size,
):  # fmt: skip
    betas = intensities.betas
    for b in prange(len(paths)):
        if not active[b]:
            continue
        excitation = state.excitation[b]
        decay(excitation, betas, _own_clock_s(state, b, time_ns[b], draw[b]))
        if fresh[b]:
            stream, _ = stream_and_offset(
                last_action[b], last_side[b], last_price[b], last_bid[b], last_ask[b]
            )
            excite(excitation, intensities.jumps, stream)
        factor = factor_at(
            intensities.factors, intensities.factors_start_ns, intensities.factors_width_ns,
            time_ns[b],
        )  # fmt: skip
        spread = ask[b] - bid[b]
        inside = spread_weight(spread, intensities.mean_spread, intensities.spread_exponent)
        constant, decaying = 0.0, np.zeros(len(betas))
        for i in range(STREAMS):
            weight = inside if i // 2 == LO_INSPREAD else 1.0
            constant += weight * intensities.mu[i] * factor
            for m in range(len(betas)):
                decaying[m] += weight * excitation[m, i]
        path, event = paths[b], draw[b]
        wait = waiting_time(constant, decaying, betas, seed, path, event)
        later = excitation.copy()
        decay(later, betas, wait)
        kind, side = _pick(
            intensities.mu, later, factor, inside, np.exp(pressure[b]),
            uniform(seed, path, event, KIND_DRAW), uniform(seed, path, event, SIDE_DRAW),
        )  # fmt: skip
        offset = draw_offset(marks, kind, spread, uniform(seed, path, event, OFFSET_DRAW))
        opposite = ask_size[b] if side == _BUY else bid_size[b]
        out_dt[b] = max(1, round(wait * NS_PER_S))
        out_action[b] = _CANCEL if kind == CO_DEEP or kind == CO_TOP else _ADD
        out_side[b] = side
        out_price[b] = price_at(kind, side, offset, bid[b], ask[b])
        out_size[b] = draw_size(
            marks, kind, offset, opposite, uniform(seed, path, event, SIZE_DRAW)
        )
        state.time_ns[b], state.asked_ns[b] = time_ns[b], out_dt[b]
        state.draw[b], state.rate[b] = draw[b], rate[b]


@njit(cache=True)
def _run_through(state, jumps, betas, gap_s, stream):  # type: ignore[no-untyped-def]
    for n in range(len(gap_s)):
        decay(state, betas, gap_s[n])
        excite(state, jumps, stream[n])


class HawkesSession:
    """A `FlowSession`; rows are independent, and a proposal costs O(K M)."""

    def __init__(
        self, intensities: Intensities, marks: PackedMarks, paths: Int64, seed: int,
        time_ns: Int64, excitation: npt.NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Start from an excitation [B, M, K] at `time_ns` [B]."""
        rows = len(paths)
        self._intensities, self._marks, self._seed = intensities, marks, seed
        self._paths = np.asarray(paths, np.int64)
        self._state = PathState(
            excitation, time_ns.copy(), np.full(rows, -1), np.zeros(rows, np.int64), np.ones(rows)
        )

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        """See `model.order_flow.FlowSession.propose`."""
        _propose(
            self._intensities, self._marks, self._paths, self._seed, self._state,
            view.active, view.draw, view.time_ns, view.bid_ticks, view.ask_ticks,
            view.bid_size, view.ask_size, view.fresh,
            view.last_action, view.last_side, view.last_price_ticks,
            view.last_bid_ticks, view.last_ask_ticks,
            tilts.pressure_log_odds, tilts.rate,
            out.dt_ns, out.action, out.side, out.price_ticks, out.size,
        )  # fmt: skip


def excited_by(
    history: Sequence[Recording], time_ns: Int64, start: Float64, jumps: Float64, betas: Float64
) -> Float64:
    """Excitation [B, M, K] at `time_ns` after the real events of each path, from state `start`."""
    excitation = np.tile(start, (len(history), 1, 1))
    for b, recording in enumerate(history):
        window = stream_events(recording)
        if len(window) == 0:
            continue
        _run_through(excitation[b], jumps, betas, window.gap_s, window.stream)
        decay(excitation[b], betas, max(0.0, time_ns[b] / NS_PER_S - float(window.time_s[-1])))
    return excitation
