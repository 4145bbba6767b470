"""Heavy tails: the Hill index of absolute log returns."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.facts.kurtosis import count_returns
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample

TAIL_SHARES = (0.01, 0.025, 0.05)
HORIZON_S = 10
MIN_RETURNS = 200  # non-overlapping: ten in a 5% tail


def hill_index(values: Float64, tail_share: float = 0.05) -> float:
    """Hill's estimator of the tail index of |values| over the largest `tail_share` of them.

    1 / mean of ln(X_(i) / X_(k+1)), i = 1..k, k = tail_share n (Hill, Annals of Statistics 1975).
    NaN where k < 2, or where the threshold X_(k+1) is 0 or the tail is a single value.
    """
    everything = Values(values, np.array([0, len(values)]))
    return float(weighted_hill(everything, np.ones((1, 1)), tail_share)[0])


def weighted_hill(values: Values, weights: Float64, tail_share: float = 0.05) -> Float64:
    """`hill_index` of the values pooled over windows, for integer weights [R, W]: float64 [R]."""
    size = np.abs(values.values)
    descending = np.argsort(-size, kind="stable")
    window = values.window[descending]
    with np.errstate(divide="ignore"):
        logs = np.log(size[descending])
    return np.array([_hill(logs, row[window], tail_share) for row in weights])


def _hill(logs: Float64, times: Float64, tail_share: float) -> float:
    """Hill index where the i-th largest value, of logarithm logs[i], occurs times[i] times."""
    reached = np.cumsum(times)
    k = int(tail_share * reached[-1]) if len(reached) else 0
    if k < 2:
        return float("nan")
    last = int(np.searchsorted(reached, k, side="right"))  # holds the (k+1)-th largest
    if not np.isfinite(logs[last]):
        return float("nan")
    inside = np.append(times[:last], k - reached[last] + times[last])
    excess = inside @ logs[: last + 1] - k * logs[last]
    return k / float(excess) if excess > 0 else float("nan")


def hill_of_returns(sample: MarketSample, weights: Float64, *, tail_share: float = 0.05) -> Float64:
    """Hill index of absolute 10-second log returns."""
    return weighted_hill(log_returns(sample, HORIZON_S), weights, tail_share)


def count_tail(sample: MarketSample) -> int:
    """Non-overlapping 10-second returns that the windows hold."""
    return count_returns(sample, horizon_s=HORIZON_S)
