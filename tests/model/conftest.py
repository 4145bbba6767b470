"""A small market made by hand: flow with quotes, its profile, a tiny trained-shaped model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from model.checkpoint import Checkpoint, CheckpointConfig
from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Quotes, Recording, Side
from model.features import flow_features
from model.presets import PRESETS, ModelSettings
from model.profile import AssetProfile
from model.tokenizer import fit_tokenizer
from model.transformer import Transformer


@pytest.fixture(scope="session")
def profile() -> AssetProfile:
    """An asset with a spread of about five ticks and round lots of 100."""
    return AssetProfile(
        asset="TOY", tick_size=0.01, price_ticks=10_000, spread_ticks=5.0,
        spread_pmf=[0.1, 0.1, 0.2, 0.2, 0.2, 0.2], liquidity=1, events_per_s=10.0,
        volume_per_s=50.0, volatility_bps=3.0, shape_occupied=[1.0] + [0.5] * 30,
        shape_size=[200.0] * 31,
        order_size_quantiles=[10.0, 100.0, 100.0, 100.0, 500.0],
        session_start_ns=34_200 * NS_PER_S, session_end_ns=57_600 * NS_PER_S,
    )  # fmt: skip


@pytest.fixture(scope="session")
def flow() -> Recording:
    """4,000 events around a random-walk touch: adds at, inside and behind it, cancels, prints."""
    rng = np.random.default_rng(7)
    n = 4000
    mid = 10_000 + np.cumsum(rng.integers(-1, 2, n))
    half = rng.integers(1, 5, n)
    bid_size, ask_size = rng.integers(1, 9, n) * 100, rng.integers(1, 9, n) * 100
    quotes = Quotes(mid - half, mid + half, bid_size, ask_size)
    action = rng.choice([Action.ADD, Action.CANCEL, Action.PRINT], n, p=[0.55, 0.4, 0.05])
    side = rng.integers(0, 2, n)
    before = np.r_[0, np.arange(n - 1)]
    behind = rng.integers(0, 30, n) - np.where(action == Action.ADD, rng.integers(0, 4, n), 0)
    crossing = (action == Action.ADD) & (rng.random(n) < 0.06)
    touch = np.where(side == Side.BUY, quotes.bid_ticks[before], quotes.ask_ticks[before])
    opposite = np.where(side == Side.BUY, quotes.ask_ticks[before], quotes.bid_ticks[before])
    price = np.where(crossing, opposite, touch + np.where(side == Side.BUY, -behind, behind))
    time = 36_000 * NS_PER_S + np.cumsum((rng.exponential(0.1, n) * NS_PER_S).astype(np.int64))
    size = rng.choice([1, 20, 100, 100, 100, 200, 350], n)
    events = Events(
        time, action.astype(np.int8), side.astype(np.int8), price, size,
        np.full(n, NO_ORDER), EventsMeta("TOY"),
    )  # fmt: skip
    return Recording(events, quotes)


@pytest.fixture(scope="session")
def make_checkpoint(flow: Recording, profile: AssetProfile) -> Callable[..., Checkpoint]:
    """A function from changes of the `tiny` preset to a checkpoint with random weights."""

    def make(**changes: object) -> Checkpoint:
        settings = ModelSettings.model_validate(PRESETS["tiny"].model_dump() | changes)
        features, _ = flow_features(flow, profile)
        tokenizer = fit_tokenizer(settings.tokens, [features], settings.contexts)
        torch.manual_seed(3)
        network = Transformer(settings, tokenizer.context_sizes)
        for weight in network.parameters():
            if weight.dim() > 1:
                torch.nn.init.normal_(weight, std=0.25)
        config = CheckpointConfig(name="toy", settings=settings)
        return Checkpoint(config, tokenizer, network.state_dict())

    return make
