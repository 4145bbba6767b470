"""Reverse stress: bisection on known cases, rare events against plain Monte Carlo."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.reverse import reverse_stress
from engine.risk.outcome import Loss, Pause, WideSpread
from engine.risk.reverse_stress import UnreachableError, frontier, smallest_intensity
from engine.risk.splitting import SplittingProcess, splitting
from engine.rollout import rollout
from engine.spec import RunSpec
from model.catalogue import assets_dir, load_profile
from model.errors import SpecError
from model.events import Float64, Int64
from model.order_flow import Bools
from stylized_facts.baselines import ZeroIntelligence
from tests.engine.test_effects import scenario

THRESHOLDS = np.linspace(0.01, 1.0, 100)  # path k has the outcome from this intensity on


def test_the_smallest_intensity_is_found() -> None:
    found = smallest_intensity(lambda x: x >= THRESHOLDS, 0.375, 2.0, resolution=0.005)
    assert found.below < 0.38 <= found.intensity <= 0.38 + 0.01
    assert found.monotone
    shares = [probe.share.value for probe in found.probes]
    assert shares == sorted(shares)
    assert [probe.intensity for probe in found.probes][-1] == 2.0


def test_an_outcome_that_happens_anyway_needs_nothing() -> None:
    found = smallest_intensity(lambda x: np.ones(10, bool), 0.5, 2.0)
    assert found.intensity == 0.0


def test_what_is_not_monotone_is_said_so() -> None:
    found = smallest_intensity(lambda x: np.full(50, 0.3 <= x < 1.0), 0.5, 2.0)
    assert 0.3 <= found.intensity <= 0.4
    assert not found.monotone


def test_unreachable_names_the_best_and_where() -> None:
    with pytest.raises(
        UnreachableError, match=r"on 60% of paths at most, at intensity 1\.6, not on 90%; choose"
    ):
        smallest_intensity(lambda x: np.arange(10) < (6 if abs(x - 1.6) < 1e-9 else 2), 0.9, 2.0)
    with pytest.raises(ValueError, match="no search for probability 1.5"):
        smallest_intensity(lambda x: np.ones(3, bool), 1.5, 2.0)


def test_the_frontier_of_two_shocks_starts_with_the_smallest_pair() -> None:
    def happens(first: float, second: float) -> Bools:
        return np.full(20, first + 2.0 * second >= 1.0)

    points = frontier(happens, 0.5, 1.0, 1.0, points=6, resolution=0.01)
    assert points[0].first == pytest.approx(0.2)
    assert points[0].second == pytest.approx(0.4, abs=0.011)
    sizes = [point.size for point in points if point.size is not None]
    assert sizes == sorted(sizes)
    with pytest.raises(UnreachableError, match="no pair up to intensities 0.1 and 0.1"):
        frontier(happens, 0.5, 0.1, 0.1, points=3)


STEPS, DEPTH = 64, 3.2


def walks(
    states: list[tuple[int, float]], level: float, seeds: Int64
) -> tuple[list[tuple[int, float]], Float64]:
    ends = [walk(state, level, int(seed)) for state, seed in zip(states, seeds, strict=True)]
    return [state for state, _ in ends], np.array([score for _, score in ends])


def walk(state: tuple[int, float], level: float, seed: int) -> tuple[tuple[int, float], float]:
    """A random walk until it reaches `level` standard deviations, or its end."""
    at, value = state
    score = value
    for step in np.random.default_rng(seed).normal(0.0, 1.0 / math.sqrt(STEPS), STEPS - at):
        at, value = at + 1, value + step
        score = max(score, value)
        if score >= level:
            break
    return (at, value), score


def test_splitting_agrees_with_plain_monte_carlo() -> None:
    process = SplittingProcess(lambda count: [(0, 0.0)] * count, walks)
    easy = splitting(process, (0.7, 1.5), trajectories=150, replications=12)
    paths = np.cumsum(np.random.default_rng(3).normal(0, 1 / math.sqrt(STEPS), (100_000, STEPS)), 1)
    highest = paths.max(axis=1)
    value, lower, upper = easy.probability.value, easy.probability.lower, easy.probability.upper
    assert value is not None
    assert lower is not None
    assert upper is not None
    assert lower <= (highest >= 1.5).mean() <= upper
    assert value == pytest.approx((highest >= 1.5).mean(), rel=0.15)
    rare = splitting(process, (0.8, 1.6, 2.4, DEPTH), trajectories=150, replications=12)
    plain = (highest >= DEPTH).mean()
    assert rare.probability.value == pytest.approx(plain, rel=0.5)
    assert rare.trajectories == 12 * 4 * 150, "plain paths would show this about eight times"
    with pytest.raises(ValueError, match="levels must ascend"):
        splitting(process, (1.0, 0.5))


SALE = {"kind": "fat_finger", "side": "sell", "touches": 3.0, "duration_s": 1.0}


def spec(*shocks: dict[str, Any], **changes: Any) -> RunSpec:
    asked = RunSpec(
        asset="AMZN", scenario=scenario(*shocks), paths=12, horizon_s=12.0, burn_in_events=32
    )
    return asked.model_copy(update=changes)


@pytest.fixture(scope="module")
def model() -> ZeroIntelligence:
    return ZeroIntelligence.read(assets_dir() / "references" / "AMZN" / "zero_intelligence.json")


def test_reverse_stress_in_the_closed_loop(model: ZeroIntelligence) -> None:
    profile = load_profile("AMZN")
    outcome = Loss(bps=5.0, at_s=10.2)
    found = reverse_stress(model, profile, spec(SALE), outcome, 0.5)
    assert 0.0 < found.below < found.intensity < 10.0
    for intensity, enough in ((found.intensity, True), (found.below, False)):
        played = rollout(model, profile, spec(SALE, intensity=intensity))
        assert (outcome.happened(played.shocked).mean() >= 0.5) == enough
    with pytest.raises(
        UnreachableError, match=r"choose a milder.*; 50% of paths reach \d.* bp at most"
    ):
        reverse_stress(model, profile, spec(SALE), Loss(bps=5_000.0, at_s=11.0), 0.5)
    with pytest.raises(SpecError, match="beyond the horizon of 12 s"):
        reverse_stress(model, profile, spec(SALE), Loss(bps=5.0, at_s=50.0), 0.5)
    with pytest.raises(SpecError, match="no price_bands"):
        reverse_stress(model, profile, spec(SALE), Pause(), 0.5)


def test_outcomes_of_spread_and_pause(model: ZeroIntelligence) -> None:
    wiped = {"kind": "spread_wipe", "spreads": 20.0, "duration_s": 1.0}
    bands = {
        "kind": "price_bands",
        "band_bps": 3.0,
        "limit_s": 1.0,
        "pause_s": 5.0,
        "duration_s": 1.9,
    }
    played = rollout(model, load_profile("AMZN"), spec(wiped, bands))
    outcome = WideSpread(ticks=100.0, for_s=1)
    assert outcome.happened(played.shocked).mean() > 0.9
    assert outcome.happened(played.baseline).mean() < 0.1
    short = WideSpread(ticks=100.0, for_s=10)
    assert short.happened(played.shocked).mean() < outcome.happened(played.shocked).mean()
    paused = Pause().happened(played.shocked)
    np.testing.assert_array_equal(paused, played.shocked.by_path["pauses"] > 0)
    assert not Pause().happened(played.baseline).any()
