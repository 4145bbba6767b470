"""The bundled model in markets that no recording shows: it comes to an end, and back."""

from __future__ import annotations

import numpy as np
import pytest

from app.models import resolve_model
from engine.rollout import rollout
from engine.scenario import load_scenario
from engine.spec import RunSpec
from model.catalogue import load_catalogue, load_profile


@pytest.mark.parametrize("asset", list(load_catalogue()))
def test_bursts_do_not_feed_on_themselves(asset: str) -> None:
    """`volatility_spike` for half a minute: a bound on its events, and a usual pace soon after.

    Without the bound of `model.moves.write` a path of MSFT has some 30,000 events meanwhile.
    """
    profile = load_profile(asset)
    scenario = load_scenario("volatility_spike", {"rate": 1.0})
    first = scenario.shocks[0].model_copy(update={"start_s": 10.0, "duration_s": 30.0})
    scenario = scenario.model_copy(update={"shocks": (first,)})
    spec = RunSpec(asset=asset, scenario=scenario, paths=4, horizon_s=80.0, max_events=40_000)
    shocked = rollout(resolve_model("small", asset), profile, spec).shocked
    assert profile.busiest is not None
    time_s = shocked.time_ns / 1e9
    during = ((time_s >= 10) & (time_s < 40)).sum() / 4 / 30
    after = (time_s >= 60).sum() / 4 / 20
    assert during < 2.5 * profile.busiest * profile.events_per_s
    assert after < 3.0 * profile.events_per_s
    np.testing.assert_array_equal(shocked.end_ns, 80 * 10**9)  # no path was cut


@pytest.mark.parametrize("asset", ["AMZN", "BTCUSD"])
def test_a_flood_of_messages_does_not_silence_the_market(asset: str) -> None:
    """Orders that a shock sends are no burst of the model's own, however many they are."""
    profile, scenario = load_profile(asset), load_scenario("quote_stuffing")
    spec = RunSpec(asset=asset, scenario=scenario, paths=6, horizon_s=150.0, max_events=40_000)
    run = rollout(resolve_model("small", asset), profile, spec)
    natural = []
    for arm in (run.baseline, run.shocked):
        time_s = arm.time_ns / 1e9
        natural.append(((arm.origin == 0) & (time_s >= 60) & (time_s < 90)).sum())
    assert (run.shocked.origin != 0).sum() > 500
    assert natural[1] > 0.6 * natural[0]
