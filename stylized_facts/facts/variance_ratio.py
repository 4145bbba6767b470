"""No linear dependence of returns: the variance of a sum against the sum of the variances."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, by_window
from stylized_facts.facts.levels import count_seconds
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered

HORIZONS = (2, 5, 10, 30)  # in steps of 1 s
MIN_SECONDS = 600
STEPS_A_WINDOW = 4  # times the longest horizon


def variance_ratio(values: Float64, steps: int) -> float:
    """Variance of sums of `steps` returns over `steps` times that of one; 1 for a random walk.

    Overlapping sums, corrected for bias, by `arch.unitroot.VarianceRatio` (Lo and MacKinlay,
    Review of Financial Studies 1988). Below 1 prices turn back, above 1 they carry on.
    """
    from arch.unitroot import (
        VarianceRatio,
    )  # imported where needed: readers of a scorecard never need it

    price = np.concatenate(([0.0], np.cumsum(values)))
    return float(VarianceRatio(price, lags=steps, robust=True).vr)


@remembered
def ratio_by_window(sample: MarketSample, steps: int) -> WindowRatio:
    """Variance ratio of the 1-second log returns of each window."""
    returns: Values = log_returns(sample, 1)
    return by_window(returns, partial(variance_ratio, steps=steps), STEPS_A_WINDOW * steps)


def mean_variance_ratio(sample: MarketSample, weights: Float64, *, steps: int) -> Float64:
    """Mean over windows of the variance ratio of 1-second returns over `steps` seconds."""
    return ratio_by_window(sample, steps).draws(weights)[:, 0]


FACTS = tuple(
    Fact(f"variance_ratio_{q}s", f"Variance ratio, {q} s to 1 s", "",
         partial(mean_variance_ratio, steps=q), count_seconds, MIN_SECONDS, code="R4")
    for q in HORIZONS
)  # fmt: skip
