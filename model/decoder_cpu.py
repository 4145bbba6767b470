"""The compiled decoder for CPUs: weights packed once, no Python between paths.

Paths are taken in groups of `GROUP`, a group a thread: matrix products over the group (BLAS), then
attention path by path over its own ring buffer. A group is always filled up to the same size, so
that a path meets the same arithmetic alone as in a batch. Written for the factored heads.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from numba import njit, prange
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from model.codec import BINS, CROSSING, Tokens
from model.events import Float64, Int64
from model.heads import FactoredHeads
from model.presets import ModelSettings
from model.token_tables import MARGIN_SHAPE
from model.transformer import Transformer

GROUP = 16
Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
_EPS = np.float32(1e-5)


class Weights(NamedTuple):
    """Weights in the order and shape in which the kernels read them."""

    table: Float32  # [all rows of all tables, d]: embedding times its slice of the projection
    offsets: Int64  # first row of each column's table
    wqkv: Float32  # [layers, d, (heads + 2 kv) * dim], norm gain folded in
    wo: Float32  # [layers, d, d]
    wgu: Float32  # [layers, d, 2 ff], norm gain folded in
    wdown: Float32  # [layers, ff, d]
    gain: Float32  # [d], of the last norm
    bins: Int64  # [5], number of values of each sub-token
    scale: Float32  # [4, 16, d], see `FactoredHeads.move_on`
    embed: Float32  # [4, 16, d]
    queues: Float32  # [2, K, d], of the order's own side and of the opposite one
    inner: Float32  # [5, d, hidden]
    inner_bias: Float32  # [5, hidden]
    outer: Float32  # [5, hidden, 16], zero padded
    outer_bias: Float32  # [5, 16]


class Paths(NamedTuple):
    """What is kept of each path, updated in place."""

    keys: Float32  # [paths, layers, KV, D, W], a ring of W slots
    values: Float32  # [paths, layers, KV, W, D]
    position: Int64  # [paths], events taken in
    hidden: Float32  # [paths, d], state behind the heads


@njit(cache=True, fastmath=True, inline="always")
def _normalise(x: Float32, out: Float32) -> None:
    """RMSNorm without its gain (folded into the next weights)."""
    for r in range(x.shape[0]):
        total = np.float32(0.0)
        for i in range(x.shape[1]):
            total += x[r, i] * x[r, i]
        scale = np.float32(1.0) / np.sqrt(total / np.float32(x.shape[1]) + _EPS)
        for i in range(x.shape[1]):
            out[r, i] = x[r, i] * scale


@njit(cache=True, fastmath=True, inline="always")
def _exp(x: Float32, bits: Int32, n: int) -> None:
    """Exponential of x[:n] in place, for x <= 0, with a relative error under 2e-7.

    Written out so that it vectorises without a library: 2^t = 2^floor(t) * p(t - floor(t)), the
    polynomial being the Taylor series of 2^f about 1/2. `bits` [n] is scratch.
    """
    power = bits.view(np.float32)
    for j in range(n):
        t = max(x[j], np.float32(-80.0)) * np.float32(1.4426950408889634)
        whole = np.floor(t)
        f = (t - whole - np.float32(0.5)) * np.float32(0.6931471805599453)
        p = np.float32(1.0 / 5040.0)
        p = p * f + np.float32(1.0 / 720.0)
        p = p * f + np.float32(1.0 / 120.0)
        p = p * f + np.float32(1.0 / 24.0)
        p = p * f + np.float32(1.0 / 6.0)
        p = p * f + np.float32(0.5)
        p = p * f + np.float32(1.0)
        p = p * f + np.float32(1.0)
        x[j] = p * np.float32(1.4142135623730951)
        bits[j] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    for j in range(n):
        x[j] *= power[j]


@njit(cache=True, fastmath=True, inline="always")
def _silu_into(x: Float32, out: Float32, scratch: Float32, bits: Int32) -> None:
    """Write x * sigmoid(x) of one row, by exp of -|x|, which cannot overflow."""
    n = len(x)
    for i in range(n):
        scratch[i] = -abs(x[i])
    _exp(scratch, bits, n)
    for i in range(n):
        top = np.float32(1.0) if x[i] >= 0 else scratch[i]
        out[i] = x[i] * top / (np.float32(1.0) + scratch[i])


@njit(cache=True, fastmath=True, forceinline=True)
def _attend(
    q: Float32,
    keys: Float32,
    values: Float32,
    count: int,
    scores: Float32,
    bits: Int32,
    out: Float32,
    heads: int,
    kv_heads: int,
) -> None:
    """One query of each head over `count` slots; keys [KV, D, W], values [KV, W, D].

    `q` and `out` [heads * D]; `scores` [heads, W] and `bits` [W] are scratch.
    """
    dim = keys.shape[1]
    share = heads // kv_heads
    scale = np.float32(1.0) / np.sqrt(np.float32(dim))
    for g in range(kv_heads):
        for h in range(g * share, (g + 1) * share):
            row = scores[h]
            for j in range(count):
                row[j] = np.float32(0.0)
            for d in range(dim):
                weight = q[h * dim + d] * scale
                key = keys[g, d]
                for j in range(count):
                    row[j] += weight * key[j]
            top = row[0]
            for j in range(count):
                top = max(top, row[j])
            for j in range(count):
                row[j] -= top
            _exp(row, bits, count)
            total = np.float32(0.0)
            for j in range(count):
                total += row[j]
            own = out[h * dim : (h + 1) * dim]
            own[:] = np.float32(0.0)
            for j in range(count):
                weight = row[j]
                value = values[g, j]
                for d in range(dim):
                    own[d] += weight * value[d]
            own /= total


@njit(cache=True, fastmath=True, parallel=True)
def _advance(
    rows: Int64,
    columns: Int64,
    weights: Weights,
    frequency: Float64,
    paths: Paths,
    heads: int,
    kv_heads: int,
) -> None:
    """Take in one event of each path in `rows`: `columns` [R, columns], rows of `weights.table`."""
    table, wqkv, wo = weights.table, weights.wqkv, weights.wo
    wgu, wdown, gain = weights.wgu, weights.wdown, weights.gain
    keys, values, position, hidden = paths
    layers, width = wqkv.shape[0], wqkv.shape[1]
    dim, window, ff = width // heads, keys.shape[4], wdown.shape[1]
    half, kv = dim // 2, kv_heads * dim
    for group in prange((len(rows) + GROUP - 1) // GROUP):
        first = group * GROUP
        size = min(GROUP, len(rows) - first)
        x = np.zeros((GROUP, width), np.float32)
        y = np.zeros((GROUP, width), np.float32)
        qkv = np.empty((GROUP, wqkv.shape[2]), np.float32)
        gu = np.empty((GROUP, 2 * ff), np.float32)
        act = np.empty((GROUP, ff), np.float32)
        attended = np.zeros((GROUP, width), np.float32)
        most = max(window, ff)
        scores = np.empty((heads, window), np.float32)
        scratch, bits = np.empty(most, np.float32), np.empty(most, np.int32)
        cos, sin = np.empty((GROUP, half), np.float32), np.empty((GROUP, half), np.float32)
        for r in range(size):
            for c in range(columns.shape[1]):
                x[r] += table[columns[first + r, c]]
            for i in range(half):
                angle = position[rows[first + r]] * frequency[i]
                cos[r, i], sin[r, i] = np.cos(angle), np.sin(angle)
        for layer in range(layers):
            _normalise(x, y)
            np.dot(y, wqkv[layer], qkv)
            for r in range(size):
                path = rows[first + r]
                at = position[path]
                slot = at % window
                for h in range(heads + kv_heads):  # rotate queries and keys
                    o = h * dim
                    for i in range(half):
                        a, b = qkv[r, o + i], qkv[r, o + half + i]
                        qkv[r, o + i] = a * cos[r, i] - b * sin[r, i]
                        qkv[r, o + half + i] = b * cos[r, i] + a * sin[r, i]
                for g in range(kv_heads):
                    for d in range(dim):
                        keys[path, layer, g, d, slot] = qkv[r, width + g * dim + d]
                        values[path, layer, g, slot, d] = qkv[r, width + kv + g * dim + d]
                _attend(
                    qkv[r], keys[path, layer], values[path, layer], min(at + 1, window),
                    scores, bits, attended[r], heads, kv_heads,
                )  # fmt: skip
            np.dot(attended, wo[layer], y)
            x += y
            _normalise(x, y)
            np.dot(y, wgu[layer], gu)
            for r in range(size):
                _silu_into(gu[r, :ff], act[r], scratch, bits)
                act[r] *= gu[r, ff:]
            np.dot(act, wdown[layer], y)
            x += y
        _normalise(x, y)
        for r in range(size):
            hidden[rows[first + r]] = y[r] * gain
            position[rows[first + r]] += 1


@njit(cache=True, parallel=True)
def _sample(
    rows: Int64,
    draws: Float64,
    odds: Float64,
    hidden: Float32,
    queues: Int64,
    margins: Float32,
    weights: Weights,
    out: Tokens,
    log_ratio: Float64,
) -> None:
    """Sub-tokens of the next event of each path in `rows` into `out` [R, 5]; see `Decoder.sample`.

    `margins` [paths, 5, 3, 16]; `odds` [R, 4]: pressure, cancel, depth, size; `log_ratio` [R] is
    written.
    """
    bins, scale, embed = weights.bins, weights.scale, weights.embed
    inner, inner_bias = weights.inner, weights.inner_bias
    outer, outer_bias = weights.outer, weights.outer_bias
    width, deep = inner.shape[1], inner.shape[2]
    for group in prange((len(rows) + GROUP - 1) // GROUP):
        first = group * GROUP
        size = min(GROUP, len(rows) - first)
        state = np.zeros((GROUP, width), np.float32)
        z = np.empty((GROUP, deep), np.float32)
        logits = np.empty((GROUP, outer.shape[2]), np.float32)
        scratch, bits = np.empty(deep, np.float32), np.empty(deep, np.int32)
        p = np.empty(outer.shape[2])
        shift = np.zeros(outer.shape[2])
        for r in range(size):
            state[r] = hidden[rows[first + r]]
            log_ratio[first + r] = 0.0
        for i in range(len(bins)):
            np.dot(state, inner[i], z)
            for r in range(size):
                z[r] += inner_bias[i]
                _silu_into(z[r], z[r], scratch, bits)
            np.dot(z, outer[i], logits)
            n = bins[i]
            for r in range(size):
                push, cancel, deeper, larger = odds[first + r]
                tilted = True
                if i == 0 and cancel != 0.0:
                    shift[0], shift[1] = 0.0, cancel
                elif i == 1 and push != 0.0:
                    shift[0], shift[1] = push if out[first + r, 0] == 0 else -push, 0.0
                elif (i == 2 and deeper != 0.0) or (i == 3 and larger != 0.0):
                    for c in range(n):
                        shift[c] = c * (deeper if i == 2 else larger)
                else:
                    tilted = False
                top = -np.inf
                kind = 0
                if i == 2 or i == 3:
                    kind = int(out[first + r, 0])
                    if i == 3 and kind == 0 and out[first + r, 2] == CROSSING:
                        kind = 2
                margin = margins[rows[first + r], i, kind]
                for c in range(n):
                    p[c] = logits[r, c] + outer_bias[i, c] + margin[c]
                    if tilted:
                        p[c] += shift[c]
                    top = max(top, p[c])
                total = untilted = 0.0
                for c in range(n):
                    weight = np.exp(p[c] - top)
                    total += weight
                    p[c] = total
                    if tilted:
                        untilted += weight * np.exp(-shift[c])
                target, chosen = draws[first + r, i] * total, 0
                while chosen < n - 1 and p[chosen] < target:
                    chosen += 1
                if tilted:
                    log_ratio[first + r] += shift[chosen] + np.log(untilted / total)
                out[first + r, i] = chosen
                if i + 1 < len(bins):
                    state[r] = state[r] * scale[i, chosen] + embed[i, chosen]
                if i == 1 and queues.shape[1] == 2:
                    own, other = weights.queues[0], weights.queues[1]
                    path = rows[first + r]
                    state[r] += own[queues[path, chosen]] + other[queues[path, 1 - chosen]]


@cache
def _one_blas_thread() -> None:
    """The groups are the threads: keep the BLAS that compiled code calls (scipy's) to one each."""
    import_module("scipy.linalg.cython_blas")
    threadpool_limits(1, user_api="blas")


def _pack(network: Transformer) -> Weights:
    blocks, head = network.blocks, network.head
    assert isinstance(head, FactoredHeads)
    with torch.no_grad():
        tables, sizes, start = [], [], 0
        for table in network.embedding.tables:
            weight = table.weight
            part = network.embedding.project.weight[:, start : start + weight.shape[1]]
            tables.append(weight @ part.T)
            sizes.append(len(weight))
            start += weight.shape[1]
        most = max(BINS)

        def stack(parts: list[torch.Tensor]) -> Float32:
            return np.ascontiguousarray(torch.stack(parts).float().numpy())

        def padded(weight: torch.Tensor) -> torch.Tensor:
            return torch.cat((weight, weight.new_zeros(most - len(weight), *weight.shape[1:])))

        return Weights(
            table=np.ascontiguousarray(torch.cat(tables).float().numpy()),
            offsets=np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64),
            wqkv=stack([
                (torch.cat((b.q.weight, b.kv.weight)) * b.attention_norm.weight).T for b in blocks
            ]),
            wo=stack([b.o.weight.T for b in blocks]),
            wgu=stack([(b.gate_up.weight * b.feed_norm.weight).T for b in blocks]),
            wdown=stack([b.down.weight.T for b in blocks]),
            gain=network.norm.weight.float().numpy().copy(),
            bins=np.asarray(BINS),
            scale=stack([padded(gain) for gain in head.gain]),
            embed=stack([padded(e.weight) for e in head.embed]),
            queues=stack([e.weight for e in head.queues] or [head.embed[0].weight[:0]]),
            inner=stack([layer.weight.T for layer in head.inner]),
            inner_bias=stack([layer.bias for layer in head.inner]),
            outer=stack([padded(layer.weight).T for layer in head.out]),
            outer_bias=stack([padded(layer.bias) for layer in head.out]),
        )  # fmt: skip


