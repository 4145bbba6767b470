"""The fixed step of the GPU decoder: the same numbers as plain torch, and nothing to wait for.

Without a GPU the step runs as it stands on a CPU, on `meta` (where whatever asks for a number on
the host fails) and, in builds of torch with CUDA, on CUDA tensors without memory behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from model.checkpoint import Checkpoint
from model.dataset import input_columns
from model.decoder import TorchDecoder
from model.decoder_cuda import GraphDecoder, on_device
from model.events import Int64, Recording
from model.features import flow_features
from model.presets import PRESETS, ModelSettings
from model.profile import AssetProfile
from model.transformer import Transformer

Make = Callable[..., Checkpoint]
SHAPES: list[dict[str, Any]] = [
    {}, {"kv_heads": 2, "layers": 3}, {"head": "composite", "tokens": "paper"},
]  # fmt: skip
STATIC = ("keys", "values", "position", "hidden", "queues", "margins")
# What makes the host wait for a number of the device, or gives a shape that depends on one.
WAITS = (
    "_local_scalar_dense", "item", "nonzero", "masked_select", "unique", "equal", "is_nonzero",
    "_assert_async", "repeat_interleave.Tensor", "bincount", "lift_fresh",
)  # fmt: skip


def encoded(checkpoint: Checkpoint, flow: Recording, profile: AssetProfile) -> Int64:
    tokens, context = checkpoint.tokenizer.encode(flow_features(flow, profile)[0])
    return input_columns(tokens, context, checkpoint.config.settings)


def fake_device(checkpoint: Checkpoint, paths: int, precision: torch.dtype) -> GraphDecoder:
    return GraphDecoder(on_device(checkpoint.transformer(), "cpu", precision), paths)


@pytest.mark.parametrize("changes", SHAPES)
def test_it_equals_plain_torch(
    changes: dict[str, Any], make_checkpoint: Make, flow: Recording, profile: AssetProfile
) -> None:
    """In fp32: paths at different positions, some asked and some not, tilted, with margins."""
    checkpoint = make_checkpoint(**changes)
    own, paths, rng = encoded(checkpoint, flow, profile), 13, np.random.default_rng(0)
    graph = fake_device(checkpoint, paths, torch.float32)
    oracle = TorchDecoder(checkpoint.transformer(), paths, "cpu")
    margins = 0.3 * rng.normal(size=(paths, 5, 3, 16))
    margins[:, 1] = 0.0
    equal = []
    for t in range(50):  # beyond the window of 32
        some = np.flatnonzero(rng.random(paths) < 0.7) if t % 3 else np.arange(paths)
        asked = np.flatnonzero(rng.random(paths) < 0.8)
        draws, pressure = rng.random((len(asked), 5)), rng.normal(size=len(asked))
        odds = 0.2 * rng.normal(size=(len(asked), 3))
        drawn = []
        for decoder in (graph, oracle):
            if t == 20:
                decoder.keep(np.arange(paths), margins)
            decoder.advance(some, own[some * 70 + t])
            if t % 10 == 0:  # twice in one move, as a history is read
                decoder.advance(some[:4], own[some[:4] * 70 + t])
            drawn.append(decoder.sample(asked, draws, pressure, odds))
        same = (drawn[0] == drawn[1]).all(1)  # a draw may lie on the edge between two tokens
        equal.append(same.mean())
        ratios = (decoder.log_ratio[same] for decoder in (graph, oracle))
        np.testing.assert_allclose(*ratios, rtol=1e-3, atol=1e-4)
    assert np.mean(equal) > 0.99
    torch.testing.assert_close(graph.hidden, oracle.hidden, rtol=2e-4, atol=2e-4)
    torch.testing.assert_close(graph.position, oracle.position)


def test_a_path_that_has_not_grown_keeps_what_it_has(
    make_checkpoint: Make, flow: Recording, profile: AssetProfile
) -> None:
    checkpoint = make_checkpoint()
    own, decoder = (
        encoded(checkpoint, flow, profile),
        fake_device(make_checkpoint(), 4, torch.bfloat16),
    )
    for t in range(34):  # beyond the window of 32
        decoder.advance(np.arange(4), own[np.arange(4) * 40 + t])
        decoder.sample(np.arange(4), np.full((4, 5), 0.5), np.zeros(4))
    before = {name: getattr(decoder, name).clone() for name in STATIC}
    decoder.advance(np.array([2]), own[:1])
    decoder.sample(np.arange(4), np.full((4, 5), 0.5), np.zeros(4))
    for name, old in before.items():
        new, still = getattr(decoder, name), [0, 1, 3]
        if name in ("keys", "values"):
            old, new = (part.transpose(0, 1)[..., :-1, :] for part in (old, new))
            assert not torch.equal(new[2], old[2])
        torch.testing.assert_close(new[still], old[still], rtol=0, atol=0)


def test_bf16_draws_follow_the_distribution_of_fp32(
    make_checkpoint: Make, flow: Recording, profile: AssetProfile
) -> None:
    """Chi-square of action, side and depth against the fp32 decoder's share of each."""
    checkpoint, paths = make_checkpoint(), 8_000
    own, rows, rng = encoded(checkpoint, flow, profile), np.arange(8_000), np.random.default_rng(1)
    counts = []
    for decoder in (
        fake_device(checkpoint, paths, torch.bfloat16),
        TorchDecoder(checkpoint.transformer(), paths, "cpu"),
    ):
        for t in range(3):
            decoder.advance(rows, np.repeat(own[t : t + 1], paths, axis=0))
            drawn = decoder.sample(rows, rng.random((paths, 5)), np.zeros(paths)).astype(int)
        counts.append(np.bincount(drawn[:, 0] * 32 + drawn[:, 1] * 16 + drawn[:, 2], minlength=64))
    table = np.array(counts)
    assert stats.chi2_contingency(table[:, table.sum(0) > 10]).pvalue > 1e-3


