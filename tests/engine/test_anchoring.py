"""Anchors bring the shares of a drifting model back to the asset's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.anchoring import fit_anchor
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.anchors import SIZE, TIME, AssetAnchors
from model.catalogue import load_profile
from model.checkpoint import Checkpoint, CheckpointConfig
from model.errors import SpecError
from model.presets import PRESETS
from model.profile import AssetProfile
from model.tokenizer import Tokenizer, array_shapes, context_sizes
from model.tradefm import TradeFM
from model.transformer import Transformer


@pytest.fixture(scope="module")
def profile() -> AssetProfile:
    return load_profile("AMZN")


@pytest.fixture(scope="module")
def busy() -> Checkpoint:
    """A network that says nothing but one thing: waits are short and orders large."""
    settings = PRESETS["tiny"]
    names = settings.context_names
    arrays = {name: np.zeros(shape) for name, shape in array_shapes("touch", names).items()}
    arrays["shares"] += 1.0  # never looked at: the asset brings its own
    torch.manual_seed(1)
    network = Transformer(settings, context_sizes(names))
    for parameter in network.head.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        network.head.out[4].bias[:6] = 1.0  # type: ignore[union-attr, index, operator]
        network.head.out[3].bias[12:] = 1.5  # type: ignore[union-attr, index, operator]
    tokenizer = Tokenizer.from_arrays("touch", names, arrays)
    return Checkpoint(CheckpointConfig(name="busy", settings=settings), tokenizer,
                      network.state_dict())  # fmt: skip


def test_an_anchor_takes_the_drift_back(busy: Checkpoint, profile: AssetProfile) -> None:
    """The offsets undo what was added to the logits, up to a constant for each distribution."""
    anchor = fit_anchor(busy, profile)
    before, after = anchor.drift
    assert before > 0.15
    assert after < 0.03
    assert after < 0.2 * before
    offsets = anchor.array()
    assert np.mean(offsets[TIME, 0, :6]) - np.mean(offsets[TIME, 0, 6:]) == pytest.approx(
        -1.0, abs=0.2
    )
    common = np.array(profile.tokens.shares)[SIZE, 0] > 0.01  # type: ignore[union-attr]
    high = np.arange(16) >= 12
    gap = offsets[SIZE, 0, common & high].mean() - offsets[SIZE, 0, common & ~high].mean()
    assert gap == pytest.approx(-1.5, abs=0.3)


def test_a_model_without_margins_is_refused(busy: Checkpoint, profile: AssetProfile) -> None:
    settings = busy.config.settings.model_copy(update={"margins": "none"})
    config = busy.config.model_copy(update={"settings": settings})
    with pytest.raises(SpecError, match="no margins to anchor"):
        fit_anchor(replace(busy, config=config), profile)


def test_anchored_flow_is_as_busy_as_the_asset(busy: Checkpoint, profile: AssetProfile) -> None:
    anchor = fit_anchor(busy, profile)
    spec = RunSpec(asset="AMZN", scenario=Scenario.none(), paths=16, horizon_s=120, seed=5,
                   burn_in_events=0)  # fmt: skip
    rates = []
    for anchors in (None, AssetAnchors(plain=anchor)):
        run = rollout(TradeFM(busy, anchors=anchors), profile, spec)
        rates.append(run.timing["events"] / 16 / 120 / profile.events_per_s)
    assert rates[0] > 1.25
    assert rates[1] == pytest.approx(1.0, abs=0.12)
