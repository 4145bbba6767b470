r"""Maximum likelihood for a multivariate Hawkes process with fixed, shared decays.

.. math:: \lambda_i(t) = w_i(t)\,\Bigl[\mu_i f(t) + \sum_j \sum_m \alpha_{ijm}\beta_m
          \sum_{t_n < t,\, k_n = j} e^{-\beta_m (t - t_n)}\Bigr]

f is the time-of-day profile of the baseline, w a weight that depends on the market (1 for most
streams); both are known and constant between events. With the decays fixed, the log-likelihood is
concave in (mu, alpha) and splits into one fit for each stream (Ogata 1978; Ozaki 1979). Streams
that mirror each other, buy and sell, share a fit: their rows are pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.optimize import minimize

from model.errors import FaultlineError
from model.events import Float64, Int64

Float32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

MU_FLOOR = 1e-4  # least share of its events that a stream owes to its baseline


@dataclass(frozen=True, eq=False)
class PointProcess:
    """Events of one window. Interval n runs from event n - 1 (n = 0: from `start_s`) to event n.

    Attributes
    ----------
    time_s : float64 [n], strictly increasing; stream : int8 or int64 [n]
    start_s : float, where the window opens; nothing before it excites
    clock : float64 [n], f over interval n; weight : float64 [n], w over it, for weighted streams
    """

    time_s: Float64
    stream: npt.NDArray[Any]
    start_s: float
    clock: Float64
    weight: Float64

    @classmethod
    def plain(cls, time_s: Float64, stream: npt.NDArray[Any], start_s: float = 0.0) -> PointProcess:
        """Events without profile or weight."""
        ones = np.ones(len(time_s))
        return cls(time_s, stream, start_s, ones, ones)


@dataclass(frozen=True, eq=False)
class Pooling:
    """Which streams are fitted together.

    Attributes
    ----------
    group : int64 [K], fit to which a target stream belongs
    source : int64 [K, K], column block under which target k's fit sees source stream j
    weighted : bool [K], whether w multiplies the stream's intensity
    """

    group: Int64
    source: Int64
    weighted: Bools

    @classmethod
    def separate(cls, streams: int) -> Pooling:
        """Every stream on its own, no weights."""
        own = np.arange(streams)
        return cls(own, np.tile(own, (streams, 1)), np.zeros(streams, np.bool_))

    @classmethod
    def mirrored(cls, streams: int, weighted: Bools) -> Pooling:
        """Streams 2k and 2k + 1 are mirror images, as are the sources that excite them."""
        own = np.arange(streams)
        return cls(own // 2, own[None, :] ^ (own[:, None] & 1), weighted)


@dataclass(frozen=True, eq=False)
class Design:
    """What the likelihood of one fit needs. P = K x M columns, source-major.

    Attributes
    ----------
    rows : float32 [n, P], beta_m R_jm just before each event of the fit's streams
    base : float64 [n], f there; log_weight : float, sum of ln w there
    exposure : float64 [P], base_exposure : float, coefficients of alpha and mu in the compensator
    """

    rows: Float32
    base: Float64
    log_weight: float
    exposure: Float64
    base_exposure: float

    def __len__(self) -> int:
        return len(self.base)


@njit(cache=True)
def _fill(  # type: ignore[no-untyped-def]
    time_s, stream, start_s, clock, weight, betas, group, source, weighted,
    rows, base, log_weight, cursor, exposure, base_exposure,
):  # fmt: skip
    streams, terms = len(group), len(betas)
    state, kept = np.zeros((streams, terms)), np.empty(terms)
    mass, weighted_mass = np.zeros((streams, terms)), np.zeros((streams, terms))
    span, weighted_span, previous = 0.0, 0.0, start_s
    for n in range(len(time_s)):
        gap = time_s[n] - previous
        previous = time_s[n]
        span += gap * clock[n]
        weighted_span += gap * clock[n] * weight[n]
        for m in range(terms):
            kept[m] = np.exp(-betas[m] * gap)
        for j in range(streams):
            for m in range(terms):
                lost = state[j, m] * (1.0 - kept[m])
                mass[j, m] += lost
                weighted_mass[j, m] += lost * weight[n]
                state[j, m] *= kept[m]
        k = stream[n]
        g = group[k]
        row = cursor[g]
        cursor[g] += 1
        base[row] = clock[n]
        if weighted[k]:
            log_weight[g] += np.log(weight[n])
        for j in range(streams):
            block = source[k, j] * terms
            for m in range(terms):
                rows[row, block + m] = betas[m] * state[j, m]
        for m in range(terms):
            state[k, m] += 1.0
    for k in range(streams):
        g = group[k]
        base_exposure[g] += weighted_span if weighted[k] else span
        for j in range(streams):
            block = source[k, j] * terms
            for m in range(terms):
                exposure[g, block + m] += weighted_mass[j, m] if weighted[k] else mass[j, m]


def designs(windows: Sequence[PointProcess], betas: Float64, pooling: Pooling) -> list[Design]:
    """Designs of all fits, from one pass over the events: O(n K M) time, 4 n K M bytes."""
    fits, streams = int(pooling.group.max()) + 1, len(pooling.group)
    counts = np.zeros(fits, np.int64)
    for window in windows:
        counts += np.bincount(pooling.group[window.stream], minlength=fits)
    ends = np.cumsum(counts)
    rows = np.empty((int(ends[-1]), streams * len(betas)), np.float32)
    base, cursor = np.empty(len(rows)), ends - counts
    log_weight, base_exposure = np.zeros(fits), np.zeros(fits)
    exposure = np.zeros((fits, rows.shape[1]))
    for window in windows:
        _fill(
            window.time_s, window.stream, window.start_s, window.clock, window.weight, betas,
            pooling.group, pooling.source, pooling.weighted,
            rows, base, log_weight, cursor, exposure, base_exposure,
        )  # fmt: skip
    return [
        Design(
            rows[end - count : end], base[end - count : end], float(log_weight[g]),
            exposure[g], float(base_exposure[g]),
        )
        for g, (count, end) in enumerate(zip(counts, ends))
    ]  # fmt: skip


@njit(cache=True, fastmath=True)
def _sum_log_intensity(rows, base, mu, alpha, gradient):  # type: ignore[no-untyped-def]
    columns = rows.shape[1]
    total, by_mu = 0.0, 0.0
    gradient[:] = 0.0
    for n in range(len(base)):
        intensity = mu * base[n]
        for p in range(columns):
            intensity += rows[n, p] * alpha[p]
        inverse = 1.0 / intensity
        total += np.log(intensity)
        by_mu += base[n] * inverse
        for p in range(columns):
            gradient[p] += rows[n, p] * inverse
    return total, by_mu


def log_likelihood(design: Design, mu: float, alpha: Float64) -> tuple[float, float, Float64]:
    """Log-likelihood of one fit, and its exact gradient in mu and in alpha (float64 [P])."""
    gradient = np.empty(len(alpha))
    total, by_mu = _sum_log_intensity(design.rows, design.base, mu, alpha, gradient)
    value = (
        total + design.log_weight - mu * design.base_exposure - float(alpha @ design.exposure)
    )
    return value, by_mu - design.base_exposure, gradient - design.exposure


def maximise(design: Design, start: tuple[float, Float64] | None = None) -> tuple[float, Float64]:
    """Maximum-likelihood mu and alpha (float64 [P]) of one fit, both >= 0, by L-BFGS-B.

    The search runs over the number of events, as a share of all, that each term accounts for;
    these are of one order of magnitude whatever the decays.

    Raises
    ------
    FaultlineError
        The search did not converge.
    """
    count, columns = len(design), len(design.exposure)
    if count == 0:
        return 0.0, np.zeros(columns)
    units = np.concatenate(([design.base_exposure], design.exposure)) / count
    open_ = units > 1e-12
    scale = np.where(open_, 1.0 / np.where(open_, units, 1.0), 0.0)
    if start is None:
        first = np.full(columns + 1, 0.7 / max(1, columns))
        first[0] = 0.3
    else:
        first = np.concatenate(([start[0]], start[1])) * units
    bounds = [(MU_FLOOR, None)] + [(0.0, None if free else 0.0) for free in open_[1:]]

    def objective(shares: Float64) -> tuple[float, Float64]:
        value, by_mu, by_alpha = log_likelihood(
            design, float(shares[0] * scale[0]), shares[1:] * scale[1:]
        )
        return -value / count, -np.concatenate(([by_mu], by_alpha)) * scale / count

    found = minimize(
        objective, first, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 2000, "maxfun": 4000, "maxcor": 20, "ftol": 1e-10, "gtol": 1e-5},
    )  # fmt: skip
    if not np.isfinite(found.fun) or found.status == 1:
        raise FaultlineError(f"the Hawkes fit did not converge ({found.message}); use fewer decays")
    shares = np.where(open_, found.x, 0.0)
    return float(shares[0] * scale[0]), shares[1:] * scale[1:]


def fit_streams(
    windows: Sequence[PointProcess], betas: Float64, pooling: Pooling
) -> tuple[Float64, Float64]:
    """Maximum-likelihood parameters of every fit: mu [G], alpha [G, K, M] (sources as columns)."""
    found = [maximise(design) for design in designs(windows, betas, pooling)]
    streams = len(pooling.group)
    alpha = np.stack([alpha.reshape(streams, len(betas)) for _, alpha in found])
    return np.array([mu for mu, _ in found]), alpha


def unpooled(mu: Float64, alpha: Float64, pooling: Pooling) -> tuple[Float64, Float64]:
    """Parameters by stream: mu [K], alpha [K, K, M], from those by fit."""
    streams = np.arange(len(pooling.group))
    by_source = alpha[pooling.group[:, None], pooling.source]
    return mu[pooling.group[streams]], by_source