class NothingWaits(TorchDispatchMode):
    """Fails on what would make the host wait, and on tensors that are not all on one device."""

    def __init__(self) -> None:
        super().__init__()
        self.devices: set[str] = set()
        self.calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = str(func)
        if name.startswith("prim"):
            return out
        assert not any(name.startswith(f"aten.{wait}") for wait in WAITS), name
        tensors = [x for x in tree_leaves((args, kwargs, out)) if isinstance(x, Tensor)]
        if name.startswith("aten.index"):
            assert not any(x.dtype == torch.bool for x in tensors[1:]), f"{name} by a mask"
        self.devices |= {x.device.type for x in tensors}
        self.calls += 1
        return out


@contextmanager
def cuda_without_memory() -> Iterator[str]:
    """CUDA tensors that have a shape and a device and no memory."""
    if torch.version.cuda is None:
        pytest.skip("this build of torch knows no CUDA")
    with FakeTensorMode():
        yield "cuda"


@contextmanager
def meta() -> Iterator[str]:
    yield "meta"


def placed(settings: ModelSettings, device: str) -> GraphDecoder:
    """As `on_device` does it; fake parameters cannot be moved, so they are made where they stay."""
    with torch.device(device):
        network = Transformer(settings, (4,) * (3 + len(settings.context_names))).eval()
    for part in (network.embedding, *network.blocks):
        for module in part.modules():
            for name, weight in list(module.named_parameters(recurse=False)):
                module._parameters[name] = nn.Parameter(weight.to(torch.bfloat16))
    return GraphDecoder(network, 6)


@pytest.mark.parametrize("where", [meta, cuda_without_memory])
@pytest.mark.parametrize("changes", [*SHAPES, PRESETS["tradefm-524m"].model_dump()])
def test_the_step_never_leaves_the_device(
    where: Callable[[], Any], changes: dict[str, Any]
) -> None:
    settings = PRESETS["tiny"].model_copy(update=changes)
    with where() as device:
        decoder = placed(settings, device)
        with NothingWaits() as seen:
            decoder.step()
    assert seen.devices == {device}
    assert seen.calls > 100


@pytest.mark.parametrize(
    "waits",
    [lambda x: x.sum().item(), lambda x: x[x > 0], lambda x: x.nonzero(), lambda x: bool(x.any())],
)
def test_what_waits_is_caught(waits: Callable[[Tensor], object]) -> None:
    with pytest.raises(AssertionError), NothingWaits():
        waits(torch.arange(3))


@pytest.mark.parametrize("changes", SHAPES)
def test_buffers_stay_where_they_are(changes: dict[str, Any], make_checkpoint: Make) -> None:
    decoder = fake_device(make_checkpoint(**changes), 5, torch.bfloat16)
    buffers = [getattr(decoder, name) for name in STATIC]
    buffers += [one for pair in (decoder._event, decoder._chance, decoder._drawn) for one in pair]

    def places() -> list[tuple[int, torch.Size]]:
        return [(one.data_ptr(), one.shape) for one in buffers]

    before = places()
    with NothingWaits() as seen:
        for _ in range(3):
            decoder.step()
    assert places() == before
    assert seen.devices == {"cpu"}
    for name in STATIC:
        assert getattr(decoder, name) is buffers[STATIC.index(name)]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_captured_move_waits_once(make_checkpoint: Make) -> None:
    """The profiler counts what waits in 8 moves: one event each, and nothing inside the graph."""
    decoder = GraphDecoder(on_device(make_checkpoint().transformer(), "cuda"), 64)
    rows, draws = np.arange(64), np.full((64, 5), 0.5)
    columns = np.zeros((64, len(decoder.network.embedding.tables)), np.int64)

    def move() -> None:
        decoder.advance(rows, columns)
        decoder.sample(rows, draws, np.zeros(64))

    move()
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        for _ in range(8):
            move()
    calls = [event.name for event in profile.events() or []]
    assert calls.count("cudaGraphLaunch") == 8
    assert calls.count("cudaEventSynchronize") == 8
    # The profiler itself waits for the device when it starts and stops; no move does.
    assert sum(name in ("cudaDeviceSynchronize", "cudaStreamSynchronize") for name in calls) < 8


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("changes", SHAPES)
def test_the_graph_equals_the_step_on_a_cpu(
    changes: dict[str, Any], make_checkpoint: Make, flow: Recording, profile: AssetProfile
) -> None:
    checkpoint, paths, rng = make_checkpoint(**changes), 9, np.random.default_rng(0)
    own, rows, same = encoded(checkpoint, flow, profile), np.arange(9), []
    decoders = [
        GraphDecoder(on_device(checkpoint.transformer(), device, torch.float32), paths)
        for device in ("cuda", "cpu")
    ]
    for t in range(50):
        draws = rng.random((paths, 5))
        a, b = ([d.advance(rows, own[rows * 70 + t]), d.sample(rows, draws, np.zeros(paths))][1]
                for d in decoders)  # fmt: skip
        same.append((a == b).all(1).mean())
    assert np.mean(same) > 0.99
    torch.testing.assert_close(decoders[0].hidden.cpu(), decoders[1].hidden, rtol=1e-3, atol=1e-3)
