"""Verdicts: how a number beside the floor, and beside its own uncertainty, is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stylized_facts.sheet import Band

Verdict = Literal["match", "close", "miss", "too few samples"]
MATCH, CLOSE = 1.5, 3.0  # times the floor
EQUIVALENT_Z = 2.0


def verdict_of_distance(ratio: float) -> Verdict:
    """`match` up to 1.5 floors, `close` up to 3, else `miss`; NaN is too few samples."""
    if np.isnan(ratio):
        return "too few samples"
    return "match" if ratio <= MATCH else "close" if ratio <= CLOSE else "miss"


@dataclass(frozen=True)
class FactCheck:
    """One fact of a model beside the real one.

    Attributes
    ----------
    real, value : the numbers
    real_band, band : their 95% intervals
    ratio : distance over the floor, NaN where halves of the real sample are too small for the fact
    """

    real: float
    real_band: Band
    value: float
    band: Band
    ratio: float

    @property
    def z(self) -> float:
        """(model - real) / sqrt(se^2 + se^2), each error from the arm of the interval between."""
        gap = self.value - self.real
        if not np.isfinite(gap):
            return float("nan")
        if gap > 0:
            arms = (self.real_band[1] - self.real, self.value - self.band[0])
        else:
            arms = (self.real - self.real_band[0], self.band[1] - self.value)
        known = [arm for arm in arms if np.isfinite(arm)]  # a model without windows has no interval
        error = float(np.sqrt(sum(arm**2 for arm in known))) / 1.96
        return gap / error if error > 0 else 0.0 if gap == 0 else float(np.inf * np.sign(gap))

    @property
    def p_value(self) -> float:
        """Two-sided, of `z` under the normal law."""
        from scipy import stats

        return float(2 * stats.norm.sf(abs(self.z)))

    @property
    def same_sign(self) -> bool:
        """Whether the model shows what the real sample clearly shows.

        Clearly: twice the real interval still lies on one side of 0. The model's interval must then
        lie on that side; else its number must at least not have the other sign.
        """
        low, high = self.real_band
        if 2 * low - self.real > 0:
            return not self.band[0] <= 0
        if 2 * high - self.real < 0:
            return not self.band[1] >= 0
        return not (low > 0 > self.value or high < 0 < self.value)

    @property
    def equivalent(self) -> bool:
        """Inside the real interval, or within two standard errors of the real number."""
        inside = self.real_band[0] <= self.value <= self.real_band[1]
        return bool(inside or abs(self.z) < EQUIVALENT_Z)

    @property
    def verdict(self) -> Verdict:
        """`match`: equivalent, of the same sign and up to 1.5 floors; `close`: one of the first
        and up to 3 floors; else `miss`. A model that has the samples but not the fact misses.
        """  # fmt: skip
        if np.isnan(self.real_band[0]):
            return "too few samples"
        if np.isnan(self.value):
            return "miss"
        # halves that never differ, or too small ones, give no floor
        near = self.ratio <= MATCH or not np.isfinite(self.ratio)
        if self.equivalent and self.same_sign and near:
            return "match"
        return "close" if self.equivalent or self.ratio <= CLOSE else "miss"
