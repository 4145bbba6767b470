"""Slow contexts against their definitions as sums over the past."""

from __future__ import annotations

import numpy as np
import pytest

from model.events import Float64, Recording
from model.features import CROSSING_SHARE, FAST_SIZE, FlowFeatures, context_scale, flow_features
from model.profile import AssetProfile
from model.slow import HALF_LIFE_S, PRIOR_ADDS, SLOW_CONTEXTS

LN2 = np.log(2.0)


def _twin(features: FlowFeatures, recording: Recording, n: int) -> Float64:
    """The slow contexts after row n, from the whole past at once."""
    q = recording.quotes
    assert q is not None
    scale, span = context_scale(features.profile), HALF_LIFE_S / LN2
    rows, dt = features.row[: n + 1], features.dt_s[: n + 1]
    spread = np.maximum(1, (q.ask_ticks - q.bid_ticks)[rows])
    touch = 0.5 * (q.bid_size + q.ask_size)[rows]
    mid = 0.5 * (q.bid_ticks + q.ask_ticks)[rows]
    before = np.maximum(np.arange(n + 1) - 1, 0)
    end = np.cumsum(dt)
    age = end[-1] - end
    weight, first = 0.5 ** (age / HALF_LIFE_S), 0.5 ** (end[-1] / HALF_LIFE_S)
    held = weight * (1 - 0.5 ** (dt / HALF_LIFE_S))  # what the value before each event weighs
    crossing = features.crossing[: n + 1] & (features.action[: n + 1] == 0)
    resting = ~features.crossing[: n + 1] & (features.action[: n + 1] == 0)
    adds = PRIOR_ADDS * first + (weight * resting).sum()
    moves = (mid - mid[before]) ** 2
    log_size = np.log2(features.size[: n + 1] / scale[1])
    return np.array([
        np.log2(first + weight.sum() / span / scale[4]),
        0.5 * np.log2(first + (weight * moves).sum() / span / scale[5] + 1e-6),
        np.log2(first + (held * spread[before]).sum() / scale[0]),
        np.log2((PRIOR_ADDS * CROSSING_SHARE * first + (weight * crossing).sum()) / adds + 1e-4),
        (weight * resting * log_size).sum() / adds,
        np.log2((scale[6] * first + (held * touch[before]).sum()) / scale[1] + 1e-3),
    ])  # fmt: skip


@pytest.mark.parametrize("n", [0, 1, 57, 2000])
def test_slow_contexts_equal_their_definitions(
    flow: Recording, profile: AssetProfile, n: int
) -> None:
    features, _ = flow_features(flow, profile)
    found = features.context[n, FAST_SIZE:]
    assert len(found) == len(SLOW_CONTEXTS)
    np.testing.assert_allclose(found, _twin(features, flow, n), rtol=1e-9, atol=1e-9)


def test_slow_contexts_look_back_only(flow: Recording, profile: AssetProfile) -> None:
    whole, _ = flow_features(flow, profile)
    part, _ = flow_features(flow.slice(0, 1000), profile)
    np.testing.assert_array_equal(part.context, whole.context[: len(part)])
