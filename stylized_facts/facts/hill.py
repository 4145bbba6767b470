"""Heavy tails: the Hill index of absolute log returns."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import Fact
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
    totals = weights @ np.diff(values.offsets)
    # four times the tail holds that of nearly every resample: the rest is looked at where it does
    # not
    head = descending[: 1 + int(4 * tail_share * len(size))]
    found = np.array(
        [
            _hill(size[head], row[values.window[head]], int(tail_share * total))
            for row, total in zip(weights, totals, strict=True)
        ]
    )
    for missed in np.flatnonzero(np.isinf(found)):
        row = weights[missed]
        k = int(tail_share * totals[missed])
        found[missed] = _hill(size[descending], row[values.window[descending]], k)
    return np.where(np.isinf(found), np.nan, found)


def _hill(largest: Float64, times: Float64, k: int) -> float:
    """Hill index where the i-th largest value occurs times[i] times; inf where they do not reach k.

    NaN where it is not defined.
    """
    if k < 2:
        return float("nan")
    reached = np.cumsum(times)
    last = int(np.searchsorted(reached, k, side="right"))  # holds the (k+1)-th largest
    if last == len(largest):
        return float("inf")
    if largest[last] == 0:
        return float("nan")
    inside = np.append(times[:last], k - reached[last] + times[last])
    excess = float(inside @ np.log(largest[: last + 1] / largest[last]))
    return k / excess if excess > 0 else float("nan")


Tail = Literal["both", "gains", "losses"]


def hill_of_returns(
    sample: MarketSample, weights: Float64, *, tail_share: float = 0.05, tail: Tail = "both"
) -> Float64:
    """Hill index of absolute 10-second log returns, or of the one sign.

    `tail_share` is of all returns for both signs together, of those of that sign for one.
    """
    returns = log_returns(sample, HORIZON_S)
    if tail == "both":
        return weighted_hill(returns, weights, tail_share)
    return weighted_hill(one_sign(returns, 1 if tail == "gains" else -1), weights, tail_share)


def one_sign(values: Values, sign: int) -> Values:
    """The values of one sign."""
    kept = values.values * sign > 0
    return Values(values.values[kept], np.concatenate(([0], np.cumsum(kept)))[values.offsets])


def count_tail(sample: MarketSample) -> int:
    """Non-overlapping 10-second returns that the windows hold."""
    return count_returns(sample, horizon_s=HORIZON_S)


FACTS = (
    Fact("hill_10s", "Hill index, 10 s, 5% tail", "", hill_of_returns, count_tail, MIN_RETURNS,
         code="R1"),
    Fact("hill_10s_2.5", "Hill index, 10 s, 2.5% tail", "",
         partial(hill_of_returns, tail_share=0.025), count_tail, 2 * MIN_RETURNS, code="R1"),
    Fact("hill_10s_1", "Hill index, 10 s, 1% tail", "",
         partial(hill_of_returns, tail_share=0.01), count_tail, 5 * MIN_RETURNS, code="R1"),
    Fact("hill_gains_10s", "Hill index of gains, 10 s, 5% tail", "",
         partial(hill_of_returns, tail="gains"), count_tail, 2 * MIN_RETURNS, code="R1"),
    Fact("hill_losses_10s", "Hill index of losses, 10 s, 5% tail", "",
         partial(hill_of_returns, tail="losses"), count_tail, 2 * MIN_RETURNS, code="R1"),
)  # fmt: skip
