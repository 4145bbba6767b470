"""Compound Hawkes: time to fit, to simulate and to propose.

Fits K = 12 streams to simulated events of known parameters, simulates the point process alone, and
proposes order flow for a batch of paths in a market that stands still. With a folder of recordings
(FAULTLINE_DATA or --data) it also fits the training split of an asset and reports its goodness of
fit on the test split. Ends with one JSON line.

Run: python -m benchmarks.bench_hawkes [--events 200000] [--decays 5] [--paths 128] [--asset AMZN]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from app.manifest import hardware
from engine.replay import replay
from model.catalogue import DATA_VARIABLE, find_asset, load_profile, read_recording
from model.events import Recording
from model.order_flow import MarketView, OrderFlowModel, Proposals, Tilts
from stylized_facts.baselines import CompoundHawkes, HawkesSettings, ZeroIntelligence
from stylized_facts.baselines.hawkes_likelihood import PointProcess, Pooling, designs, maximise
from stylized_facts.baselines.hawkes_simulation import simulate, spectral_radius
from stylized_facts.baselines.streams import STREAMS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--decays", type=int, default=5)
    parser.add_argument("--paths", type=int, default=128)
    parser.add_argument("--asset", default="AMZN")
    parser.add_argument("--data", type=Path, default=os.environ.get(DATA_VARIABLE))
    given = parser.parse_args()
    result = {"benchmark": "hawkes", "decays": given.decays}
    result |= point_process(given.events, given.decays)
    if given.data:
        result |= recording(given.asset, Path(given.data), given.decays, given.paths)
    print(__doc__)
    print("hardware:", hardware())
    print(json.dumps(result))


def point_process(events: int, decays: int) -> dict[str, float]:
    """Simulate K = 12 streams of spectral radius 0.8, and fit them again."""
    betas = HawkesSettings(decays=decays).betas
    alpha = np.random.default_rng(0).random((STREAMS, STREAMS, decays))
    alpha *= 0.8 / spectral_radius(alpha.sum(axis=2))
    mu = np.full(STREAMS, 0.1)
    simulate(mu, alpha, betas, 1.0, seed=1)  # compile
    begun = time.perf_counter()
    time_s, stream = simulate(mu, alpha, betas, 1e9, seed=1, max_events=events)
    simulated = time.perf_counter()
    warm_up = PointProcess.plain(time_s[:100], stream[:100])
    maximise(designs([warm_up], betas, Pooling.separate(STREAMS))[0])  # compile
    fit_begun = time.perf_counter()
    parts = designs([PointProcess.plain(time_s, stream)], betas, Pooling.separate(STREAMS))
    fits = [maximise(part) for part in parts]
    fitted = time.perf_counter()
    found = np.stack([fit.alpha.reshape(STREAMS, decays) for fit in fits])
    return {
        "events": len(time_s),
        "simulated_events_per_s": round(len(time_s) / (simulated - begun)),
        "fit_s": round(fitted - fit_begun, 2),
        "spectral_radius_found": round(spectral_radius(found.sum(axis=2)), 3),
    }


def recording(asset: str, data: Path, decays: int, paths: int) -> dict[str, float]:
    """Fit an asset's training split, judge the fit on its test split, and propose."""
    entry, profile = find_asset(asset), load_profile(asset)
    whole = read_recording(entry, data)
    if whole.quotes is None:
        whole = Recording(whole.events, replay(whole).quotes)
    train, test = whole.between(*entry.splits.train), whole.between(*entry.splits.test)
    settings = HawkesSettings(decays=decays)
    begun = time.perf_counter()
    model = CompoundHawkes.fit([train], profile, settings)
    fitted = time.perf_counter()
    good = model.goodness_of_fit([test])
    zero = ZeroIntelligence.fit([train], profile)
    return {
        "train_events": len(train),
        "train_fit_s": round(fitted - begun, 2),
        "branching_ratio": round(model.branching_ratio, 3),
        "test_nats_per_event_over_poisson": round(good.gain, 3),
        "test_ks_to_exponential": round(good.ks_together, 4),
        "paths": paths,
        "hawkes_ns_per_proposal": round(proposal_ns(model, asset, paths)),
        "zero_intelligence_ns_per_proposal": round(proposal_ns(zero, asset, paths)),
    }


def proposal_ns(model: OrderFlowModel, asset: str, paths: int) -> float:
    """Nanoseconds a proposal, in markets where every proposal is executed and no quote moves.

    The best of many short stretches, which a busy machine disturbs least.
    """
    profile, view = load_profile(asset), MarketView.empty(paths)
    spread = round(profile.spread_ticks)
    view.bid_ticks[:] = view.last_bid_ticks[:] = profile.price_ticks
    view.ask_ticks[:] = view.last_ask_ticks[:] = profile.price_ticks + spread
    view.bid_size[:] = view.ask_size[:] = 200
    view.time_ns[:] = (profile.session_start_ns + profile.session_end_ns) // 2
    session = model.start(np.arange(paths), 1, profile, view)
    out, tilts = Proposals.empty(paths), Tilts.neutral(paths)
    best, stretch = np.inf, 20
    for _ in range(100):
        spent = 0.0
        for _ in range(stretch):
            begun = time.perf_counter()
            session.propose(view, tilts, out)
            spent += time.perf_counter() - begun
            view.last_action[:], view.last_side[:] = out.action, out.side
            view.last_price_ticks[:], view.last_size[:] = out.price_ticks, out.size
            view.time_ns += out.dt_ns
            view.draw += 1
            view.fresh[:] = True
        best = min(best, spent)
    return 1e9 * best / stretch / paths


if __name__ == "__main__":
    main()
