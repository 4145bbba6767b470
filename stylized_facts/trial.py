"""The trial: samples, resamples and settings that every row of a scorecard is judged with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from model.errors import FaultlineError
from model.events import Float64
from stylized_facts.bootstrap import Resampling
from stylized_facts.families import bars_suffice
from stylized_facts.quantities import Quantity, Values
from stylized_facts.sample import MarketSample

FAILURES = (FaultlineError, ValueError, ArithmeticError, LookupError)  # of one row, not of the card
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Trial:
    """What every row is judged with.

    Attributes
    ----------
    real, models : the samples
    plan : weights of every resample
    seed : of the permutations
    edges : inner edges of the bins of TV by quantity, on its axis, from training data
    bars_s : models that write no orders but returns over bars of so many seconds: they are judged
        by the rows for which such returns suffice
    notes : what went wrong, a sentence each naming quantity and sample; rows add to it
    """

    real: MarketSample
    models: Mapping[str, MarketSample]
    plan: Resampling
    seed: int
    edges: Mapping[str, Float64] = field(default_factory=dict)
    bars_s: Mapping[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def scored(self, key: str) -> dict[str, MarketSample]:
        """The models that are judged by the quantity `key`."""
        return {
            label: sample
            for label, sample in self.models.items()
            if label not in self.bars_s or bars_suffice(key, self.bars_s[label])
        }

    def attempt(self, what: str, label: str, work: Callable[[], T], otherwise: T) -> T:
        """The result of `work`; where it fails, a note that names quantity and sample instead."""
        try:
            return work()
        except FAILURES as error:
            self.notes.append(f"{what} of '{label}': cannot be measured ({error})")
            return otherwise

    def values(self, quantity: Quantity, sample: MarketSample, label: str) -> Values:
        """The values of a quantity, none and a note where it cannot be measured."""
        none = Values(np.empty(0), np.zeros(len(sample) + 1, np.int64))
        found = self.attempt(quantity.label, label, lambda: quantity.extract(sample), none)
        finite = np.isfinite(found.values)
        if not finite.all():
            self.notes.append(
                f"{quantity.label} of '{label}': {int((~finite).sum())} values are not "
                "finite and left out"
            )
            before = np.concatenate(([0], np.cumsum(finite)))
            found = Values(found.values[finite], before[found.offsets])
        if found is not none and len(found.values) == 0:
            self.notes.append(f"{quantity.label} of '{label}': holds no value")
        elif len(found.values) and np.ptp(found.values) == 0:
            self.notes.append(f"{quantity.label} of '{label}': every value is {found.values[0]:g}")
        return found
