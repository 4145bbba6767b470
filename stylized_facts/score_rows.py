"""The rows of the scorecard: one quantity or fact of every model, judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import Resampling, WindowRatio, interval
from stylized_facts.distances import (
    DistanceName,
    Tails,
    curve_distance,
    distance,
    distances_for,
    mean_known,
    median_known,
    over,
)
from stylized_facts.facts import Fact, FactCurve
from stylized_facts.grid_cdf import GridCdf, pooled_grid, resampled_distance
from stylized_facts.quantities import Quantity, Values
from stylized_facts.sample import MarketSample
from stylized_facts.score_row import BASELINE, NAN, ScoreRow, exp_band, log_distance
from stylized_facts.significance import permutation_p
from stylized_facts.trial import Trial
from stylized_facts.verdict import FactCheck, Verdict, verdict_of_distance

MIN_VALUES = 30  # that do not overlap
TEST_POINTS = 400  # of the grid on which windows are exchanged


@dataclass(frozen=True, eq=False)
class Judged:
    """A row, with what the card needs to compare whole models.

    Attributes
    ----------
    draws : resampled distances of each model, float64 [1 + R]
    losses : K-S rows: distance of each model to each real window over that of the other real
        windows (median over windows), float64 [W]
    """

    row: ScoreRow
    draws: dict[str, Float64] = field(default_factory=dict)
    losses: dict[str, Float64] = field(default_factory=dict)


# distance of resampled windows: (model or None for the real sample, real weights, its weights)
Measure = Callable[[str | None, Float64, Float64], Float64]


def distribution_rows(
    quantity: Quantity, trial: Trial, metrics: Sequence[DistanceName]
) -> list[Judged]:
    """One row a metric that makes sense for the quantity."""
    real, models = trial.real, trial.models
    none = Values(np.empty(0), np.zeros(1, np.int64))
    scored = trial.scored(quantity.key)
    ours = trial.values(quantity, real, real.label)
    theirs = {
        label: trial.values(quantity, sample, label) if label in scored else none
        for label, sample in models.items()
    }
    x = quantity.on_scale(ours.values)
    ys = {label: quantity.on_scale(values.values) for label, values in theirs.items()}
    edges = trial.edges.get(quantity.key)
    tails = Tails.of(quantity, len(x))
    grid = pooled_grid([x, *ys.values()], edges)
    cdf = GridCdf.of(Values(x, ours.offsets), grid)
    empty = {label: np.zeros(len(sample) + 1, np.int64) for label, sample in models.items()}
    cdfs = {
        label: GridCdf.of(
            Values(ys[label], values.offsets if label in scored else empty[label]), grid
        )
        for label, values in theirs.items()
    }

    def judged(metric: DistanceName) -> Judged:
        def measure(label: str | None, w: Float64, v: Float64) -> Float64:
            other = cdf if label is None else cdfs[label]
            return resampled_distance(metric, cdf, other, w, v, edges, tails)

        row = ScoreRow(
            quantity=quantity.key,
            label=quantity.label,
            metric=metric,
            unit=quantity.unit,
            centre=quantity.centre,
            real=quantity.centre_of(ours.values),
            values={label: quantity.centre_of(values.values) for label, values in theirs.items()},
            distance={label: distance(metric, x, y, edges, tails) for label, y in ys.items()},
            verdict={},
            n_real=ours.independent(quantity.overlap),
            n={label: values.independent(quantity.overlap) for label, values in theirs.items()},
        )
        found = _judge(row, trial.plan, measure, MIN_VALUES)
        if metric != "K-S":
            return found
        tests = {label: _exchange(cdf, one, trial.seed) for label, one in cdfs.items()}
        return Judged(
            found.row.model_copy(update={"p_value": tests}), found.draws, _losses(measure, trial)
        )

    return [judged(metric) for metric in distances_for(quantity) if metric in metrics]


def _exchange(real: GridCdf, other: GridCdf, seed: int) -> float:
    if not len(real.grid):
        return NAN
    ours, theirs = real.coarse(TEST_POINTS), other.coarse(TEST_POINTS)
    pooled = GridCdf(
        ours.grid,
        np.vstack((ours.below, theirs.below)),
        np.empty((0, 0)),
        np.concatenate((ours.size, theirs.size)),
    )
    return permutation_p(
        lambda w, v: resampled_distance("K-S", pooled, pooled, w, v),
        len(ours.size), len(theirs.size), seed,
    )  # fmt: skip


def _losses(measure: Measure, trial: Trial) -> dict[str, Float64]:
    """Distance of each model to each real window, in units of that of the other real windows."""
    each = np.eye(len(trial.real))
    unit = median_known(measure(None, each, 1.0 - each)) if len(each) > 1 else NAN
    if not unit > 0:
        return {}
    return {
        label: measure(label, each, np.ones((len(each), len(sample)))) / unit
        for label, sample in trial.models.items()
    }


def curve_row(curve: FactCurve, trial: Trial) -> list[Judged]:
    """The row of an autocorrelation curve."""
    real, models = trial.real, trial.models
    scored = trial.scored(curve.key)

    def estimate(sample: MarketSample, label: str, wanted: bool = True) -> WindowRatio:
        none = WindowRatio(np.zeros((len(sample), 1)), np.zeros((len(sample), 1)))
        if not wanted:
            return none
        return trial.attempt(curve.label, label, lambda: curve.estimate(sample), none)

    ours = estimate(real, real.label)
    theirs = {label: estimate(sample, label, label in scored) for label, sample in models.items()}

    def measure(label: str | None, w: Float64, v: Float64) -> Float64:
        return curve_distance(ours.draws(w), (ours if label is None else theirs[label]).draws(v))

    def exchanged(label: str) -> float:
        other = theirs[label]
        if other.above.shape[1] != ours.above.shape[1]:
            return NAN
        pooled = dataclasses.replace(
            ours,
            above=np.vstack((ours.above, other.above)),
            beneath=np.vstack((ours.beneath, other.beneath)),
        )
        return permutation_p(
            lambda w, v: curve_distance(pooled.draws(w), pooled.draws(v)),
            len(ours.above), len(other.above), trial.seed,
        )  # fmt: skip

    def level(ratio: WindowRatio) -> float:
        return mean_known(ratio.draws(np.ones((1, len(ratio.above)))))

    def counted(sample: MarketSample, label: str) -> int:
        return trial.attempt(curve.label, label, lambda: curve.count(sample), 0)

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
        p_value={label: exchanged(label) for label in models},
        verdict={},
        n_real=counted(real, real.label),
        n={label: counted(models[label], label) if label in scored else 0 for label in models},
    )
    return [_judge(row, trial.plan, measure, curve.minimum)]


def _judge(row: ScoreRow, plan: Resampling, measure: Measure, minimum: int) -> Judged:
    """Add floor, intervals, ratios and verdicts to a row, and return the resampled distances."""
    floor = median_known(measure(None, plan.half, plan.other_half))
    draws: dict[str, Float64] = {}
    matched: dict[str, float] = {}
    ratios: dict[str, float] = {}
    verdict: dict[str, Verdict] = {}
    for label, exact in row.distance.items():
        own = measure(label, plan.real, plan.models[label])
        own[0] = exact
        draws[label] = own if plan.resampled(label) else own[:1]
        matched[label] = median_known(measure(label, plan.other_half, plan.subsets[label]))
        ratios[label] = over(matched[label], floor)
        enough = min(row.n_real, row.n[label]) >= minimum and plan.resampled(label)
        verdict[label] = verdict_of_distance(ratios[label] if enough else NAN)
    against = {
        label: log_distance(own) - log_distance(draws[BASELINE])
        for label, own in draws.items()
        if BASELINE in draws and label != BASELINE
    }
    row = row.model_copy(
        update={
            "interval": {
                label: interval(own, 0.0, plan.fewest(label)) for label, own in draws.items()
            },
            "floor": floor,
            "matched": matched,
            "ratio_to_floor": ratios,
            "ratio_to_hawkes": {label: float(np.exp(logs[0])) for label, logs in against.items()},
            "ratio_to_hawkes_interval": {
                label: exp_band(interval(logs, windows=plan.fewest(label)))
                for label, logs in against.items()
            },
            "verdict": verdict,
        }
    )
    return Judged(row, draws)


def fact_row(fact: Fact, trial: Trial) -> list[Judged]:
    """A fact: sign, equivalence and floor ratio, see `FactCheck`."""
    plan, scored = trial.plan, trial.scored(fact.key)

    def draws_of(sample: MarketSample, label: str, weights: Float64) -> Float64:
        none = np.full(len(weights), np.nan)
        if len(weights) == 0 or (sample is not trial.real and label not in scored):
            return none
        return trial.attempt(fact.label, label, lambda: fact.draws(sample, weights), none)

    def counted(sample: MarketSample, label: str) -> int:
        return trial.attempt(fact.label, label, lambda: fact.count(sample), 0)

    # one call for each set: a fact that is fitted anew for some resamples only repeats them in turn
    ours, half, other_half = (
        draws_of(trial.real, trial.real.label, weights)
        for weights in (plan.real, plan.half, plan.other_half)
    )
    real, real_band = float(ours[0]), interval(ours, windows=len(trial.real))
    floor = median_known(np.abs(half - other_half))
    checks: dict[str, FactCheck] = {}
    matched, counts = {}, {}
    verdict: dict[str, Verdict] = {}
    for label, sample in trial.models.items():
        own = draws_of(sample, label, plan.models[label])
        part = draws_of(sample, label, plan.subsets[label])
        matched[label] = median_known(np.abs(part - other_half))
        counts[label] = counted(sample, label) if label in scored else 0
        checks[label] = FactCheck(
            real, real_band, float(own[0]), interval(own, windows=len(sample)),
            over(matched[label], floor),
        )  # fmt: skip
        few = counts[label] < fact.minimum
        verdict[label] = "too few samples" if few else checks[label].verdict
    known = {label: check for label, check in checks.items() if np.isfinite(check.z)}
    row = ScoreRow(
        quantity=fact.key,
        label=fact.label,
        metric=fact.kind,
        unit=fact.unit,
        real=real,
        real_band=real_band,
        values={label: check.value for label, check in checks.items()},
        value_band={label: check.band for label, check in checks.items()},
        distance={label: abs(check.value - real) for label, check in checks.items()},
        floor=floor,
        matched=matched,
        ratio_to_floor={label: check.ratio for label, check in checks.items()},
        ratio_to_real=(
            {label: over(check.value, real) for label, check in checks.items()}
            if fact.kind == "mean"
            else {}
        ),
        z={label: check.z for label, check in known.items()},
        p_value={label: check.p_value for label, check in known.items()},
        verdict=verdict,
        n_real=counted(trial.real, trial.real.label),
        n=counts,
    )
    return [Judged(row)]
