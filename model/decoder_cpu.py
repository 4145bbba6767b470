"""The compiled decoder for CPUs: weights packed once, groups of paths spread over the threads."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import numpy as np
from numba import njit, prange
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from model.codec import BINS, Tokens
from model.dataset import start_columns
from model.decoder_kernels import GROUP, Network, Paths, advance_group, sample_group
from model.decoder_weights import Weights, pack
from model.events import Float64, Int64
from model.presets import ModelSettings
from model.token_tables import MARGIN_SHAPE
from model.transformer import Transformer


@njit(cache=True, parallel=True)
def _advance(
    rows: Int64,
    columns: Int64,
    weights: Weights,  # a prange takes no tuple of tuples: the parts of a `Network`
    paths: Paths,
    frequency: Float64,
    heads: int,
    begin: Int64,
    queues: Int64,
) -> None:
    for group in prange((len(rows) + GROUP - 1) // GROUP):
        own = slice(group * GROUP, min((group + 1) * GROUP, len(rows)))
        network = Network(weights, paths, frequency, heads, begin, queues)
        advance_group(rows[own], columns[own], network)


@njit(cache=True, parallel=True)
def _sample(
    rows: Int64,
    draws: Float64,
    odds: Float64,
    weights: Weights,
    paths: Paths,
    frequency: Float64,
    heads: int,
    begin: Int64,
    queues: Int64,
    out: Tokens,
    log_ratio: Float64,
) -> None:
    for group in prange((len(rows) + GROUP - 1) // GROUP):
        own = slice(group * GROUP, min((group + 1) * GROUP, len(rows)))
        network = Network(weights, paths, frequency, heads, begin, queues)
        sample_group(rows[own], draws[own], odds[own], network, out[own], log_ratio[own])


@cache
def _one_blas_thread() -> None:
    """The groups are the threads: keep the BLAS that compiled code calls (scipy's) to one each."""
    import_module("scipy.linalg.cython_blas")
    threadpool_limits(1, user_api="blas")


class CpuDecoder:
    """Compiled decoder of `paths` paths; see `model.decoder.Decoder`.

    The heads of `network` must be factored. Memory: 8 bytes x layers x window x kv_heads x head_dim
    a path (0.2 MB for the preset small).
    """

    def __init__(self, network: Transformer, paths: int) -> None:
        _one_blas_thread()
        s: ModelSettings = network.settings
        dim = s.d_model // s.heads
        held = Paths(
            keys=np.zeros((paths, s.layers, s.kv_heads, dim, s.window), np.float32),
            values=np.zeros((paths, s.layers, s.kv_heads, s.window, dim), np.float32),
            position=np.zeros(paths, np.int64),
            hidden=np.zeros((paths, s.d_model), np.float32),
            queues=np.zeros((paths, len(network.queues)), np.int64),
            margins=np.zeros((paths, *MARGIN_SHAPE), np.float32),
        )
        self.network = Network(
            weights=pack(network.cpu()),
            paths=held,
            frequency=s.rope_base ** (-np.arange(0, dim, 2) / dim),
            heads=s.heads,
            begin=start_columns(s),
            columns=np.array(network.queues, np.int64),
        )
        self.hidden, self.queues, self.position = held.hidden, held.queues, held.position
        self.log_ratio = np.zeros(0)

    def keep(self, rows: Int64, margins: Float64) -> None:
        """See `Decoder.keep`."""
        self.network.paths.margins[rows] = margins

    def advance(self, rows: Int64, columns: Int64) -> None:
        """See `Decoder.advance`."""
        _advance(rows, columns, *self.network)

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """See `Decoder.sample`."""
        out = np.zeros((len(rows), len(BINS)), np.uint8)
        self.log_ratio = np.zeros(len(rows))
        more = np.zeros((len(rows), 3)) if odds is None else odds
        columns = np.concatenate((pressure[:, None], more), axis=1)
        _sample(rows, draws, columns, *self.network, out, self.log_ratio)
        return out
