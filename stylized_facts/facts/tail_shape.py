"""Heavy tails, the second opinion: shape of the generalised Pareto law over a high threshold."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact, refitted
from stylized_facts.facts.hill import HORIZON_S, count_tail
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample

TAIL_SHARE = 0.05
MIN_RETURNS = 600  # non-overlapping: thirty over the threshold


def pareto_shape(values: Float64) -> float:
    """Shape xi of the generalised Pareto law of |values| over their 95% quantile; 1 / tail index.

    Maximum likelihood by `scipy.stats.genpareto`, location 0 (Pickands, Annals of Statistics 1975;
    Davison and Smith, JRSS B 1990). NaN with fewer than 30 values over the threshold, or constant
    ones.
    """
    from scipy import stats  # imported where needed: readers of a scorecard never need it

    size = np.abs(values)
    threshold = np.quantile(size, 1 - TAIL_SHARE) if len(size) else 0.0
    excess = size[size > threshold] - threshold
    if len(excess) < 30 or np.ptp(excess) == 0:
        return float("nan")
    return float(stats.genpareto.fit(excess / excess.mean(), floc=0)[0])


def shape_of_returns(sample: MarketSample, weights: Float64) -> Float64:
    """Shape of the tail of absolute 10-second log returns; interval from 20 resamples."""
    return refitted(log_returns(sample, HORIZON_S), weights, pareto_shape, 20)


FACTS = (
    Fact("pareto_shape_10s", "Pareto shape of |return|, 10 s, 5% tail", "", shape_of_returns,
         count_tail, MIN_RETURNS, code="R1"),
)  # fmt: skip
