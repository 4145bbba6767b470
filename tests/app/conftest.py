"""A small stress run, scorecard and fact sheets, made of arithmetic: no model, no book."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from app.manifest import Manifest, collect_manifest
from app.report import StressReport, build_report
from engine.ensemble import Origin, PathEnsemble
from engine.risk import usual_depth
from engine.rollout import StressRun
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.events import NS_PER_S, Action, EventsMeta, Quotes
from model.profile import AssetProfile
from stylized_facts import FactSheet, MarketSample, Scorecard, fact_sheet

HORIZON_S, STEP_S, PATHS = 240, 0.5, 48
PROGRAMME = {
    "kind": "liquidation", "side": "sell", "share": 0.3, "start_s": 60.0, "duration_s": 60.0,
    "slices": 30,
}  # fmt: skip
WITHDRAWAL = {
    "kind": "liquidity_withdrawal", "share": 0.5, "distance_spreads": 3.0, "limit_keep": 0.5,
    "start_s": 70.0, "duration_s": 50.0, "repeat": 2,
}  # fmt: skip


@pytest.fixture(scope="session")
def profile() -> AssetProfile:
    return AssetProfile(
        asset="AMZN", venue="NASDAQ", date="2012-06-21", tick_size=0.01, price_ticks=22_350,
        spread_ticks=11, spread_pmf=[0.0] * 8 + [0.3, 0.2, 0.5], liquidity=1, events_per_s=6.7,
        volume_per_s=55.0, volatility_bps=2.6, shape_occupied=[1.0, 0.3, 0.2],
        shape_size=[110.0, 90.0, 120.0], order_size_quantiles=[1.0, 100.0, 100.0, 400.0],
        session_start_ns=34_200 * NS_PER_S, session_end_ns=57_600 * NS_PER_S,
    )  # fmt: skip


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return Scenario.model_validate(
        {
            "name": "sell_programme",
            "title": "Sell programme <script>alert(1)</script> #let x = 1 & $y$",
            "description": "A sell programme runs while half of the book is withdrawn.",
            "provenance": "Made up for tests.",
            "shocks": [PROGRAMME, WITHDRAWAL],
        }
    )


def ensemble(
    profile: AssetProfile, shocked: bool, drift_ticks: float, seed: int = 5
) -> PathEnsemble:
    """Random walks of the mid, an event every half second; the shock widens the spread."""
    rng = np.random.default_rng(seed)
    n = int(HORIZON_S / STEP_S)
    time_s = np.arange(n) * STEP_S
    inside = (time_s >= 60) & (time_s < 120) & shocked
    fade = np.where(time_s >= 120, np.exp(-(time_s - 120) / 25), 1.0) * (time_s >= 60) * shocked
    steps = rng.normal(0.0, 3.0, (PATHS, n))
    mid = 22_350 + np.cumsum(steps * (1 + 0.8 * inside), axis=1)
    mid += drift_ticks * np.clip((time_s - 60) / 60, 0, 1) * shocked
    half = np.maximum(1, np.rint(rng.gamma(9.0, 0.6, (PATHS, n)) * (1 + 1.5 * fade)))
    bid = np.rint(mid - half).astype(np.int64)
    ask = np.rint(mid + half).astype(np.int64)
    depth = 1 + rng.poisson(120 * (1 - 0.5 * fade), (2, PATHS, n))
    ours = np.zeros((PATHS, n), bool)
    if shocked:
        ours[:, np.searchsorted(time_s, 60 + 2.0 * np.arange(30))] = True
    traded = np.where(ours, 33, np.where(rng.random((PATHS, n)) < 0.1, 50, 0)).astype(np.int64)
    side = np.where(ours, 1, rng.integers(0, 2, (PATHS, n))).astype(np.int8)
    price = np.where(side == 1, bid, ask)
    action, size = np.zeros((PATHS, n), np.int8), np.maximum(traded, 100)
    if shocked:  # the first withdrawal takes the half of what usually rests that was asked for
        at = np.searchsorted(time_s, 70.5)
        time_s[at] = 70.0
        action[:, at], ours[:, at], traded[:, at] = Action.CANCEL, True, 0
        size[:, at] = round(0.5 * 2 * usual_depth(profile, 33))
    meta = EventsMeta("AMZN", "NASDAQ", "2012-06-21", 0.01, 0, HORIZON_S * NS_PER_S)
    start = np.full(PATHS, 22_345)
    return PathEnsemble(
        meta=meta, paths=np.arange(PATHS), offsets=np.arange(PATHS + 1) * n,
        time_ns=np.tile((time_s * NS_PER_S).astype(np.int64), PATHS),
        action=action.ravel(), side=side.ravel(), price_ticks=price.ravel(),
        size=size.ravel(),
        origin=np.where(ours, Origin.SHOCK, Origin.MODEL).astype(np.int8).ravel(),
        traded_size=traded.ravel(), traded_value=(traded * price).astype(float).ravel(),
        bid_ticks=bid.ravel(), ask_ticks=ask.ravel(), bid_size=depth[0].ravel(),
        ask_size=depth[1].ravel(), start_bid_ticks=start, start_ask_ticks=start + 10,
        start_bid_size=np.full(PATHS, 120), start_ask_size=np.full(PATHS, 120),
        end_ns=np.full(PATHS, HORIZON_S * NS_PER_S),
        counters={"proposed": PATHS * n + 37, "thinned": 31 * shocked, "cancel_empty_side": 6},
    )  # fmt: skip


def run_of(asset: str, scenario: Scenario, profile: AssetProfile, drift_ticks: float) -> StressRun:
    spec = RunSpec(asset=asset, scenario=scenario, paths=PATHS, horizon_s=HORIZON_S, seed=7)
    return StressRun(
        spec=spec, profile=profile.model_copy(update={"asset": asset}),
        baseline=ensemble(profile, False, 0.0),
        shocked=ensemble(profile, bool(scenario.shocks), drift_ticks),
        timing={"model": 6.1, "book": 1.2, "total": 8.0, "events": 46_080.0,
                "events_per_s": 5_760.0},
    )  # fmt: skip


@pytest.fixture(scope="session")
def run(scenario: Scenario, profile: AssetProfile) -> StressRun:
    """A sell programme that pushes the price down by 45 ticks (about 20 bp)."""
    return run_of("AMZN", scenario, profile, -45.0)


def sample(label: str, seed: int, profile: AssetProfile) -> MarketSample:
    """Unshocked paths as a market sample."""
    paths = ensemble(profile, False, 0.0, seed)
    recordings = [paths.recording(p) for p in range(len(paths))]
    return MarketSample.from_recordings(
        recordings,
        label,
        spans=[(0, HORIZON_S * NS_PER_S)] * len(paths),
        starts=Quotes(
            paths.start_bid_ticks, paths.start_ask_ticks, paths.start_bid_size,
            paths.start_ask_size,
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def samples(profile: AssetProfile) -> dict[str, MarketSample]:
    labels = ("Real", "TradeFM", "Hawkes", "Zero intelligence")
    return {label: sample(label, seed, profile) for seed, label in enumerate(labels, 11)}


@pytest.fixture(scope="session")
def sheets(samples: dict[str, MarketSample]) -> dict[str, FactSheet]:
    """Fact sheets of four samples of the same walk."""
    return {label: fact_sheet(one, None, label, resamples=20) for label, one in samples.items()}


@pytest.fixture(scope="session")
def card() -> Scorecard:
    """Two rows of a scorecard of three models."""
    models = ["TradeFM", "Hawkes", "Zero intelligence"]

    def row(
        key: str, label: str, distances: tuple[float, ...], verdicts: tuple[str, ...]
    ) -> object:
        known = dict(zip(models, distances, strict=True))
        return {
            "quantity": key, "label": label, "metric": "K-S", "unit": "bp", "real": 2.61,
            "values": dict.fromkeys(models, 2.5), "distance": known,
            "interval": {model: (d - 0.01, d + 0.01) for model, d in known.items()},
            "floor": 0.0413, "verdict": dict(zip(models, verdicts, strict=True)), "n_real": 540,
            "ratio_to_floor": {model: d / 0.0413 for model, d in known.items()},
            "n": dict.fromkeys(models, 540),
        }  # fmt: skip

    return Scorecard.model_validate(
        {
            "asset": "AMZN", "real_label": "AMZN test split", "models": models,
            "windows_real": 18, "windows": dict.fromkeys(models, 48), "window_s": 300.0,
            "resamples": 200, "seed": 0,
            "rows": [
                row("log_return_10s", "Log return, 10 s", (0.0537, 0.126, 0.311),
                    ("match", "miss", "miss")),
                row("spread", "Spread", (0.242, 0.197, 0.66), ("close", "too few samples", "miss")),
            ],
            "ratio_to_hawkes": 0.724, "ratio_to_hawkes_interval": (0.61, 0.83),
            "ratio_to_hawkes_rows": ["log_return_10s", "spread"],
            "ratio_to_floor": {"TradeFM": 2.76, "Hawkes": 3.82, "Zero intelligence": 11.0},
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def manifest(run: StressRun) -> Manifest:
    return collect_manifest(
        [run.spec], run_ids=["20260102T030405Z-0a1b2c"],
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), timing_s={"total": 8.0},
    )  # fmt: skip


@pytest.fixture(scope="session")
def report(
    run: StressRun, manifest: Manifest, card: Scorecard, sheets: dict[str, FactSheet]
) -> StressReport:
    """The whole report of `run`."""
    return build_report(run, manifest, card, sheets)
