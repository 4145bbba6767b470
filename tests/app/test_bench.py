"""`faultline bench`: the limit is what the shape of a network costs; the last line is JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from app.bench.limits import EventCost, Peak, event_cost, limit_events_per_s, measure_peak
from app.bench.models import bench_model
from app.bench.result import HEAD, Result, show
from app.bench.rollout import bench_rollout
from app.bench.train import bench_train
from app.cli import invoke
from model.errors import SpecError
from model.presets import PRESETS, ModelSettings
from model.transformer import Transformer


@pytest.mark.parametrize("changes", [{}, {"kv_heads": 2}, {"head": "composite"}])
def test_cost_of_an_event_is_that_of_the_weights_it_meets(changes: dict[str, object]) -> None:
    settings = PRESETS["tiny"].model_copy(update=changes)
    network = Transformer(settings, (4,) * (3 + len(settings.context_names)))
    parts = [network.blocks, network.head]
    met = sum(
        weight.numel()
        for part in parts
        for name, weight in part.named_parameters()  # type: ignore[union-attr]
        if name.endswith("weight") and weight.dim() == 2 and "embed" not in name
        and "queues" not in name
    )  # fmt: skip
    attention = settings.layers * 2 * settings.window * settings.d_model
    kept = settings.d_model // settings.heads * settings.kv_heads * settings.window
    assert event_cost(settings) == EventCost(2 * (met + attention), settings.layers * 8 * kept)
    # On a GPU: bf16, and the weights are read once for all paths.
    read = settings.layers * 4 * kept + 2 * met / 16
    assert event_cost(settings, 2, 16) == EventCost(2 * (met + attention), read)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("model", ["medium", "tradefm-524m"])
def test_without_a_gpu_there_is_one_clear_line(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["bench", "--device", "cuda", "--model", model, "--paths", "1024"]) == 2
    assert "no CUDA device was found; use --device cpu" in capsys.readouterr().err


def test_a_context_is_that_of_a_preset() -> None:
    assert bench_model("tiny", "cpu", 16).checkpoint.config.settings.window == 16
    with pytest.raises(SpecError, match="leave --context out"):
        bench_model("small", "cpu", 16)


def test_the_slower_of_arithmetic_and_memory_is_the_limit() -> None:
    assert limit_events_per_s(EventCost(10.0, 1.0), Peak(100.0, 100.0)) == 10.0
    assert limit_events_per_s(EventCost(10.0, 50.0), Peak(100.0, 100.0)) == 2.0


def test_peaks_are_measured_on_this_machine() -> None:
    wall, cpu = measure_peak("cpu", 1)
    assert 1e8 < wall.flops <= 1.5 * cpu.flops
    assert 1e8 < wall.bytes_per_s <= 1.5 * cpu.bytes_per_s


def test_a_preset_stands_in_with_random_weights() -> None:
    flow = bench_model("tiny", "cpu")
    settings = flow.checkpoint.config.settings
    assert isinstance(settings, ModelSettings)
    assert settings.d_model == PRESETS["tiny"].d_model


def test_rollout_is_measured_beside_its_limit() -> None:
    figures = bench_rollout("tiny", 2, 200.0, 1, "cpu", 1).figures
    assert figures["events_per_s"] == figures["events_per_s_min"]
    assert figures["context"] == PRESETS["tiny"].window
    for name in ("events_per_s", "share_of_limit", "single_path_events_per_s"):
        value = figures[name]
        assert isinstance(value, int | float)
        assert value > 0


@pytest.mark.parametrize("preset", ["tiny", "medium"])
def test_training_is_measured(preset: str) -> None:
    figures = bench_train(preset, 2, 64, 1, "cpu", 1).figures
    assert figures["events_per_s"] == figures["events_per_s_min"]
    for name in ("events_per_s", "share_of_limit"):
        value = figures[name]
        assert isinstance(value, int | float)
        assert value > 0


def test_the_last_line_is_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert invoke(["bench", "orderbook", "--repeats", "1", "--data", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = json.loads(lines[-1])
    assert set(HEAD) <= set(found)
    assert found["events_per_s"] == found["steps_per_s_B256"] > 0  # no recording: steps alone
    assert "AMZN" in found["no_replay"]


def test_what_does_not_apply_is_null_and_not_listed() -> None:
    lines: list[str] = []
    show(Result("About.", {"benchmark": "facts", "events_per_s": 5}), lines.append)
    assert lines[0] == "About."
    assert json.loads(lines[-1])["context"] is None
    assert not any(line.lstrip().startswith("context") for line in lines[:-1])
