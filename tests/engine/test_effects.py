"""Every shock does in the paths what it was asked for; at intensity 0 none does anything."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.ensemble import PathEnsemble
from engine.risk import requested_against_achieved
from engine.rollout import StressRun, rollout
from engine.scenario import Scenario
from engine.shocks import SHOCKS, BookOperation, RecordedSegment
from engine.spec import RunSpec
from model.catalogue import DATA_VARIABLE, assets_dir, load_profile
from model.checkpoint import load_checkpoint
from model.errors import ScenarioError, SpecError
from model.events import NS_PER_S, Action, Recording
from model.order_flow import OrderFlowModel
from model.tradefm import TradeFM
from stylized_facts.baselines import ZeroIntelligence
from tests.engine.test_rollout import Noise

WHEN: dict[str, Any] = {"start_s": 10.0, "duration_s": 30.0}
ASSET = "AMZN"


def scenario(*shocks: dict[str, Any]) -> Scenario:
    return Scenario.model_validate(
        {"name": "test", "title": "Test", "description": "A test.",
         "shocks": [WHEN | shock for shock in shocks]}
    )  # fmt: skip


def run(*shocks: dict[str, Any], model: OrderFlowModel | None = None, **changes: Any) -> StressRun:
    fitted = assets_dir() / "references" / ASSET / "zero_intelligence.json"
    model = model or ZeroIntelligence.read(fitted)
    spec = RunSpec(asset=ASSET, scenario=scenario(*shocks), paths=24, horizon_s=50.0)
    return rollout(model, load_profile(ASSET), spec.model_copy(update=changes))


EFFECTS: list[tuple[dict[str, Any], list[float | None]]] = [
    ({"kind": "activity_burst", "factor": 4.0}, [4.0]),
    ({"kind": "activity_burst", "factor": 0.25}, [0.25]),
    ({"kind": "depth_removal", "share": 0.6, "distance_bps": 20.0}, [0.6]),
    ({"kind": "fat_finger", "side": "buy", "touches": 5.0}, [5.0]),
    ({"kind": "informed_trader", "value_bps": 10.0, "looks": 60}, [10.0]),
    ({"kind": "layering", "side": "sell", "touches": 3.0}, [1.0]),
    ({"kind": "liquidation", "side": "sell", "share": 0.3, "slices": 10}, [0.3, None]),
    ({"kind": "liquidation", "side": "buy", "share": 0.3, "slices": 1, "schedule": "market"},
     [0.3, None]),
    ({"kind": "liquidation", "side": "sell", "share": 0.3, "slices": 30, "schedule": "vwap"},
     [0.3, None]),
    ({"kind": "liquidation", "side": "sell", "share": 1.0, "slices": 100, "schedule": "pov",
      "participation": 0.2}, [None, 0.2]),
    ({"kind": "liquidity_tier", "size": 0.5, "rate": 0.5}, [0.5, 0.5, 0.5]),
    ({"kind": "liquidity_withdrawal", "share": 0.5, "limit_keep": 0.5, "sides": "buy"},
     [0.5, 0.5]),
    ({"kind": "message_throttle", "share": 0.5}, [3.0]),
    ({"kind": "one_sided_market", "side": "sell", "limit_keep": 0.4}, [0.8, 0.4]),
    ({"kind": "order_flow_imbalance", "direction": "buy", "factor": 3.0}, [3.0, None]),
    ({"kind": "price_bands", "band_bps": 3.0, "limit_s": 1.0, "pause_s": 5.0}, [None, None]),
    ({"kind": "price_gap", "gap_bps": -150.0}, [-150.0]),
    ({"kind": "quote_stuffing", "messages_per_s": 40.0}, [40.0]),
    ({"kind": "size_inflation", "factor": 3.0}, [3.0]),
    ({"kind": "spread_wipe", "spreads": 5.0}, [65.0]),
    ({"kind": "stop_loss_cascade", "count": 10, "share": 0.3, "distance_bps": 1.0,
      "step_bps": 0.5}, [1.0, None]),
    ({"kind": "tick_size", "factor": 5}, [1.0]),
    ({"kind": "trading_halt", "share": 0.5}, [0.0]),
    ({"kind": "volatility", "depth": 3.0, "crossing": 0.2}, [3.0, 0.2]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shock", "asked"), EFFECTS, ids=lambda value: value["kind"] if isinstance(value, dict) else ""
)
def test_what_was_asked_is_achieved(shock: dict[str, Any], asked: list[float | None]) -> None:
    pair = run(shock)
    assert_same_until(WHEN["start_s"], pair)
    rows = requested_against_achieved(pair, 200)
    for row, wanted in zip(rows, asked, strict=True):
        assert row.asked == (wanted if wanted is None else pytest.approx(wanted, rel=0.01))
        assert row.achieved.value is not None, row.quantity
        assert row.agrees is not False, (row.quantity, row.achieved)
        if row.asked is None:
            assert row.achieved.value > 0.0, row.quantity


def test_every_shock_is_looked_at_here() -> None:
    own_tests = {shock["kind"] for shock in OTHERS}
    assert {shock["kind"] for shock, _ in EFFECTS} | own_tests == set(SHOCKS) == set(ONE_OF_EACH)


@pytest.mark.parametrize("side", ["both", "sell"])
def test_a_cancel_wave(side: str) -> None:
    """On a flow whose cancels do not depend on what rests; zero intelligence runs out of orders."""
    wave = {"kind": "cancel_wave", "factor": 2.0, "sides": side, "duration_s": 10.0}
    rows = requested_against_achieved(run(wave, model=Noise()), 200)
    assert [row.asked for row in rows] == [2.0, 1.0]
    assert [row.agrees for row in rows] == [True, True]


@pytest.fixture(scope="module")
def plain() -> PathEnsemble:
    return run().baseline


OTHERS: list[dict[str, Any]] = [
    {"kind": "cancel_wave", "factor": 2.0},
    {"kind": "reweighting", "cancel": 2.0},
    {"kind": "recorded_segment", "recording": "AMZN", "from_clock": "11:00:00"},
]
ONE_OF_EACH = {shock["kind"]: shock for shock in (*OTHERS, *(shock for shock, _ in EFFECTS))}


@pytest.mark.parametrize("kind", SHOCKS)
def test_intensity_zero_changes_nothing(kind: str, plain: PathEnsemble) -> None:
    nothing = run(ONE_OF_EACH[kind], intensity=0.0)
    for arm in (nothing.baseline, nothing.shocked):
        for field in dataclasses.fields(PathEnsemble):
            own, other = getattr(arm, field.name), getattr(plain, field.name)
            if isinstance(own, np.ndarray):
                np.testing.assert_array_equal(own, other, err_msg=field.name)
        assert arm.counters == plain.counters


def test_a_model_is_reweighted_from_inside() -> None:
    """Cancels come more often, by no more than asked, and each path knows by how much."""
    model = TradeFM(load_checkpoint(assets_dir() / "models" / "small"))
    shock = {"kind": "reweighting", "cancel": 4.0, "buy": 0.5, "start_s": 2.0, "duration_s": 16.0}
    pair = run(shock, model=model, paths=8, horizon_s=20.0)
    assert_same_until(2.0, pair)
    cancels, buys, ratio = requested_against_achieved(pair, 200)
    assert (cancels.asked, buys.asked, ratio.asked) == (4.0, 0.5, None)
    assert cancels.achieved.value is not None
    assert 1.5 < cancels.achieved.value < 6.0
    assert buys.achieved.value is not None
    assert buys.achieved.value < 1.0
    assert ratio.achieved.value is not None
    assert ratio.achieved.value > 0.0, "what a tilt favours is likelier under it"
    assert (pair.baseline.by_path["log_ratio"] == 0.0).all()


def assert_same_until(time_s: float, pair: StressRun) -> None:
    """Both arms agree before a time, and not for ever."""

    def before(arm: PathEnsemble) -> Any:
        rows = arm.time_ns < time_s * NS_PER_S
        return np.stack([arm.time_ns[rows], arm.bid_ticks[rows], arm.ask_size[rows]])

    np.testing.assert_array_equal(before(pair.baseline), before(pair.shocked))
    same_length = len(pair.shocked.time_ns) == len(pair.baseline.time_ns)
    assert not same_length or (pair.shocked.bid_size != pair.baseline.bid_size).any()


def test_a_smaller_intensity_does_less() -> None:
    shocks = ({"kind": "fat_finger", "side": "sell", "touches": 10.0},)
    falls = []
    for intensity in (0.2, 1.0):
        pair = run(*shocks, intensity=intensity)
        mids = pair.shocked.on_grid("mid_ticks", NS_PER_S)
        falls.append(float((mids[:, 9] - mids[:, 11]).mean()))
    assert 0.0 < falls[0] < falls[1]


def test_a_model_that_does_not_reweight_says_so() -> None:
    with pytest.raises(SpecError, match="Zero intelligence does not offer reweighting"):
        run({"kind": "reweighting", "cancel": 2.0})


def test_a_recording_is_played_into_the_book(amzn: Recording) -> None:
    shock = {"kind": "recorded_segment", "recording": "AMZN", "from_clock": "11:00:00"}
    pair = run(shock)
    (row,) = requested_against_achieved(pair, 100)
    assert row.achieved.value is not None
    assert row.achieved.value > 0.85, "events that find no order to cancel fall out"
    played = amzn.between(39_600 * NS_PER_S, 39_630 * NS_PER_S).events
    inside = (pair.shocked.time_ns >= 10 * NS_PER_S) & (pair.shocked.time_ns < 40 * NS_PER_S)
    assert (pair.shocked.parent[inside] == 0).all(), "the model stands still meanwhile"
    first = pair.shocked.rows(0)
    own = pair.shocked.parent[first] == 0
    adds = pair.shocked.action[first][own] == Action.ADD
    assert adds.sum() == pytest.approx((played.action == Action.ADD).sum(), rel=0.15)
    assert (pair.shocked.time_ns > 40 * NS_PER_S).any()
    with pytest.raises(ScenarioError, match="AMZN has no events with quotes from 04:00:00"):
        run(shock | {"from_clock": "04:00:00"})


MESSAGES = """\
34200.0,1,1,100,2230000,1
34200.1,1,2,100,2240000,-1
34205.0,1,3,50,2231000,1
34206.0,4,2,30,2240000,-1
34207.0,3,3,50,2231000,1
"""


def test_a_file_of_ones_own_is_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message file alone, below the data folder: its book is rebuilt."""
    name = "mine/AMZN_2012-06-21_34200000_57600000_message_5.csv"
    (tmp_path / "mine").mkdir()
    (tmp_path / name).write_text(MESSAGES)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    shock = RecordedSegment(recording=name, from_clock="09:30:03", **WHEN)
    plan = shock.compile(1.0, load_profile(ASSET), 50.0)
    assert list(plan.order_size) == [50, 30]
    assert list(plan.order_side) == [0, 0], "an execution of an offer is a buy"
    assert list(plan.order_rests) == [True, False]
    np.testing.assert_array_equal(plan.order_time_ns, np.array([12.0, 13.0]) * NS_PER_S)
    assert list(plan.op_kind) == [BookOperation.CANCEL]
    for wrong, message in (
        ("gone.csv", r"gone\.csv: no such file; put it below the folder that FAULTLINE_DATA"),
        ("NOPE", "recording 'NOPE' is not known; name one of AMZN, GOOG"),
    ):
        other = RecordedSegment(recording=wrong, from_clock="09:30:03", **WHEN)
        with pytest.raises(ScenarioError, match=message):
            other.compile(1.0, load_profile(ASSET), 50.0)
    for outside in ("../secret.csv", "/etc/passwd.csv"):
        with pytest.raises(ValidationError, match="below the data folder"):
            RecordedSegment(recording=outside, from_clock="09:30:03", **WHEN)
