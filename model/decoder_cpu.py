"""The compiled decoder for CPUs: weights packed once, groups of paths spread over the threads."""

from __future__ import annotations

import numpy as np
from numba import get_num_threads, njit, prange

from model.codec import BINS, Tokens
from model.dataset import start_columns
from model.decoder import odds_columns
from model.decoder_heads import sample_group
from model.decoder_kernels import KeptShape, Network, Paths, advance_group
from model.decoder_weights import Weights, pack
from model.events import Float64, Int64
from model.presets import ModelSettings
from model.tiles import PANEL, panels
from model.token_tables import MARGIN_SHAPE
from model.transformer import Transformer

# Paths in a group: no more than have keys and values of a layer in the second cache, and no fewer
# than a tile pays for.
_MOST, _LEAST = 8, 4


def cut(paths: int) -> Int64:
    """Where to cut so many paths into groups, as many for each thread: int64 [groups + 1]."""
    threads = get_num_threads()
    wanted = threads * -(-paths // (threads * _MOST))
    groups = max(1, min(wanted, paths // _LEAST))
    return np.arange(groups + 1) * paths // groups


@njit(cache=True, parallel=True)
def _advance(
    rows: Int64,
    cuts: Int64,
    columns: Int64,
    weights: Weights,  # a prange takes no tuple of tuples: the parts of a `Network`
    paths: Paths,
    shape: KeptShape,
    frequency: Float64,
    heads: int,
    begin: Int64,
    queues: Int64,
) -> None:
    for group in prange(len(cuts) - 1):
        own = slice(cuts[group], cuts[group + 1])
        network = Network(weights, paths, shape, frequency, heads, begin, queues)
        advance_group(rows[own], columns[own], network, rows[cuts[group + 1] :])


@njit(cache=True, parallel=True)
def _sample(
    rows: Int64,
    cuts: Int64,
    draws: Float64,
    odds: Float64,
    weights: Weights,
    paths: Paths,
    shape: KeptShape,
    frequency: Float64,
    heads: int,
    begin: Int64,
    queues: Int64,
    out: Tokens,
    log_ratio: Float64,
) -> None:
    for group in prange(len(cuts) - 1):
        own = slice(cuts[group], cuts[group + 1])
        network = Network(weights, paths, shape, frequency, heads, begin, queues)
        sample_group(rows[own], draws[own], odds[own], network, out[own], log_ratio[own])


class CpuDecoder:
    """Compiled decoder of `paths` paths; see `model.decoder.Decoder`.

    The heads of `network` must be factored. Memory: 8 bytes x layers x window x kv_heads x head_dim
    a path (0.2 MB for the preset small); window and head_dim count in whole panels of 32.
    """

    def __init__(self, network: Transformer, paths: int) -> None:
        s: ModelSettings = network.settings
        dim = s.d_model // s.heads
        slots, columns = panels(s.window) * PANEL, panels(dim) * PANEL
        own = Paths(
            kept=np.zeros(
                (paths, s.layers, s.kv_heads, dim * slots + s.window * columns), np.float32
            ),
            position=np.zeros(paths, np.int64),
            hidden=np.zeros((paths, s.d_model), np.float32),
            queues=np.zeros((paths, len(network.queues)), np.int64),
            margins=np.zeros((paths, *MARGIN_SHAPE), np.float32),
        )
        self.network = Network(
            weights=pack(network.cpu()),
            paths=own,
            shape=KeptShape(dim, s.window, slots, columns),
            frequency=s.rope_base ** (-np.arange(0, dim, 2) / dim),
            heads=s.heads,
            begin=start_columns(s),
            columns=np.array(network.queues, np.int64),
        )
        self.hidden, self.queues, self.position = own.hidden, own.queues, own.position
        self.log_ratio = np.zeros(0)

    def keep(self, rows: Int64, margins: Float64) -> None:
        """See `Decoder.keep`."""
        self.network.paths.margins[rows] = margins

    def advance(self, rows: Int64, columns: Int64) -> None:
        """See `Decoder.advance`."""
        _advance(rows, cut(len(rows)), columns, *self.network)

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """See `Decoder.sample`."""
        out = np.zeros((len(rows), len(BINS)), np.uint8)
        self.log_ratio = np.zeros(len(rows))
        columns = odds_columns(pressure, odds)
        _sample(rows, cut(len(rows)), draws, columns, *self.network, out, self.log_ratio)
        return out
