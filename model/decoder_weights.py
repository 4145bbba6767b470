"""The weights of a network in the order and shape in which compiled kernels read them."""

from __future__ import annotations

import numpy as np
import torch

from model.codec import BINS
from model.decoder_kernels import Weights
from model.heads import FactoredHeads
from model.tiles import Float32, pack_panels
from model.transformer import Transformer


def pack(network: Transformer) -> Weights:
    """Pack a network with factored heads; the table of each column meets its projection here.

    In float64: how BLAS rounds a product of float32 depends on the processor, and so would paths.
    """
    blocks, head, s = network.blocks, network.head, network.settings
    one_query = (s.heads / s.d_model) ** 0.5  # 1 / sqrt(dim): the scores come out scaled
    assert isinstance(head, FactoredHeads)
    with torch.no_grad():
        tables, sizes, start = [], [], 0
        for table in network.embedding.tables:
            weight = table.weight.double()
            part = network.embedding.project.weight[:, start : start + weight.shape[1]].double()
            tables.append(weight @ part.T)
            sizes.append(len(weight))
            start += weight.shape[1]
        most = max(BINS)

        def stack(parts: list[torch.Tensor]) -> Float32:
            return np.ascontiguousarray(torch.stack(parts).float().numpy())

        def packed(parts: list[torch.Tensor]) -> Float32:
            return pack_panels(torch.stack(parts).float().numpy())

        def padded(weight: torch.Tensor) -> torch.Tensor:
            return torch.cat((weight, weight.new_zeros(most - len(weight), *weight.shape[1:])))

        return Weights(
            table=np.ascontiguousarray(torch.cat(tables).float().numpy()),
            offsets=np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64),
            wqkv=packed([
                (torch.cat((b.q.weight * one_query, b.kv.weight)) * b.attention_norm.weight).T
                for b in blocks
            ]),
            wo=packed([b.o.weight.T for b in blocks]),
            wgu=packed([(b.gate_up.weight * b.feed_norm.weight).T for b in blocks]),
            wdown=packed([b.down.weight.T for b in blocks]),
            gain=network.norm.weight.float().numpy().copy(),
            bins=np.asarray(BINS),
            scale=stack([padded(gain) for gain in head.gain]),
            embed=stack([padded(e.weight) for e in head.embed]),
            queues=stack([e.weight for e in head.queues] or [head.embed[0].weight[:0]]),
            inner=packed([layer.weight.T for layer in head.inner]),
            inner_bias=stack([layer.bias for layer in head.inner]),
            outer=packed([padded(layer.weight).T for layer in head.out]),
            outer_bias=stack([padded(layer.bias) for layer in head.out]),
        )  # fmt: skip