class CpuDecoder:
    """Compiled decoder of `paths` paths; see `model.decoder.Decoder`.

    The heads of `network` must be factored. Memory: 8 bytes x layers x window x kv_heads x head_dim
    a path (0.2 MB for the preset small).
    """

    def __init__(self, network: Transformer, paths: int) -> None:
        _one_blas_thread()
        s: ModelSettings = network.settings
        self.weights, self.settings = _pack(network.cpu()), s
        dim = s.d_model // s.heads
        self.frequency = s.rope_base ** (-np.arange(0, dim, 2) / dim)
        self.keys = np.zeros((paths, s.layers, s.kv_heads, dim, s.window), np.float32)
        self.values = np.zeros((paths, s.layers, s.kv_heads, s.window, dim), np.float32)
        self.position = np.zeros(paths, np.int64)
        self.hidden = np.zeros((paths, s.d_model), np.float32)
        self.columns = network.queues
        self.queues = np.zeros((paths, len(self.columns)), np.int64)
        self.margins = np.zeros((paths, *MARGIN_SHAPE), np.float32)
        self.log_ratio = np.zeros(0)

    def keep(self, rows: Int64, margins: Float64) -> None:
        """See `Decoder.keep`."""
        self.margins[rows] = margins

    def advance(self, rows: Int64, columns: Int64) -> None:
        """See `Decoder.advance`."""
        w, s = self.weights, self.settings
        paths = Paths(self.keys, self.values, self.position, self.hidden)
        self.queues[rows] = columns[:, self.columns]
        _advance(rows, columns + w.offsets, w, self.frequency, paths, s.heads, s.kv_heads)

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """See `Decoder.sample`."""
        out = np.zeros((len(rows), len(BINS)), np.uint8)
        self.log_ratio = np.zeros(len(rows))
        more = np.zeros((len(rows), 3)) if odds is None else odds
        columns = np.concatenate((pressure[:, None], more), axis=1)
        _sample(
            rows, draws, columns, self.hidden, self.queues, self.margins, self.weights, out,
            self.log_ratio,
        )  # fmt: skip
        return out
