"""One event of a group of paths through the network, compiled: the arithmetic of `CpuDecoder`.

Weights are read once for a group, keys and values path by path. What becomes of a path does not
depend on the group that it is in (see `model.tiles`), so groups are cut to suit the threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from model.events import Float64, Int64
from model.tiles import PANEL, Ahead, Float32, multiply, product

Int32 = npt.NDArray[np.int32]
_EPS = np.float32(1e-5)
# Neither sums in another order nor reciprocals that are near: both depend on the processor.
SAME_EVERYWHERE = {"nnan", "ninf", "nsz", "contract"}


class Weights(NamedTuple):
    """Weights in the order and shape in which the kernels read them.

    Matrices are packed [n, panels, inner, PANEL], see `model.tiles`; theirs are given as
    [n, inner, columns].
    """

    table: Float32  # [all rows of all tables, d]: embedding times its slice of the projection
    offsets: Int64  # first row of each column's table
    wqkv: Float32  # [layers, d, (heads + 2 kv) * dim], norm gain and 1 / sqrt(dim) folded in
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
    outer: Float32  # [5, hidden, 16]
    outer_bias: Float32  # [5, 16]


class Paths(NamedTuple):
    """What is kept of each path, updated in place."""

    kept: Float32  # [paths, layers, KV, numbers], keys and values, see `KeptShape`
    position: Int64  # [paths], events taken in
    hidden: Float32  # [paths, d], state behind the heads
    queues: Int64  # [paths, 2], bins of the sizes at bid and ask; [paths, 0] where not used
    margins: Float32  # [paths, 5, 3, 16], see `model.margins`


class KeptShape(NamedTuple):
    """How keys [dim, slots] and values [window, columns] of a layer lie one behind the other."""

    dim: int  # of a head
    window: int  # a ring
    slots: int  # window in whole panels
    columns: int  # dim in whole panels


class Network(NamedTuple):
    """All that the kernels need of a body and its paths."""

    weights: Weights
    paths: Paths
    shape: KeptShape
    frequency: Float64  # [dim / 2], of the rotary embedding
    heads: int
    begin: Int64  # [5], token columns of 'no event yet'
    columns: Int64  # input columns of the sizes at bid and ask; none where not used


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE, inline="always")
def _total(row: Float32, count: int, lanes: Float32) -> np.float32:
    """Sum of row[:count]: `PANEL` sums side by side, then folded. `lanes` [PANEL]: scratch."""
    whole = count - count % PANEL
    for j in range(PANEL):
        lanes[j] = np.float32(0.0)
    for start in range(0, whole, PANEL):
        for j in range(PANEL):
            lanes[j] += row[start + j]
    for j in range(count - whole):
        lanes[j] += row[whole + j]
    for j in range(16):
        lanes[j] += lanes[16 + j]
    for j in range(8):
        lanes[j] += lanes[8 + j]
    for j in range(4):
        lanes[j] += lanes[4 + j]
    total: np.float32 = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    return total


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE, inline="always")
def _normalise(x: Float32, out: Float32, lanes: Float32) -> None:
    """RMSNorm without its gain (folded into the next weights); `lanes` [PANEL], scratch."""
    for r in range(x.shape[0]):
        for i in range(x.shape[1]):
            out[r, i] = x[r, i] * x[r, i]
        total = _total(out[r], x.shape[1], lanes)
        scale = np.float32(1.0) / np.sqrt(total / np.float32(x.shape[1]) + _EPS)
        for i in range(x.shape[1]):
            out[r, i] = x[r, i] * scale


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE, inline="always")
def _exp(x: Float32, top: np.float32, bits: Int32, n: int) -> None:
    """Exponential of x[:n] - top in place, for x <= top, with a relative error under 2e-7.

    Written out so that it vectorises without a library: 2^t = 2^floor(t) * p(t - floor(t)), the
    polynomial being the Taylor series of 2^f about 1/2. `bits` [n] is scratch.
    """
    power = bits.view(np.float32)
    for j in range(n):
        t = max(x[j] - top, np.float32(-80.0)) * np.float32(1.4426950408889634)
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
        bits[j] = np.int32((whole + np.float32(127.0)) * np.float32(1 << 23))
    for j in range(n):
        x[j] *= power[j]


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE, inline="always")
def silu_into(x: Float32, out: Float32, scratch: Float32, bits: Int32) -> None:
    """Write x * sigmoid(x) of one row as max(x, 0) - |x| e / (1 + e), e = exp(-|x|): no branch."""
    n = len(out)
    for i in range(n):
        scratch[i] = -abs(x[i])
    _exp(scratch, np.float32(0.0), bits, n)
    for i in range(n):
        part = abs(x[i]) * scratch[i] / (np.float32(1.0) + scratch[i])
        out[i] = max(x[i], np.float32(0.0)) - part


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE)
def _softmax(row: Float32, bits: Int32, count: int, lanes: Float32) -> np.float32:
    """Exponentials of row[:count] over the largest, in place; returns their sum."""
    top = row[0]
    for j in range(count):
        top = max(top, row[j])
    _exp(row, top, bits, count)
    return _total(row, count, lanes)


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE)
def _attend(
    query: Float32, q0: int, kept: Float32, first: int, shape: KeptShape, count: int,
    scores: Float32, bits: Int32, lanes: Float32, mix: Float32, out: Float32, out0: int,
) -> None:  # fmt: skip
    """The query heads of one key head over the first `count` slots, into `out` [share, dim].

    The queries [share, dim], scaled, start at index `q0` of `query`, `out` at `out0` of its
    elements, keys and values at index `first` of `kept`. Scratch: `scores` [share, slots],
    `bits` [slots], `lanes` [PANEL], `mix` [share, columns].
    """
    share, dim, slots, columns = len(scores), shape.dim, shape.slots, shape.columns
    for p in range(0, count, PANEL):
        product(
            share, dim, query, q0, dim, kept, first + p, slots, scores, p, slots, kept, first, 0
        )
    totals = np.empty(share, np.float32)
    for h in range(share):
        totals[h] = np.float32(1.0) / _softmax(scores[h], bits, count, lanes)
    first += dim * slots
    for p in range(0, columns, PANEL):
        product(
            share, count, scores, 0, slots, kept, first + p, columns, mix, p, columns, kept, first,
            0,
        )  # fmt: skip
    for h in range(share):
        for d in range(dim):
            out[out0 + h * dim + d] = mix[h, d] * totals[h]


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE, inline="always")
def _add(x: Float32, y: Float32) -> None:
    for r in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[r, i] += y[r, i]


@njit(cache=True, error_model="numpy", fastmath=SAME_EVERYWHERE)
def advance_group(rows: Int64, columns: Int64, network: Network) -> None:
    """Take in one event of each of the paths `rows` [R]: `columns` [R, columns].

    Keys and values of the next layer are fetched on the way, of the first one at the end.
    """
    weights, frequency, heads = network.weights, network.frequency, network.heads
    table, wqkv, wo = weights.table, weights.wqkv, weights.wo
    wgu, wdown, gain = weights.wgu, weights.wdown, weights.gain
    kept, position, hidden, queues, _ = network.paths
    dim, window, slots, across = network.shape
    layers, size, width, ff = len(wqkv), len(rows), table.shape[1], wdown.shape[2]
    kv_heads, each = kept.shape[2:]
    half, kv, share = dim // 2, kv_heads * dim, heads // kv_heads
    x = np.zeros((size, width), np.float32)
    y = np.empty((size, wo.shape[1] * PANEL), np.float32)
    qkv = np.empty((size, wqkv.shape[1] * PANEL), np.float32)
    gu = np.empty((size, wgu.shape[1] * PANEL), np.float32)
    act = np.empty((size, ff), np.float32)
    attended = np.empty((size, width), np.float32)
    scores, mix = np.empty((share, slots), np.float32), np.empty((share, across), np.float32)
    most = max(slots, ff)
    scratch, bits = np.empty(most, np.float32), np.empty(most, np.int32)
    lanes = np.empty(PANEL, np.float32)
    cos, sin = np.empty((size, half), np.float32), np.empty((size, half), np.float32)
    for r in range(size):
        for c in range(columns.shape[1]):
            part = table[weights.offsets[c] + columns[r, c]]
            for i in range(width):
                x[r, i] += part[i]
        for i in range(len(network.columns)):
            queues[rows[r], i] = columns[r, network.columns[i]]
        for i in range(half):
            angle = position[rows[r]] * frequency[i]
            cos[r, i], sin[r, i] = np.cos(angle), np.sin(angle)
    starts = np.empty(size, np.int64)
    ahead = Ahead(kept, starts, kv_heads * each)
    done = size * ahead.each  # nothing to fetch until there is something behind this layer
    for layer in range(layers):
        _normalise(x, y, lanes)
        multiply(size, y, wqkv, layer, qkv, ahead, done)
        for r in range(size):
            path = rows[r]
            slot = position[path] % window
            for h in range(heads + kv_heads):  # rotate queries and keys
                o = h * dim
                for i in range(half):
                    a, b = qkv[r, o + i], qkv[r, o + half + i]
                    qkv[r, o + i] = a * cos[r, i] - b * sin[r, i]
                    qkv[r, o + half + i] = b * cos[r, i] + a * sin[r, i]
            count = min(position[path] + 1, window)
            for g in range(kv_heads):
                own = kept[path, layer, g]
                for d in range(dim):
                    own[d * slots + slot] = qkv[r, width + g * dim + d]
                    own[dim * slots + slot * across + d] = qkv[r, width + kv + g * dim + d]
                _attend(
                    qkv, r * qkv.shape[1] + g * share * dim, kept,
                    ((path * layers + layer) * kv_heads + g) * each, network.shape, count, scores,
                    bits, lanes, mix, attended[r], g * share * dim,
                )  # fmt: skip
            starts[r] = (path * layers + (layer + 1) % layers) * kv_heads * each
        done = multiply(size, attended, wo, layer, y, ahead, 0)
        _add(x, y)
        _normalise(x, y, lanes)
        done = multiply(size, y, wgu, layer, gu, ahead, done)
        for r in range(size):
            silu_into(gu[r], act[r], scratch, bits)
            for i in range(ff):
                act[r, i] *= gu[r, ff + i]
        done = multiply(size, act, wdown, layer, y, ahead, done)
        _add(x, y)
    _normalise(x, y, lanes)
    for r in range(size):
        for i in range(width):
            hidden[rows[r], i] = y[r, i] * gain[i]
        position[rows[r]] += 1
