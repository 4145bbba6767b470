"""Paired ensembles built by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.ensemble import PathEnsemble
from engine.scenario import Scenario
from engine.shocks import Shock
from engine.spec import RunSpec
from model.events import NS_PER_S, EventsMeta
from model.profile import AssetProfile

PROFILE = AssetProfile(
    asset="TEST",
    tick_size=0.01,
    price_ticks=10_000,
    spread_ticks=2.0,
    spread_pmf=[0.5, 0.5],
    liquidity=1,
    events_per_s=7.0,
    volume_per_s=10.0,
    volatility_bps=3.0,
    shape_occupied=[1.0, 0.5],
    shape_size=[100.0, 200.0],
    order_size_quantiles=[1.0, 100.0, 500.0],
)


@dataclass(frozen=True)
class Run:
    spec: RunSpec
    profile: AssetProfile
    baseline: PathEnsemble
    shocked: PathEnsemble


def ensemble(count: int, horizon_s: float, **columns: object) -> PathEnsemble:
    """Paths with the given columns, each [P, n]; what is left out is constant."""
    times = np.asarray(columns.pop("time_s"), float)
    times = np.broadcast_to(times, (count, times.shape[-1]))
    rows = times.shape[1]
    defaults = {
        "action": 0, "side": 0, "price_ticks": 9_999, "size": 10, "origin": 0, "traded_size": 0,
        "traded_value": 0.0, "bid_ticks": 9_999, "ask_ticks": 10_001, "bid_size": 50,
        "ask_size": 60,
    }  # fmt: skip
    parent = columns.pop("parent", None)
    small = ("action", "side", "origin")
    flat = {}
    for name, default in defaults.items():
        kind = np.int8 if name in small else type(default)
        value = np.asarray(columns.pop(name, default)).astype(kind)
        flat[name] = np.ascontiguousarray(np.broadcast_to(value, (count, rows))).ravel()
    more = {} if parent is None else {"parent": np.tile(np.int16(parent), count)}
    assert not columns
    return PathEnsemble(
        meta=EventsMeta("TEST"),
        paths=np.arange(count),
        offsets=np.arange(count + 1) * rows,
        time_ns=np.rint(times * NS_PER_S).astype(np.int64).ravel(),
        start_bid_ticks=np.full(count, 9_999),
        start_ask_ticks=np.full(count, 10_001),
        start_bid_size=np.full(count, 50),
        start_ask_size=np.full(count, 60),
        end_ns=np.full(count, round(horizon_s * NS_PER_S)),
        counters={},
        **flat,
        **more,
    )


def run_of(
    baseline: PathEnsemble, shocked: PathEnsemble, *shocks: Shock, intensity: float = 1.0
) -> Run:
    scenario = Scenario(name="test", title="t", description="d", shocks=shocks)
    spec = RunSpec(
        asset="TEST", scenario=scenario, paths=len(baseline), horizon_s=300.0, intensity=intensity
    )
    return Run(spec, PROFILE, baseline, shocked)


def noisy(count: int, seed: int, events: int = 900) -> PathEnsemble:
    """A random walk of the mid with random flow, 300 s."""
    rng = np.random.default_rng(seed)
    shape = (count, events)
    mid = 10_000 + np.cumsum(rng.integers(-1, 2, shape), axis=1)
    half = rng.integers(1, 4, shape)
    traded = np.where(rng.random(shape) < 0.1, rng.integers(1, 50, shape), 0)
    return ensemble(
        count, 300.0, time_s=np.sort(rng.uniform(0, 300, shape), axis=1),
        action=rng.random(shape) < 0.4, side=rng.integers(0, 2, shape), traded_size=traded,
        traded_value=traded * mid, bid_ticks=mid - half, ask_ticks=mid + half,
        bid_size=rng.integers(1, 200, shape), ask_size=rng.integers(1, 200, shape),
    )  # fmt: skip
