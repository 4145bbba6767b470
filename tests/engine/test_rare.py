"""Rare losses: branches by replay, and splitting against plain paths."""

from __future__ import annotations

import numpy as np
import pytest

from engine.rare import BranchedPath, _Paths, rare_loss
from engine.risk.outcome import Loss
from engine.risk.proportion import share_of_paths
from engine.rollout import Cancelled, rollout
from engine.spec import RunSpec
from model.catalogue import assets_dir, load_profile
from model.errors import SpecError
from stylized_facts.baselines import ZeroIntelligence
from tests.engine.test_effects import scenario

SALE = {"kind": "liquidation", "side": "sell", "share": 0.5, "slices": 4, "start_s": 2.0,
        "duration_s": 5.0}  # fmt: skip
OUTCOME = Loss(bps=9.0, at_s=8.0)


@pytest.fixture(scope="module")
def model() -> ZeroIntelligence:
    return ZeroIntelligence.read(assets_dir() / "references" / "AMZN" / "zero_intelligence.json")


def spec(**changes: object) -> RunSpec:
    asked = RunSpec(
        asset="AMZN", scenario=scenario(SALE), paths=8, horizon_s=10.0, burn_in_events=16
    )
    return asked.model_copy(update=changes)


def test_a_branch_shares_the_past_and_nothing_else(model: ZeroIntelligence) -> None:
    paths = _Paths(model, load_profile("AMZN"), spec(), OUTCOME, None)
    seeds = np.arange(1, 41) << 40
    ends, scores = paths.advance([BranchedPath()] * 40, 3.0, seeds)
    reached = [end for end, score in zip(ends, scores, strict=True) if score >= 3.0]
    assert 2 < len(reached) < 40
    assert len({end.path for end in ends}) == 40
    again, same = paths.advance([BranchedPath()] * 40, 3.0, seeds)
    assert again == ends
    np.testing.assert_array_equal(same, scores)
    # Branches of one state: every one has reached the level that the state had reached.
    others = np.arange(1, 31) << 50
    further, higher = paths.advance([reached[0]] * 30, 6.0, others)
    assert (higher >= 3.0).all()
    assert len(np.unique(higher)) > 5
    assert {end.path for end in further} == {reached[0].path}
    # A branch of a branch still goes through the first fork.
    deep = [end for end, score in zip(further, higher, strict=True) if score >= 6.0]
    _, deepest = paths.advance([deep[0]] * 10, 8.9, others[:10])
    assert (deepest >= 6.0).all()


def test_splitting_agrees_with_plain_paths(model: ZeroIntelligence) -> None:
    profile = load_profile("AMZN")
    found = rare_loss(model, profile, spec(), OUTCOME, trajectories=60, replications=10)
    assert len(found.levels) > 1
    assert found.levels[-1] == OUTCOME.bps
    plain = rollout(model, profile, spec(paths=2000, seed=77)).shocked
    hits = int(OUTCOME.happened(plain).sum())
    share = share_of_paths(hits, 2000, 0.99)
    estimate = found.event.probability
    assert estimate.value is not None
    assert estimate.lower is not None
    assert estimate.upper is not None
    assert 0.002 < share.value < 0.2
    assert estimate.lower <= share.upper
    assert share.lower <= estimate.upper
    assert found.plain_paths is not None


def test_what_cannot_be_estimated_is_said(model: ZeroIntelligence) -> None:
    profile = load_profile("AMZN")
    with pytest.raises(SpecError, match="beyond the horizon of 10 s"):
        rare_loss(model, profile, spec(), Loss(bps=5.0, at_s=50.0))
    with pytest.raises(SpecError, match="below the loss of 9 bp"):
        rare_loss(model, profile, spec(), OUTCOME, levels=(5.0, 20.0))
    with pytest.raises(SpecError, match="below the loss of 9 bp"):
        rare_loss(model, profile, spec(), OUTCOME, levels=(float("nan"),))
    odds = {"kind": "reweighting", "cancel": 3.0, "start_s": 2.0, "duration_s": 5.0}
    with pytest.raises(SpecError, match="does not offer reweighting"):
        rare_loss(model, profile, spec(scenario=scenario(odds)), OUTCOME)
    with pytest.raises(Cancelled):
        rare_loss(model, profile, spec(), OUTCOME, cancelled=lambda: True)
