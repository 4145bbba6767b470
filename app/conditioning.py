"""Is the model told, and does it listen? Slow contexts asked for, what came out, what is real.

For each tier of a slow context the real moments of the training split at which it stood there are
looked up. `real` is what the recording did in the window that followed, on average; `got` is what
the model does in such a window from states of the validation split when it is told the tiers that
were usual at those moments.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import Field

from app.evaluate import ensemble_sample, real_prompts
from app.horizon import levels_by_window
from app.models import load_tradefm
from app.references import recording_with_quotes
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import find_asset, load_profile
from model.events import NS_PER_S
from model.features import flow_features
from model.slow import SLOW_CONTEXTS
from model.tokenizer import ASSET_CONTEXTS, TIERS
from model.tradefm import TradeFM
from stylized_facts.facts import FACTS
from stylized_facts.sample import MarketSample
from stylized_facts.sheet import Number, Record

MOVES = {  # slow context, and the fact that it should move
    "slow_activity": "event_rate",
    "slow_volatility": "realised_volatility_10s",
    "slow_spread": "mean_spread",
    "slow_crossing": "aggressive_share",
    "slow_touch": "mean_touch_volume",
}
WINDOW_S = 120.0
LEAST_PATHS, MOST_EVENTS = 8, 25_000  # of one rollout: a busy market gets fewer paths
RUNAWAY = 5.0  # times the usual activity: a path is cut there
WINDOW_EVENTS = 2_000  # windows of a busy market are shorter: as long as so many events take


class Conditioned(Record):
    """One slow context moved through its tiers; lists are indexed by tier, the lowest first."""

    context: str
    key: str
    label: str
    unit: str
    moments: list[int] = Field(description="real windows that began in this tier")
    real: list[Number]
    got: list[Number]
    rank_correlation: Number = Field(description="Spearman's, of tier and `got`")


class Conditioning(Record):
    """What `conditioning` found."""

    asset: str
    model: str
    paths: int
    window_s: float
    seed: int
    rows: list[Conditioned]


def conditioning(
    asset: str, data: Path, *, model: str = "small", paths: int = 32, seed: int = 1
) -> Conditioning:
    """Move each slow context through its tiers and set the outcome beside the recording.

    Raises
    ------
    FaultlineError
        Unknown asset or model, a checkpoint without slow contexts, or a recording that is missing
        or too short.
    """
    from scipy.stats import spearmanr

    entry, profile = find_asset(asset), load_profile(asset)
    recording = recording_with_quotes(entry, data)
    untold = load_tradefm(model, asset)
    checkpoint = untold.checkpoint
    window_s = round(min(WINDOW_S, WINDOW_EVENTS / profile.events_per_s), 1)
    paths = min(paths, max(LEAST_PATHS, round(MOST_EVENTS / profile.events_per_s / window_s)))
    window_ns = round(window_s * NS_PER_S)
    session = MarketSample.from_session(recording, "real", *entry.splits.train).windows(window_ns)
    known = recording.between(entry.splits.train[0], entry.splits.test[1])
    features, _ = flow_features(known, profile)
    at = np.maximum(np.searchsorted(features.time_ns, session.start_ns) - 1, 0)
    told = checkpoint.tokenizer.encode(features)[1][at, ASSET_CONTEXTS:]
    contexts = checkpoint.tokenizer.contexts
    tiers = {name: told[:, contexts.index(name)] for name in SLOW_CONTEXTS if name in contexts}
    real = levels_by_window(session, list(MOVES.values()))
    starts = real_prompts(recording, entry, paths, window_ns, "validation")
    rows = []
    for context, key in MOVES.items():
        out: dict[str, list[float]] = {"moments": [], "real": [], "got": []}
        for tier in range(1, TIERS + 1):
            here = tiers[context] == tier
            usual = {
                name: int(np.median(values[here])) if here.any() else tier
                for name, values in tiers.items()
            } | {context: tier}
            flow = TradeFM(checkpoint, untold.device, usual, untold.anchors)
            spec = RunSpec(
                asset=asset, scenario=Scenario.none(), paths=paths, horizon_s=window_s, seed=seed,
                max_events=round(RUNAWAY * profile.events_per_s * window_s), burn_in_events=0,
            )  # fmt: skip
            run = rollout(flow, profile, spec, seeds=starts.seeds, history=starts.history)
            sample = ensemble_sample(run.baseline, context)
            out["moments"].append(int(here.sum()))
            out["real"].append(float(np.nanmean(real[key][here])) if here.any() else np.nan)
            out["got"].append(float(FACTS[key].draws(sample, np.ones((1, paths)))[0]))
        rows.append(
            Conditioned(
                context=context, key=key, label=FACTS[key].label, unit=FACTS[key].unit,
                moments=[int(count) for count in out["moments"]], real=out["real"],
                got=out["got"],
                rank_correlation=float(spearmanr(range(TIERS), out["got"]).statistic),
            )
        )  # fmt: skip
    return Conditioning(
        asset=asset, model=model, paths=paths, window_s=window_s, seed=seed, rows=rows
    )
