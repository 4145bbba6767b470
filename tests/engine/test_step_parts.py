"""A step spread over threads does what one thread does, bit for bit."""

from __future__ import annotations

import numba
import numpy as np
import pytest

import engine.simulator
from engine.ensemble import PathEnsemble
from engine.shocks.plan import Tilt
from tests.engine.scripted_flow import BUY, FAR, SELL, USUAL, Noise, plan, run, same, simulator

PATHS = 37  # two parts of different length


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread: nothing to spread")
def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.simulator, "_PART", 32)
    shock = plan(
        orders=[(40_000, SELL, 400, 0, True)],
        operations=[(60_000, BUY, 5, 0.5)],
        tilts=[(Tilt.PRESSURE, 20_000, FAR, 0.7)],
    )
    threads = numba.get_num_threads()
    ensembles: list[PathEnsemble] = []
    executed = []
    try:
        for count in (1, 2):
            numba.set_num_threads(count)
            sim = simulator(
                [USUAL] * PATHS, plan=shock, burn_in_events=7, horizon_ns=300_000, max_events=350
            )
            run(sim, Noise(np.arange(PATHS).tolist()), 1_200)
            assert sim.done
            ensembles.append(sim.ensemble(range(PATHS)))
            executed.append(sim.executed)
    finally:
        numba.set_num_threads(threads)
    same(*ensembles)
    assert executed[0] == executed[1]
    assert (ensembles[0].parent == 0).any()
