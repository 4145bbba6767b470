"""Activity by time of day, relative to its mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from pydantic import BaseModel, ConfigDict, Field

from model.events import NS_PER_S, Float64
from stylized_facts.baselines.streams import StreamEvents

LEAST_COVERAGE = 0.5  # a bin seen for less than this share of its width keeps the mean
LEAST_FACTOR = 0.05


@njit(cache=True)
def factor_at(factors, start_ns, width_ns, time_ns):  # type: ignore[no-untyped-def]
    """Factor in force at a time; 1 outside the fitted range."""
    bin_ = (time_ns - start_ns) // width_ns
    return factors[bin_] if 0 <= bin_ < len(factors) else 1.0


class TimeOfDay(BaseModel):
    """Piecewise constant factor on the baseline rates, mean 1 over the training time.

    Outside the range that training covered the factor is 1: of an hour that was never seen the
    mean of the others is the fair guess, and the last bin before it is not (the lull at noon says
    little of the close).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_ns: int
    width_ns: int = Field(gt=0)
    factors: list[float]

    @classmethod
    def fit(cls, windows: Sequence[StreamEvents], width_s: float) -> TimeOfDay:
        """Events per second in each bin of the day over the mean rate, all windows together.

        Bins are aligned to midnight. A bin that training saw for less than half its width has
        factor 1; no factor is below 0.05.
        """
        first = int(min(window.start_s for window in windows) // width_s)
        last = int(max(window.time_s[-1] for window in windows) // width_s)
        edges = np.arange(first, last + 2) * width_s
        seconds, events = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
        for window in windows:
            inside = np.clip(edges, window.start_s, window.time_s[-1])
            seconds += np.diff(inside)
            events += np.histogram(window.time_s, edges)[0]
        known = seconds >= LEAST_COVERAGE * width_s
        factors = np.ones(len(seconds))
        if known.any():
            mean = events[known].sum() / seconds[known].sum()
            factors[known] = np.maximum(events[known] / seconds[known] / mean, LEAST_FACTOR)
            factors[known] /= (factors[known] @ seconds[known]) / seconds[known].sum()
        return cls(
            start_ns=round(edges[0] * NS_PER_S),
            width_ns=round(width_s * NS_PER_S),
            factors=[float(factor) for factor in factors],
        )

    def at(self, time_s: Float64) -> Float64:
        """Factor at times in seconds after midnight."""
        bins = (time_s * NS_PER_S - self.start_ns) // self.width_ns
        inside = (bins >= 0) & (bins < len(self.factors))
        table = np.asarray(self.factors)
        return np.where(inside, table[np.clip(bins, 0, len(table) - 1).astype(np.int64)], 1.0)
