"""From recordings to the parameters of a compound Hawkes model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.events import Float64
from stylized_facts.baselines.hawkes_likelihood import (
    Design,
    PointProcess,
    Pooling,
    SpreadScale,
    designs,
    log_spread_ratio,
    maximise,
    unpooled,
)
from stylized_facts.baselines.hawkes_residuals import Law
from stylized_facts.baselines.hawkes_simulation import spectral_radius
from stylized_facts.baselines.hawkes_uncertainty import (
    branching_errors,
    covariance,
    radius_interval,
)
from stylized_facts.baselines.streams import KINDS, LO_DEEP, LO_INSPREAD, STREAMS, StreamEvents
from stylized_facts.baselines.time_of_day import TimeOfDay

INSIDE = np.arange(KINDS) == LO_INSPREAD


class HawkesSettings(BaseModel):
    """What a fit does not estimate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fastest_s: float = Field(default=1e-5, gt=0, description="shortest decay time 1/beta, seconds")
    slowest_s: float = Field(default=10.0, gt=0, description="longest decay time, well below a bin")
    decays: int = Field(default=8, ge=1, le=20, description="number of decays, log-spaced")
    profile_bin_s: float = Field(default=300.0, gt=0, description="width of a time-of-day bin")
    spread_drives: Literal["all", "inspread"] = Field(
        default="inspread", description="kinds that the spread drives; `inspread`: as Jain et al."
    )
    max_spectral_radius: float = Field(default=0.95, gt=0, lt=1, description="at any spread")

    @property
    def betas(self) -> Float64:
        """Decay rates, 1/s, fastest first."""
        return 1.0 / np.geomspace(self.fastest_s, self.slowest_s, self.decays)

    @property
    def pooling(self) -> Pooling:
        """Buy and sell share a fit."""
        every = np.ones(KINDS, np.bool_)
        return Pooling.mirrored(INSIDE, every if self.spread_drives == "all" else INSIDE)


