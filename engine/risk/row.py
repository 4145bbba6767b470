"""One row of the risk table, and how it is estimated from a value a path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.risk.bootstrap import Statistic, bootstrap_interval, paired_bootstrap
from engine.risk.estimate import Estimate
from engine.risk.how_many_paths import PathsNeeded, paths_for_a_tenth
from model.events import Float64
from model.order_flow import Bools


class RiskRow(BaseModel):
    """One measure.

    Attributes
    ----------
    unshocked, shocked : of each arm; None where a measure does not exist for it
    effect : shocked less unshocked, on pairs
    n : paths that it was estimated from
    variance_reduction : how many times the variance of the effect would be that of the pairs if the
        arms were independent runs, see `how_many_paths.variance_reduction`; None without pairs, or
        where they do not differ
    paths_needed : for a standard error of a tenth of the number: of the effect where there is one,
        else of the shocked arm
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str
    label: str
    definition: str
    unit: str
    unshocked: Estimate | None = None
    shocked: Estimate | None = None
    effect: Estimate | None = None
    n: int
    warning: str = ""
    variance_reduction: float | None = None
    paths_needed: PathsNeeded | None = None


@dataclass(frozen=True, eq=False)
class Measure:
    """Values of each path, a row a path, and what is taken of them."""

    key: str
    label: str
    definition: str
    unit: str
    statistic: Statistic
    shocked: Float64  # [P] or [P, k]
    unshocked: Float64 | None = None
    warning: str = ""

    def row(self, resamples: int, confidence: float, seed: int) -> RiskRow:
        """Estimates from the paths on which the measure is defined (in pairs: on both)."""
        row = partial(
            RiskRow, measure=self.key, label=self.label, definition=self.definition, unit=self.unit,
            warning=self.warning,
        )  # fmt: skip
        defined = _defined(self.shocked)
        if self.unshocked is not None:
            defined &= _defined(self.unshocked)
        n = int(defined.sum())
        if n == 0:
            return row(n=0, shocked=Estimate(value=None), warning="not defined on any path")
        shocked = self.shocked[defined]
        if self.unshocked is None:
            one = bootstrap_interval(
                self.statistic, shocked, resamples=resamples, confidence=confidence, seed=seed
            )
            needed = paths_for_a_tenth(self.statistic, shocked, seed=seed)
            return row(n=n, shocked=Estimate.of(one), paths_needed=needed)
        unshocked = self.unshocked[defined]
        both = paired_bootstrap(
            self.statistic, unshocked, shocked,
            resamples=resamples, confidence=confidence, seed=seed,
        )  # fmt: skip
        saved = both.variance_reduction
        return row(
            n=n,
            unshocked=Estimate.of(both.unshocked),
            shocked=Estimate.of(both.shocked),
            effect=Estimate.of(both.effect),
            variance_reduction=saved if math.isfinite(saved) else None,
            paths_needed=paths_for_a_tenth(self._effect, unshocked, shocked, seed=seed),
        )

    def _effect(self, unshocked: Float64, shocked: Float64) -> Float64:
        return np.asarray(self.statistic(shocked) - self.statistic(unshocked))


def _defined(values: Float64) -> Bools:
    """Paths without NaN."""
    return np.asarray(np.isfinite(values).reshape(len(values), -1).all(axis=1))


def mean(values: Float64) -> Float64:
    """Mean over paths, [r, n] -> [r]."""
    return np.asarray(values.mean(axis=-1))
