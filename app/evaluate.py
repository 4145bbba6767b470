"""How far generated order flow may be believed: every model from the same real states, one score.

For each asset the test split is cut into windows of the length of a rollout. Every model is put
into real states at evenly spaced moments of that split, with the real book and the real events
before, and writes on from there through the same simulator with the same random numbers. What came
before a start is context and is not scored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.charts.csv_text import csv_text
from app.charts.realism import REAL
from app.evidence import NO_MODEL, EvaluationSettings, Evidence, Provenance
from app.manifest import collect_manifest
from app.models import (
    BASELINES,
    is_baseline,
    model_folder,
    resolve_model,
    resolve_returns_model,
)
from app.references import fitting_window, real_sample, recording_with_quotes
from app.synthetic import labelled, synthetic_sample
from engine.ensemble import PathEnsemble
from engine.replay import replay
from engine.rollout import Progress, rollout
from engine.scenario import Scenario
from engine.seeding import BookSeed
from engine.spec import RunSpec
from model.catalogue import AssetEntry, Split, find_asset, load_profile
from model.errors import RecordingError, SpecError
from model.events import NS_PER_S, Quotes, Recording
from model.profile import AssetProfile
from stylized_facts.figures import figures
from stylized_facts.sample import MarketSample
from stylized_facts.scorecard import scorecard
from stylized_facts.sheet import fact_sheet

HISTORY_S = 900.0  # what a path knows of the time before it began
LEAST_HISTORY = 512  # events
CONTEXT_S = 60.0  # before a real window whose log-probability is measured
TRADEFM = "TradeFM"


@dataclass(frozen=True)
class Prompts:
    """Real states to start from, one for each path."""

    seeds: list[BookSeed]
    history: list[Recording]


def evaluate_asset(
    asset: str,
    data: Path,
    settings: EvaluationSettings,
    progress: Callable[[str, Progress], None] | None = None,
) -> Evidence:
    """Score a model and the baselines against a held-out split of one asset.

    Parameters
    ----------
    asset : of the catalogue
    data : folder of the recordings
    settings : EvaluationSettings
    progress : called with the label of the model at work and how far it has come

    Raises
    ------
    FaultlineError
        Unknown asset, model or baseline, or a recording that is missing or too short.
    """
    entry = find_asset(asset)
    profile = load_profile(asset)
    recording = recording_with_quotes(entry, data)
    horizon_s = fitting_window(entry, settings.horizon_s, settings.split)
    horizon_ns = round(horizon_s * NS_PER_S)
    real = real_sample(recording, entry, horizon_s, settings.split)
    prompts = real_prompts(recording, entry, settings.paths, horizon_ns, settings.split)
    spec = RunSpec(
        asset=asset, scenario=Scenario.none(), paths=settings.paths, horizon_s=horizon_s,
        max_events=settings.max_events, burn_in_events=0, seed=settings.seed,
        device=settings.device,
    )  # fmt: skip
    span = entry.splits.part(settings.split)
    given = {
        label: synthetic_sample(folder, label, entry, horizon_ns)
        for label, folder in map(labelled, settings.synthetic)
    }
    samples: dict[str, MarketSample] = {}
    seconds: dict[str, float] = {}
    bars_s: dict[str, float] = {}
    events: dict[str, int] = {}
    cut: dict[str, int] = {}
    counters: dict[str, dict[str, int]] = {}
    for name in settings.models:
        label = label_of(name)
        if label in given:
            raise SpecError(f"--synthetic {label}: a model has that label; choose another")
        if name in BASELINES and not BASELINES[name].writes_flow:
            started = time.perf_counter()
            returns = resolve_returns_model(name, asset)
            samples[label] = returns.sample(profile, settings.paths, horizon_s, settings.seed)
            seconds[label], events[label] = time.perf_counter() - started, 0
            cut[label], counters[label], bars_s[label] = 0, {}, returns.bar_s
            continue
        model = resolve_model(name, asset, settings.device, data)

        def tell(state: Progress, label: str = label) -> None:
            if progress:
                progress(label, state)

        run = rollout(
            model, profile, spec, seeds=prompts.seeds, history=prompts.history, progress=tell
        )
        paths = run.baseline
        samples[label] = ensemble_sample(paths, label)
        seconds[label], events[label] = run.timing["total"], len(paths.time_ns)
        cut[label] = int((paths.end_ns < horizon_ns).sum())
        counters[label] = paths.counters
    samples |= given
    if not samples:
        raise SpecError("evaluate: no model, no baseline and no --synthetic: nothing to judge")
    events |= {label: len(sample.events) for label, sample in given.items()}
    card = scorecard(
        real, samples, floor_seed=settings.seed, resamples=settings.resamples,
        training=training_sample(recording, entry, horizon_ns), learned=settings.learned,
        bars_s=bars_s,
    )  # fmt: skip
    samples = {label: samples[label] for label in card.models}
    sheet = fact_sheet(real, profile, REAL)
    sheets = {REAL: sheet} | {
        label: fact_sheet(sample, profile, label, like=sheet) for label, sample in samples.items()
    }
    return Evidence(
        scorecard=card,
        sheets=sheets,
        log_probability=(
            []
            if settings.model == NO_MODEL or is_baseline(settings.model)
            else real_log_probability(settings.model, recording, profile, span, horizon_ns)
        ),
        provenance=Provenance(
            settings=settings,
            horizon_s=horizon_s,
            split_s=(span[0] / NS_PER_S, span[1] / NS_PER_S),
            history_s=HISTORY_S,
            seconds=seconds,
            events=events,
            cut_paths=cut,
            counters=counters,
            manifest=collect_manifest(
                [spec.model_copy(update={"model": name}) for name in settings.models],
                commands=[settings.command(asset)],
            ),
        ),
    )


def write_figures(evidence: Evidence, folder: Path) -> None:
    """Write table (CSV and Parquet) and figures (HTML and CSV) of an evaluation into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    evidence.scorecard.write_parquet(folder / "scorecard.parquet")
    (folder / "scorecard.csv").write_text(csv_text(evidence.scorecard.to_frame()), "utf-8")
    for figure in figures(evidence.scorecard, evidence.sheets):
        figure.write(folder, csv_text)


