"""Intermittency: counts of events and of extreme returns vary far more than a Poisson process."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.facts.levels import count_events, count_seconds
from stylized_facts.quantities import Values, events_per_s, log_returns
from stylized_facts.sample import MarketSample, remembered

BINS_S = (1, 2, 5, 10, 20, 50)
EXTREME = 0.99
MIN_SECONDS = 1000


class WindowFano(WindowRatio):
    """Variance over mean of counts, one column for each bin width.

    `above` holds the sums of squared counts, `beneath` [W, 2L] the sums of counts and the bins.
    """

    def draws(self, weights: Float64) -> Float64:
        """The ratios for weights [R, W]: float64 [R, L]; NaN where nothing is counted."""
        total, bins = np.split(weights @ self.beneath, 2, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / bins
            found: Float64 = (weights @ self.above / bins - mean**2) / mean
        return np.where(mean > 0, found, np.nan)


def fano(counts: Values, widths: tuple[int, ...] = BINS_S) -> WindowFano:
    """Fano factor Var N / E N of counts summed over `widths` bins; 1 for a Poisson process.

    Windows are cut into whole bins; what is left over is dropped (Fano, Physical Review 1947).
    """
    windows = len(counts.offsets) - 1
    place = np.arange(len(counts.values)) - counts.offsets[counts.window]
    columns = []
    for width in widths:
        bins = np.diff(counts.offsets) // width
        offsets = np.concatenate(([0], np.cumsum(bins)))
        kept = place // width < bins[counts.window]
        at = offsets[counts.window[kept]] + place[kept] // width
        total = np.bincount(at, counts.values[kept], offsets[-1]).astype(float)
        owner: Int64 = np.repeat(np.arange(windows), bins)
        columns.append(window_sums(owner, windows, total**2, total, np.ones(len(total))))
    stacked = np.stack(columns, axis=2)
    return WindowFano(stacked[:, 0], np.hstack((stacked[:, 1], stacked[:, 2])))


@remembered
def fano_of_events(sample: MarketSample) -> WindowFano:
    """Of adds and cancels in bins of 1, 2, 5, 10, 20 and 50 s."""
    return fano(events_per_s(sample))


@remembered
def fano_of_extremes(sample: MarketSample) -> WindowFano:
    """Of absolute 1-second log returns above their 99% quantile, same bins."""
    returns = log_returns(sample, 1)
    size = np.abs(returns.values)
    threshold = np.quantile(size, EXTREME) if len(size) else 0.0
    return fano(Values((size > threshold).astype(float), returns.offsets))


def fano_at(sample: MarketSample, weights: Float64, *, bin_s: int, extremes: bool) -> Float64:
    """Fano factor of one bin width."""
    found = fano_of_extremes(sample) if extremes else fano_of_events(sample)
    return found.draws(weights)[:, BINS_S.index(bin_s)]


FACTS = (
    *(
        Fact(f"fano_events_{width}s", f"Fano factor of event counts, {width} s", "",
             partial(fano_at, bin_s=width, extremes=False), count_seconds, 20 * width, code="R11")
        for width in (1, 10, 50)
    ),
    Fact("fano_extremes_10s", "Fano factor of extreme returns, 10 s", "",
         partial(fano_at, bin_s=10, extremes=True), count_seconds, MIN_SECONDS, code="R11"),
)  # fmt: skip
CURVES = (
    FactCurve("fano_curve", "Fano factor of event counts, 1-50 s", fano_of_events, count_events,
              500, "R11", x=BINS_S, x_unit="s"),
)  # fmt: skip
