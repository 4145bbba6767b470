"""The scorecard: synthetic order flow beside real, judged against real-against-real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import Field

from model.events import Float64
from stylized_facts.bootstrap import Resampling, interval
from stylized_facts.distances import DistanceName
from stylized_facts.facts import CURVES, FACTS
from stylized_facts.quantities import QUANTITIES
from stylized_facts.sample import MarketSample, SampleError
from stylized_facts.score_rows import (
    BASELINE,
    NAN,
    Metric,
    ScoreRow,
    Verdict,
    curve_row,
    distribution_rows,
    exp_band,
    fact_row,
    log_distance,
)
from stylized_facts.sheet import NO_BAND, Band, Number, Record

__all__ = ["BASELINE", "Metric", "ScoreRow", "Scorecard", "Verdict", "scorecard"]

SPLITS = 200  # of the real windows into halves, for the floor


class Scorecard(Record):
    """Every row, and the headline numbers. The model under test is the first of `models`.

    `ratio_to_hawkes` is the geometric mean of D(model) / D(Hawkes) over the K-S rows in which at
    least one of the two is more than 1.5 floors away (`ratio_to_hawkes_rows` names them); below 1
    the model under test is nearer to the real sample. It is NaN without a Hawkes, or where both
    are at the floor everywhere. `ratio_to_floor` is for each model the geometric mean of that
    ratio over the K-S rows: at 1 it is as near to real data as they are to themselves.
    """

    asset: str
    real_label: str
    models: list[str]
    windows_real: int
    windows: dict[str, int]
    window_s: Number = Field(description="median length of a real window")
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


def scorecard(
    real: MarketSample,
    models: Mapping[str, MarketSample],
    floor_seed: int = 0,
    resamples: int = 200,
    metrics: Sequence[DistanceName] = ("K-S", "W1"),
) -> Scorecard:
    """Judge synthetic samples against a real one.

    Parameters
    ----------
    real : MarketSample, cut into windows as long as the paths: `real.windows(horizon_ns)`
    models : samples by label; the first is the model under test, `Hawkes` its baseline
    floor_seed : of every random draw made here
    resamples : bootstrap resamples of whole windows
    metrics : distances between distributions, out of `K-S`, `W1` and `TV`

    Raises
    ------
    SampleError
        No model, or a model of another asset or tick size. A quantity that cannot be measured
        gets the verdict `too few samples`, and the rest is still computed.
    """
    _check(real, models)
    plan = Resampling.draw(
        real.duration_s,
        {label: sample.duration_s for label, sample in models.items()},
        resamples, SPLITS, floor_seed,
    )  # fmt: skip
    rows: list[ScoreRow] = []
    logs: dict[str, Float64] = {}  # ln D(model under test) / D(Hawkes) by K-S row, all draws
    under_test = next(iter(models))
    for quantity in QUANTITIES.values():
        for row, draws in distribution_rows(quantity, real, models, plan, metrics):
            rows.append(row)
            if row.metric == "K-S" and _tells_apart(row, under_test):
                logs[row.quantity] = log_distance(draws[under_test]) - log_distance(draws[BASELINE])
    rows += [curve_row(curve, real, models, plan) for curve in CURVES]
    rows += [fact_row(fact, real, models, plan) for fact in FACTS.values()]
    headline = np.mean(list(logs.values()), axis=0) if logs else np.array([NAN])
    return Scorecard(
        asset=real.meta.asset,
        real_label=real.label,
        models=list(models),
        windows_real=len(real),
        windows={label: len(sample) for label, sample in models.items()},
        window_s=float(np.median(real.duration_s)),
        resamples=resamples,
        seed=floor_seed,
        rows=rows,
        ratio_to_hawkes=float(np.exp(headline[0])),
        ratio_to_hawkes_interval=exp_band(interval(headline)),
        ratio_to_hawkes_rows=list(logs),
        ratio_to_floor={
            label: _geometric_mean(
                [row.ratio_to_floor[label] for row in rows if row.metric == "K-S"]
            )
            for label in models
        },
    )


def _check(real: MarketSample, models: Mapping[str, MarketSample]) -> None:
    if not models:
        raise SampleError("scorecard: no model to judge; give at least one sample")
    for label, sample in models.items():
        for name in ("asset", "tick_size"):
            theirs, ours = getattr(sample.meta, name), getattr(real.meta, name)
            if theirs != ours:
                raise SampleError(
                    f"scorecard: {name} of '{label}' is {theirs!r}, of '{real.label}' {ours!r}; "
                    "compare samples of one asset"
                )


def _tells_apart(row: ScoreRow, under_test: str) -> bool:
    """Whether the model under test or Hawkes is farther than 1.5 floors on this row."""
    if BASELINE not in row.distance or under_test == BASELINE:
        return False
    if "too few samples" in (row.verdict[under_test], row.verdict[BASELINE]):
        return False
    return row.verdict[under_test] != "match" or row.verdict[BASELINE] != "match"


def _geometric_mean(ratios: list[float]) -> float:
    known = [ratio for ratio in ratios if np.isfinite(ratio) and ratio > 0]
    return float(np.exp(np.mean(np.log(known)))) if known else NAN


def _flat(row: ScoreRow, models: list[str]) -> dict[str, object]:
    flat: dict[str, object] = {
        "quantity": row.label, "metric": row.metric, "unit": row.unit, "real": row.real,
        "real low": row.real_band[0], "real high": row.real_band[1],
        "floor": row.floor, "n real": row.n_real,
    }  # fmt: skip
    for model in models:
        low, high = row.interval.get(model, row.value_band.get(model, NO_BAND))
        flat |= {
            f"{model} value": row.values[model],
            f"{model} distance": row.distance[model],
            f"{model} low": low,
            f"{model} high": high,
            f"{model} / floor": row.ratio_to_floor.get(model, NAN),
            f"{model} verdict": row.verdict[model],
            f"{model} n": row.n[model],
        }
    return flat
