"""How far the paths of one stress test may still be believed: facts under stress, and support."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from app.evaluate import ensemble_sample
from app.evaluations import evaluation_path, read_evaluation
from app.models import is_baseline, model_folder, resolve_device
from engine.ensemble import PathEnsemble
from engine.risk.estimate import Estimate
from engine.risk.paths import PairedRun
from engine.risk.stress_realism import FactUnderStress, FlowSupport, StressRealism, flow_support
from model.errors import FaultlineError
from model.events import NS_PER_S, Float64
from stylized_facts.bootstrap import MIN_WINDOWS, interval, window_weights
from stylized_facts.facts import FACTS
from stylized_facts.sheet import FactSheet

if TYPE_CHECKING:
    from app.report.section import Section

MOST_PATHS, SCORED_PATHS = 64, 32  # of each arm: facts, log-probabilities
RESAMPLES = 100
HEADLINE = frozenset({
    "kurtosis_10s", "hill_10s", "acf_return_1s", "acf_abs_return_1s", "variance_ratio_30s",
    "volume_volatility", "order_sign_acf_1", "ofi_r_squared", "interarrival_dispersion",
    "cancel_share", "aggressive_share", "event_rate", "mean_spread", "mean_touch_volume",
    "realised_volatility_10s",
})  # fmt: skip


def stress_realism(run: PairedRun) -> StressRealism | None:
    """Facts of both arms beside the real asset's, and how probable the model finds the paths.

    The first 64 paths are looked at (32 where the model scores them). What cannot be had is said
    in `notes`.

    Parameters
    ----------
    run : an `engine.rollout.StressRun`

    Returns
    -------
    StressRealism, or None where the scenario does nothing
    """
    if run.shocked is run.baseline or not run.spec.scenario.shocks:
        return None
    notes = []
    real = _reference(run.spec.asset)
    facts: tuple[FactUnderStress, ...] = ()
    if real is None:
        notes.append(f"no facts of the real {run.spec.asset} ship: run `faultline fit facts`")
    else:
        path_s = run.shocked.horizon_ns / NS_PER_S
        if abs(path_s - real.window_s) > 0.02 * real.window_s:
            notes.append(
                f"paths are {path_s:g} s long, the real windows {real.window_s:g} s: facts that"
                " depend on the length of a window do not compare"
            )
        try:
            facts = _facts(run, real)
        except FaultlineError as error:
            notes.append(f"facts cannot be measured: {error}")
    support = None
    if is_baseline(run.spec.model):
        notes.append(f"{run.spec.model} gives no probability of an event: support is not known")
    else:
        support = _support(run)
        if support is None:
            notes.append("too few events in the window of the scenario to score")
    return StressRealism(
        facts=facts,
        real_windows=real.windows if real else 0,
        real_window_s=real.window_s if real else 0.0,
        paths=min(MOST_PATHS, len(run.shocked)),
        path_s=run.shocked.horizon_ns / NS_PER_S,
        support=support,
        notes=tuple(notes),
    )


def statements(section: Section) -> tuple[str, ...]:
    """Findings, then how far they may be believed and how many paths would be enough."""
    realism = section.stress_realism.sentences if section.stress_realism else ()
    enough = section.risk.enough("return_mean_bp", "es_95_bp", "spread_ticks_shock")
    return (*section.findings, *(f"{text}." for text in (*realism, enough) if text))


def _reference(asset: str) -> FactSheet | None:
    path = evaluation_path(None, asset)
    return read_evaluation(path).real if path.is_file() else None


def _facts(run: PairedRun, real: FactSheet) -> tuple[FactUnderStress, ...]:
    arms = [
        ensemble_sample(arm, label, MOST_PATHS)
        for arm, label in ((run.baseline, "unshocked"), (run.shocked, "shocked"))
    ]
    windows = len(arms[0])
    weights = window_weights(windows, RESAMPLES if windows >= MIN_WINDOWS else 0, run.spec.seed)
    found = []
    for key, fact in FACTS.items():
        known = real.facts.get(key)
        if fact.report_only or known is None or math.isnan(known.low + known.high):
            continue
        estimates = [_estimate(fact.draws(arm, weights)) for arm in arms]
        found.append(
            FactUnderStress.judged(
                key, fact.label, fact.code, fact.unit, key in HEADLINE,
                (known.value, known.low, known.high), *estimates,
            )
        )  # fmt: skip
    return tuple(found)


def _estimate(draws: Float64) -> Estimate:
    ends = (float(draws[0]), *interval(draws))
    value, low, high = (end if math.isfinite(end) else None for end in ends)
    return Estimate(value=value, lower=low, upper=high)


def _support(run: PairedRun) -> FlowSupport | None:
    from model.checkpoint import load_checkpoint
    from model.likelihood import FlowScorer

    folder = model_folder(run.spec.model)
    scorer = FlowScorer(load_checkpoint(folder), resolve_device(run.spec.device))
    window = run.spec.scenario.window_s
    assert window is not None
    window_ns = round(window[0] * NS_PER_S), round(window[1] * NS_PER_S)

    def scored(arm: PathEnsemble) -> tuple[Float64, int]:
        paths = [arm.recording(p) for p in range(min(SCORED_PATHS, len(arm)))]
        values, counts = scorer.score(paths, run.profile, window_ns)
        return values, int(counts.sum())

    unshocked, _ = scored(run.baseline)
    shocked, events = scored(run.shocked)
    path = evaluation_path(run.spec.model, run.spec.asset)
    evaluation = read_evaluation(path) if path.is_file() else None
    real = np.array(evaluation.log_probability) if evaluation else None
    return flow_support(scorer.name, window, unshocked, shocked, events, real, run.spec.seed)
