"""Does the generated market drift? Long rollouts, chunk by chunk, beside the whole real session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from app.evaluate import ensemble_sample, real_prompts
from app.models import resolve_model
from app.references import recording_with_quotes
from engine.rollout import Progress, rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import find_asset, load_profile
from model.events import NS_PER_S, Float64, Int64
from stylized_facts.facts import FACTS
from stylized_facts.sample import MarketSample
from stylized_facts.sheet import Number, Record

LEVELS = ("mean_spread", "mean_touch_volume", "event_rate", "realised_volatility_10s")
CHUNK_S = 300.0
ENOUGH_EVENTS = 25_000  # a path of a busy market need not go on for longer
REAL_BAND, PATH_BAND = (2.5, 97.5), (10.0, 90.0)  # percentiles


class LevelOverTime(Record):
    """One level of the market by chunk of the horizon, over all paths, beside the real session."""

    key: str
    label: str
    unit: str
    real: Number = Field(description="mean over the real windows of the length of a chunk")
    real_band: tuple[Number, Number] = Field(description="2.5 and 97.5% of the real windows")
    mean: list[Number]
    low: list[Number] = Field(description="10% of the paths, by chunk")
    high: list[Number]
    inside: Number = Field(description="share of chunks whose mean lies in the real band")


class LongRollout(Record):
    """What `long_rollout` found."""

    asset: str
    model: str
    paths: int
    horizon_s: float
    chunk_s: float
    seed: int
    events: list[int] = Field(description="events of each path, ascending")
    cut_paths: int = Field(description="paths that met the limit on events")
    counters: dict[str, int] = Field(description="events refused or repaired, by kind")
    levels: list[LevelOverTime]


def long_rollout(
    asset: str,
    data: Path,
    *,
    model: str = "small",
    paths: int = 16,
    horizon_s: float = 3600.0,
    seed: int = 1,
    max_events: int = 200_000,
    progress: Callable[[Progress], None] | None = None,
) -> LongRollout:
    """Roll far beyond what was trained on and set each chunk beside the real session.

    A path goes on for `horizon_s`, or for as long as the market usually takes for 25,000 events.

    Paths start from real states of the test split; the band is that of all windows of a chunk's
    length in the whole recorded session.

    Raises
    ------
    FaultlineError
        Unknown asset or model, or a recording that is missing or too short.
    """
    entry, profile = find_asset(asset), load_profile(asset)
    horizon_s = min(horizon_s, ENOUGH_EVENTS / profile.events_per_s)
    recording = recording_with_quotes(entry, data)
    start_ns, end_ns = entry.splits.train[0], entry.splits.test[1]
    chunk_s = min(CHUNK_S, horizon_s / 4)
    session = MarketSample.from_session(recording, "real", start_ns, end_ns)
    real = levels_by_window(session.windows(_ns(chunk_s)), LEVELS)
    starts = real_prompts(recording, entry, paths, _ns(min(60.0, horizon_s)))
    spec = RunSpec(
        asset=asset, scenario=Scenario.none(), paths=paths, horizon_s=horizon_s, seed=seed,
        max_events=max_events, burn_in_events=0, model=model,
    )  # fmt: skip
    run = rollout(
        resolve_model(model, asset), profile, spec, seeds=starts.seeds, history=starts.history,
        progress=progress,
    )  # fmt: skip
    sample = ensemble_sample(run.baseline, model).windows(_ns(chunk_s))
    chunk = sample.start_ns // _ns(chunk_s)
    found = levels_by_window(sample, LEVELS)
    return LongRollout(
        asset=asset, model=model, paths=paths, horizon_s=horizon_s, chunk_s=chunk_s, seed=seed,
        events=sorted(np.diff(run.baseline.offsets).tolist()),
        cut_paths=int((run.baseline.end_ns < _ns(horizon_s)).sum()),
        counters=run.baseline.counters,
        levels=[_over_time(key, real[key], found[key], chunk) for key in LEVELS],
    )  # fmt: skip


def _over_time(key: str, real: Float64, found: Float64, chunk: Int64) -> LevelOverTime:
    low, high = np.nanpercentile(real, REAL_BAND).tolist()
    chunks = [found[chunk == c] for c in range(chunk.max() + 1)]
    means = np.array([np.nanmean(values) for values in chunks])
    return LevelOverTime(
        key=key, label=FACTS[key].label, unit=FACTS[key].unit, real=float(np.nanmean(real)),
        real_band=(low, high), mean=means.tolist(),
        low=[float(np.nanpercentile(values, PATH_BAND[0])) for values in chunks],
        high=[float(np.nanpercentile(values, PATH_BAND[1])) for values in chunks],
        inside=float(((means >= low) & (means <= high)).mean()),
    )  # fmt: skip


def levels_by_window(sample: MarketSample, levels: Sequence[str]) -> dict[str, Float64]:
    """The facts named `levels` of every window alone, float64 [windows]."""
    alone = np.eye(len(sample))
    return {key: FACTS[key].draws(sample, alone) for key in levels}


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
