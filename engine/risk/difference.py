"""The difference of two numbers of which only the intervals are known."""

from __future__ import annotations

import math

from engine.risk.estimate import Estimate


def difference(first: Estimate, second: Estimate) -> Estimate:
    """`second` less `first`, with an interval at the confidence that both have.

    Method of variance estimates recovery (Zou and Donner, Statistics in Medicine 27, 2008): with
    estimates a, b and intervals (l, u), the ends of b - a lie sqrt((b - l_b)^2 + (u_a - a)^2) below
    and sqrt((u_b - b)^2 + (a - l_a)^2) above. It keeps the skew of both and takes them as
    independent: for numbers that rise and fall together, such as those of two runs with the same
    seed, it is too wide rather than too narrow.

    Returns
    -------
    Estimate
        Without ends where one of the two has none, without a value where one is not defined.
    """
    if first.value is None or second.value is None:
        return Estimate(value=None)
    value = second.value - first.value
    ends = (first.lower, first.upper, second.lower, second.upper)
    if any(end is None for end in ends):
        return Estimate(value=value)
    low_a, high_a, low_b, high_b = (float(end) for end in ends if end is not None)
    return Estimate(
        value=value,
        lower=value - math.hypot(second.value - low_b, high_a - first.value),
        upper=value + math.hypot(high_b - second.value, first.value - low_a),
    )
