"""The compound Hawkes model writing order flow, many paths at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from model.compiled_flow import CompiledSession, writes_each
from model.events import NS_PER_S, Action, Float64, Int64, Recording, Side
from model.randomness import uniform
from stylized_facts.baselines.hawkes_likelihood import log_spread_ratio
from stylized_facts.baselines.hawkes_residuals import spread_weights
from stylized_facts.baselines.hawkes_simulation import decay, excite, waiting_time
from stylized_facts.baselines.marks import PackedMarks, draw_offset, draw_size
from stylized_facts.baselines.streams import (
    CO_DEEP,
    CO_TOP,
    KINDS,
    LO_INSPREAD,
    MO,
    STREAMS,
    price_at,
    stream_and_offset,
    stream_events,
)
from stylized_facts.baselines.time_of_day import factor_at

KIND_DRAW, SIDE_DRAW, OFFSET_DRAW, SIZE_DRAW, CLEAR_DRAW = 1, 2, 3, 4, 5  # purposes of random draws

_ADD, _CANCEL, _BUY, _SELL = int(Action.ADD), int(Action.CANCEL), int(Side.BUY), int(Side.SELL)


class Intensities(NamedTuple):
    """Parameters of the intensities as arrays for a compiled loop."""

    mu: Float64  # [K]
    jumps: Float64  # [source, decay, target], see `jumps_of`
    betas: Float64  # [M], 1/s
    exponents: Float64  # by kind
    mean_spread: float  # ticks
    low_spread: float
    high_spread: float
    factors: Float64  # time of day
    factors_start_ns: int
    factors_width_ns: int


class HawkesState(NamedTuple):
    """State of each path, arrays of length B, updated in place.

    The engine counts a waiting time from when its draw began: where an order of a shock comes
    first, the next proposal has the same draw and says the whole wait again.
    """

    excitation: Float64  # [B, M, K], at the last proposal
    time_ns: Int64  # of the last proposal
    asked_ns: Int64  # waiting time that was proposed; -1: nothing proposed yet
    draw: Int64  # draw number of that proposal
    rate: Float64  # rate tilt at that proposal
    level: Float64  # [B, M + 1], terms of the intensity at that proposal, the constant first
    waited_s: Float64  # since that draw began
    used: Float64  # [B, M + 1], integral of each term since then


class HawkesFlow(NamedTuple):
    """See `model.compiled_flow`."""

    law: Intensities
    marks: PackedMarks
    paths: Int64
    seed: int
    state: HawkesState


@njit(cache=True)
def _own_clock_s(state, betas, b, time_ns, draw):  # type: ignore[no-untyped-def]
    """Seconds of the model's own clock since the last proposal, counted as waited for its draw.

    A rate tilt speeds up the clock of the whole flow. Kernels decay on that clock, not on the wall
    clock: otherwise a tilt of ten would multiply the branching ratio by ten, and the flow explode.
    """
    if state.asked_ns[b] >= 0 and draw > state.draw[b]:
        left = max(0.0, state.asked_ns[b] / NS_PER_S - state.waited_s[b])
        state.waited_s[b] = 0.0
        state.used[b] = 0.0
        return left
    passed = max(0.0, (time_ns - state.time_ns[b]) / NS_PER_S) * state.rate[b]
    if state.asked_ns[b] >= 0:
        state.waited_s[b] += passed
        state.used[b, 0] += state.level[b, 0] * passed
        for m in range(len(betas)):
            faded = -np.expm1(-betas[m] * passed) / betas[m]
            state.used[b, 1 + m] += state.level[b, 1 + m] * faded
    return passed


@njit(cache=True)
def _weigh(law, view, b, base, weight):  # type: ignore[no-untyped-def]
    """Baseline rate [K] of each stream now, and the factor [K] on baseline and excitation."""
    factor = factor_at(law.factors, law.factors_start_ns, law.factors_width_ns, view.time_ns[b])
    spread = view.ask_ticks[b] - view.bid_ticks[b]
    ratio = log_spread_ratio(spread, law.mean_spread, law.low_spread, law.high_spread)
    for kind in range(KINDS):
        on_all, on_base = spread_weights(spread, ratio, law.exponents[kind], kind == LO_INSPREAD)
        for side in range(2):
            i = 2 * kind + side
            own, opposite = view.bid_size[b], view.ask_size[b]
            if side == _SELL:
                own, opposite = opposite, own
            needs_own, needs_opposite = kind in (CO_DEEP, CO_TOP), kind == MO
            possible = not (needs_own and own <= 0) and not (needs_opposite and opposite <= 0)
            base[i] = law.mu[i] * factor * on_base
            weight[i] = on_all if possible else 0.0


@njit(cache=True)
def pick(level, buy_odds, u_kind, u_side):  # type: ignore[no-untyped-def]
    """Kind and side of the next event, given the intensities [K] at its time.

    `buy_odds` re-weights the sides within each kind and leaves the mix of kinds alone.
    """
    left, kind = level.sum() * u_kind, -1
    for k in range(KINDS):
        both = level[2 * k] + level[2 * k + 1]
        if both > 0.0 and left >= 0.0:
            kind = k
        left -= both
    odds = 1.0 / buy_odds if kind in (CO_DEEP, CO_TOP) else buy_odds
    buy, sell = level[2 * kind] * odds, level[2 * kind + 1]
    return kind, _BUY if u_side * (buy + sell) < buy else _SELL


@njit(cache=True)
def _take_in(b, jumps, betas, state, view):  # type: ignore[no-untyped-def]
    """Bring the excitation of a path up to now, the event just executed included."""
    excitation = state.excitation[b]
    decay(excitation, betas, _own_clock_s(state, betas, b, view.time_ns[b], view.draw[b]))
    if view.fresh[b]:
        stream, _ = stream_and_offset(
            view.last_action[b], view.last_side[b], view.last_price_ticks[b],
            view.last_bid_ticks[b], view.last_ask_ticks[b],
        )  # fmt: skip
        excite(excitation, jumps, stream)


@writes_each(HawkesFlow)
@njit(cache=True, forceinline=True)
def _propose(b, flow, view, tilts, out):  # type: ignore[no-untyped-def]
    law, marks, paths, seed, state = flow
    path, pressure = paths[b], tilts.pressure_log_odds[b]
    _take_in(b, law.jumps, law.betas, state, view)
    excitation, terms = state.excitation[b], len(law.betas)
    bid, ask, event = view.bid_ticks[b], view.ask_ticks[b], view.draw[b]
    spread = ask - bid
    level, weight = np.empty(STREAMS), np.empty(STREAMS)
    _weigh(law, view, b, level, weight)
    constant, decaying = 0.0, np.zeros(terms)
    for i in range(STREAMS):
        constant += weight[i] * level[i]
    for m in range(terms):
        for i in range(STREAMS):
            decaying[m] += weight[i] * excitation[m, i]
    wait = waiting_time(constant, decaying, law.betas, state.used[b], seed, path, event)
    for m in range(terms):
        kept = np.exp(-law.betas[m] * wait)
        for i in range(STREAMS):
            level[i] += excitation[m, i] * kept
    for i in range(STREAMS):
        level[i] *= weight[i]
    kind, side = pick(
        level, np.exp(pressure),
        uniform(seed, path, event, KIND_DRAW), uniform(seed, path, event, SIDE_DRAW),
    )  # fmt: skip
    offset = draw_offset(marks, kind, spread, uniform(seed, path, event, OFFSET_DRAW))
    opposite = view.ask_size[b] if side == _BUY else view.bid_size[b]
    out.dt_ns[b] = max(1, round((state.waited_s[b] + wait) * NS_PER_S))
    out.action[b] = _CANCEL if kind in (CO_DEEP, CO_TOP) else _ADD
    out.side[b] = side
    out.price_ticks[b] = price_at(kind, side, offset, bid, ask)
    out.size[b] = draw_size(
        marks, kind, offset, opposite,
        uniform(seed, path, event, SIZE_DRAW), uniform(seed, path, event, CLEAR_DRAW),
    )  # fmt: skip
    state.time_ns[b] = view.time_ns[b]
    state.asked_ns[b] = out.dt_ns[b]
    state.draw[b] = event
    state.rate[b] = tilts.rate[b]
    state.level[b, 0], state.level[b, 1:] = constant, decaying


@njit(cache=True)
def _run_through(state, jumps, betas, gap_s, stream):  # type: ignore[no-untyped-def]
    for n in range(len(gap_s)):
        decay(state, betas, gap_s[n])
        excite(state, jumps, stream[n])


def start_session(
    intensities: Intensities, marks: PackedMarks, paths: Int64, seed: int,
    time_ns: Int64, excitation: Float64,
) -> CompiledSession:  # fmt: skip
    """Start from an excitation [B, M, K] at `time_ns` [B]; a proposal costs O(K M)."""
    rows, terms = excitation.shape[:2]
    state = HawkesState(
        excitation, time_ns.copy(), np.full(rows, -1), np.zeros(rows, np.int64), np.ones(rows),
        np.zeros((rows, terms + 1)), np.zeros(rows), np.zeros((rows, terms + 1)),
    )  # fmt: skip
    return CompiledSession(HawkesFlow(intensities, marks, np.asarray(paths, np.int64), seed, state))


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
