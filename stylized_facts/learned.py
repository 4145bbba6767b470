"""Rows of the scorecard that take training: discriminators, a forecaster, memorised windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import interval, window_weights
from stylized_facts.discriminator import Kind, Separation, halves_apart, separation
from stylized_facts.memorisation import SHARE, TrainingRuns
from stylized_facts.predictive import forecasts
from stylized_facts.sample import MarketSample
from stylized_facts.score_row import NAN, Metric, ScoreRow
from stylized_facts.score_rows import Judged
from stylized_facts.sheet import NO_BAND, Band
from stylized_facts.trial import Trial
from stylized_facts.verdict import Verdict

AUC_CLOSE, FORECAST_CLOSE, MEMORY_CLOSE = 0.75, 1.1, 3 * SHARE
LABELS: dict[Kind, str] = {
    "logistic": "Discriminator on half-minutes, logistic",
    "network": "Discriminator on runs of 32 events, network",
}


@dataclass(frozen=True, eq=False)
class Check:
    """A learned check of one model: the number, its resamples, and the number that is perfect."""

    draws: Float64
    perfect: float
    close: float

    @property
    def band(self) -> Band:
        """95% interval of the number."""
        return interval(self.draws)

    @property
    def verdict(self) -> Verdict:
        """`match` where the interval reaches the perfect number, `close` up to a fixed one."""
        if not np.isfinite(self.draws[0]):
            return "too few samples"
        if self.draws[0] <= self.perfect or self.band[0] <= self.perfect:
            return "match"
        return "close" if self.draws[0] <= self.close else "miss"

    def excess(self, scale: float) -> tuple[float, Band]:
        """How far the number lies above the perfect one, times `scale`, and the interval."""
        low, high = (max(0.0, scale * (end - self.perfect)) for end in self.band)
        return max(0.0, scale * (float(self.draws[0]) - self.perfect)), (low, high)


def learned_rows(trial: Trial, training: MarketSample | None) -> list[Judged]:
    """The rows of every model that writes orders; without `training` nothing can be memorised."""
    rows = [_discriminator(kind, trial) for kind in LABELS]
    rows.append(_forecaster(trial))
    if training is None:
        trial.notes.append("Memorisation: no training sample was given")
    else:
        found = trial.attempt(
            "Memorisation", training.label, lambda: _memorised(trial, training), None
        )  # fmt: skip
        rows += [] if found is None else [found]
    return [Judged(row) for row in rows]


def _discriminator(kind: Kind, trial: Trial) -> ScoreRow:
    none = Separation(NAN, np.array([NAN]))
    floor = trial.attempt(
        LABELS[kind], trial.real.label, lambda: halves_apart(kind, trial.real, trial.seed), none
    )

    def check(sample: MarketSample) -> Check:
        return Check(separation(kind, trial.real, sample, trial.seed).draws, 0.5, AUC_CLOSE)

    return _row(
        trial, f"discriminator_{kind}", LABELS[kind], "AUC", floor.auc, check, 2.0,
        abs(2 * floor.auc - 1), interval(floor.draws),
    )  # fmt: skip


def _forecaster(trial: Trial) -> ScoreRow:
    label = "Forecast of the mid, trained on it and tested on real"
    own = trial.attempt(
        label, trial.real.label, lambda: forecasts(trial.real, trial.real, trial.seed), None
    )

    def check(sample: MarketSample) -> Check:
        if own is None:
            raise ValueError("no forecaster could be trained on the real sample")
        return Check(
            forecasts(sample, trial.real, trial.seed).ratio_to(own, trial.seed),
            1.0, FORECAST_CLOSE,
        )  # fmt: skip

    real = NAN if own is None else 1.0
    return _row(trial, "predictive_mid_10s", label, "predictive", real, check, 1.0)


def _memorised(trial: Trial, training: MarketSample) -> ScoreRow:
    runs = TrainingRuns(training)
    resamples = len(trial.plan.real) - 1
    threshold = runs.nearest(trial.real).threshold(trial.plan.real)

    def check(sample: MarketSample) -> Check:
        weights = window_weights(len(sample), resamples, trial.seed)
        return Check(runs.nearest(sample).share_below(threshold, weights), SHARE, MEMORY_CLOSE)

    label = "Runs nearer to training than 1% of real ones"
    return _row(trial, "memorisation", label, "memorisation", SHARE, check, 1.0)


def _row(
    trial: Trial,
    key: str,
    label: str,
    metric: Metric,
    real: float,
    check: Callable[[MarketSample], Check],
    scale: float,
    floor: float = NAN,
    real_band: Band = NO_BAND,
) -> ScoreRow:
    scored = trial.scored(key)
    none = Check(np.array([NAN]), NAN, NAN)
    checks = {
        name: trial.attempt(label, name, lambda s=sample: check(s), none)  # type: ignore[misc]
        if name in scored
        else none
        for name, sample in trial.models.items()
    }
    known = {name: found for name, found in checks.items() if np.isfinite(found.draws[0])}
    excess = {name: found.excess(scale) for name, found in known.items()}
    return ScoreRow(
        quantity=key,
        label=label,
        metric=metric,
        unit="",
        real=real,
        real_band=real_band,
        values={name: float(found.draws[0]) for name, found in checks.items()},
        value_band={name: found.band for name, found in known.items()},
        distance={name: excess[name][0] if name in excess else NAN for name in checks},
        interval={name: band for name, (_, band) in excess.items()},
        floor=floor,
        verdict={name: found.verdict for name, found in checks.items()},
        n_real=len(trial.real),
        n={name: len(trial.models[name]) if name in known else 0 for name in checks},
    )
