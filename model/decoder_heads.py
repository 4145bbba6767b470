"""Drawing the sub-tokens of the next event, compiled: the five heads, one after the other."""

from __future__ import annotations

import numpy as np
from numba import njit

from model.codec import CROSSING, Tokens
from model.decoder_kernels import Network, silu_into
from model.events import Float64, Int64
from model.tiles import PANEL, Ahead, multiply


@njit(cache=True, error_model="numpy")
def sample_group(
    rows: Int64, draws: Float64, odds: Float64, network: Network, out: Tokens, log_ratio: Float64
) -> None:
    """Sub-tokens of the next event of the paths `rows` [R] into `out` [R, 5].

    See `Decoder.sample`. `draws` [R, 5 at least]; `odds` [R, 4]: pressure, cancel, depth, size;
    `log_ratio` [R] is written.
    """
    weights = network.weights
    bins, scale, embed = weights.bins, weights.scale, weights.embed
    inner, inner_bias = weights.inner, weights.inner_bias
    outer, outer_bias = weights.outer, weights.outer_bias
    queues, hidden, margins = network.paths.queues, network.paths.hidden, network.paths.margins
    width, deep, size = inner.shape[2], outer.shape[2], len(rows)
    state = np.empty((size, width), np.float32)
    z = np.empty((size, inner.shape[1] * PANEL), np.float32)
    act = np.empty((size, deep), np.float32)
    logits = np.empty((size, outer.shape[1] * PANEL), np.float32)
    scratch, bits = np.empty(deep, np.float32), np.empty(deep, np.int32)
    p = np.empty(outer_bias.shape[1])
    shift = np.zeros(outer_bias.shape[1])
    for r in range(size):
        for j in range(width):
            state[r, j] = hidden[rows[r], j]
        log_ratio[r] = 0.0
    nothing = Ahead(network.paths.kept, np.empty(0, np.int64), 1)
    for i in range(len(bins)):
        multiply(size, state, inner, i, z, nothing, 0)
        for r in range(size):
            for j in range(deep):
                z[r, j] += inner_bias[i, j]
            silu_into(z[r], act[r], scratch, bits)
        multiply(size, act, outer, i, logits, nothing, 0)
        n = bins[i]
        for r in range(size):
            push, cancel, deeper, larger = odds[r]
            tilted = True
            if i == 0 and cancel != 0.0:
                shift[0], shift[1] = 0.0, cancel
            elif i == 1 and push != 0.0:
                shift[0], shift[1] = push if out[r, 0] == 0 else -push, 0.0
            elif (i == 2 and deeper != 0.0) or (i == 3 and larger != 0.0):
                for c in range(n):
                    shift[c] = c * (deeper if i == 2 else larger)
            else:
                tilted = False
            kind = 0
            if i == 2 or i == 3:
                kind = int(out[r, 0])
                if i == 3 and kind == 0 and out[r, 2] == CROSSING:
                    kind = 2
            margin = margins[rows[r], i, kind]
            top = -np.inf
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
            target, chosen = draws[r, i] * total, 0
            while chosen < n - 1 and p[chosen] < target:
                chosen += 1
            if tilted:
                log_ratio[r] += shift[chosen] + np.log(untilted / total)
            out[r, i] = chosen
            if i + 1 < len(bins):
                for j in range(width):
                    state[r, j] = state[r, j] * scale[i, chosen, j] + embed[i, chosen, j]
            if i == 1 and queues.shape[1] == 2:
                own, other = weights.queues[0], weights.queues[1]
                a, b = queues[rows[r], chosen], queues[rows[r], 1 - chosen]
                for j in range(width):
                    state[r, j] += own[a, j] + other[b, j]
