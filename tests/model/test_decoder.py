"""Event by event equals the network over the whole sequence; the compiled twin equals torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats

from model import decoder_kernels
from model.checkpoint import Checkpoint
from model.dataset import input_columns
from model.decoder import TorchDecoder
from model.decoder_cpu import CpuDecoder
from model.decoder_kernels import SAME_EVERYWHERE
from model.decoder_weights import pack
from model.events import Int64, Recording
from model.features import flow_features
from model.heads import FactoredHeads
from model.profile import AssetProfile
from model.transformer import Transformer

Make = Callable[..., Checkpoint]
Encode = Callable[[Checkpoint], Int64]


@pytest.fixture(scope="module")
def columns(flow: Recording, profile: AssetProfile) -> Encode:
    """A function from a checkpoint to the input columns of the flow."""

    def encode(checkpoint: Checkpoint) -> Int64:
        features, _ = flow_features(flow, profile)
        tokens, context = checkpoint.tokenizer.encode(features)
        return input_columns(tokens, context, checkpoint.config.settings)

    return encode


@pytest.mark.parametrize("changes", [{}, {"head": "composite", "tokens": "paper"},
                                     {"kv_heads": 2, "layers": 3}])  # fmt: skip
def test_torch_decoder_equals_the_network(
    changes: dict[str, object], columns: Encode, make_checkpoint: Make
) -> None:
    checkpoint = make_checkpoint(**changes)
    network, own = checkpoint.transformer(), columns(checkpoint)[:80]  # window 32: the ring wraps
    decoder = TorchDecoder(network, 1, "cpu")
    with torch.no_grad():
        whole = network.hidden(torch.from_numpy(own)[None])[0]
    for t in range(len(own)):
        decoder.advance(np.zeros(1, np.int64), own[t : t + 1])
        torch.testing.assert_close(decoder.hidden[0], whole[t], rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("changes", [{}, {"kv_heads": 2, "layers": 3}])
def test_compiled_decoder_equals_torch(
    changes: dict[str, object], columns: Encode, make_checkpoint: Make
) -> None:
    checkpoint = make_checkpoint(**changes)
    own = columns(checkpoint)
    paths, rng = 21, np.random.default_rng(0)
    compiled = CpuDecoder(checkpoint.transformer(), paths)
    oracle = TorchDecoder(checkpoint.transformer(), paths, "cpu")
    rows = np.arange(paths)
    equal = []
    for t in range(70):
        some = rows if t % 3 else rows[rng.random(paths) < 0.7]  # paths at different positions
        batch = own[some * 70 + t]
        compiled.advance(some, batch)
        oracle.advance(some, batch)
        draws, pressure = rng.random((paths, 5)), rng.normal(size=paths)
        odds = 0.2 * rng.normal(size=(paths, 3))
        a, b = (d.sample(rows, draws, pressure, odds) for d in (compiled, oracle))
        same = (a == b).all(axis=1)
        equal.append(same.mean())
        ratios = (d.log_ratio[same] for d in (compiled, oracle))
        np.testing.assert_allclose(*ratios, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(compiled.hidden, oracle.hidden.numpy(), rtol=1e-3, atol=1e-4)
    assert np.mean(equal) > 0.999


def test_tables_are_rounded_once(make_checkpoint: Make) -> None:
    """From float64, so that the processor's way of rounding sums of float32 has no say."""
    network = make_checkpoint().transformer()
    projection = network.embedding.project.weight.detach().numpy().astype(np.float64)
    start, tables = 0, []
    for table in network.embedding.tables:
        weight = table.weight.detach().numpy().astype(np.float64)
        tables.append(weight @ projection[:, start : start + weight.shape[1]].T)
        start += weight.shape[1]
    np.testing.assert_array_equal(pack(network).table, np.concatenate(tables).astype(np.float32))


def test_kernels_may_not_round_as_suits_the_processor() -> None:
    """`python -m benchmarks.processors` compares what comes of it; here, what is allowed."""
    allowed = [
        frozenset(kernel.targetoptions.get("fastmath", ()))
        for kernel in vars(decoder_kernels).values()
        if hasattr(kernel, "targetoptions")
    ]
    assert len(allowed) > 6
    assert frozenset.union(*allowed) == SAME_EVERYWHERE
    assert not SAME_EVERYWHERE & {"fast", "reassoc", "arcp", "afn"}


def test_a_path_is_the_same_alone_and_in_a_batch(columns: Encode, make_checkpoint: Make) -> None:
    checkpoint = make_checkpoint()
    own = columns(checkpoint)
    batch, alone = CpuDecoder(checkpoint.transformer(), 40), CpuDecoder(checkpoint.transformer(), 1)
    for t in range(50):
        batch.advance(np.arange(40), own[np.arange(40) * 50 + t])
        alone.advance(np.zeros(1, np.int64), own[[27 * 50 + t]])
    np.testing.assert_array_equal(batch.hidden[27], alone.hidden[0])


