"""The scorecard: synthetic order flow beside real, judged against real-against-real."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from pydantic import Field

from stylized_facts.sheet import NO_BAND, Band, Number, Record

Verdict = Literal["match", "close", "miss", "too few samples"]
Metric = Literal["K-S", "W1", "TV", "curve", "fact", "mean"]
BASELINE = "Hawkes"  # label of the baseline model that the model under test has to beat


class ScoreRow(Record):
    """One quantity by one metric. Dictionaries are keyed by model label.

    metric `K-S`, `W1`, `TV`: distance between distributions; `real` and `values` are medians or means.
    metric `curve`: mean absolute difference between two ACF curves; `real` and `values` are the
        mean of the curve.
    metric `fact`, `mean`: a number, judged by `real_band`; `distance` is |model - real|.
    """

    quantity: str
    label: str
    metric: Metric
    unit: str
    real: Number
    real_band: Band = Field(default=NO_BAND, description="95% bootstrap band of `real`")
    values: dict[str, Number]
    value_band: dict[str, Band] = Field(default={}, description="95% bootstrap band of each value")
    distance: dict[str, Number] = Field(description="to the whole real sample")
    interval: dict[str, Band] = Field(
        default={}, description="95% bootstrap interval of `distance`"
    )
    floor: Number = Field(default=float("nan"), description="real against real, median over splits")
    matched: dict[str, Number] = Field(
        default={}, description="distance at the sample size of the floor, median over splits"
    )
    ratio_to_floor: dict[str, Number] = Field(default={}, description="`matched` / `floor`")
    ratio_to_hawkes: dict[str, Number] = Field(
        default={}, description="`distance` / that of Hawkes"
    )
    ratio_to_hawkes_interval: dict[str, Band] = {}
    ratio_to_real: dict[str, Number] = Field(default={}, description="metric `mean`: value / real")
    verdict: dict[str, Verdict]
    n_real: int
    n: dict[str, int]


class Scorecard(Record):
    """Every row, and the two headline numbers of the model under test (the first of `models`).

    `ratio_to_hawkes` is the geometric mean of D(model) / D(Hawkes) over the K-S rows where at
    least one of the two is more than 1.5 floors away (`ratio_to_hawkes_rows` names them): below 1
    the model is nearer to the real market. `ratio_to_floor` is, for each model, the geometric mean
    of `ratio_to_floor` over all K-S rows: 1 is as near as real data to itself.
    """

    asset: str
    real_label: str
    models: list[str]
    windows_real: int
    windows: dict[str, int]
    window_s: Number
    resamples: int
    seed: int
    rows: list[ScoreRow]
    ratio_to_hawkes: Number
    ratio_to_hawkes_interval: Band
    ratio_to_hawkes_rows: list[str]
    ratio_to_floor: dict[str, Number]

    def row(self, quantity: str, metric: Metric) -> ScoreRow:
        """The row of a quantity by a metric; `KeyError` where there is none."""
        for row in self.rows:
            if row.quantity == quantity and row.metric == metric:
                return row
        raise KeyError(f"{quantity}/{metric}")

    def to_frame(self) -> pd.DataFrame:
        """One line a row; for each model its value, distance, interval, floor ratio and verdict."""
        return pd.DataFrame([_flat(row, self.models) for row in self.rows])


def _flat(row: ScoreRow, models: list[str]) -> dict[str, object]:
    flat: dict[str, object] = {
        "quantity": row.label, "metric": row.metric, "unit": row.unit, "real": row.real,
        "real low": row.real_band[0], "real high": row.real_band[1],
        "floor": row.floor, "n real": row.n_real,
    }  # fmt: skip
    for model in models:
        low, high = row.interval.get(model, NO_BAND)
        flat |= {
            f"{model} value": row.values[model],
            f"{model} distance": row.distance[model],
            f"{model} low": low,
            f"{model} high": high,
            f"{model} / floor": row.ratio_to_floor.get(model, float("nan")),
            f"{model} verdict": row.verdict[model],
            f"{model} n": row.n[model],
        }
    return flat
