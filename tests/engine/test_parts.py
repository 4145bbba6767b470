"""Paths dealt out to two sessions: the same paths, and a model at work while books are played."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

import engine.recorder
import model.tradefm
from app.models import RUNNABLE, resolve_model
from engine.ensemble import PathEnsemble
from engine.parts import deal
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.seeding import seed_from_profile
from engine.simulator import MarketSimulator
from engine.spec import RunSpec
from model.catalogue import assets_dir, load_profile
from model.checkpoint import Checkpoint, CheckpointConfig, load_checkpoint
from model.decoder import Decoder, TorchDecoder
from model.decoder_cuda import GraphDecoder, on_device
from model.events import NO_ORDER, Events, EventsMeta, Int64, Quotes, Recording
from model.order_flow import MarketView, Proposals, Tilts
from model.presets import PRESETS
from model.profile import AssetProfile
from model.tradefm import TradeFM
from model.transformer import Transformer
from tests.engine.scripted_flow import OneByOne

Make = Callable[[Checkpoint], TradeFM]


class FakeGpu(TradeFM):
    """What `--device cuda` does, on a CPU."""

    parts = 2
    precision = torch.bfloat16

    def decoder(self, paths: int) -> Decoder:
        network = on_device(self.checkpoint.transformer(), "cpu", self.precision)
        return GraphDecoder(network, paths)


CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
BOTH = pytest.mark.parametrize(
    "gpu", [FakeGpu, pytest.param(lambda known: TradeFM(known, device="cuda"), marks=CUDA)]
)


@pytest.fixture(scope="module")
def profile() -> AssetProfile:
    return load_profile("AMZN")


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """A tiny network with random weights and the bins of the bundled model."""
    bundled = load_checkpoint(assets_dir() / "models" / "small")
    same = bundled.config.settings.model_dump(include={"tokens", "contexts", "margins"})
    settings = PRESETS["tiny"].model_copy(update=same)
    torch.manual_seed(1)
    network = Transformer(settings, bundled.tokenizer.context_sizes)
    config = CheckpointConfig(name="tiny", settings=settings)
    return Checkpoint(config, bundled.tokenizer, network.state_dict())


SELLING = Scenario.model_validate({
    "name": "test", "title": "Test", "description": "A test.",
    "shocks": [{"kind": "liquidation", "side": "sell", "share": 1.0, "start_s": 0.5,
                "duration_s": 2.0, "slices": 4}],
})  # fmt: skip


def spec(scenario: Scenario = SELLING, **changes: object) -> RunSpec:
    asked = RunSpec(asset="AMZN", scenario=scenario, paths=5,
                    horizon_s=300.0, burn_in_events=4, max_events=30)  # fmt: skip
    return asked.model_copy(update=changes)


def assert_same(a: PathEnsemble, b: PathEnsemble) -> None:
    assert a.counters == b.counters
    for name in ("offsets", "time_ns", "action", "side", "price_ticks", "size", "bid_ticks",
                 "ask_ticks", "bid_size", "ask_size", "end_ns", "accounts"):  # fmt: skip
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.mark.parametrize("name", ["small network", *RUNNABLE])
def test_many_moves_in_one_call_change_nothing(
    name: str, checkpoint: Checkpoint, profile: AssetProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups of unequal paths, records that fill up, ends at different times."""
    monkeypatch.setattr(engine.recorder, "_CHUNK_ROWS", 1)
    own = name == "small network"
    model = TradeFM(checkpoint) if own else resolve_model(name, "AMZN")
    asked = spec(paths=19, burn_in_events=21, max_events=300, horizon_s=40.0)
    bounded = profile.model_copy(update={"busiest": 1.0})
    runs = [rollout(one, bounded, asked) for one in (model, OneByOne(model))]
    assert len(runs[0].shocked.time_ns) > 19 * 64  # a chunk of the record has 64 rows
    for arm in ("baseline", "shocked"):
        assert_same(*(getattr(run, arm) for run in runs))
    for column in ("offsets", "side", "price_ticks", "size"):
        first, second = (getattr(run.opening, column) for run in runs)
        np.testing.assert_array_equal(first, second, err_msg=column)
    assert runs[0].timing["events"] == runs[1].timing["events"]
    assert runs[0].timing["book"] == 0.0 < runs[1].timing["book"]  # the first one was fused


def test_how_paths_are_dealt_out_changes_nothing(
    checkpoint: Checkpoint, profile: AssetProfile
) -> None:
    """In fp32, where products of other heights differ by less than what a draw can see."""
    runs = []
    for parts in (1, 3):
        model = FakeGpu(checkpoint)
        model.parts, model.precision = parts, torch.float32  # type: ignore[misc]
        runs.append(rollout(model, profile, spec()))
    for run in runs[1:]:
        assert_same(run.baseline, runs[0].baseline)
        assert_same(run.shocked, runs[0].shocked)
    assert runs[0].shocked.counters["injected"] > 0


