"""Goodness of fit of a Hawkes model by time rescaling, and its likelihood against Poisson.

Under the true model the compensator of a stream grows by independent Exp(1) amounts between its
events (Brown, Barbieri, Ventura, Kass and Frank, Neural Computation 2002). In-sample p-values with
fitted parameters mean nothing, and in a million events any model is rejected: what is reported is
the Kolmogorov-Smirnov distance, Ljung-Box statistics, quantiles for a QQ plot, and the
log-likelihood of data that the fit has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field
from statsmodels.stats.diagnostic import acorr_ljungbox

from model.events import Float64, Int64
from stylized_facts.baselines.hawkes_likelihood import PointProcess, SpreadScale, log_spread_ratio
from stylized_facts.baselines.hawkes_simulation import excite, jumps_of

LJUNG_BOX_LAGS = 20
QQ_POINTS = 200


class Law(NamedTuple):
    """Parameters of all intensities, by stream; see `hawkes_likelihood`."""

    mu: Float64  # [K]
    alpha: Float64  # [K, K, M], target, source, decay
    betas: Float64  # [M], 1/s
    exponents: Float64  # [K], b
    inside: Int64  # [K], 1 for events inside the spread
    mean_spread: float
    low_spread: float
    high_spread: float

    @property
    def spread_scale(self) -> SpreadScale:
        """How the spread is measured."""
        return SpreadScale(self.mean_spread, self.low_spread, self.high_spread)

    @classmethod
    def plain(cls, mu: Float64, alpha: Float64, betas: Float64) -> Law:
        """Intensities that do not depend on the spread."""
        return cls(mu, alpha, betas, np.zeros(len(mu)), np.zeros(len(mu), np.int64), *SpreadScale())


@njit(cache=True)
def spread_weights(spread_ticks, log_ratio, exponent, inside):  # type: ignore[no-untyped-def]
    """Factors on an intensity (v) and on its baseline alone (w), see `hawkes_likelihood`."""
    weight = np.exp(exponent * log_ratio)
    if inside:
        return (weight if spread_ticks > 1 else 0.0), 1.0
    return 1.0, weight


@njit(cache=True)
def _compensate(time_s, stream, start_s, clock, spread, law, jumps, increments, intensity):  # type: ignore[no-untyped-def]
    streams, terms = len(law.mu), len(law.betas)
    state, kept = np.zeros((terms, streams)), np.empty(terms)
    previous = start_s
    for n in range(len(time_s)):
        gap = time_s[n] - previous
        previous = time_s[n]
        for m in range(terms):
            kept[m] = np.exp(-law.betas[m] * gap)
        own = stream[n]
        ratio = log_spread_ratio(spread[n], law.mean_spread, law.low_spread, law.high_spread)
        for i in range(streams):
            weight, on_base = spread_weights(spread[n], ratio, law.exponents[i], law.inside[i])
            level = law.mu[i] * clock[n] * on_base
            area = level * gap
            for m in range(terms):
                area += state[m, i] * (1.0 - kept[m]) / law.betas[m]
                state[m, i] *= kept[m]
                level += state[m, i]
            increments[n, i] = weight * area
            if i == own:
                intensity[n] = weight * level
        excite(state, jumps, own)


@dataclass(frozen=True, eq=False)
class Compensated:
    """What the intensities did in a window."""

    increments: Float64  # [n, K], growth of each stream's compensator over each interval
    intensity: Float64  # [n], of the stream of each event, just before it

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the window, nats."""
        return float(np.log(self.intensity).sum() - self.increments.sum())


def compensate(window: PointProcess, law: Law) -> Compensated:
    """Run the intensities through a window, from an empty past, in O(n K M)."""
    count, streams = len(window.time_s), len(law.mu)
    increments, intensity = np.empty((count, streams)), np.empty(count)
    _compensate(
        window.time_s, window.stream, window.start_s, window.clock, window.spread_ticks,
        law, jumps_of(law.alpha, law.betas), increments, intensity,
    )  # fmt: skip
    return Compensated(increments, intensity)


