"""What an order costs in the generated market: the same paths with and without a metaorder.

The other way to the same law, from the tape alone, is `stylized_facts.facts.metaorders`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.evaluate import real_prompts
from app.injected import InjectedImpact, InjectedSize
from app.models import resolve_model
from app.references import recording_with_quotes
from engine.ensemble import Origin, PathEnsemble
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import find_asset, load_profile
from model.events import NS_PER_S, Float64
from stylized_facts.facts.paired_impact import injected_law, paired_impact

SHARES = (0.05, 0.1, 0.2, 0.4)  # of the volume usually traded while the metaorder runs
START_S, DURATION_S, AFTER_S, SLICES = 10.0, 60.0, 120.0, 30
STEP_S = 10
LEAST_PAIRS, MOST_EVENTS = 12, 80_000  # of one arm: a busy market gets fewer paths
RUNAWAY = 10.0  # times the usual activity: a path is cut there, and its last price stands
BARS = 10.0  # seconds of the returns behind `AssetProfile.volatility_bps`


def injected_impact(
    asset: str, data: Path, *, model: str = "small", paths: int = 64, seed: int = 1
) -> InjectedImpact:
    """Sell metaorders of several sizes into paired paths from real states of the test split.

    Raises
    ------
    FaultlineError
        Unknown asset or model, or a recording that is missing or too short.
    """
    entry, profile = find_asset(asset), load_profile(asset)
    horizon_s = START_S + DURATION_S + AFTER_S
    paths = min(paths, max(LEAST_PAIRS, round(MOST_EVENTS / profile.events_per_s / horizon_s)))
    recording = recording_with_quotes(entry, data)
    starts = real_prompts(recording, entry, paths, round(horizon_s * NS_PER_S))
    flow = resolve_model(model, asset)
    executed, impact, sizes = [], [], []
    for share in SHARES:
        spec = RunSpec(
            asset=asset, scenario=_metaorder(share), paths=paths, horizon_s=horizon_s, seed=seed,
            max_events=round(RUNAWAY * profile.events_per_s * horizon_s), burn_in_events=0,
            model=model,
        )  # fmt: skip
        run = rollout(flow, profile, spec, seeds=starts.seeds, history=starts.history)
        twin, shocked = (
            arm.on_grid("mid_ticks", STEP_S * NS_PER_S, round(horizon_s * NS_PER_S))
            for arm in (run.baseline, run.shocked)
        )
        found = paired_impact(twin, shocked, side=-1, seed=seed)
        end = round((START_S + DURATION_S) / STEP_S)
        traded = _executed(run.shocked)
        executed.append(traded)
        impact.append(-1e4 * np.log(shocked[:, end] / twin[:, end]))
        sizes.append(
            InjectedSize(
                share=share, executed=float(traded.mean()), at_end=float(found.mean[end]),
                at_end_band=(float(found.low[end]), float(found.high[end])),
                later=float(found.mean[-1]),
                later_band=(float(found.low[-1]), float(found.high[-1])),
            )
        )  # fmt: skip
    session_s = (profile.session_end_ns - profile.session_start_ns) / NS_PER_S
    law = injected_law(
        np.array(executed), np.array(impact), profile.volume_per_s * session_s,
        profile.volatility_bps * (session_s / BARS) ** 0.5, seed=seed,
    )  # fmt: skip
    return InjectedImpact(
        asset=asset, model=model, pairs=paths, seed=seed, sizes=sizes, exponent=law.exponent,
        exponent_band=(law.low, law.high),
    )  # fmt: skip


def impact_lines(found: Sequence[InjectedImpact]) -> list[str]:
    """A line of text for each size and market."""
    return [
        f"{one.asset}, {size.share:.0%} of the usual volume in {DURATION_S:.0f} s "
        f"({size.executed:,.0f} traded): {size.at_end:.2f} bp "
        f"({size.at_end_band[0]:.2f} to {size.at_end_band[1]:.2f}) at the end, "
        f"{size.later:.2f} bp ({size.later_band[0]:.2f} to {size.later_band[1]:.2f}) two minutes "
        "later"
        for one in found
        for size in one.sizes
    ]


def _metaorder(share: float) -> Scenario:
    shock = {
        "kind": "liquidation", "side": "sell", "share": share, "start_s": START_S,
        "duration_s": DURATION_S, "slices": SLICES,
    }  # fmt: skip
    return Scenario.model_validate({
        "name": "metaorder", "title": "A metaorder", "description": "Sold in equal slices.",
        "provenance": "Sizes as in studies of impact.", "shocks": [shock],
    })  # fmt: skip


def _executed(shocked: PathEnsemble) -> Float64:
    """What the injected orders of each path traded, float64 [P]."""
    path = np.repeat(np.arange(len(shocked)), np.diff(shocked.offsets))
    own = shocked.origin == Origin.SHOCK
    return np.bincount(path[own], shocked.traded_size[own], minlength=len(shocked)).astype(float)
