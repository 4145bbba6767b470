"""Interarrival times: wider than exponential, and clustered."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.autocorrelation import autocorrelation
from stylized_facts.facts.fact import Fact, FactCurve, vertex, window_sums
from stylized_facts.facts.levels import count_events
from stylized_facts.quantities import Values, interarrival_s
from stylized_facts.sample import MarketSample, remembered

CLOCK_S = 1e-6  # added to every time: what a clock cannot tell apart
SHAPES = np.linspace(np.log(0.1), np.log(4.0), 24)  # logarithms, of the Weibull law
LAGS = np.arange(1, 51)
MIN_EVENTS = 500


@remembered
def weibull_sums(sample: MarketSample) -> Float64:
    """Of times between events in units of their mean, by window: n, ln x, x^k for each shape k."""
    return power_sums(interarrival_s(sample))


def power_sums(times: Values) -> Float64:
    """Columns of `weibull_sums` for any positive times: float64 [W, 2 + 24]."""
    x = np.log((times.values + CLOCK_S) / max(times.values.mean(), CLOCK_S))
    powers = [np.exp(k * x) for k in np.exp(SHAPES)] if len(x) else [x] * len(SHAPES)
    return window_sums(times.window, len(times.offsets) - 1, np.ones(len(x)), x, *powers)


def weibull_shape(sums: Float64, weights: Float64) -> Float64:
    """Shape k of the Weibull law by maximum likelihood, from `power_sums`: float64 [R].

    1 is exponential, below 1 there are bursts and gaps (Ivanov et al., Physical Review E 2004).
    NaN outside 0.1..4.
    """
    totals = weights @ sums
    n, logs, powers = totals[:, :1], totals[:, 1:2], totals[:, 2:]
    k = np.exp(SHAPES)
    likelihood = np.log(k) + (k - 1) * logs / n - np.log(powers / n)
    return np.exp(vertex(SHAPES, -likelihood))


def shape_of_interarrivals(sample: MarketSample, weights: Float64) -> Float64:
    """Weibull shape of the times between adds and cancels, plus 1 us."""
    return weibull_shape(weibull_sums(sample), weights)


def dispersion(sample: MarketSample, weights: Float64) -> Float64:
    """Standard deviation over mean of the times between adds and cancels; 1 if exponential."""
    times = interarrival_s(sample)
    x = times.values / max(times.values.mean(), CLOCK_S) if len(times.values) else times.values
    n, first, second = (weights @ window_sums(times.window, len(sample), x**0, x, x**2)).T
    return np.asarray(np.sqrt(second / n - (first / n) ** 2) / (first / n))


@remembered
def log_interarrival_acf(sample: MarketSample) -> WindowRatio:
    """Autocorrelation of ln(time between events + 1 us), lags 1-50 events."""
    times = interarrival_s(sample)
    return autocorrelation(Values(np.log(times.values + CLOCK_S), times.offsets), LAGS)


def first_log_correlation(sample: MarketSample, weights: Float64) -> Float64:
    """Autocorrelation of the logarithms of successive times between events."""
    return log_interarrival_acf(sample).draws(weights)[:, 0]


FACTS = (
    Fact("weibull_shape", "Weibull shape of interarrival times", "", shape_of_interarrivals,
         count_events, MIN_EVENTS, code="L3"),
    Fact("interarrival_dispersion", "Interarrival times, sd over mean", "", dispersion,
         count_events, MIN_EVENTS, code="L3"),
    Fact("acf_interarrival_1", "ACF of ln interarrival time, lag 1", "", first_log_correlation,
         count_events, MIN_EVENTS, code="L3"),
)  # fmt: skip
CURVES = (
    FactCurve("acf_interarrival", "ACF of ln interarrival time, lags 1-50", log_interarrival_acf,
              count_events, MIN_EVENTS, "L3", x=tuple(LAGS.tolist()), x_unit="events"),
)  # fmt: skip
