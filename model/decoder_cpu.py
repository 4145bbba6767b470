"""The compiled decoder for CPUs: weights packed once, groups of paths spread over the threads."""

from __future__ import annotations

import numpy as np
from numba import njit

from model.codec import BINS, Tokens
from model.dataset import start_columns
from model.decoder import odds_columns
from model.decoder_heads import sample_group
from model.decoder_kernels import KeptShape, Network, Paths, advance_group
from model.decoder_weights import pack
from model.events import Float64, Int64
from model.presets import ModelSettings
from model.tiles import PANEL, panels
from model.token_tables import MARGIN_SHAPE
from model.transformer import Transformer
from model.turns import cut, in_turn, take


@njit(cache=True, nogil=True)
def _advance(counter: Int64, cuts: Int64, rows: Int64, columns: Int64, network: Network) -> None:
    group = take(counter)
    while group < len(cuts) - 1:
        own = slice(cuts[group], cuts[group + 1])
        advance_group(rows[own], columns[own], network)
        group = take(counter)


@njit(cache=True, nogil=True)
def _sample(
    counter: Int64, cuts: Int64, rows: Int64, draws: Float64, odds: Float64, network: Network,
    out: Tokens, log_ratio: Float64,
) -> None:  # fmt: skip
    group = take(counter)
    while group < len(cuts) - 1:
        own = slice(cuts[group], cuts[group + 1])
        sample_group(rows[own], draws[own], odds[own], network, out[own], log_ratio[own])
        group = take(counter)


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
            frequency=np.array([float(s.rope_base) ** (-i / dim) for i in range(0, dim, 2)]),
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
        in_turn(_advance, cut(len(rows)), rows, columns, self.network)

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """See `Decoder.sample`."""
        out = np.zeros((len(rows), len(BINS)), np.uint8)
        self.log_ratio = np.zeros(len(rows))
        columns = odds_columns(pressure, odds)
        in_turn(_sample, cut(len(rows)), rows, draws, columns, self.network, out, self.log_ratio)
        return out
