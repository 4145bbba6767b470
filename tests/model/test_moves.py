"""The fused move equals its parts called one after the other, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from model.checkpoint import Checkpoint
from model.decoder_cpu import CpuDecoder
from model.events import Float64, Int64, Recording
from model.features import COUNT, context_scale
from model.order_flow import MarketView, Proposals, Tilts
from model.profile import AssetProfile
from model.tradefm import CompiledTradeFM, TradeFM, TradeFMSession

Make = Callable[..., Checkpoint]
PATHS = 19  # two groups and a part of one


def market() -> MarketView:
    view = MarketView.empty(PATHS)
    view.bid_ticks[:] = view.last_bid_ticks[:] = 10_000
    view.ask_ticks[:] = view.last_ask_ticks[:] = 10_007
    view.bid_size[:], view.ask_size[:] = 300, 200
    return view


def next_event(view: MarketView, out: Proposals, rng: np.random.Generator) -> None:
    """As if most proposals were executed, some refused, and a path over now and then."""
    view.fresh[:] = rng.random(PATHS) < 0.8
    view.active[:] = rng.random(PATHS) < 0.9
    view.last_action[:], view.last_side[:] = out.action, out.side
    view.last_price_ticks[:], view.last_size[:] = out.price_ticks, out.size
    view.last_dt_ns[:] = out.dt_ns
    view.draw += view.fresh


def tilts(rng: np.random.Generator) -> Tilts:
    values: dict[str, Float64] = {f.name: rng.normal(size=PATHS) * 0.3 for f in fields(Tilts)}
    values["rate"] = np.exp(values["rate"])
    return Tilts(**values)


def test_the_fused_move_equals_its_parts(make_checkpoint: Make, profile: AssetProfile) -> None:
    model, numbers = TradeFM(make_checkpoint()), np.arange(PATHS) * 3
    views = [market(), market()]
    sessions = [model.start(numbers, 7, profile, view) for view in views]
    plain = sessions[1].decoder
    assert isinstance(sessions[0], CompiledTradeFM)
    assert isinstance(plain, CpuDecoder)
    sessions[1].__class__ = TradeFMSession  # which drives a decoder part by part
    outs = [Proposals.empty(PATHS), Proposals.empty(PATHS)]
    for step in range(60):  # beyond the window of 32
        for session, view, out in zip(sessions, views, outs, strict=True):
            session.propose(view, tilts(np.random.default_rng(step)), out)
            next_event(view, out, np.random.default_rng(1000 + step))
        for part in fields(Proposals):
            a, b = (getattr(out, part.name) for out in outs)
            np.testing.assert_array_equal(a, b, err_msg=part.name)
    positions: list[Int64] = [plain.position, sessions[0].decoder.position]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(*positions)
    assert len(np.unique(positions[0])) > 1


@pytest.mark.parametrize("kind", [CompiledTradeFM, TradeFMSession])
def test_time_goes_by_the_clock_of_the_flow(
    kind: type[TradeFMSession], make_checkpoint: Make, profile: AssetProfile
) -> None:
    """Eight times the rate and an eighth of the time between events: the same flow."""
    model, numbers = TradeFM(make_checkpoint()), np.arange(PATHS)
    written = []
    for rate, seen in ((1.0, 1), (8.0, 8), (1.0, 8)):
        view, out, tilted = market(), Proposals.empty(PATHS), Tilts.neutral(PATHS)
        tilted.rate[:] = rate
        session = model.start(numbers, 7, profile, view)
        session.__class__ = kind
        for step in range(40):
            session.propose(view, tilted, out)
            out.dt_ns[:] = (out.dt_ns // 8 + 1) * 8  # so that an eighth of it is exact
            next_event(view, out, np.random.default_rng(step))
            view.last_dt_ns //= seen
        written.append(np.stack([out.dt_ns, out.price_ticks, out.size, session.state[:, COUNT]]))
    np.testing.assert_array_equal(written[0], written[1])
    assert (written[0] != written[2]).any()


def test_waits_are_longer_where_there_was_never_nearly_so_much_activity(
    make_checkpoint: Make, profile: AssetProfile
) -> None:
    """Beyond twice as much as ever by the square of how much more, or until it has faded."""
    model, numbers, view = TradeFM(make_checkpoint()), np.arange(PATHS), market()
    assert profile.busiest is None
    waits = []
    for busiest in (None, 3.001, 2.0, 1e-6):
        own = profile.model_copy(update={"busiest": busiest})
        session = model.start(numbers, 7, own, view)
        assert isinstance(session, CompiledTradeFM)
        session.written.own[:] = 6.0 * context_scale(own)[2]
        out = Proposals.empty(PATHS)
        session.propose(view, Tilts.neutral(PATHS), out)
        waits.append(out.dt_ns)
    np.testing.assert_array_equal(waits[1], waits[0])
    fading_ns = [1e10 * np.log2(6.0 / (2.0 * busiest)) for busiest in (2.0, 1e-6)]
    longer = np.minimum(1.5**2 * waits[0], waits[0] + fading_ns[0])
    np.testing.assert_allclose(waits[2], longer, rtol=1e-6, atol=1)
    assert (waits[2] > 1.2 * waits[0]).any()
    np.testing.assert_allclose(waits[3], waits[0] + fading_ns[1], rtol=1e-6)


@pytest.mark.parametrize("kind", [CompiledTradeFM, TradeFMSession])
def test_what_others_send_is_no_burst_of_its_own(
    kind: type[TradeFMSession], make_checkpoint: Make, profile: AssetProfile
) -> None:
    """An event under whose number nothing was drawn before is a shock's."""
    view, out = market(), Proposals.empty(PATHS)
    session = TradeFM(make_checkpoint()).start(np.arange(PATHS), 7, profile, view)
    session.__class__ = kind
    own = count = session.state[0, COUNT]
    for step in range(20):
        session.propose(view, Tilts.neutral(PATHS), out)
        np.testing.assert_allclose(session.state[:, COUNT], count)
        np.testing.assert_allclose(session.written.own, own)
        view.fresh[:], view.last_dt_ns[:] = True, 10**10  # a half-life
        view.last_price_ticks[:], view.last_size[:] = 10_000, 100
        mine = step % 2  # every other event is the model's
        view.draw += mine
        own, count = own / 2 + mine, count / 2 + 1