def label_of(name: str) -> str:
    """What a model is called on a scorecard: `TradeFM`, or the label or file of a baseline."""
    if name in BASELINES:
        return BASELINES[name].label
    return Path(name).stem if is_baseline(name) else TRADEFM


def training_sample(recording: Recording, entry: AssetEntry, window_ns: int) -> MarketSample:
    """The training split in windows; bins are fixed on it, and copies of it looked for."""
    return MarketSample.from_session(recording, "Training", *entry.splits.train).windows(window_ns)


def ensemble_sample(ensemble: PathEnsemble, label: str, most: int | None = None) -> MarketSample:
    """The paths of one arm (the first `most`) as a market sample.

    One window a path, from 0 to where it ended.
    """
    paths = len(ensemble) if most is None else min(most, len(ensemble))
    return MarketSample.from_recordings(
        [ensemble.recording(p) for p in range(paths)],
        label,
        spans=[(0, end) for end in ensemble.end_ns[:paths].tolist()],
        starts=Quotes(
            ensemble.start_bid_ticks[:paths], ensemble.start_ask_ticks[:paths],
            ensemble.start_bid_size[:paths], ensemble.start_ask_size[:paths],
        ),
    )  # fmt: skip


def real_log_probability(
    model: str, recording: Recording, profile: AssetProfile, span: tuple[int, int], window_ns: int
) -> list[float]:
    """Mean log-probability of a real event under a TradeFM checkpoint, window by window, nats.

    Windows follow one another from the start of `span`; NaN where one holds too few events. See
    `model.likelihood.FlowScorer`.
    """
    from model.checkpoint import load_checkpoint
    from model.likelihood import FlowScorer

    scorer = FlowScorer(load_checkpoint(model_folder(model)))
    starts = range(span[0], span[1] - window_ns + 1, window_ns)
    found = []
    for start in starts:
        near = recording.between(start - round(CONTEXT_S * NS_PER_S), start + window_ns)
        found += scorer.score([near], profile, (start, start + window_ns))[0].tolist()
    return found


def real_prompts(
    recording: Recording, entry: AssetEntry, paths: int, horizon_ns: int, split: Split = "test"
) -> Prompts:
    """Real states at evenly spaced moments of a held-out split, each with the events before it.

    The first moment is the start of the split, the last one horizon before its end. The history is
    the last `HISTORY_S` seconds of the recording: it may reach back before the split, as it would
    for anybody who starts a model there, and is not scored.

    Raises
    ------
    RecordingError
        The split is too short.
    """
    return prompts_between(recording, entry.asset, entry.splits.part(split), paths, horizon_ns)


def prompts_between(
    recording: Recording, asset: str, span: tuple[int, int], paths: int, horizon_ns: int
) -> Prompts:
    """As `real_prompts`, of a stretch of time [start, end) in nanoseconds.

    Raises
    ------
    RecordingError
        The stretch is too short.
    """
    times = recording.events.time_ns
    start_ns, end_ns = span
    first = max(int(np.searchsorted(times, start_ns)) - 1, LEAST_HISTORY)
    last_ns = min(end_ns, int(times[-1])) - horizon_ns
    if first >= len(times) or int(times[first]) > last_ns:
        raise RecordingError(
            f"{asset}: the split holds no horizon of {horizon_ns / NS_PER_S:g} s "
            f"after {LEAST_HISTORY} events; choose a shorter --horizon"
        )
    moments = np.linspace(max(int(times[first]), start_ns), last_ns, paths)
    rows = np.searchsorted(times, moments, side="right") - 1
    since = np.searchsorted(times, times[rows] - round(HISTORY_S * NS_PER_S)).tolist()
    unique, place = np.unique(rows, return_inverse=True)
    books = replay(recording, snapshot_rows=unique.tolist()).snapshots
    return Prompts(
        seeds=[books[i] for i in place],
        history=[
            recording.slice(first, row + 1) for first, row in zip(since, rows.tolist(), strict=True)
        ],
    )
