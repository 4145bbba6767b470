"""The Epps effect: correlation of two assets fades as returns get shorter."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.facts.fact import WindowCorrelation, correlation
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample, SampleError

HORIZONS_S = (1, 2, 5, 10, 30, 60, 120, 300, 900, 1800)
MIN_RETURNS = 30


def epps_curve(
    first: MarketSample, second: MarketSample, horizons_s: tuple[int, ...] = HORIZONS_S
) -> Float64:
    """Correlation of log returns of two assets of one simulation at each horizon: float64 [H].

    Divide by the longest that is known for the ratio that the literature shows (Epps, JASA 1979).
    NaN with fewer than 30 returns, or where one asset stands still. Not in the scorecard: assets
    that are simulated apart have no correlation to lose, the fact does not apply to them.

    Raises
    ------
    SampleError
        The windows of the two samples do not have the same times.
    """
    if not (
        np.array_equal(first.start_ns, second.start_ns)
        and np.array_equal(first.end_ns, second.end_ns)
    ):
        raise SampleError(
            f"Epps effect: the windows of '{first.label}' and '{second.label}' have other times; "
            "give two assets of one simulation or session"
        )
    found = np.full(len(horizons_s), np.nan)
    for j, horizon in enumerate(horizons_s):
        x, y = log_returns(first, horizon), log_returns(second, horizon)
        if len(x.values) == len(y.values) >= MIN_RETURNS:
            pooled: WindowCorrelation = correlation(x.values, y.values, x.window, len(first))
            found[j] = pooled.draws(np.ones((1, len(first))))[0, 0]
    return found
