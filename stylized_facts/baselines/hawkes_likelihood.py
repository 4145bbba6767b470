r"""Maximum likelihood for a multivariate Hawkes process with fixed, shared decays.

.. math:: \lambda_i(t) = v_i(t) \Bigl[w_i(t) \mu_i f(t)
          + \sum_j \sum_m \alpha_{ijm}\beta_m \sum_{t_n < t,\, k_n = j} e^{-\beta_m (t - t_n)}\Bigr]

f is the time-of-day profile of the baseline; v and w follow the spread s; all are constant between
events. For arrivals inside the spread v = (s/mean)^b, 0 at one tick, and w = 1 (Jain et al. 2024).
For the others v = 1 and w = (s/mean)^b: a narrow spread draws aggressive orders, but does not
multiply the branching, which would let the flow explode there. s is held between the bounds of
what was seen, for a power law must not be carried beyond.

With the decays and b fixed, the log-likelihood is concave in (mu, alpha) and splits into one fit
for each stream (Ogata 1978; Ozaki 1979); b is one more number in that fit. Streams that mirror
each other, buy and sell, share a fit: their rows are pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.optimize import minimize

from model.errors import FaultlineError
from model.events import Float64, Int64

Float32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

MU_FLOOR = 1e-4  # least share of its events that a stream owes to its baseline
MAX_EXPONENT = 4.0


@dataclass(frozen=True, eq=False)
class PointProcess:
    """Events of one window. Interval n runs from event n - 1 (n = 0: from `start_s`) to event n.

    Attributes
    ----------
    time_s : float64 [n], strictly increasing; stream : int8 or int64 [n]
    start_s : float, where the window opens; nothing before it excites
    clock : float64 [n], f over interval n
    spread_ticks : int64 [n], s over interval n
    """

    time_s: Float64
    stream: npt.NDArray[Any]
    start_s: float
    clock: Float64
    spread_ticks: Int64

    @classmethod
    def plain(cls, time_s: Float64, stream: npt.NDArray[Any], start_s: float = 0.0) -> PointProcess:
        """Events without profile or spread."""
        return cls(time_s, stream, start_s, np.ones(len(time_s)), np.ones(len(time_s), np.int64))


@dataclass(frozen=True, eq=False)
class Pooling:
    """Which streams are fitted together, and how the spread enters.

    Attributes
    ----------
    group : int64 [K], fit to which a target stream belongs
    source : int64 [K, K], column block under which target k's fit sees source stream j
    inside : bool [G], fits of events inside the spread: impossible at one tick
    follows : bool [G], fits whose spread exponent b is estimated; it is 0 for the others
    """

    group: Int64
    source: Int64
    inside: Bools
    follows: Bools

    @classmethod
    def separate(cls, streams: int) -> Pooling:
        """Every stream on its own; the spread does not enter."""
        own, never = np.arange(streams), np.zeros(streams, np.bool_)
        return cls(own, np.tile(own, (streams, 1)), never, never)

    @classmethod
    def mirrored(cls, inside: Bools, follows: Bools) -> Pooling:
        """Streams 2g and 2g + 1 are mirror images, as are the sources that excite them."""
        own = np.arange(2 * len(inside))
        return cls(own // 2, own[None, :] ^ (own[:, None] & 1), inside, follows)


@dataclass(frozen=True, eq=False)
class Design:
    """What the likelihood of one fit needs. P = K x M columns, source-major; S distinct spreads.

    Attributes
    ----------
    rows : float32 [n, P], beta_m R_jm just before each event of the fit's streams
    base : float64 [n], f there; log_ratio : float64 [n], ln(s / mean) there
    spread_log_ratio : float64 [S], ln(s / mean) of each spread
    exposure : float64 [S, P + 1], coefficients of mu and alpha in the compensator at each spread
    inside : bool, whether the spread drives all of the intensity (v), or the baseline alone (w)
    follows : bool, whether b is estimated
    """

    rows: Float32
    base: Float64
    log_ratio: Float64
    spread_log_ratio: Float64
    exposure: Float64
    inside: bool
    follows: bool

    def __len__(self) -> int:
        return len(self.base)


class SpreadScale(NamedTuple):
    """Mean spread, and the bounds within which the spread drives intensities, in ticks."""

    mean: float = 1.0
    low: float = 1.0
    high: float = 1e9


@njit(cache=True)
def log_spread_ratio(spread_ticks, mean, low, high):  # type: ignore[no-untyped-def]
    """ln(s / mean), the spread held between its bounds."""
    return np.log(min(max(spread_ticks, low), high) / mean)


class Fit(NamedTuple):
    """Parameters of one fit: mu, alpha (float64 [P]) and the spread exponent."""

    mu: float
    alpha: Float64
    exponent: float


@njit(cache=True)
def _fill(  # type: ignore[no-untyped-def]
    time_s, stream, start_s, clock, spread, betas, group, source, rows, base, at_spread, cursor,
    mass,
):  # fmt: skip
    streams, terms = len(group), len(betas)
    state, kept, previous = np.zeros((streams, terms)), np.empty(terms), start_s
    for n in range(len(time_s)):
        gap = time_s[n] - previous
        previous = time_s[n]
        at = spread[n]
        mass[at, streams * terms] += gap * clock[n]
        for m in range(terms):
            kept[m] = np.exp(-betas[m] * gap)
        for j in range(streams):
            for m in range(terms):
                mass[at, j * terms + m] += state[j, m] * (1.0 - kept[m])
                state[j, m] *= kept[m]
        k = stream[n]
        row = cursor[group[k]]
        cursor[group[k]] += 1
        base[row], at_spread[row] = clock[n], at
        for j in range(streams):
            block = source[k, j] * terms
            for m in range(terms):
                rows[row, block + m] = betas[m] * state[j, m]
        for m in range(terms):
            state[k, m] += 1.0


def designs(
    windows: Sequence[PointProcess], betas: Float64, pooling: Pooling,
    scale: SpreadScale | None = None,
) -> list[Design]:  # fmt: skip
    """Designs of all fits, from one pass over the events: O(n K M) time, 4 n K M bytes."""
    scale = scale or SpreadScale()
    fits, streams, terms = len(pooling.inside), len(pooling.group), len(betas)
    counts = np.zeros(fits, np.int64)
    for window in windows:
        counts += np.bincount(pooling.group[window.stream], minlength=fits)
    ends = np.cumsum(counts)
    spreads = np.unique(np.concatenate([window.spread_ticks for window in windows]))
    log_ratio = np.array([log_spread_ratio(spread, *scale) for spread in spreads])
    rows = np.empty((int(ends[-1]), streams * terms), np.float32)
    base, at_spread, cursor = np.empty(len(rows)), np.empty(len(rows), np.int64), ends - counts
    mass = np.zeros((len(spreads), streams * terms + 1))
    for window in windows:
        _fill(
            window.time_s, window.stream, window.start_s, window.clock,
            np.searchsorted(spreads, window.spread_ticks), betas, pooling.group, pooling.source,
            rows, base, at_spread, cursor, mass,
        )  # fmt: skip
    by_source = mass[:, :-1].reshape(len(spreads), streams, terms)
    parts = []
    for g, (start, end) in enumerate(zip(ends - counts, ends, strict=True)):
        exposure = np.zeros((len(spreads), streams * terms + 1))
        for k in np.flatnonzero(pooling.group == g):
            seen = np.empty_like(by_source)
            seen[:, pooling.source[k]] = by_source
            exposure[:, 0] += mass[:, -1]
            exposure[:, 1:] += seen.reshape(len(spreads), -1)
        if pooling.inside[g]:
            exposure[spreads <= 1] = 0.0
        parts.append(
            Design(
                rows[start:end], base[start:end], log_ratio[at_spread[start:end]], log_ratio,
                exposure, bool(pooling.inside[g]), bool(pooling.follows[g]),
            )
        )  # fmt: skip
    return parts


@njit(cache=True, fastmath=True)
def _sum_log_intensity(rows, base, log_ratio, mu, alpha, exponent, gradient):  # type: ignore[no-untyped-def]
    columns = rows.shape[1]
    total = 0.0
    gradient[:] = 0.0
    for n in range(len(base)):
        clock = base[n] * np.exp(exponent * log_ratio[n])
        intensity = mu * clock
        for p in range(columns):
            intensity += rows[n, p] * alpha[p]
        inverse = 1.0 / intensity
        total += np.log(intensity)
        gradient[0] += clock * inverse
        gradient[1 + columns] += mu * clock * log_ratio[n] * inverse
        for p in range(columns):
            gradient[1 + p] += rows[n, p] * inverse
    return total


def log_likelihood(design: Design, fit: Fit) -> tuple[float, Float64]:
    """Log-likelihood of one fit and its exact gradient in (mu, alpha, b): float64 [P + 2]."""
    gradient = np.empty(len(fit.alpha) + 2)
    on_base = 0.0 if design.inside else fit.exponent
    total = _sum_log_intensity(
        design.rows, design.base, design.log_ratio, fit.mu, fit.alpha, on_base, gradient
    )
    ratio = design.spread_log_ratio
    weight = np.exp(fit.exponent * ratio)
    base = weight * design.exposure[:, 0]
    gradient[0] -= base.sum()
    if not design.inside:
        excited = design.exposure[:, 1:].sum(axis=0)
        gradient[1:-1] -= excited
        gradient[-1] -= fit.mu * (ratio @ base)
        return total - fit.mu * float(base.sum()) - float(excited @ fit.alpha), gradient
    by_spread = fit.mu * base + weight * (design.exposure[:, 1:] @ fit.alpha)
    gradient[1:-1] -= weight @ design.exposure[:, 1:]
    gradient[-1] = design.log_ratio.sum() - ratio @ by_spread
    total += fit.exponent * float(design.log_ratio.sum())
    return total - float(by_spread.sum()), gradient


def maximise(design: Design) -> Fit:
    """Maximum-likelihood parameters of one fit, mu and alpha >= 0, by L-BFGS-B.

    The search runs over the number of events, as a share of all, that each term accounts for
    where b = 0; these are of one order of magnitude whatever the decays.

    Raises
    ------
    FaultlineError
        The search did not converge.
    """
    count, columns = len(design), design.rows.shape[1]
    if count == 0:
        return Fit(0.0, np.zeros(columns), 0.0)
    units = design.exposure.sum(axis=0) / count
    free = units > 1e-12
    scale = np.where(free, 1.0 / np.where(free, units, 1.0), 0.0)
    first = np.concatenate(([0.3], np.full(columns, 0.7 / columns), [0.0]))
    bounds = [(MU_FLOOR, None)] + [(0.0, None if some else 0.0) for some in free[1:]]
    bounds.append((-MAX_EXPONENT, MAX_EXPONENT) if design.follows else (0.0, 0.0))

    def objective(point: Float64) -> tuple[float, Float64]:
        found = point[:-1] * scale
        value, gradient = log_likelihood(design, Fit(float(found[0]), found[1:], float(point[-1])))
        gradient[:-1] *= scale
        return -value / count, -gradient / count

    result = minimize(
        objective, first, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 2000, "maxfun": 4000, "maxcor": 20, "ftol": 1e-10, "gtol": 1e-5},
    )  # fmt: skip
    if not np.isfinite(result.fun) or result.status == 1:
        raise FaultlineError(
            f"the Hawkes fit did not converge ({result.message}); use fewer decays"
        )
    found = result.x[:-1] * scale
    return Fit(float(found[0]), found[1:], float(result.x[-1]))


def unpooled(mu: Float64, alpha: Float64, pooling: Pooling) -> tuple[Float64, Float64]:
    """Parameters by stream, mu [K] and alpha [K, K, M], from those by fit, [G] and [G, K, M]."""
    return mu[pooling.group], alpha[pooling.group[:, None], pooling.source]
