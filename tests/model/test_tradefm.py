"""TradeFM behind the protocol: what it proposes, what it takes in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from model.checkpoint import Checkpoint
from model.decoder_cpu import CpuDecoder
from model.errors import SpecError
from model.events import Action, Recording, Side
from model.features import CONTEXTS, FAST_SIZE, context_scale, flow_features
from model.order_flow import FlowSession, MarketView, OrderFlowModel, Proposals, Tilts
from model.profile import AssetProfile
from model.slow import SLOW_CONTEXTS
from model.tokenizer import MIDDLE_TIER, fit_tokenizer
from model.tradefm import TradeFM

Make = Callable[..., Checkpoint]
WRITTEN = ("dt_ns", "action", "side", "price_ticks", "size")
Record = list[list[npt.NDArray[np.integer[Any]]]]  # a list a step, an array [paths] a column


def _view(paths: int) -> MarketView:
    view = MarketView.empty(paths)
    view.bid_ticks[:], view.ask_ticks[:] = 9_998, 10_003
    view.bid_size[:], view.ask_size[:] = 300, 200
    return view


def _drive(
    session: FlowSession, view: MarketView, steps: int, record: Record | None = None
) -> None:
    """A market without a book: every proposal is executed, the touch wanders with it."""
    out, tilts = Proposals.empty(len(view)), Tilts.neutral(len(view))
    for _ in range(steps):
        session.propose(view, tilts, out)
        if record is not None:
            record.append([getattr(out, name).copy() for name in WRITTEN])
        view.last_bid_ticks[:], view.last_ask_ticks[:] = view.bid_ticks, view.ask_ticks
        for name in WRITTEN:
            getattr(view, f"last_{name}")[:] = getattr(out, name)
        view.time_ns += out.dt_ns
        move = np.where(out.side == Side.BUY, 1, -1) * (out.size % 3 == 0)
        view.bid_ticks += move
        view.ask_ticks += move
        view.bid_size[:] = 100 + out.size % 400
        view.fresh[:] = True
        view.draw += 1


def test_it_speaks_the_protocol(make_checkpoint: Make, profile: AssetProfile) -> None:
    model = TradeFM(make_checkpoint())
    assert isinstance(model, OrderFlowModel)
    assert isinstance(model.start(np.arange(2), 1, profile, _view(2)), FlowSession)
    assert model.name == "TradeFM toy"


@pytest.mark.parametrize("contexts", [(), ("spread", "slow_spread"), SLOW_CONTEXTS])
def test_a_model_of_few_contexts_or_none_writes_flow(
    contexts: tuple[str, ...], make_checkpoint: Make, profile: AssetProfile
) -> None:
    view = _view(3)
    record: Record = []
    session = TradeFM(make_checkpoint(contexts=contexts)).start(np.arange(3), 1, profile, view)
    _drive(session, view, 5, record)
    assert len(record) == 5
    assert all((step[0] >= 1).all() for step in record)


def test_tiers_that_are_told_stay(
    make_checkpoint: Make, profile: AssetProfile, flow: Recording
) -> None:
    model = TradeFM(make_checkpoint(), tiers={"slow_spread": 5, "slow_touch": 1})
    view = _view(2)
    session = model.start(np.arange(2), 1, profile, view, [flow.slice(0, 200)] * 2)
    _drive(session, view, 10)
    assert (session.context[:, 3 + CONTEXTS.index("slow_spread")] == 5).all()
    assert (session.context[:, 3 + CONTEXTS.index("slow_touch")] == 1).all()


@pytest.mark.parametrize("tiers", [{"slow_spread": 0}, {"slow_spread": 6}, {"spread": 2}])
def test_tiers_that_there_are_not_are_refused(tiers: dict[str, int], make_checkpoint: Make) -> None:
    with pytest.raises(SpecError, match="use a number from 1 to 5 for one of slow_activity"):
        TradeFM(make_checkpoint(), tiers=tiers)


@pytest.mark.parametrize("changes", [{}, {"head": "composite", "tokens": "paper"}])
def test_same_path_alone_or_in_a_batch(
    changes: dict[str, object], make_checkpoint: Make, profile: AssetProfile
) -> None:
    model = TradeFM(make_checkpoint(**changes))
    batch: Record = []
    alone: Record = []
    view = _view(9)
    _drive(model.start(np.arange(9), 5, profile, view), view, 40, batch)
    view = _view(1)
    _drive(model.start(np.array([6]), 5, profile, view), view, 40, alone)
    for whole, single in zip(batch, alone, strict=True):
        for a, b in zip(whole, single, strict=True):
            assert a[6] == b[0]


def test_seed_and_path_decide(make_checkpoint: Make, profile: AssetProfile) -> None:
    model = TradeFM(make_checkpoint())
    records: dict[str, Record] = {}
    for key, (path, seed) in {"a": (1, 1), "path": (2, 1), "seed": (1, 2), "b": (1, 1)}.items():
        view, records[key] = _view(1), []
        _drive(model.start(np.array([path]), seed, profile, view), view, 20, records[key])
    assert np.array_equal(records["a"], records["b"])
    assert not np.array_equal(records["a"], records["path"])
    assert not np.array_equal(records["a"], records["seed"])


def test_history_and_loop_mean_the_same(
    make_checkpoint: Make, profile: AssetProfile, flow: Recording
) -> None:
    """A history read at the start leaves the session where living through it does."""
    checkpoint = make_checkpoint()
    part = flow.slice(0, 60)
    keep = np.flatnonzero(part.events.action != Action.PRINT)
    keep = keep[keep > 0]
    history = TradeFM(checkpoint).start(np.array([0]), 1, profile, _view(1), [part])
    features, state = flow_features(part, profile, open_ticks=0.0)
    tokens, context = checkpoint.tokenizer.encode(features)
    view = MarketView.empty(1)
    q, e = part.quotes, part.events
    assert q is not None

    def show(i: int) -> None:
        view.bid_ticks[0], view.ask_ticks[0] = q.bid_ticks[i], q.ask_ticks[i]
        view.bid_size[0], view.ask_size[0] = q.bid_size[i], q.ask_size[i]

    show(0)
    live = TradeFM(checkpoint).start(np.array([0]), 1, profile, view)
    live.started[:] = True  # no 'no event yet': the history has none either
    out, seen, fast = Proposals.empty(1), [], 3 + FAST_SIZE
    for n, i in enumerate(keep.tolist()):
        if i - (keep[n - 1] if n else 0) > 1:
            break  # up to the first print, which a loop does not have
        show(i - 1)
        view.last_bid_ticks[0], view.last_ask_ticks[0] = q.bid_ticks[i - 1], q.ask_ticks[i - 1]
        view.last_dt_ns[0] = e.time_ns[i] - e.time_ns[i - 1]
        view.last_action[0], view.last_side[0] = e.action[i], e.side[i]
        view.last_price_ticks[0], view.last_size[0] = e.price_ticks[i], e.size[i]
        crossing = features.crossing[n]
        view.last_traded_size[0] = e.size[i] if crossing else 0
        view.last_traded_value[0] = e.size[i] * e.price_ticks[i] if crossing else 0
        show(i)
        view.fresh[0] = True
        live.propose(view, Tilts.neutral(1), out)
        assert live.tokens[0].tolist() == tokens[n].tolist()
        assert live.context[0, :fast].tolist() == context[n, :fast].tolist()
        assert (live.context[0, fast:] == MIDDLE_TIER).all()  # held
        seen.append(n)
    assert len(seen) >= 3
    np.testing.assert_allclose(history.state[0], state)
    assert history.context[0, fast:].tolist() == context[-1, fast:].tolist()
    assert history.started[0]


def test_a_tokenizer_of_before_margins_reads_a_history(
    make_checkpoint: Make, profile: AssetProfile, flow: Recording
) -> None:
    """Its file holds no shares."""
    checkpoint = make_checkpoint(margins="none")
    shares = np.zeros_like(checkpoint.tokenizer.shares)
    old = dataclasses.replace(
        checkpoint, tokenizer=dataclasses.replace(checkpoint.tokenizer, shares=shares)
    )
    session = TradeFM(old).start(np.array([0]), 1, profile, _view(1), [flow.slice(0, 60)])
    assert session.started[0]


def test_paths_that_are_over_or_not_fresh_keep_their_history(
    make_checkpoint: Make, profile: AssetProfile
) -> None:
    session = TradeFM(make_checkpoint()).start(np.arange(3), 1, profile, view := _view(3))
    _drive(session, view, 3)
    view.active[0], view.fresh[1] = False, False
    assert isinstance(session.decoder, CpuDecoder)
    before = session.decoder.position.copy()
    session.propose(view, Tilts.neutral(3), Proposals.empty(3))
    assert (session.decoder.position - before).tolist() == [0, 0, 1]


def test_context_follows_the_asset(make_checkpoint: Make, profile: AssetProfile) -> None:
    checkpoint = make_checkpoint()
    other = profile.model_copy(update={"liquidity": 2, "spread_ticks": 1.0})
    session = TradeFM(checkpoint).start(np.arange(1), 1, other, _view(1))
    assert session.context[0, :3].tolist() == [2, 0, 0]
    assert context_scale(other)[0] == 1.0


def test_history_must_fit_the_paths(
    make_checkpoint: Make, profile: AssetProfile, flow: Recording
) -> None:
    with pytest.raises(SpecError, match="1 recordings for 2 paths"):
        TradeFM(make_checkpoint()).start(np.arange(2), 1, profile, _view(2), [flow])


def test_price_level_is_unknown_without_an_open(flow: Recording, profile: AssetProfile) -> None:
    features, _ = flow_features(Recording(flow.events, flow.quotes), profile, open_ticks=0.0)
    _, context = fit_tokenizer("touch", [flow_features(flow, profile)[0]]).encode(features)
    assert (context[:, 3 + CONTEXTS.index("price_level")] == 0).all()