@pytest.mark.parametrize("kind", [CompiledTradeFM, TradeFMSession])
def test_a_wait_that_is_drawn_again_is_as_long_as_before(
    kind: type[TradeFMSession], make_checkpoint: Make, profile: AssetProfile
) -> None:
    """What has been waited when a shock sends an order is not taken for calm as well."""
    model, numbers, waits = TradeFM(make_checkpoint()), np.arange(PATHS), []
    for busiest in (None, 1.0):
        own, view, out = (
            profile.model_copy(update={"busiest": busiest}),
            market(),
            Proposals.empty(PATHS),
        )
        session = model.start(numbers, 7, own, view)
        session.__class__ = kind
        session.written.own[:] = 8.0 * context_scale(own)[2]
        for _ in range(2):
            session.propose(view, Tilts.neutral(PATHS), out)
            view.fresh[:], view.last_dt_ns[:] = True, 10**10
            view.last_price_ticks[:], view.last_size[:] = 10_000, 100
        np.testing.assert_allclose(session.written.own, 4.0 * context_scale(own)[2])
        waits.append(out.dt_ns)
    longer = np.minimum(16.0 * waits[0], waits[0] + 2e10)
    np.testing.assert_allclose(waits[1], longer, rtol=1e-6, atol=1)


def test_what_was_read_counts_as_its_own(
    make_checkpoint: Make, profile: AssetProfile, flow: Recording
) -> None:
    session = TradeFM(make_checkpoint()).start(np.arange(PATHS), 7, profile, market())
    before = session.written.own.copy()
    session.read([flow.slice(0, 200 + 10 * path) for path in range(PATHS)])
    np.testing.assert_array_equal(session.written.own, session.state[:, COUNT])
    assert (session.written.own != before).all()