@pytest.mark.parametrize("sharper", [1.0, 12.0])
@pytest.mark.parametrize("decoder", [CpuDecoder, lambda n, p: TorchDecoder(n, p, "cpu")])
def test_samples_follow_the_distribution(
    decoder: Callable[[Transformer, int], CpuDecoder | TorchDecoder],
    sharper: float,
    columns: Encode,
    make_checkpoint: Make,
) -> None:
    """Chi-square of action, side and depth drawn from one state against the head's own logits.

    Of flat distributions, and of such as have nearly all of their weight on a few values.
    """
    checkpoint = make_checkpoint()
    network, own = checkpoint.transformer(), columns(checkpoint)
    assert isinstance(network.head, FactoredHeads)
    with torch.no_grad():
        for out in network.head.out:
            out.weight *= sharper
    paths = 20_000
    one = decoder(network, paths)
    state = np.zeros(paths, np.int64)
    single = decoder(network, 1)
    single.advance(np.zeros(1, np.int64), own[:1])
    one.hidden[:], one.queues[:] = single.hidden[0], single.queues[0]
    tokens = one.sample(state + np.arange(paths), np.random.default_rng(5).random((paths, 5)),
                        np.zeros(paths))  # fmt: skip
    with torch.no_grad():
        hidden = torch.as_tensor(np.asarray(single.hidden))[:1]
        queues = torch.from_numpy(own[:1])[:, network.queues]
        head, expected = network.head, np.zeros((2, 2, 16))
        assert isinstance(head, FactoredHeads)
        for a in range(2):
            pa = head.logits(0, hidden).softmax(-1)[0, a]
            with_a = head.move_on(0, hidden, torch.tensor([a]), queues)
            for s in range(2):
                ps = head.logits(1, with_a).softmax(-1)[0, s]
                with_s = head.move_on(1, with_a, torch.tensor([s]), queues)
                expected[a, s] = (pa * ps * head.logits(2, with_s).softmax(-1)[0]).numpy()
    assert (expected.max() > 0.5) == (sharper > 1.0)
    counts = np.zeros((2, 2, 16))
    np.add.at(counts, tuple(tokens[:, i].astype(int) for i in range(3)), 1)
    keep = expected.ravel() * paths > 5
    observed = np.r_[counts.ravel()[keep], counts.ravel()[~keep].sum() + 1e-9]
    wanted = np.r_[expected.ravel()[keep], expected.ravel()[~keep].sum() + 1e-12] * paths
    wanted *= observed.sum() / wanted.sum()
    assert stats.chisquare(observed, wanted).pvalue > 1e-3


@pytest.mark.parametrize("head", ["factored", "composite"])
def test_pressure_moves_sides_and_leaves_actions(
    head: str, columns: Encode, make_checkpoint: Make
) -> None:
    checkpoint = make_checkpoint(head=head)
    network, own = checkpoint.transformer(), columns(checkpoint)
    paths = 6000
    decoder = TorchDecoder(network, paths, "cpu")
    decoder.advance(np.arange(paths), np.repeat(own[:1], paths, axis=0))
    draws = np.random.default_rng(5).random((paths, 5))
    odds = {}
    for push in (0.0, np.log(3.0)):
        t = decoder.sample(np.arange(paths), draws, np.full(paths, push))
        buys = [(t[t[:, 0] == a, 1] == 0).mean() for a in (0, 1)]
        odds[push] = ([b / (1 - b) for b in buys], t[:, 0].mean())
    neutral, pushed = odds.values()
    assert pushed[0][0] / neutral[0][0] == pytest.approx(3.0, rel=0.25)
    assert neutral[0][1] / pushed[0][1] == pytest.approx(3.0, rel=0.25)
    assert pushed[1] == pytest.approx(neutral[1], abs=0.02)


@pytest.mark.parametrize("changes", [{}, {"head": "composite", "tokens": "paper"}])
def test_reweighting_is_exact_and_its_ratio_leads_back(
    changes: dict[str, object], columns: Encode, make_checkpoint: Make
) -> None:
    """Odds of a cancel are multiplied as asked; tilted draws weighted back are the untilted."""
    checkpoint = make_checkpoint(**changes)
    paths, factor = 20_000, 3.0
    decoder = TorchDecoder(checkpoint.transformer(), paths, "cpu")
    decoder.hidden[:] = torch.randn(1, decoder.hidden.shape[1], generator=torch.manual_seed(1))
    draws, rows = np.random.default_rng(2).random((paths, 5)), np.arange(paths)
    plain = decoder.sample(rows, draws, np.zeros(paths))
    assert (np.abs(decoder.log_ratio) < 1e-9).all()
    odds = np.tile([np.log(factor), 0.1, 0.0], (paths, 1))
    tilted = decoder.sample(rows, draws, np.zeros(paths), odds)
    weight = np.exp(-decoder.log_ratio)
    assert weight.mean() == pytest.approx(1.0, abs=0.05)
    for column in (0, 2):
        back = (weight * tilted[:, column]).mean()
        assert back == pytest.approx(plain[:, column].mean(), rel=0.06)
    if not changes:
        p, q = plain[:, 0].mean(), tilted[:, 0].mean()
        assert (q / (1 - q)) / (p / (1 - p)) == pytest.approx(factor, rel=0.1)
