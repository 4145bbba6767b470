"""The worst paths of a run, against the ensembles themselves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from engine.ensemble import Origin, PathEnsemble
from engine.risk.worst_paths import worst_paths
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.events import NS_PER_S, EventsMeta

SECONDS = 6
MIDS = np.array([  # of each path, second by second, in ticks
    [1000, 1010, 1005, 990, 995, 1000],
    [1000, 990, 950, 960, 970, 980],
    [1000, 1000, 1000, 1000, 1000, 900],
    [1000, 990, 950, 960, 970, 980],
])  # fmt: skip


def ensemble(mids: np.ndarray) -> PathEnsemble:
    paths, n = mids.shape
    half = np.tile(np.arange(1, n + 1), (paths, 1))  # the spread widens
    zero = np.zeros(paths * n, np.int64)
    depth = np.tile(np.arange(n, 0, -1), paths)  # the touch thins out
    return PathEnsemble(
        meta=EventsMeta("TEST", "", "", 0.01, 0, SECONDS * NS_PER_S),
        paths=np.arange(paths), offsets=np.arange(paths + 1) * n,
        time_ns=np.tile(np.arange(n) * NS_PER_S, paths), action=zero.astype(np.int8),
        side=zero.astype(np.int8), price_ticks=zero, size=zero + 1,
        origin=np.full(paths * n, Origin.MODEL, np.int8), traded_size=zero,
        traded_value=zero.astype(float), bid_ticks=(mids - half).ravel(),
        ask_ticks=(mids + half).ravel(), bid_size=depth, ask_size=depth,
        start_bid_ticks=mids[:, 0] - 1, start_ask_ticks=mids[:, 0] + 1,
        start_bid_size=np.full(paths, n), start_ask_size=np.full(paths, n),
        end_ns=np.full(paths, (n - 1) * NS_PER_S), counters={},
    )  # fmt: skip


def test_worst_paths_are_ranked_and_measured() -> None:
    run = SimpleNamespace(
        spec=RunSpec(asset="TEST", scenario=Scenario.none(), paths=4, horizon_s=5.0),
        profile=None,
        baseline=ensemble(np.full((4, SECONDS), 1000)),
        shocked=ensemble(MIDS),
    )
    worst = worst_paths(run, 3)
    assert [one.path for one in worst] == [2, 1, 3], "equal losses stand in the order of the paths"
    first, second = worst[:2]
    assert np.isclose(first.loss_bp, 1000.0)
    assert first.unshocked_loss_bp == 0.0
    assert (first.trough_s, second.trough_s) == (5.0, 2.0)
    assert np.isclose(second.trough_bp, -500.0)
    assert np.isclose(second.drawdown_bp, 500.0)
    assert (second.widest_spread_ticks, second.thinnest_depth) == (2.0 * SECONDS, 2.0)
    assert len(worst_paths(run)) == 4
