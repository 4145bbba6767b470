"""Bins, tokens and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.binning import atom_edges, bin_values, quantile_edges, trimmed_quantile_edges
from model.codec import (
    BEHIND,
    BINS,
    CROSSING,
    IMPROVE,
    JOIN,
    VOCABULARY,
    composite,
    decode_event,
    sub_tokens,
)
from model.errors import CheckpointError
from model.events import Action, Recording, Side
from model.features import CONTEXTS, Quote, flow_features
from model.profile import AssetProfile
from model.tokenizer import Preset, Tokenizer, fit_tokenizer


def test_worked_example_of_the_paper() -> None:
    assert VOCABULARY == 16_384
    assert composite(np.array([0, 1, 7, 7, 11])) == 6011


@given(st.integers(0, VOCABULARY - 1))
def test_composite_and_back(index: int) -> None:
    assert composite(sub_tokens(np.array(index))) == index


def test_quantile_edges_fill_bins_evenly() -> None:
    x = np.random.default_rng(0).normal(size=16_000)
    counts = np.bincount(np.searchsorted(quantile_edges(x, 16), x, side="right"), minlength=16)
    assert counts.min() > 950
    assert counts.max() < 1050


def test_trimmed_edges_keep_one_percent_outside() -> None:
    x = np.random.default_rng(0).normal(size=20_000)
    counts = np.bincount(np.searchsorted(trimmed_quantile_edges(x, 16), x, side="right"))
    assert len(counts) == 16
    assert counts[0] == pytest.approx(200, abs=2)
    assert counts[-1] == pytest.approx(200, abs=2)


def test_round_lots_have_bins_of_their_own() -> None:
    rng = np.random.default_rng(0)
    x = np.where(rng.random(5000) < 0.6, 100.0, rng.integers(1, 1000, 5000).astype(float))
    edges = atom_edges(x, 16)
    bins = np.searchsorted(edges, x, side="right")
    assert len(edges) == 15
    assert set(x[bins == bins[np.argmax(x == 100)]]) == {100.0}


def test_in_bin_values_are_training_values() -> None:
    rng = np.random.default_rng(0)
    x, bins = rng.integers(0, 50, 1000).astype(float), rng.integers(0, 3, 1000)
    table = bin_values(x, bins, 4, 16)
    for b in range(3):
        assert set(table[b]) <= set(x[bins == b])
    assert np.isnan(table[3]).all()


@pytest.mark.parametrize("preset", ["touch", "paper"])
def test_tokens_stay_in_range_and_are_used(
    preset: Preset, flow: Recording, profile: AssetProfile
) -> None:
    features, _ = flow_features(flow, profile)
    tokens, context = fit_tokenizer(preset, [features]).encode(features)
    for i, bins in enumerate(BINS):
        assert tokens[:, i].max() < bins
    sizes = fit_tokenizer(preset, [features]).context_sizes
    assert context.shape == (len(features), len(sizes))
    assert (context.max(axis=0) < np.array(sizes)).all()


def test_touch_depth_has_bins_for_the_touch_itself(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(flow, profile)
    depth = fit_tokenizer("touch", [features]).encode(features)[0][:, 2]
    assert (features.crossing == (depth == CROSSING)).all()
    for ticks, own in ((-1, IMPROVE), (0, JOIN), (1, BEHIND)):
        np.testing.assert_array_equal(
            (features.depth_ticks == ticks) & ~features.crossing, depth == own
        )


@pytest.mark.parametrize("preset", ["touch", "paper"])
def test_decoding_comes_back_to_the_same_bin(
    preset: Preset, flow: Recording, profile: AssetProfile
) -> None:
    """Encode, decode, encode: depth, size and time fall into the bin they came from."""
    features, _ = flow_features(flow, profile)
    tokenizer = fit_tokenizer(preset, [features])
    tokens, _ = tokenizer.encode(features)
    encoding, decoding = tokenizer.encoding(profile), tokenizer.decoding(profile)
    rng = np.random.default_rng(1)
    same_time = same_size = same_depth = 0
    bid, ask, anchor = 10_000, 10_060, 10_030.0  # wide enough for everything inside
    quote = Quote(bid, ask, 300, 200)
    for token in tokens[:1500]:
        dt, price, size, _ = decode_event(token, rng.random(3), quote, anchor, decoding)
        buy = token[1] == 0
        time_bin = np.searchsorted(
            encoding.time_edges, np.log(dt / 1e9 * profile.events_per_s + 1e-6), side="right"
        )
        same_time += time_bin == token[4]
        if tokenizer.touch and token[2] == CROSSING:
            edges, relative = encoding.crossing_edges, size / decoding.size_unit
            if price in (bid, ask):  # stops at the touch: takes that at most
                assert size <= (200 if buy else 300)
                same_size += size == (200 if buy else 300) and bool(
                    np.searchsorted(edges, relative, side="right") != token[3]
                )
        elif tokenizer.touch:
            edges, relative = encoding.size_edges, size / decoding.size_unit
        else:
            edges, relative = encoding.size_edges, np.log1p(size)
        same_size += np.searchsorted(edges, relative, side="right") == token[3]
        if tokenizer.touch:
            crossing = token[0] == Action.ADD and (price >= ask if buy else price <= bid)
            assert crossing == (token[2] == CROSSING)
            same_depth += 1
        else:
            depth = np.searchsorted(encoding.depth_edges, price / anchor - 1, side="right")
            same_depth += abs(int(depth) - int(token[2])) <= 1  # prices are whole ticks
    assert min(same_time, same_size, same_depth) >= 0.97 * 1500


def test_inside_orders_never_cross_a_narrow_spread(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(flow, profile)
    decoding = fit_tokenizer("touch", [features]).decoding(profile)
    assert (decoding.unit, decoding.size_unit) == (5.0, 100.0)
    for spread in (1, 2, 3):
        for depth in range(1, 16):
            for u in (0.01, 0.5, 0.99):
                token = np.array([0, 0, depth, 3, 3], np.uint8)
                quote = Quote(500, 500 + spread, 100, 100)
                _, price, _, _ = decode_event(token, np.full(3, u), quote, 500.0, decoding)
                assert price < 500 + spread


@pytest.mark.parametrize("anchor", [480.0, 500.0, 530.0, 560.0, 900.0])
def test_a_spread_never_seen_is_filled_around_the_vwap(
    flow: Recording, profile: AssetProfile, anchor: float
) -> None:
    """New orders are placed as if the touch were half of the widest spread from the EW-VWAP mid."""
    features, _ = flow_features(flow, profile)
    decoding = fit_tokenizer("touch", [features]).decoding(profile)
    widest = decoding.widest
    assert np.cumsum(profile.spread_pmf)[widest - 1] >= 0.999 > np.cumsum([0, *profile.spread_pmf])[
        widest - 1
    ]  # fmt: skip
    centre = min(max(anchor, 500.0), 560.0)

    def price(action: Action, side: Side, spread: int) -> int:
        token = np.array([action, side, JOIN, 3, 3], np.uint8)
        return int(decode_event(token, np.full(3, 0.5), Quote(500, 500 + spread, 9, 9), anchor,
                                decoding)[1])  # fmt: skip

    assert widest < 60
    assert price(Action.ADD, Side.BUY, 60) == min(559, max(500, np.floor(centre - 0.5 * widest)))
    assert price(Action.ADD, Side.SELL, 60) == max(501, min(560, np.ceil(centre + 0.5 * widest)))
    for side, touch in ((Side.BUY, 500), (Side.SELL, 500 + widest)):
        assert price(Action.ADD, side, widest) == touch  # such a spread was seen
    for side, touch in ((Side.BUY, 500), (Side.SELL, 560)):
        assert price(Action.CANCEL, side, 60) == touch  # what is there can be cancelled


def test_round_trip_through_arrays(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(flow, profile)
    tokenizer = fit_tokenizer("touch", [features])
    again = Tokenizer.from_arrays("touch", CONTEXTS, tokenizer.arrays())
    np.testing.assert_array_equal(again.encode(features)[0], tokenizer.encode(features)[0])
    with pytest.raises(CheckpointError, match=r"tokenizer\.crossing_edges: missing"):
        Tokenizer.from_arrays("touch", CONTEXTS, {"depth_edges": tokenizer.depth_edges,
                                        "size_edges": tokenizer.size_edges})  # fmt: skip
    with pytest.raises(CheckpointError, match="wrong number of contexts"):
        Tokenizer.from_arrays("paper", ("price_level",), tokenizer.arrays())
