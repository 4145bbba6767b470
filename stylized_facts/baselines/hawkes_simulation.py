"""Exact simulation of a Hawkes process whose kernels are sums of exponentials.

The state [M, K] is what each decay adds to the intensity of each stream now: O(K M) numbers,
updated in place. The waiting time is drawn by composition (Dassios and Zhao, "Exact simulation of
Hawkes process with exponentially decaying intensity", ECP 2013): the total intensity is a constant
plus M decaying exponentials, so the next event is the earliest of M + 1 independent first
arrivals, each in closed form. Nothing is rejected, unlike in thinning: an event takes the same
random numbers in every path, and shocked and unshocked twins stay in step.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from model.events import Float64, Int64
from model.randomness import uniform

STREAM_DRAW, WAIT_DRAW = 1, 16  # purposes of random draws; decay m waits with WAIT_DRAW + 1 + m
LONGEST_S = 86_400.0


@njit(cache=True)
def waiting_time(constant, decaying, betas, used, seed, path, event):  # type: ignore[no-untyped-def]
    """Seconds to the next event of intensity constant + sum_m decaying[m] exp(-betas[m] t).

    `used` [M + 1] is what has been waited for the same event already: the integral of each term of
    the intensity so far, the constant first, by which its exponential draw is the shorter.
    """
    wait = LONGEST_S
    if constant > 0.0:
        due = max(0.0, -np.log(uniform(seed, path, event, WAIT_DRAW)) - used[0])
        wait = min(wait, due / constant)
    for m in range(len(betas)):
        if decaying[m] <= 0.0:
            continue
        due = max(0.0, -np.log(uniform(seed, path, event, WAIT_DRAW + 1 + m)) - used[1 + m])
        needed = due * betas[m] / decaying[m]
        if needed < 1.0:  # otherwise the term dies out before it fires
            wait = min(wait, -np.log1p(-needed) / betas[m])
    return wait


@njit(cache=True)
def decay(state, betas, elapsed_s):  # type: ignore[no-untyped-def]
    """Let the state [M, K] decay in place for `elapsed_s` >= 0."""
    for m in range(len(betas)):
        kept = np.exp(-betas[m] * elapsed_s)
        for i in range(state.shape[1]):
            state[m, i] *= kept


@njit(cache=True)
def excite(state, jumps, source):  # type: ignore[no-untyped-def]
    """Add to the state [M, K] what an event of stream `source` excites, see `jumps_of`."""
    for m in range(state.shape[0]):
        for i in range(state.shape[1]):
            state[m, i] += jumps[source, m, i]


@njit(cache=True)
def _simulate(mu, jumps, betas, state, duration_s, seed, path, time_s, stream):  # type: ignore[no-untyped-def]
    terms, streams = state.shape
    constant, now = mu.sum(), 0.0
    decaying, unused = np.empty(terms), np.zeros(terms + 1)
    for n in range(len(time_s)):
        for m in range(terms):
            decaying[m] = state[m].sum()
        wait = waiting_time(constant, decaying, betas, unused, seed, path, n)
        now += wait
        if now >= duration_s:
            return n
        decay(state, betas, wait)
        left = (constant + state.sum()) * uniform(seed, path, n, STREAM_DRAW)
        own = -1
        while left >= 0.0 and own < streams - 1:
            own += 1
            left -= mu[own]
            for m in range(terms):
                left -= state[m, own]
        time_s[n], stream[n] = now, own
        excite(state, jumps, own)
    return len(time_s)


def simulate(
    mu: Float64, alpha: Float64, betas: Float64, duration_s: float, seed: int,
    path: int = 0, max_events: int = 10_000_000,
) -> tuple[Float64, Int64]:  # fmt: skip
    """Times (seconds) and streams of a stationary Hawkes process, exact up to its start.

    mu [K], alpha [K, K, M] (target, source, decay) of spectral radius below 1, betas [M] in 1/s.
    The state starts at its stationary mean. Stops at `duration_s` or at `max_events`.
    """
    rates = np.linalg.solve(np.eye(len(mu)) - alpha.sum(axis=2), mu)
    state = stationary_state(alpha, rates)
    expected = int(rates.sum() * duration_s * 1.5) + 10_000
    while True:
        room = min(max_events, expected)
        time_s, stream = np.empty(room), np.empty(room, np.int64)
        count = _simulate(
            mu, jumps_of(alpha, betas), betas, state.copy(), duration_s, seed, path, time_s, stream
        )
        if count < room or room == max_events:
            return time_s[:count], stream[:count]
        expected *= 2


def jumps_of(alpha: Float64, betas: Float64) -> Float64:
    """What an event of source j adds to the state of target i: float64 [source, decay, target]."""
    return np.ascontiguousarray(np.transpose(alpha * betas, (1, 2, 0)))


def stationary_state(alpha: Float64, rates: Float64) -> Float64:
    """Mean state [M, K] when stream j has rate `rates[j]`: each decay holds alpha x rate."""
    return np.ascontiguousarray(np.einsum("ijm,j->mi", alpha, rates))


def spectral_radius(branching: Float64) -> float:
    """Largest modulus of the eigenvalues of a branching matrix [K, K]; below 1: stationary."""
    return float(np.abs(np.linalg.eigvals(branching)).max())
