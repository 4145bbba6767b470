"""One row of the scorecard: a quantity or a fact of every model by one metric."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from model.events import Float64
from stylized_facts.families import family_of
from stylized_facts.sheet import NO_BAND, Band, Number, Record
from stylized_facts.verdict import Verdict

Metric = Literal[
    "K-S", "W1", "W1 rank", "TV", "tail", "curve", "fact", "mean",
    "AUC", "predictive", "memorisation",
]  # fmt: skip
DISTANCES: tuple[Metric, ...] = ("K-S", "W1", "W1 rank", "TV", "tail", "curve")
DETAIL: tuple[Metric, ...] = ("W1 rank", "TV", "tail")  # for files rather than a page
BASELINE = "Hawkes"  # label of the baseline model that the model under test has to beat
NAN = float("nan")


class ScoreRow(Record):
    """One quantity by one metric. Dictionaries are keyed by model label.

    - metric `K-S`, `W1`, `W1 rank`, `TV`, `tail`: distance between distributions; `real` and
      `values` are the `centre` (median, mean or sd) of the samples.
    - metric `curve`: mean absolute difference of two ACF curves; `real` and `values` are means
      over the lags.
    - metric `fact`, `mean`: a number, judged by the bands; `distance` is |model - real|.
    - metric `AUC`, `predictive`, `memorisation`: a learned check, see its module.
    """

    quantity: str
    label: str
    metric: Metric
    unit: str
    centre: Literal["median", "mean", "sd", ""] = ""
    real: Number
    real_band: Band = Field(default=NO_BAND, description="95% bootstrap band of `real`, facts only")
    values: dict[str, Number]
    value_band: dict[str, Band] = Field(default={}, description="95% bootstrap bands, facts only")
    distance: dict[str, Number] = Field(description="to the whole real sample")
    interval: dict[str, Band] = Field(default={}, description="95% bootstrap, of `distance`")
    floor: Number = Field(default=NAN, description="real against real, median over splits")
    matched: dict[str, Number] = Field(
        default={}, description="distance at the sample size of the floor, median over splits"
    )
    ratio_to_floor: dict[str, Number] = Field(default={}, description="`matched` / `floor`")
    ratio_to_hawkes: dict[str, Number] = Field(
        default={}, description="`distance` / that of Hawkes; below 1 is nearer to the real sample"
    )
    ratio_to_hawkes_interval: dict[str, Band] = {}
    ratio_to_real: dict[str, Number] = Field(default={}, description="metric `mean`: value / real")
    z: dict[str, Number] = Field(default={}, description="facts: difference over its error")
    p_value: dict[str, Number] = Field(
        default={}, description="of no difference: windows exchanged (K-S, curve) or `z` (facts)"
    )
    p_holm: dict[str, Number] = Field(default={}, description="corrected over the card's family")
    verdict: dict[str, Verdict]
    n_real: int
    n: dict[str, int]

    @property
    def family(self) -> str:
        """The family that the row belongs to, see `stylized_facts.families`."""
        return family_of(self.quantity)


def log_distance(distances: Float64) -> Float64:
    """Logarithm of distances; below 0.0001 none can be told from 0."""
    return np.log(np.maximum(distances, 1e-4))


def exp_band(band: Band) -> Band:
    """Interval of a ratio from that of its logarithm."""
    return float(np.exp(band[0])), float(np.exp(band[1]))