def residuals(window: PointProcess, compensated: Compensated) -> tuple[Float64, list[Float64]]:
    """Rescaled interarrival times, Exp(1) under the truth: of all events together, and by stream.

    The first event of each series is left out: its interval opens with the window, not an event.
    """
    grown = np.cumsum(compensated.increments, axis=0)
    together = compensated.increments.sum(axis=1)[1:]
    by_stream = [
        np.diff(grown[window.stream == i, i]) for i in range(compensated.increments.shape[1])
    ]
    return together, by_stream


def ks_to_exponential(sample: Float64) -> float:
    """Kolmogorov-Smirnov distance of a sample to Exp(1); NaN of an empty one."""
    if len(sample) == 0:
        return float("nan")
    cdf = -np.expm1(-np.sort(sample))
    steps = np.arange(len(cdf) + 1) / len(cdf)
    return float(max(np.max(steps[1:] - cdf), np.max(cdf - steps[:-1])))


def ljung_box(series: Sequence[Float64], lags: int = LJUNG_BOX_LAGS) -> float:
    """Ljung-Box statistic of residuals, mean over series; about `lags` under independence.

    Series of no more than `lags` residuals are left out; NaN if that leaves none.
    """
    found = [
        float(acorr_ljungbox(one, lags=[lags]).lb_stat.iloc[0]) for one in series if len(one) > lags
    ]
    return float(np.mean(found)) if found else float("nan")


class GoodnessOfFit(BaseModel):
    """How well a Hawkes model describes a set of windows. Log-likelihoods are nats per event."""

    model_config = ConfigDict(frozen=True)

    events: int
    log_likelihood: float
    poisson_log_likelihood: float = Field(description="constant rates of the training data")
    ks_together: float = Field(description="distance of the pooled residuals to Exp(1)")
    ks_by_stream: dict[str, float]
    ljung_box_together: float = Field(description="20 lags; 20 under the truth, 31.4 at 5%")
    ljung_box_by_stream: dict[str, float]
    qq: list[float] = Field(description="quantiles of the pooled residuals, see `qq_levels`")

    @property
    def qq_exponential(self) -> Float64:
        """Quantiles of Exp(1) that belong to `qq`."""
        return np.asarray(-np.log1p(-qq_levels(len(self.qq))))

    @property
    def gain(self) -> float:
        """Nats per event over Poisson."""
        return self.log_likelihood - self.poisson_log_likelihood


def qq_levels(count: int = QQ_POINTS) -> Float64:
    """Probability levels of `GoodnessOfFit.qq`; evenly spaced on the exponential axis up to 9."""
    return np.asarray(-np.expm1(-np.linspace(0.0, 9.0, count + 1)[1:]))


def poisson_log_likelihood(window: PointProcess, rates: Float64) -> float:
    """Log-likelihood of a window under independent Poisson streams of constant rates [K], nats."""
    seen = np.bincount(window.stream, minlength=len(rates))
    span = window.time_s[-1] - window.start_s if len(window.time_s) else 0.0
    used = seen > 0
    return float(seen[used] @ np.log(rates[used]) - span * rates.sum())


def goodness_of_fit(
    windows: Sequence[PointProcess], law: Law, rates: Float64, names: Sequence[str]
) -> GoodnessOfFit:
    """Residual distances and log-likelihoods of windows, against Poisson streams of `rates` [K]."""
    model = poisson = 0.0
    together: list[Float64] = []
    by_stream: list[list[Float64]] = [[] for _ in names]
    for window in windows:
        compensated = compensate(window, law)
        model += compensated.log_likelihood
        poisson += poisson_log_likelihood(window, rates)
        pooled, separate = residuals(window, compensated)
        together.append(pooled)
        for i, series in enumerate(separate):
            by_stream[i].append(series)
    count = sum(len(window.time_s) for window in windows)
    distances = [ks_to_exponential(np.concatenate(series)) for series in by_stream]
    return GoodnessOfFit(
        events=count,
        log_likelihood=model / count,
        poisson_log_likelihood=poisson / count,
        ks_together=ks_to_exponential(np.concatenate(together)),
        ks_by_stream=dict(zip(names, distances, strict=True)),
        ljung_box_together=ljung_box(together),
        ljung_box_by_stream=dict(zip(names, map(ljung_box, by_stream), strict=True)),
        qq=np.quantile(np.concatenate(together), qq_levels()).tolist(),
    )
