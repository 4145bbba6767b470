"""What a stylized fact is: one number of a sample, written as a function of window weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.quantities import Values
from stylized_facts.sample import MarketSample


@dataclass(frozen=True)
class Fact:
    """One stylized fact.

    Attributes
    ----------
    key, label, unit : names
    estimate : the value for each row of window weights [R, W], float64 [R]; NaN where undefined
    count : how many observations the value rests on
    minimum : with fewer the value is NaN and the verdict `too few samples`
    kind : `fact`, or `mean` for a plain level whose ratio to the real one is shown
    """

    key: str
    label: str
    unit: str
    estimate: Callable[[MarketSample, Float64], Float64]
    count: Callable[[MarketSample], int]
    minimum: int
    kind: Literal["fact", "mean"] = "fact"

    def draws(self, sample: MarketSample, weights: Float64) -> Float64:
        """The value for each row of `weights`; all NaN where the sample is too small."""
        if self.count(sample) < self.minimum:
            return np.full(len(weights), np.nan)
        return self.estimate(sample, weights)


@dataclass(frozen=True)
class AcfCurve:
    """An autocorrelation curve that is compared as a whole.

    `estimate` gives it as a function of window weights; `count` and `minimum` are as in `Fact`.
    """

    key: str
    label: str
    estimate: Callable[[MarketSample], WindowRatio]
    count: Callable[[MarketSample], int]
    minimum: int


def sums(values: Values) -> WindowRatio:
    """Sum over number of values, window by window: its ratio is the mean."""
    windows = len(values.offsets) - 1
    total = np.bincount(values.window, values.values, windows).astype(float)
    return WindowRatio(total[:, None], np.diff(values.offsets).astype(float)[:, None])


def by_window(values: Values, statistic: Callable[[Float64], float], shortest: int) -> WindowRatio:
    """A statistic of each window; its ratio is the mean over windows where it is defined.

    Windows with fewer than `shortest` values, constant ones, and those where the statistic is NaN
    are left out.
    """
    found = np.full(len(values.offsets) - 1, np.nan)
    for w in range(len(found)):
        own = values.values[values.offsets[w] : values.offsets[w + 1]]
        if len(own) >= shortest and np.ptp(own) > 0:
            found[w] = statistic(own)
    known = np.isfinite(found)
    return WindowRatio(np.where(known, found, 0.0)[:, None], known.astype(float)[:, None])
