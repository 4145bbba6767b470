"""Slow decay of volatility in the frequency domain: the order d of fractional integration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, vertex
from stylized_facts.facts.levels import count_seconds
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered

POWER = 0.65  # of the number of values: how many of the lowest frequencies are used
MIN_SECONDS = 1200
SHORTEST = 100  # values in a window
GRID = np.linspace(-0.5, 1.0, 151)  # of d, for the local Whittle likelihood


@dataclass(frozen=True, eq=False)
class Periodograms:
    """What both estimators need of each window, as sums over its lowest frequencies.

    Attributes
    ----------
    regression : float64 [W, 3], number of frequencies, cross product and squares for the GPH slope
    likelihood : float64 [W, 151], local Whittle objective times the number of frequencies
    """

    regression: Float64
    likelihood: Float64


def periodograms(values: Values) -> Periodograms:
    """Log periodogram regression and local Whittle objective of each window.

    With I_j the periodogram at frequency l_j = 2 pi j / n, j = 1..n^0.65:
    GPH regresses ln I_j on -2 ln(2 sin(l_j / 2)), slope d (Geweke and Porter-Hudak, JTSA 1983);
    local Whittle minimises ln mean(l_j^2d I_j) - 2 d mean ln l_j (Robinson, Annals of Statistics
    1995). Windows keep a level of their own in both. Windows that are constant or hold fewer than
    100 values are left out.
    """
    windows = len(values.offsets) - 1
    regression, likelihood = np.zeros((windows, 3)), np.zeros((windows, len(GRID)))
    for w in range(windows):
        own = values.values[values.offsets[w] : values.offsets[w + 1]]
        if len(own) < SHORTEST or np.ptp(own) == 0:
            continue
        m = int(len(own) ** POWER)
        power = np.abs(np.fft.rfft(own - own.mean())[1 : m + 1]) ** 2
        power = np.maximum(power, 1e-12 * power.mean())
        frequency = 2 * np.pi * np.arange(1, m + 1) / len(own)
        x = -2 * np.log(2 * np.sin(frequency / 2))
        x = x - x.mean()
        regression[w] = m, x @ np.log(power), x @ x
        logs = np.log(frequency)
        mean = np.exp(2 * GRID[:, None] * logs) @ power / m
        likelihood[w] = m * (np.log(mean) - 2 * GRID * logs.mean())
    return Periodograms(regression, likelihood)


def gph(found: Periodograms, weights: Float64) -> Float64:
    """Order d by log periodogram regression, windows pooled: float64 [R]."""
    _, cross, squares = (weights @ found.regression).T
    return np.asarray(cross / squares)


def local_whittle(found: Periodograms, weights: Float64) -> Float64:
    """Order d by the local Whittle likelihood, windows pooled: float64 [R]; NaN outside -0.5..1."""
    return vertex(GRID, weights @ found.likelihood)


@remembered
def _volatility(sample: MarketSample) -> Periodograms:
    returns = log_returns(sample, 1)
    return periodograms(Values(np.abs(returns.values), returns.offsets))


def _of_volatility(
    estimate: Callable[[Periodograms, Float64], Float64],
) -> Callable[[MarketSample, Float64], Float64]:
    return lambda sample, weights: estimate(_volatility(sample), weights)


FACTS = (
    Fact("memory_gph", "Fractional order d of |return| (GPH)", "", _of_volatility(gph),
         count_seconds, MIN_SECONDS, code="R6"),
    Fact("memory_whittle", "Fractional order d of |return| (local Whittle)", "",
         _of_volatility(local_whittle), count_seconds, MIN_SECONDS, code="R6"),
)  # fmt: skip
