"""Heavy tails by quantiles: kurtosis that a single return cannot move."""

from __future__ import annotations

import warnings
from functools import cache, partial
from typing import Literal

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, refitted
from stylized_facts.facts.hill import HORIZON_S, count_tail
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample

MIN_RETURNS = 200  # non-overlapping: five beyond the outermost quantile
MEASURES: dict[Literal["Moors", "Hogg", "Crow-Siddiqui"], int] = {
    "Moors": 1, "Hogg": 2, "Crow-Siddiqui": 3,
}  # fmt: skip


def robust_excess(values: Float64, measure: Literal["Moors", "Hogg", "Crow-Siddiqui"]) -> float:
    """Robust kurtosis less that of the normal law, by `statsmodels.stats.stattools`.

    Moors: octiles about the quartiles. Hogg: means of the outer 5% over means of the halves.
    Crow-Siddiqui: the range of 97.5% over that of 75% (Kim and White, Finance Research Letters
    2004). NaN where the divisor is 0 or a tail is empty, as with a great many returns of 0.
    """
    from statsmodels.stats.stattools import (
        robust_kurtosis,
    )  # imported where needed: readers of a scorecard never need it

    if len(values) < 8 or np.ptp(values) == 0:
        return float("nan")
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        found = robust_kurtosis(values, excess=False)[MEASURES[measure]]
    return float(found) - _of_normal()[MEASURES[measure]]


@cache
def _of_normal() -> tuple[float, ...]:
    from statsmodels.stats.stattools import (
        expected_robust_kurtosis,
    )  # imported where needed: readers of a scorecard never need it

    return tuple(expected_robust_kurtosis().tolist())


def robust_of_returns(
    sample: MarketSample, weights: Float64, *, measure: Literal["Moors", "Hogg", "Crow-Siddiqui"]
) -> Float64:
    """Robust excess kurtosis of 10-second log returns; interval from 40 resamples."""
    returns = log_returns(sample, HORIZON_S)
    return refitted(returns, weights, partial(robust_excess, measure=measure))


FACTS = tuple(
    Fact(
        f"robust_kurtosis_{name.lower().replace('-', '_')}",
        f"Robust excess kurtosis ({name}), 10 s", "",
        partial(robust_of_returns, measure=name), count_tail, MIN_RETURNS, code="R2",
    )
    for name in MEASURES
)  # fmt: skip
