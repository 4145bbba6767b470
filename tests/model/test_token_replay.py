"""Recorded tokens come back in their order, as events of the book that they meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from model.checkpoint import Checkpoint
from model.errors import SpecError
from model.events import Recording
from model.features import flow_features
from model.order_flow import MarketView, OrderFlowModel, Proposals, Tilts
from model.profile import AssetProfile
from model.token_replay import TokenReplay


def test_real_tokens_in_their_order(
    make_checkpoint: Callable[..., Checkpoint], flow: Recording, profile: AssetProfile
) -> None:
    features, _ = flow_features(flow, profile)
    flows = [features.rows(slice(-count, None)) for count in (5, 3, 9)]
    model = TokenReplay(make_checkpoint(), flows)
    assert isinstance(model, OrderFlowModel)
    view = MarketView.empty(2)
    view.bid_ticks[:], view.ask_ticks[:] = 9_998, 10_003
    view.bid_size[:], view.ask_size[:] = 300, 200
    session = model.start(np.array([2, 0]), 1, profile, view, [flow.slice(0, 50)] * 2)
    out, tilts = Proposals.empty(2), Tilts.neutral(2)
    actions, sides = [], []
    for step in range(7):
        view.active[1] = step != 3  # a path that waits loses no event
        session.propose(view, tilts, out)
        actions.append(out.action.copy())
        sides.append(out.side.copy())
        view.draw += view.active
    first, second = features.rows(slice(-9, None)), features.rows(slice(-5, None))
    assert [a[0] for a in actions] == first.action[:7].tolist()
    assert [s[0] for s in sides] == first.side[:7].tolist()
    waited = [a[1] for step, a in enumerate(actions) if step != 3]
    assert waited == [*second.action.tolist(), second.action[0]]


def test_a_path_without_events_is_named(
    make_checkpoint: Callable[..., Checkpoint], flow: Recording, profile: AssetProfile
) -> None:
    features, _ = flow_features(flow, profile)
    with pytest.raises(SpecError, match="path 1"):
        TokenReplay(make_checkpoint(), [features, features.rows(slice(0))])
