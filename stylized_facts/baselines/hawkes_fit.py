"""From recordings to the parameters of a compound Hawkes model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from model.events import Float64
from stylized_facts.baselines.hawkes_likelihood import (
    PointProcess,
    Pooling,
    designs,
    maximise,
    unpooled,
)
from stylized_facts.baselines.hawkes_residuals import compensate
from stylized_facts.baselines.hawkes_simulation import spectral_radius
from stylized_facts.baselines.streams import KINDS, LO_INSPREAD, STREAMS, StreamEvents
from stylized_facts.baselines.time_of_day import TimeOfDay

WEIGHTED = np.arange(STREAMS) // 2 == LO_INSPREAD
MAX_ROUNDS, EXPONENT_TOLERANCE, MAX_EXPONENT = 6, 0.01, 5.0
POOLING = Pooling.mirrored(STREAMS, WEIGHTED)


class HawkesSettings(BaseModel):
    """What a fit does not estimate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fastest_s: float = Field(default=5e-5, gt=0, description="shortest decay time 1/beta, seconds")
    slowest_s: float = Field(default=30.0, gt=0, description="longest decay time, well below a bin")
    decays: int = Field(default=5, ge=1, le=20, description="number of decays, log-spaced")
    profile_bin_s: float = Field(default=300.0, gt=0, description="width of a time-of-day bin")
    max_spectral_radius: float = Field(default=0.99, gt=0, lt=1)

    @property
    def betas(self) -> Float64:
        """Decay rates, 1/s, fastest first."""
        return 1.0 / np.geomspace(self.fastest_s, self.slowest_s, self.decays)


