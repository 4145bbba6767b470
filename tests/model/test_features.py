"""Features against their definitions, written out in plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from model.errors import RecordingError
from model.events import NS_PER_S, Action, Float64, Recording, Side
from model.features import (
    ACTIVITY_HALF_LIFE_S,
    CONTEXTS,
    FAST_SIZE,
    SIGN_KEPT,
    VOLATILITY_HALF_LIFE_S,
    VWAP_HALF_LIFE_S,
    busiest,
    context_scale,
    flow_features,
)
from model.profile import AssetProfile


def _twin(
    recording: Recording, profile: AssetProfile
) -> tuple[list[int], list[bool], list[int], Float64]:
    """Every feature from sums over the whole past instead of a recursion."""
    e, q = recording.events, recording.quotes
    assert q is not None
    t = e.time_ns / NS_PER_S
    mid = (q.bid_ticks + q.ask_ticks) / 2
    scale = context_scale(profile)
    crosses: dict[int, bool] = {}
    depth: dict[int, int] = {}
    trades, rows = [], []
    for i in range(1, len(e)):
        buy = e.side[i] == Side.BUY
        bid, ask = q.bid_ticks[i - 1], q.ask_ticks[i - 1]
        p = e.price_ticks[i]
        crosses[i] = e.action[i] == Action.ADD and (p >= ask if buy else p <= bid)
        if crosses[i]:
            depth[i] = p - ask if buy else bid - p
        else:
            depth[i] = bid - p if buy else p - ask
        if crosses[i] or e.action[i] == Action.PRINT:
            trades.append(i)
        if e.action[i] != Action.PRINT:
            rows.append(i)

    def fade(i: int, j: int, half_life: float) -> float:
        return float(0.5 ** ((t[i] - t[j]) / half_life))

    out = []
    for n, i in enumerate(rows):
        past = [j for j in trades if j <= i]
        den = sum(fade(i, j, VWAP_HALF_LIFE_S) * e.size[j] for j in past)
        num = sum(fade(i, j, VWAP_HALF_LIFE_S) * e.size[j] * e.price_ticks[j] for j in past)
        vwap = num / den if den > 1e-9 else mid[i]
        count = scale[2] * fade(i, 0, ACTIVITY_HALF_LIFE_S) + sum(
            fade(i, j, ACTIVITY_HALF_LIFE_S) for j in rows[: n + 1]
        )
        variance = scale[3] * fade(i, 0, VOLATILITY_HALF_LIFE_S) + sum(
            fade(i, j, VOLATILITY_HALF_LIFE_S) * (mid[j] - mid[j - 1]) ** 2 for j in range(1, i + 1)
        )
        b, a = q.bid_size[i], q.ask_size[i]
        out.append([
            (vwap - mid[0]) / mid[0] * 1e4, (q.ask_ticks[i] - q.bid_ticks[i]) / scale[0],
            (b - a) / (a + b), b / scale[6], a / scale[6],
            np.log2(count / scale[2] + 1e-3), 0.5 * np.log2(variance / scale[3] + 1e-6),
            _mean_sign([1 if e.side[j] == Side.BUY else -1 for j in range(1, i + 1) if crosses[j]]),
        ])  # fmt: skip
    return rows, [crosses[i] for i in rows], [depth[i] for i in rows], np.array(out)


def _mean_sign(signs: list[int]) -> float:
    weights = [(1 - SIGN_KEPT) * SIGN_KEPT**k for k in range(len(signs))]
    return sum(w * sign for w, sign in zip(weights, reversed(signs), strict=True))


def test_features_equal_their_definitions(flow: Recording, profile: AssetProfile) -> None:
    part = flow.slice(0, 400)
    features, _ = flow_features(part, profile)
    rows, crossing, depth, context = _twin(part, profile)
    assert features.row.tolist() == rows
    assert features.crossing.tolist() == crossing
    assert features.depth_ticks.tolist() == depth
    np.testing.assert_allclose(features.context[:, :FAST_SIZE], context, rtol=1e-9, atol=1e-9)


def test_interarrival_skips_prints(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(flow, profile)
    assert (flow.events.action[features.row] != Action.PRINT).all()
    gaps = np.diff(flow.events.time_ns[features.row]) / NS_PER_S
    np.testing.assert_allclose(features.dt_s[1:], gaps)


def test_busiest_moment(flow: Recording, profile: AssetProfile) -> None:
    """Of events alone, none before them: the highest of the decayed counts, over the usual one."""
    features, _ = flow_features(flow, profile)
    time_s = features.time_ns / NS_PER_S
    age_s = time_s[:, None] - time_s
    faded = np.where(age_s >= 0, 0.5 ** (np.abs(age_s) / ACTIVITY_HALF_LIFE_S), 0.0).sum(axis=1)
    late = faded[-1000:]  # what a recording is thought to begin with has faded
    usual = profile.events_per_s * ACTIVITY_HALF_LIFE_S / np.log(2)
    end = features.rows(slice(-1000, None))
    assert busiest(end) == pytest.approx(late.max() / usual, rel=1e-3, abs=1.1e-3)
    assert busiest(features) >= busiest(end)


def test_open_not_known_is_nan(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(flow, profile, open_ticks=0.0)
    assert np.isnan(features.context[:, CONTEXTS.index("price_level")]).all()


def test_mirroring_twice_changes_nothing(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(flow, profile)
    mirrored = features.mirrored()
    assert (mirrored.side == 1 - features.side).all()
    assert mirrored.context[:, 3].tolist() == features.context[:, 4].tolist()
    back = mirrored.mirrored()
    np.testing.assert_array_equal(back.context, features.context)
    np.testing.assert_array_equal(back.side, features.side)


def test_split_by_time(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(flow, profile)
    cut = int(features.time_ns[1000])
    assert len(features.between(0, cut)) + len(features.between(cut, 10**18)) == len(features)


def test_quotes_are_needed(flow: Recording, profile: AssetProfile) -> None:
    with pytest.raises(RecordingError, match=r"TOY: no quotes"):
        flow_features(Recording(flow.events), profile)
    with pytest.raises(RecordingError, match="too few"):
        flow_features(flow.slice(0, 1), profile)
