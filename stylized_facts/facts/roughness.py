"""Rough volatility: how the logarithm of realised variance moves from one bin to a later one."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, pairs, window_sums
from stylized_facts.facts.kurtosis import count_returns
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered

BIN_S = 30
LAGS = (1, 2, 3, 4)
MIN_BINS = 200


def log_variance_steps(values: Values, width: int = BIN_S) -> WindowRatio:
    """Mean squared change of ln RV over 1 to 4 bins, RV the sum of squares of `width` values.

    Bins without a move have no logarithm and are passed over.
    """
    windows = len(values.offsets) - 1
    bins = np.diff(values.offsets) // width
    place = np.arange(len(values.values)) - values.offsets[values.window]
    kept = place < (bins * width)[values.window]
    realised = (values.values[kept].reshape(-1, width) ** 2).sum(1)
    logs = Values(
        np.log(np.where(realised > 0, realised, np.nan)), np.concatenate(([0], np.cumsum(bins)))
    )
    columns = []
    for lag in LAGS:
        early, late, window = pairs(logs, lag)
        step = late - early
        known = np.isfinite(step)
        columns.append(
            window_sums(window[known], windows, step[known] ** 2, np.ones(int(known.sum())))
        )
    stacked = np.stack(columns, axis=2)
    return WindowRatio(stacked[:, 0], stacked[:, 1])


@remembered
def _steps(sample: MarketSample) -> WindowRatio:
    return log_variance_steps(log_returns(sample, 1))


def roughness(sample: MarketSample, weights: Float64) -> Float64:
    """H of E (ln RV_(t+k) - ln RV_t)^2 ~ k^2H, RV of 1-second returns over 30 s, k = 1..4.

    Gatheral, Jaisson and Rosenbaum, Quantitative Finance 2018. The noise of RV itself pulls H
    down: it is the same on both sides of a comparison, and no estimate of the roughness of the
    process.
    """
    logs = np.log(_steps(sample).draws(weights))
    x = np.log(np.array(LAGS, float))
    x = x - x.mean()
    return np.asarray(0.5 * logs @ x / (x @ x))


def count_bins(sample: MarketSample) -> int:
    """Bins of 30 s that the windows hold."""
    return count_returns(sample, horizon_s=BIN_S)


FACTS = (
    Fact("roughness", "Roughness H of ln realised variance, 30 s", "", roughness, count_bins,
         MIN_BINS, code="R13"),
)  # fmt: skip