class Parameters(BaseModel):
    """Fitted parameters, one entry for each kind; the sides mirror each other.

    `alpha[kind][source][m]` is the mean number of events of the kind, on the BUY side, that one
    event of stream `source` excites through decay m (times the spread weight, inside the spread).
    For the SELL side read source ^ 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    betas: list[float]
    mu: list[float] = Field(description="baseline rate of each side, 1/s")
    alpha: list[list[list[float]]]
    rates: list[float] = Field(description="mean rate of each side in training, 1/s")
    mean_spread: float = Field(gt=0, description="time-weighted mean spread, ticks")
    spread_exponent: float
    inspread_exposure: float = Field(description="mean spread weight met by excitation in training")
    fitted_spectral_radius: float = Field(description="before any rescaling")

    def by_stream(self) -> tuple[Float64, Float64]:
        """mu [K] and alpha [K, K, M] (target, source, decay)."""
        return unpooled(np.asarray(self.mu), np.asarray(self.alpha), POOLING)

    def branching(self) -> Float64:
        """Mean number of events of each stream that an event of each excites: [target, source]."""
        matrix = self.by_stream()[1].sum(axis=2)
        matrix[WEIGHTED] *= self.inspread_exposure
        return matrix


def point_process(
    window: StreamEvents, time_of_day: TimeOfDay, mean_spread: float, exponent: float
) -> PointProcess:
    """Window with the time of day and the spread weight, both as they were when the interval began."""
    begun = window.time_s - window.gap_s
    weight = (np.maximum(window.spread_ticks, 2) / mean_spread) ** exponent
    weight[window.spread_ticks <= 1] = 0.0
    return PointProcess(
        window.time_s, window.stream, window.start_s, time_of_day.at(begun), weight
    )


def fit_parameters(
    windows: Sequence[StreamEvents], time_of_day: TimeOfDay, settings: HawkesSettings
) -> Parameters:
    """Maximum likelihood of all parameters, the spread exponent by alternation."""
    betas = settings.betas
    gaps = np.concatenate([window.gap_s for window in windows])
    spreads = np.concatenate([window.spread_ticks for window in windows])
    stream = np.concatenate([window.stream for window in windows])
    mean_spread = float(gaps @ spreads / gaps.sum())
    rates = np.bincount(stream // 2, minlength=KINDS) / gaps.sum() / 2

    inside, room = stream // 2 == LO_INSPREAD, spreads > 1
    log_ratio = np.log(np.maximum(spreads, 2) / mean_spread)
    exponent = _exponent(log_ratio[inside], log_ratio[room], gaps[room])
    fits: list[tuple[float, Float64]] = []
    for _ in range(MAX_ROUNDS):
        processes = [point_process(w, time_of_day, mean_spread, exponent) for w in windows]
        parts = designs(processes, betas, POOLING)
        if fits:
            fits[LO_INSPREAD] = maximise(parts[LO_INSPREAD], fits[LO_INSPREAD])
        else:
            fits = [maximise(part) for part in parts]
        mu = np.array([fit[0] for fit in fits])
        alpha = np.stack([fit[1].reshape(STREAMS, len(betas)) for fit in fits])
        better = _exponent(log_ratio[inside], log_ratio[room], _area(processes, mu, alpha, betas)[room])
        if abs(better - exponent) < EXPONENT_TOLERANCE:
            break
        exponent = better
    excited = fits[LO_INSPREAD][1]
    met = float(excited @ parts[LO_INSPREAD].exposure)
    exposure = met / max(float(excited @ parts[0].exposure), 1e-300) if met > 0 else 1.0
    span = parts[LO_INSPREAD].base_exposure / parts[0].base_exposure
    found = Parameters(
        betas=betas.tolist(), mu=mu.tolist(), alpha=alpha.tolist(), rates=rates.tolist(),
        mean_spread=mean_spread, spread_exponent=exponent, inspread_exposure=exposure,
        fitted_spectral_radius=0.0,
    )  # fmt: skip
    return _stabilised(found, span, settings.max_spectral_radius)


def _area(
    processes: Sequence[PointProcess], mu: Float64, alpha: Float64, betas: Float64
) -> Float64:
    """Compensator of both in-spread streams over each interval, their spread weight left out."""
    by_stream = unpooled(mu, alpha, POOLING)
    bare = np.zeros(STREAMS, np.bool_)
    grown = [compensate(process, *by_stream, betas, bare).increments for process in processes]
    return np.concatenate([increments[:, WEIGHTED].sum(axis=1) for increments in grown])


def _exponent(at_events: Float64, at_intervals: Float64, area: Float64) -> float:
    """Spread exponent b of maximum likelihood, given the unweighted compensator of the intervals.

    The common scale of the intensity is profiled out, which leaves
    b sum(x_events) - n ln sum(area exp(b x_intervals)): concave, solved by Newton's method.
    """
    if len(at_events) == 0 or np.ptp(at_intervals) == 0.0:
        return 0.0
    b, target = 0.0, float(at_events.mean())
    for _ in range(50):
        weight = area * np.exp(b * at_intervals)
        weight /= weight.sum()
        mean = float(weight @ at_intervals)
        variance = float(weight @ (at_intervals - mean) ** 2)
        step = float(np.clip((target - mean) / max(variance, 1e-12), -1.0, 1.0))
        b = float(np.clip(b + step, -MAX_EXPONENT, MAX_EXPONENT))
        if abs(step) < 1e-9:
            break
    return b


def _stabilised(found: Parameters, mean_weight: float, limit: float) -> Parameters:
    """Note the spectral radius; above `limit` scale alpha down to it and keep the mean rates."""
    radius = spectral_radius(found.branching())
    if radius <= limit:
        return found.model_copy(update={"fitted_spectral_radius": radius})
    alpha = (np.asarray(found.alpha) * (limit / radius)).tolist()
    scaled = found.model_copy(update={"alpha": alpha, "fitted_spectral_radius": radius})
    rates = np.repeat(scaled.rates, 2)
    own = np.maximum(rates - scaled.branching() @ rates, 0.01 * rates)[::2]
    own[LO_INSPREAD] /= mean_weight
    return scaled.model_copy(update={"mu": own.tolist()})
