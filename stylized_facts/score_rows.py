"""The rows of the scorecard: one quantity or fact of every model, judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from model.events import Float64
from stylized_facts.bootstrap import Resampling, WindowRatio, interval
from stylized_facts.distances import (
    DistanceName,
    GridCdf,
    curve_distance,
    distance,
    mean_known,
    median_known,
    over,
    pooled_grid,
    resampled_distance,
)
from stylized_facts.facts import AcfCurve, Fact
from stylized_facts.quantities import Quantity, Values
from stylized_facts.sample import MarketSample
from stylized_facts.sheet import NO_BAND, Band, Number, Record

Verdict = Literal["match", "close", "miss", "too few samples"]
Metric = Literal["K-S", "W1", "TV", "curve", "fact", "mean"]

BASELINE = "Hawkes"  # label of the baseline model that the model under test has to beat
MATCH, CLOSE = 1.5, 3.0  # times the floor
MIN_VALUES = 30  # that do not overlap
NAN = float("nan")


class ScoreRow(Record):
    """One quantity by one metric. Dictionaries are keyed by model label.

    - metric `K-S`, `W1`, `TV`: distance between distributions; `real` and `values` are the
      `centre` (median, mean or sd) of the samples.
    - metric `curve`: mean absolute difference of two ACF curves; `real` and `values` are means
      over the lags.
    - metric `fact`, `mean`: a number, judged by the bands; `distance` is |model - real|, and there
      is no floor.
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
    verdict: dict[str, Verdict]
    n_real: int
    n: dict[str, int]


# distance of resampled windows: (model or None for the real sample, real weights, its weights)
Measure = Callable[[str | None, Float64, Float64], Float64]


def distribution_rows(
    quantity: Quantity,
    real: MarketSample,
    models: Mapping[str, MarketSample],
    plan: Resampling,
    metrics: Sequence[DistanceName],
) -> list[tuple[ScoreRow, dict[str, Float64]]]:
    """One row a metric, each with the resampled distances of every model."""
    ours = quantity.extract(real)
    theirs = {label: quantity.extract(sample) for label, sample in models.items()}
    x = quantity.on_scale(ours.values)
    ys = {label: quantity.on_scale(values.values) for label, values in theirs.items()}
    grid = pooled_grid([x, *ys.values()])
    cdf = GridCdf.of(Values(x, ours.offsets), grid)
    cdfs = {
        label: GridCdf.of(Values(ys[label], values.offsets), grid)
        for label, values in theirs.items()
    }

    def judged(metric: DistanceName) -> tuple[ScoreRow, dict[str, Float64]]:
        def measure(label: str | None, w: Float64, v: Float64) -> Float64:
            return resampled_distance(metric, cdf, cdf if label is None else cdfs[label], w, v)

        row = ScoreRow(
            quantity=quantity.key,
            label=quantity.label,
            metric=metric,
            unit=quantity.unit,
            centre=quantity.centre,
            real=quantity.centre_of(ours.values),
            values={label: quantity.centre_of(values.values) for label, values in theirs.items()},
            distance={label: distance(metric, x, y) for label, y in ys.items()},
            verdict={},
            n_real=ours.independent(quantity.overlap),
            n={label: values.independent(quantity.overlap) for label, values in theirs.items()},
        )
        return _judge(row, plan, measure, MIN_VALUES)

    return [judged(metric) for metric in metrics]


def curve_row(
    curve: AcfCurve, real: MarketSample, models: Mapping[str, MarketSample], plan: Resampling
) -> ScoreRow:
    """The row of an autocorrelation curve."""
    ours = curve.estimate(real)
    theirs = {label: curve.estimate(sample) for label, sample in models.items()}

    def measure(label: str | None, w: Float64, v: Float64) -> Float64:
        return curve_distance(ours.draws(w), (ours if label is None else theirs[label]).draws(v))

    def level(ratio: WindowRatio) -> float:
        return mean_known(ratio.draws(np.ones((1, len(ratio.above)))))

    whole = {label: np.ones((1, len(sample))) for label, sample in models.items()}
    row = ScoreRow(
        quantity=curve.key,
        label=curve.label,
        metric="curve",
        unit="",
        centre="mean",
        real=level(ours),
        values={label: level(ratio) for label, ratio in theirs.items()},
        distance={
            label: float(measure(label, np.ones((1, len(real))), whole[label])[0])
            for label in models
        },
        verdict={},
        n_real=curve.count(real),
        n={label: curve.count(sample) for label, sample in models.items()},
    )
    return _judge(row, plan, measure, curve.minimum)[0]


