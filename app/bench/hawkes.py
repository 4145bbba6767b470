"""The Hawkes baseline: simulation and fit of the process, and proposals for a batch of paths."""

from __future__ import annotations

import time

import numpy as np

from app.bench.result import Figures, Result
from app.models import RUNNABLE, resolve_model
from model.catalogue import load_profile
from model.order_flow import MarketView, OrderFlowModel, Proposals, Tilts
from stylized_facts.baselines import HawkesSettings
from stylized_facts.baselines.hawkes_likelihood import PointProcess, Pooling, designs, maximise
from stylized_facts.baselines.hawkes_simulation import simulate, spectral_radius
from stylized_facts.baselines.streams import STREAMS

ABOUT = """\
The compound Hawkes baseline. K = 12 streams of spectral radius 0.8 with M decays are simulated
and fitted again; events_per_s is that of the simulation. Proposals are those of the baselines
that ship, for a batch of paths in a market that stands still, the best of many stretches. CPU
seconds of the one thread that works, which is wall time on a machine that is not busy."""


def bench_hawkes(events: int, decays: int, paths: int, asset: str = "AMZN") -> Result:
    """Measure simulation, fit and proposals."""
    figures: Figures = {
        "benchmark": "hawkes", "device": "cpu", "model": "hawkes", "threads": 1,
        "decays": decays,
    }  # fmt: skip
    return Result(ABOUT, figures | point_process(events, decays) | proposals(asset, paths))


def point_process(events: int, decays: int) -> Figures:
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
    return {
        "events": len(time_s),
        "events_per_s": round(len(time_s) / (simulated - begun)),
        "fit_s": round(fitted - fit_begun, 2),
        "spectral_radius_found": round(spectral_radius(found.sum(axis=2)), 3),
        "alpha_rmse": round(float(np.sqrt(np.mean((found - alpha) ** 2))), 4),
    }


def proposals(asset: str, paths: int) -> Figures:
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
