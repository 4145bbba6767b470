"""The scorecard: synthetic order flow beside real, judged against real-against-real."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field

from model.events import Float64
from stylized_facts.bootstrap import Resampling, block_length, interval
from stylized_facts.distances import DISTANCES, DistanceName, quantile_edges
from stylized_facts.facts import CURVES, FACTS
from stylized_facts.lob_bench import LobBench, lob_bench
from stylized_facts.quantities import QUANTITIES
from stylized_facts.sample import MarketSample, SampleError
from stylized_facts.score_row import BASELINE, NAN, Metric, ScoreRow, exp_band, log_distance
from stylized_facts.score_rows import Judged, curve_row, distribution_rows, fact_row
from stylized_facts.sheet import NO_BAND, Band, Number, Record
from stylized_facts.significance import confidence_set, holm
from stylized_facts.trial import Trial
from stylized_facts.verdict import Verdict

__all__ = ["BASELINE", "Metric", "ScoreRow", "Scorecard", "Verdict", "scorecard", "training_edges"]

SPLITS = 200  # of the real windows into halves, for the floor
HEADLINE = ("K-S", "curve")  # one distance for each quantity
SCORED_CURVES = frozenset({  # the others repeat these, or are about one part of the data alone
    "acf_abs_return", "acf_order_sign",
    *(f"response_curve_{kind}_{moves}" for kind in ("mo", "lo", "ca") for moves in (0, 1)),
})  # fmt: skip


class Scorecard(Record):
    """Every row, and the headline numbers. The model under test is the first of `models`.

    `ratio_to_hawkes` is the geometric mean of D(model) / D(Hawkes) over the scored quantities (K-S
    rows and the curves of `SCORED_CURVES`) in which at least one of the two is over 1.5 floors away
    (`ratio_to_hawkes_rows` names them, `ratio_to_hawkes_ties` the others); below 1 the model under
    test is nearer to the real sample. It is NaN without a Hawkes, or where both are at the floor
    everywhere. `ratio_to_floor` is for each model the geometric mean of that ratio over the same
    rows, ties included: at 1 it is as near to real data as they are to themselves.
    """

    asset: str
    real_label: str
    models: list[str]
    windows_real: int
    windows: dict[str, int]
    window_s: Number = Field(description="median length of a real window")
    resamples: int
    seed: int
    block_real: Number = Field(default=1.0, description="mean run of windows drawn together")
    rows: list[ScoreRow]
    ratio_to_hawkes: Number
    ratio_to_hawkes_interval: Band
    ratio_to_hawkes_rows: list[str]
    ratio_to_hawkes_ties: list[str] = []
    ratio_to_floor: dict[str, Number]
    ratio_to_floor_interval: dict[str, Band] = {}
    confidence_set: dict[str, Number] = Field(
        default={}, description="p-value in the model confidence set; above 0.05: in the 95% set"
    )
    lob_bench: LobBench | None = None
    notes: list[str] = Field(default=[], description="what could not be measured, and why")

    def row(self, quantity: str, metric: Metric) -> ScoreRow:
        """The row of a quantity by a metric; `KeyError` where there is none."""
        for row in self.rows:
            if row.quantity == quantity and row.metric == metric:
                return row
        raise KeyError(f"{quantity}/{metric}")

    def to_frame(self) -> pd.DataFrame:
        """One line a row; for each model its value, distance, interval, floor ratio and verdict."""
        return pd.DataFrame([_flat(row, self.models) for row in self.rows])

    def to_long(self) -> pd.DataFrame:
        """One line a row and model, with every number that the row holds."""
        return pd.DataFrame(
            [_line(self.asset, row, model) for row in self.rows for model in self.models]
        )

    def write_parquet(self, path: Path) -> None:
        """Write `to_long` as Parquet, atomically."""
        temporary = path.with_name(path.name + ".tmp")
        self.to_long().to_parquet(temporary, index=False)
        os.replace(temporary, path)


def training_edges(training: MarketSample) -> dict[str, Float64]:
    """Inner edges of the bins of total variation by quantity, on its axis; constant ones left out.

    Fixed from training data, so that no bin depends on what is judged.
    """
    found = {}
    for key, quantity in QUANTITIES.items():
        values = quantity.extract(training).values
        if len(values):
            found[key] = quantile_edges(quantity.on_scale(values))
    return found


def scorecard(
    real: MarketSample,
    models: Mapping[str, MarketSample],
    floor_seed: int = 0,
    resamples: int = 200,
    metrics: Sequence[DistanceName] = DISTANCES,
    *,
    training: MarketSample | None = None,
    bars_s: Mapping[str, float] | None = None,
    learned: bool = False,
    workers: int | None = None,
) -> Scorecard:
    """Judge synthetic samples against a real one.

    Parameters
    ----------
    real : MarketSample, cut into windows as long as the paths: `real.windows(horizon_ns)`
    models : samples by label; the first is the model under test, `Hawkes` its baseline
    floor_seed : of every random draw made here
    resamples : bootstrap resamples of whole windows
    metrics : distances between distributions, out of `stylized_facts.distances.DISTANCES`
    training : real windows that no score is measured on; gives the bins of total variation and
        what a model might have memorised. Without it the bins come from `real`.
    bars_s : length of a bar by label, for models that write returns over bars and no orders: they
        are judged by the rows for which such returns suffice
    learned : whether to train discriminators, a forecaster and look for memorised windows too
    workers : threads; by default one a core, at most four

    Raises
    ------
    SampleError
        No model, or the model under test is of another asset, currency or tick size. Another
        model of which that is true is left out, and a quantity that cannot be measured gets the
        verdict `too few samples`: `notes` names them, and the rest is still computed.
    """
    notes: list[str] = []
    models = _comparable(real, models, notes)
    plan = Resampling.draw(
        real.duration_s,
        {label: sample.duration_s for label, sample in models.items()},
        resamples, SPLITS, floor_seed, block_length(real),
        {label: block_length(sample) for label, sample in models.items()},
    )  # fmt: skip
    edges = {} if training is None else training_edges(training)
    trial = Trial(real, models, plan, floor_seed, edges, dict(bars_s or {}), notes)
    jobs: list[Callable[[], list[Judged]]] = [
        *(partial(distribution_rows, one, trial, metrics) for one in QUANTITIES.values()),
        *(partial(curve_row, one, trial) for one in CURVES),
        *(partial(fact_row, one, trial) for one in FACTS.values()),
    ]
    if learned:
        from stylized_facts.learned import learned_rows  # scikit-learn is slow to import

        jobs.append(partial(learned_rows, trial, training))
    judged = _all(jobs, workers)
    rows = _corrected([one.row for one in judged], list(models))
    under_test = next(iter(models))
    scored = [one for one in judged if one.row.metric == "K-S" or one.row.quantity in SCORED_CURVES]
    logs = {
        one.row.quantity: log_distance(one.draws[under_test]) - log_distance(one.draws[BASELINE])
        for one in scored
        if _known(one.row, under_test)
    }
    told = [one.row.quantity for one in scored if _tells_apart(one.row, under_test)]
    headline = np.mean([logs[key] for key in told], axis=0) if told else np.array([NAN])
    floors = {label: _floor_ratio(scored, label, plan) for label in models}
    return Scorecard(
        asset=real.meta.asset,
        real_label=real.label,
        models=list(models),
        windows_real=len(real),
        windows={label: len(sample) for label, sample in models.items()},
        window_s=float(np.median(real.duration_s)),
        resamples=resamples,
        seed=floor_seed,
        block_real=plan.block,
        rows=rows,
        ratio_to_hawkes=float(np.exp(headline[0])),
        ratio_to_hawkes_interval=(
            exp_band(interval(headline, windows=plan.fewest(under_test))) if told else NO_BAND
        ),
        ratio_to_hawkes_rows=told,
        ratio_to_hawkes_ties=[key for key in logs if key not in told],
        ratio_to_floor={label: ratio for label, (ratio, _) in floors.items()},
        ratio_to_floor_interval={label: band for label, (_, band) in floors.items()},
        confidence_set=confidence_set(_losses(judged, list(models)), plan.block, floor_seed),
        lob_bench=lob_bench(trial),
        notes=sorted(notes),
    )


def _all(jobs: Iterable[Callable[[], list[Judged]]], workers: int | None) -> list[Judged]:
    """Results in order; numpy and scipy leave the interpreter free for the other thread."""
    with ThreadPoolExecutor(workers or min(4, os.cpu_count() or 1)) as pool:
        return [one for found in pool.map(lambda job: job(), jobs) for one in found]


def _comparable(
    real: MarketSample, models: Mapping[str, MarketSample], notes: list[str]
) -> dict[str, MarketSample]:
    """The models of the same market as `real`; a note for each of the others."""
    if not models:
        raise SampleError("scorecard: no model to judge; give at least one sample")
    kept = {}
    for place, (label, sample) in enumerate(models.items()):
        for name in ("asset", "tick_size", "currency"):
            theirs, ours = getattr(sample.meta, name), getattr(real.meta, name)
            if theirs != ours:
                what = (
                    f"scorecard: {name} of '{label}' is {theirs!r}, of '{real.label}' {ours!r}; "
                    "compare samples of one asset"
                )
                if place == 0:
                    raise SampleError(what)
                notes.append(f"{what}: left out")
                break
        else:
            kept[label] = sample
    return kept


def _known(row: ScoreRow, under_test: str) -> bool:
    """Whether the row says something about both the model under test and Hawkes."""
    if BASELINE not in row.distance or under_test == BASELINE:
        return False
    return "too few samples" not in (row.verdict[under_test], row.verdict[BASELINE])


def _tells_apart(row: ScoreRow, under_test: str) -> bool:
    """Whether the model under test or Hawkes is farther than 1.5 floors on this row."""
    both = (row.verdict[under_test], row.verdict.get(BASELINE))
    return _known(row, under_test) and both != ("match", "match")


def _floor_ratio(scored: list[Judged], label: str, plan: Resampling) -> tuple[float, Band]:
    """Geometric mean of the floor ratios of a model, and its interval from resampled distances."""
    logs = [
        np.log(one.row.ratio_to_floor[label])
        + log_distance(one.draws[label])
        - log_distance(one.draws[label][:1])
        for one in scored
        if np.isfinite(one.row.ratio_to_floor[label]) and one.row.ratio_to_floor[label] > 0
    ]
    if not logs:
        return NAN, NO_BAND
    mean = np.mean(logs, axis=0)
    return float(np.exp(mean[0])), exp_band(interval(mean, windows=plan.fewest(label)))


def _losses(judged: list[Judged], models: list[str]) -> dict[str, Float64]:
    """Mean loss of each model on each real window, over the K-S rows that all models have."""
    known = [
        one.losses
        for one in judged
        if one.losses and all(np.isfinite(one.losses[m]).any() for m in models)
    ]
    if not known:
        return {}
    return {label: np.nanmean([losses[label] for losses in known], axis=0) for label in models}


def _report_only() -> set[str]:
    """Facts and curves that are shown, but are no evidence for or against a model."""
    facts = {key for key, fact in FACTS.items() if fact.report_only}
    return facts | {curve.key for curve in CURVES if curve.report_only}


def _corrected(rows: list[ScoreRow], models: list[str]) -> list[ScoreRow]:
    """Rows with their p-values corrected after Holm: distances and facts are a family each."""
    reported = _report_only()
    adjusted: dict[str, dict[str, float]] = {row.quantity + row.metric: {} for row in rows}
    for family in (HEADLINE, ("fact", "mean")):
        for model in models:
            p_values = {
                row.quantity + row.metric: row.p_value[model]
                for row in rows
                if row.metric in family
                and row.quantity not in reported
                and model in row.p_value
                and row.verdict[model] != "too few samples"
            }
            for key, p in holm(p_values).items():
                adjusted[key][model] = p
    return [row.model_copy(update={"p_holm": adjusted[row.quantity + row.metric]}) for row in rows]


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
            f"{model} p (Holm)": row.p_holm.get(model, NAN),
            f"{model} verdict": row.verdict[model],
            f"{model} n": row.n[model],
        }
    return flat


def _line(asset: str, row: ScoreRow, model: str) -> dict[str, object]:
    def band(name: str, ends: Band) -> dict[str, object]:
        return {f"{name}_low": ends[0], f"{name}_high": ends[1]}

    return {
        "asset": asset, "family": row.family, "quantity": row.quantity, "label": row.label,
        "metric": row.metric, "unit": row.unit, "model": model,
        "real": row.real, **band("real", row.real_band),
        "value": row.values[model], **band("value", row.value_band.get(model, NO_BAND)),
        "distance": row.distance[model], **band("distance", row.interval.get(model, NO_BAND)),
        "floor": row.floor, "matched": row.matched.get(model, NAN),
        "ratio_to_floor": row.ratio_to_floor.get(model, NAN),
        "ratio_to_hawkes": row.ratio_to_hawkes.get(model, NAN),
        **band("ratio_to_hawkes", row.ratio_to_hawkes_interval.get(model, NO_BAND)),
        "z": row.z.get(model, NAN), "p_value": row.p_value.get(model, NAN),
        "p_holm": row.p_holm.get(model, NAN), "verdict": row.verdict[model],
        "n_real": row.n_real, "n": row.n[model],
    }  # fmt: skip
