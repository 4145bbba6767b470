"""Memorisation: whether synthetic windows lie nearer to training windows than real ones do.

Runs of 16 events, standardised by the training sample, are compared with every run of the training
sample (all offsets, evenly thinned to 60,000). Of real runs that were not trained on, 1% lie nearer
to a training run than their own 1% quantile; of a model that copies, far more do. A model whose
flow is poorer than real flow comes near as well, without a copy: read it beside the discriminator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.events import Float64, Int64
from stylized_facts.sample import MarketSample
from stylized_facts.sequences import event_runs

RUN_EVENTS = 16
MOST_TRAINING, MOST_ASKED = 60_000, 1_000
SHARE = 0.01
LEAST = 100  # runs of a sample
_BLOCK = 250  # runs at a time: bounds memory

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Nearest:
    """Distance of each run to the nearest training run, and the window of the run."""

    distance: Float64
    window: Int64

    def threshold(self, weights: Float64) -> Float64:
        """Distance that 1% of the runs do not reach, for window weights [R, W]: float64 [R]."""
        order = np.argsort(self.distance)
        share = np.cumsum(weights[:, self.window[order]], axis=1)
        place = (share < SHARE * share[:, -1:]).sum(1)
        return np.asarray(self.distance[order][np.minimum(place, len(order) - 1)])

    def share_below(self, threshold: Float64, weights: Float64) -> Float64:
        """Share of runs nearer than `threshold` [R] for window weights [R, W]: float64 [R]."""
        order = np.argsort(self.distance)
        share = np.cumsum(weights[:, self.window[order]], axis=1)
        share = np.hstack((np.zeros((len(share), 1)), share / np.maximum(share[:, -1:], 1)))
        place = np.searchsorted(self.distance[order], threshold)
        return np.asarray(share[np.arange(len(share)), place])


class TrainingRuns:
    """The runs of a training sample, ready to be searched.

    Raises
    ------
    ValueError
        The sample holds fewer than 100 runs.
    """

    def __init__(self, training: MarketSample) -> None:
        runs, _ = event_runs(training, RUN_EVENTS, MOST_TRAINING, 1)
        if len(runs) < LEAST:
            raise ValueError(f"training sample holds {len(runs)} runs of {RUN_EVENTS} events")
        self._mean = runs.mean(0)
        self._sd = np.where(runs.std(0) > 0, runs.std(0), 1.0)
        self._runs = self._standard(runs)
        self._square = np.einsum("ij,ij->i", self._runs, self._runs)

    def nearest(self, sample: MarketSample) -> Nearest:
        """Euclidean distance of runs of `sample` to the nearest one here."""
        runs, window = event_runs(sample, RUN_EVENTS, MOST_ASKED, RUN_EVENTS)
        if len(runs) < LEAST:
            raise ValueError(f"holds {len(runs)} runs of {RUN_EVENTS} events")
        asked = self._standard(runs)
        found = np.empty(len(asked))
        for low in range(0, len(asked), _BLOCK):
            part = asked[low : low + _BLOCK]
            square = np.einsum("ij,ij->i", part, part)
            nearest = (self._square - 2 * part @ self._runs.T).min(1)
            found[low : low + _BLOCK] = np.sqrt(np.maximum(square + nearest, 0.0))
        return Nearest(found, window)

    def _standard(self, runs: Float64) -> Float32:
        return np.asarray((runs - self._mean) / self._sd, np.float32)