@pytest.mark.parametrize("head", ["factored", "composite"])
@pytest.mark.parametrize("told", [False, True])
def test_asked_or_proposed_the_paths_are_the_same(
    head: str, told: bool, checkpoint: Checkpoint, profile: AssetProfile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Compiled beside the decoder, by threads in turn, or by numpy around plain torch."""
    monkeypatch.setattr(model.tradefm, "ASKED_GROUP", 4)

    class Plain(TradeFM):
        def decoder(self, paths: int) -> Decoder:
            return TorchDecoder(self.network, paths, "cpu")

    settings = checkpoint.config.settings.model_copy(update={"head": head})
    torch.manual_seed(2)
    network = Transformer(settings, checkpoint.tokenizer.context_sizes)
    config = CheckpointConfig(name="tiny", settings=settings)
    own = Checkpoint(config, checkpoint.tokenizer, network.state_dict())
    asked, history = FakeGpu(own), None
    asked.precision = torch.float32  # type: ignore[misc]
    if told:  # the last event of a history is still on its way when the first draw is asked for
        history = [tape(40 + 3 * path) for path in range(11)]
    bounded = profile.model_copy(update={"busiest": 0.2})  # most waits are stretched
    runs = [rollout(one, bounded, spec(paths=11), history=history) for one in (asked, Plain(own))]
    for arm in ("baseline", "shocked"):
        assert_same(*(getattr(run, arm) for run in runs))
    assert runs[0].shocked.counters["injected"] > 0


def tape(events: int) -> Recording:
    """New orders of both sides in turn, a tenth of a second apart."""
    row, flag = np.arange(events), np.zeros(events, np.int8)
    side, price = (row % 2).astype(np.int8), np.full(events, 22_000)
    written = Events(
        10**8 * row, flag, side, price + 10 * side, 100 + row, row + 1, EventsMeta("AMZN")
    )
    return Recording(written, Quotes(price, price + 10, 100 + row, 100 + row))


@BOTH
def test_same_seed_same_paths(gpu: Make, checkpoint: Checkpoint, profile: AssetProfile) -> None:
    calm = spec(Scenario.none(), paths=3, max_events=15)
    one, two, other = (
        rollout(gpu(checkpoint), profile, calm.model_copy(update={"seed": seed})).baseline
        for seed in (1, 1, 2)
    )
    assert_same(one, two)
    assert not np.array_equal(one.price_ticks, other.price_ticks)


@BOTH
def test_decoders_agree_on_the_ensemble(
    gpu: Make, checkpoint: Checkpoint, profile: AssetProfile
) -> None:
    """bf16 in two parts against the compiled fp32 decoder: means within their errors.

    Twins meet the same draws, so that their differences are compared with nought.
    """
    asked = spec(Scenario.none(), paths=150, burn_in_events=0)
    runs = [rollout(m(checkpoint), profile, asked).baseline for m in (TradeFM, gpu)]
    figures = []
    for run in runs:
        rows = [run.rows(p) for p in range(150)]
        own = [(run.time_ns[r][-1] / 1e9, run.action[r].mean(), run.side[r].mean(),
                np.log(run.size[r]).mean(), run.ask_ticks[r][-1] - run.bid_ticks[r][-1])
               for r in rows]  # fmt: skip
        figures.append(np.array(own, float))
    difference = figures[1] - figures[0]
    error = difference.std(axis=0, ddof=1) / np.sqrt(150)
    assert (np.abs(difference.mean(axis=0)) < 3.5 * error + 1e-9).all()
    assert (error < 0.1 * figures[0].std(axis=0)).all()  # so that the bound says something


class Told:
    """A model of which each session writes down what it is asked, in one list of all."""

    name, parts = "told", 2

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.histories: list[Sequence[Recording] | None] = []

    def start(
        self,
        paths: Int64,
        seed: int,
        profile: AssetProfile,
        view: MarketView,
        history: Sequence[Recording] | None = None,
    ) -> ToldSession:
        self.histories.append(history)
        assert len(view) == len(paths)
        return ToldSession(self.calls, str(paths[0]))


class ToldSession:
    def __init__(self, calls: list[str], own: str) -> None:
        self._calls, self._own = calls, own

    def ask(self, view: MarketView, tilts: Tilts) -> None:
        self._calls.append(f"ask {self._own}")
        self._bid = view.bid_ticks.copy()

    def answer(self, out: Proposals) -> None:
        self._calls.append(f"answer {self._own}")
        out.dt_ns[:], out.size[:], out.price_ticks[:] = 1_000_000_000, 100, self._bid

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        raise AssertionError("a session that can be asked is asked")


def test_one_part_is_asked_before_the_other_answers(profile: AssetProfile) -> None:
    told = Told()
    run = rollout(told, profile, spec(Scenario.none(), paths=4, max_events=3, burn_in_events=0))
    turn = ["answer 0", "ask 0", "answer 2", "ask 2"]
    assert told.calls == ["ask 0", "ask 2"] + turn * 3
    assert np.diff(run.baseline.offsets).tolist() == [3] * 4


def test_every_part_gets_its_own_history(profile: AssetProfile) -> None:
    def recording(price: int) -> Recording:
        one = np.array([price])
        flag = np.zeros(1, np.int8)
        events = Events(one, flag, flag, one, one, np.array([NO_ORDER]), EventsMeta("AMZN"))
        return Recording(events, Quotes(one, one + 1, one, one))

    told, histories, seeds = Told(), [recording(p) for p in (1, 2, 3)], range(3)
    simulator = MarketSimulator(
        [seed_from_profile(profile, p, 1) for p in seeds], np.arange(3), 1, EventsMeta("AMZN"),
        horizon_ns=10**9, max_events=1,
    )  # fmt: skip
    parts = deal(told, simulator, 1, profile, histories)
    assert [part.rows for part in parts] == [slice(0, 1), slice(1, 3)]
    assert told.histories == [histories[:1], histories[1:]]
