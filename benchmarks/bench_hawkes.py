"""Compound Hawkes: time and memory of a fit, and of simulation, beside the package tick.

Simulates K = 12 streams of spectral radius 0.8 and fits them again with M decays; where tick is
installed it simulates the same process and takes the same log-likelihood, in the same run. Times
proposals of the baselines that ship for a batch of paths in a market that stands still. Times of
simulation and fit are CPU seconds of the one thread that works, which is wall time on a machine
that is not busy. Ends with one JSON line.

Run: python -m benchmarks.bench_hawkes [--events 1000000] [--decays 3] [--paths 128] [--asset AMZN]
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from importlib.util import find_spec
from typing import Any

import numpy as np

from app.manifest import hardware
from app.models import RUNNABLE, resolve_model
from model.catalogue import load_profile
from model.order_flow import MarketView, OrderFlowModel, Proposals, Tilts
from stylized_facts.baselines import HawkesSettings
from stylized_facts.baselines.hawkes_likelihood import PointProcess, Pooling, designs, maximise
from stylized_facts.baselines.hawkes_residuals import Law, compensate
from stylized_facts.baselines.hawkes_simulation import simulate, spectral_radius
from stylized_facts.baselines.streams import STREAMS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--decays", type=int, default=3)
    parser.add_argument("--paths", type=int, default=128)
    parser.add_argument("--asset", default="AMZN")
    given = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "hawkes", "decays": given.decays}
    result |= point_process(given.events, given.decays)
    result |= proposals(given.asset, given.paths)
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
    begun = time.process_time()
    time_s, stream = simulate(mu, alpha, betas, 1e9, seed=1, max_events=events)
    simulated = time.process_time()
    warm_up = PointProcess.plain(time_s[:100], stream[:100])
    maximise(designs([warm_up], betas, Pooling.separate(STREAMS))[0])  # compile
    fit_begun = time.process_time()
    window = PointProcess.plain(time_s, stream)
    parts = designs([window], betas, Pooling.separate(STREAMS))
    fits = [maximise(part) for part in parts]
    fitted = time.process_time()
    found = np.stack([fit.alpha.reshape(STREAMS, decays) for fit in fits])
    rate = len(time_s) / (simulated - begun)
    result = {
        "events": len(time_s),
        "simulated_events_per_s": round(rate),
        "fit_s": round(fitted - fit_begun, 2),
        "spectral_radius_found": round(spectral_radius(found.sum(axis=2)), 3),
        "alpha_rmse": round(float(np.sqrt(np.mean((found - alpha) ** 2))), 4),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
    if find_spec("tick") is not None:
        result |= beside_tick(window, Law.plain(mu, alpha, betas), rate)
    return result


def beside_tick(window: PointProcess, law: Law, rate: float) -> dict[str, float]:
    """The same process simulated by tick, and the same log-likelihood."""
    from tick.hawkes import ModelHawkesSumExpKernLogLik, SimuHawkesSumExpKernels

    theirs = SimuHawkesSumExpKernels(
        law.alpha, law.betas, baseline=law.mu, max_jumps=50_000, seed=1, verbose=False
    )
    begun = time.process_time()
    theirs.simulate()
    tick_rate = theirs.n_total_jumps / (time.process_time() - begun)
    model = ModelHawkesSumExpKernLogLik(law.betas)
    model.fit(
        [window.time_s[window.stream == i] for i in range(STREAMS)],
        end_times=float(window.time_s[-1]),
    )
    loss = model.loss(np.concatenate((law.mu, law.alpha.ravel())))
    # tick's likelihood is relative to Poisson streams of rate 1
    wanted = -loss * len(window.time_s) - STREAMS * window.time_s[-1]
    ours = compensate(window, law).log_likelihood
    return {
        "tick_simulated_events_per_s": round(tick_rate),
        "simulation_faster_than_tick": round(rate / tick_rate, 1),
        "log_likelihood_relative_difference": abs(ours / wanted - 1.0),
    }


def proposals(asset: str, paths: int) -> dict[str, float]:
    """Nanoseconds a proposal of every baseline that ships and writes order flow."""
    found = {
        f"{name}_ns_per_proposal": round(proposal_ns(resolve_model(name, asset), asset, paths))
        for name in RUNNABLE
    }
    return {"paths": paths, **found}


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