class Parameters(BaseModel):
    """Fitted parameters, one entry for each kind; the sides mirror each other.

    `alpha[kind][source][m]` is the mean number of events of the kind, on the BUY side, that one
    event of stream `source` excites through decay m (inside the spread: at the mean spread). For
    the SELL side read source ^ 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    betas: list[float]
    mu: list[float] = Field(description="baseline rate of each side, 1/s")
    alpha: list[list[list[float]]]
    rates: list[float] = Field(description="mean rate of each side in training, 1/s")
    mean_spread: float = Field(gt=0, description="time-weighted mean spread, ticks")
    low_spread: float = Field(gt=0, description="the spread drives no further than")
    high_spread: float = Field(gt=0, description="this, ticks")
    spread_exponents: list[float]
    spread_exposures: list[float] = Field(
        description="mean factor that the spread put on excitation in training"
    )
    fitted_spectral_radius: float = Field(description="at the mean exposures, as estimated")
    spectral_radius_interval: tuple[float, float] = Field(description="of that, 95%")
    branching_errors: list[list[float]] = Field(
        description="standard errors of the branching matrix as estimated, by kind and source"
    )
    inspread_kept: float = Field(
        ge=0, le=1, description="share kept of what in-spread orders excite"
    )
    all_kept: float = Field(ge=0, le=1, description="share kept of every excitation")

    @model_validator(mode="after")
    def _shapes(self) -> Parameters:
        by_kind = (self.mu, self.alpha, self.rates, self.spread_exponents, self.spread_exposures)
        if any(len(column) != KINDS for column in by_kind):
            raise ValueError(f"parameters must have {KINDS} entries, one for each kind")
        if np.shape(self.alpha) != (KINDS, STREAMS, len(self.betas)):
            raise ValueError(f"alpha must be {KINDS} x {STREAMS} x {len(self.betas)}")
        return self

    def law(self) -> Law:
        """Parameters by stream."""
        pooling = Pooling.mirrored(INSIDE, INSIDE)
        mu, alpha = unpooled(np.asarray(self.mu), np.asarray(self.alpha), pooling)
        return Law(
            mu, alpha, np.asarray(self.betas), np.repeat(self.spread_exponents, 2),
            np.repeat(INSIDE, 2).astype(np.int64),
            self.mean_spread, self.low_spread, self.high_spread,
        )  # fmt: skip

    def branching(self, spread_ticks: float | None = None) -> Float64:
        """Mean number of events of each stream that an event of each excites: [target, source].

        At a given spread, or at the mean exposures of training.
        """
        law = self.law()
        if spread_ticks is None:
            weight = np.repeat(self.spread_exposures, 2)
        else:
            ratio = log_spread_ratio(spread_ticks, *law.spread_scale)
            of_inside = np.exp(law.exponents * ratio) * (spread_ticks > 1)
            weight = np.where(law.inside, of_inside, 1.0)
        return np.asarray(law.alpha.sum(axis=2) * weight[:, None], np.float64)

    def widest_spectral_radius(self) -> float:
        """Largest spectral radius of the branching matrix over the spreads seen in training.

        The in-spread factor is monotone, so that the extremes are enough; at one tick it is 0.
        """
        spreads = (self.low_spread, max(self.low_spread, 2.0), self.high_spread)
        return max(spectral_radius(self.branching(spread)) for spread in spreads)


def point_process(window: StreamEvents, time_of_day: TimeOfDay) -> PointProcess:
    """Window with the time of day as it was when each interval began."""
    clock = time_of_day.at(window.time_s - window.gap_s)
    return PointProcess(window.time_s, window.stream, window.start_s, clock, window.spread_ticks)


def fit_parameters(
    windows: Sequence[StreamEvents], time_of_day: TimeOfDay, settings: HawkesSettings
) -> Parameters:
    """Maximum likelihood of all parameters."""
    seconds = sum(float(window.gap_s.sum()) for window in windows)
    scale = _spread_scale(windows)
    stream = np.concatenate([window.stream for window in windows])
    counts = np.bincount(stream // 2, minlength=KINDS)
    parts = designs(
        [point_process(window, time_of_day) for window in windows],
        settings.betas, settings.pooling, scale,
    )  # fmt: skip
    fits = [maximise(part) for part in parts]
    every = parts[LO_DEEP].exposure  # of any stream, had it been possible at every spread
    shape = (STREAMS, settings.decays)
    found = Parameters(
        betas=settings.betas.tolist(),
        mu=[fit.mu for fit in fits],
        alpha=[fit.alpha.reshape(shape).tolist() for fit in fits],
        rates=(counts / seconds / 2).tolist(),
        mean_spread=scale.mean,
        low_spread=scale.low,
        high_spread=scale.high,
        spread_exponents=[fit.exponent for fit in fits],
        spread_exposures=[
            _mean_weight(part, every[:, 1:] @ fit.alpha, fit.exponent) if part.inside else 1.0
            for part, fit in zip(parts, fits, strict=True)
        ],
        fitted_spectral_radius=0.0,
        spectral_radius_interval=(0.0, 0.0),
        branching_errors=np.zeros((KINDS, STREAMS)).tolist(),
        inspread_kept=1.0,
        all_kept=1.0,
    )
    covariances = [covariance(part, fit) for part, fit in zip(parts, fits, strict=True)]
    at_base = [
        _mean_weight(part, every[:, 0], fit.exponent) for part, fit in zip(parts, fits, strict=True)
    ]
    known = found.model_copy(
        update={
            "fitted_spectral_radius": spectral_radius(found.branching()),
            "spectral_radius_interval": radius_interval(
                found.branching(), covariances, found.spread_exposures
            ),
            "branching_errors": branching_errors(covariances, found.spread_exposures).tolist(),
        }
    )
    return stabilised(known, np.asarray(at_base), settings.max_spectral_radius)


def _spread_scale(windows: Sequence[StreamEvents]) -> SpreadScale:
    """Time-weighted mean of the spread, and the bounds between which it lay 99% of the time."""
    spread = np.concatenate([window.spread_ticks for window in windows])
    gap_s = np.concatenate([window.gap_s for window in windows])
    order = np.argsort(spread)
    passed = np.cumsum(gap_s[order])
    low, high = spread[order][np.searchsorted(passed, passed[-1] * np.array([0.005, 0.995]))]
    return SpreadScale(float(gap_s @ spread / passed[-1]), float(low), float(high))


def _mean_weight(part: Design, expected: Float64, exponent: float) -> float:
    """Mean factor of a fit over spreads, each weighted by the events expected at it [S]."""
    total = float(expected.sum())
    possible = part.exposure[:, 0] > 0
    factor = np.where(possible, np.exp(exponent * part.spread_log_ratio), 0.0)
    return float(factor @ expected) / total if total > 0 else 1.0


def stabilised(found: Parameters, mean_weight: Float64, limit: float) -> Parameters:
    """Parameters whose spectral radius is at most `limit` at every spread seen; mean rates stay.

    Inside a spread of one tick there is no room, and in a large-tick stock the spread is one tick
    nearly always: averaged over time in-spread orders multiply little, but while the spread is open
    they excite each other through all that follows them, and a path that stays open explodes
    (MSFT: radius 0.88 at one tick, 1.6 at two). So what in-spread orders excite is scaled down
    first, and everything only where that is not enough. What excitation loses the baseline gains.
    """

    def kept(inspread: float, everything: float) -> Parameters:
        alpha = everything * np.asarray(found.alpha)
        alpha[:, 2 * LO_INSPREAD :] *= inspread
        return found.model_copy(
            update={"alpha": alpha.tolist(), "inspread_kept": inspread, "all_kept": everything}
        )

    if found.widest_spectral_radius() <= limit:
        return found
    share = _largest(lambda x: kept(x, 1.0).widest_spectral_radius() <= limit)
    scaled = kept(share, 1.0)
    if scaled.widest_spectral_radius() > limit:
        scaled = kept(0.0, limit / scaled.widest_spectral_radius())
    rates = np.repeat(found.rates, 2)
    own = np.maximum(rates - scaled.branching() @ rates, 0.01 * rates)[::2]
    return scaled.model_copy(update={"mu": (own / mean_weight).tolist()})


def _largest(holds: Callable[[float], bool]) -> float:
    """Largest share in [0, 1] for which a property that small shares have still holds; else 0."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