def _judge(
    row: ScoreRow, plan: Resampling, measure: Measure, minimum: int
) -> tuple[ScoreRow, dict[str, Float64]]:
    """Add floor, intervals, ratios and verdicts to a row, and return the resampled distances."""
    floor = median_known(measure(None, plan.half, plan.other_half))
    draws: dict[str, Float64] = {}
    matched: dict[str, float] = {}
    verdict: dict[str, Verdict] = {}
    for label, exact in row.distance.items():
        own = measure(label, plan.real, plan.models[label])
        own[0] = exact
        draws[label] = own if plan.resampled(label) else own[:1]
        matched[label] = median_known(measure(label, plan.other_half, plan.subsets[label]))
        if min(row.n_real, row.n[label]) < minimum or not plan.resampled(label):
            verdict[label] = "too few samples"
        else:
            verdict[label] = _verdict(matched[label], floor)
    against = {
        label: log_distance(own) - log_distance(draws[BASELINE])
        for label, own in draws.items()
        if BASELINE in draws and label != BASELINE
    }
    row = row.model_copy(
        update={
            "interval": {label: interval(own, 0.0) for label, own in draws.items()},
            "floor": floor,
            "matched": matched,
            "ratio_to_floor": {label: over(value, floor) for label, value in matched.items()},
            "ratio_to_hawkes": {label: float(np.exp(logs[0])) for label, logs in against.items()},
            "ratio_to_hawkes_interval": {
                label: exp_band(interval(logs)) for label, logs in against.items()
            },
            "verdict": verdict,
        }
    )
    return row, draws


def _verdict(matched: float, floor: float) -> Verdict:
    if not np.isfinite(matched) or not np.isfinite(floor):
        return "too few samples"
    if matched <= MATCH * floor:
        return "match"
    return "close" if matched <= CLOSE * floor else "miss"


def fact_row(
    fact: Fact, real: MarketSample, models: Mapping[str, MarketSample], plan: Resampling
) -> ScoreRow:
    """Match inside the real band, close where the bands overlap, else miss."""
    ours = fact.draws(real, plan.real)
    real_band = interval(ours)
    values, bands, counts = {}, {}, {}
    verdict: dict[str, Verdict] = {}
    for label, sample in models.items():
        draws = fact.draws(sample, plan.models[label])
        values[label], bands[label] = float(draws[0]), interval(draws)
        counts[label] = fact.count(sample)
        low, high = bands[label]
        if np.isnan(real_band[0]) or counts[label] < fact.minimum:
            verdict[label] = "too few samples"
        elif real_band[0] <= values[label] <= real_band[1]:
            verdict[label] = "match"
        else:  # where the model shows nothing to measure its band is NaN: a miss
            verdict[label] = "close" if low <= real_band[1] and high >= real_band[0] else "miss"
    return ScoreRow(
        quantity=fact.key,
        label=fact.label,
        metric=fact.kind,
        unit=fact.unit,
        real=float(ours[0]),
        real_band=real_band,
        values=values,
        value_band=bands,
        distance={label: abs(value - float(ours[0])) for label, value in values.items()},
        ratio_to_real=(
            {label: over(value, float(ours[0])) for label, value in values.items()}
            if fact.kind == "mean"
            else {}
        ),
        verdict=verdict,
        n_real=fact.count(real),
        n=counts,
    )


def log_distance(distances: Float64) -> Float64:
    """Logarithm of distances; below 0.0001 none can be told from 0."""
    return np.log(np.maximum(distances, 1e-4))


def exp_band(band: Band) -> Band:
    """Interval of a ratio from that of its logarithm."""
    return float(np.exp(band[0])), float(np.exp(band[1]))
