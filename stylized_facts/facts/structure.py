"""Intermittency: how the moments of returns grow with the horizon."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, window_sums
from stylized_facts.facts.levels import count_seconds
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample, remembered

HORIZONS_S = (1, 2, 5, 10, 20, 50)
POWERS = (1, 2, 3)
MIN_SECONDS = 1200


@remembered
def moments(sample: MarketSample) -> Float64:
    """Sums of |r|^q and numbers of returns by window: float64 [W, horizons, 1 + powers]."""
    found = []
    for horizon in HORIZONS_S:
        returns = log_returns(sample, horizon, 1)
        size = np.abs(returns.values)
        columns = [size**q for q in (0, *POWERS)]
        found.append(window_sums(returns.window, len(sample), *columns))
    return np.stack(found, axis=1)


def scaling_exponents(sums: Float64, weights: Float64) -> Float64:
    """Slopes zeta(q) of ln E|r|^q on ln horizon, q = 1, 2, 3: float64 [R, 3].

    q / 2 for a Gaussian walk; concave in q where returns are intermittent (Frisch, Turbulence
    1995; Mandelbrot, Fisher and Calvet 1997).
    """
    total = np.einsum("rw,whq->rhq", weights, sums)
    logs = np.log(total[:, :, 1:] / total[:, :, :1])
    x = np.log(np.array(HORIZONS_S, float))
    x = x - x.mean()
    return np.asarray(np.einsum("h,rhq->rq", x, logs) / (x @ x))


def intermittency(sample: MarketSample, weights: Float64) -> Float64:
    """3 zeta(1) - zeta(3), horizons 1-50 s; 0 where all moments scale alike."""
    zeta = scaling_exponents(moments(sample), weights)
    return np.asarray(3 * zeta[:, 0] - zeta[:, 2])


def diffusion(sample: MarketSample, weights: Float64) -> Float64:
    """zeta(2), horizons 1-50 s; 1 for a walk of uncorrelated steps."""
    return scaling_exponents(moments(sample), weights)[:, 1]


FACTS = (
    Fact("scaling_second_moment", "Scaling exponent of E r^2, 1-50 s", "", diffusion,
         count_seconds, MIN_SECONDS, code="R11"),
    Fact("intermittency", "Intermittency, 3 zeta(1) - zeta(3), 1-50 s", "", intermittency,
         count_seconds, MIN_SECONDS, code="R11"),
)  # fmt: skip
