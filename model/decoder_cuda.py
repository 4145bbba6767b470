"""The decoder for a GPU: one fixed step for all paths, captured as a CUDA graph.

Every move plays the same kernels on the same memory: take in the event of each path that has
grown, then draw the next one of every path. What differs from move to move is numbers in static
buffers, never a shape, and nothing inside waits for the host. Weights of the blocks, keys and
values are bf16, norms and softmax are computed in fp32, heads and draws in fp32 and fp64.

On a CPU the same step is called as it stands; that is how tests hold it to `TorchDecoder`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.asked import Letters
from model.codec import BINS, Tokens
from model.decoder import draw, keep_margins, margins_for, odds_columns
from model.events import Float64, Int64
from model.transformer import Transformer, rotary

_WARM_UP = 3  # steps before the capture, in which libraries choose kernels and claim memory


def on_device(
    network: Transformer, device: str, precision: torch.dtype = torch.bfloat16
) -> Transformer:
    """Move a network to where `GraphDecoder` uses it, embedding and blocks in `precision`."""
    network.to(device).eval()
    network.embedding.to(precision)
    for block in network.blocks:
        block.to(precision)
    return network


class GraphDecoder:
    """Decoder of `paths` paths with static buffers; see `model.decoder.Decoder`.

    Parameters
    ----------
    network : what `on_device` made; may be shared by several decoders
    paths : B

    Notes
    -----
    Memory: 2 x layers x (window + 1) x kv_heads x head_dim numbers a path. A path that has not
    grown writes its keys and values to a slot of the ring that attention never reads.
    """

    def __init__(self, network: Transformer, paths: int) -> None:
        s, weight = network.settings, network.embedding.project.weight
        device = weight.device
        self.network = network
        shape = (s.layers, paths, s.kv_heads, s.window + 1, s.d_model // s.heads)
        self.keys = torch.zeros(shape, dtype=weight.dtype, device=device)
        self.values = torch.zeros_like(self.keys)
        self.position = torch.zeros(paths, dtype=torch.int64, device=device)
        self.hidden = torch.zeros(paths, s.d_model, device=device)
        self.queues = torch.zeros(paths, len(network.queues), dtype=torch.int64, device=device)
        self.margins = margins_for(network, paths, str(device))
        self.log_ratio = np.zeros(0)
        self._queue_columns = torch.tensor(network.queues, dtype=torch.int64).to(device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._done: torch.cuda.Event | None = None
        # The host writes and reads the first of each pair, the step the second.
        self._event = _pair((paths, 1 + len(network.embedding.tables)), torch.int64, device)
        self._chance = _pair((paths, len(BINS) + 4), torch.float64, device)  # draws, then odds
        self._drawn = _pair((paths, len(BINS) + 1), torch.float64, device)  # sub-tokens, log ratio

    def keep(self, rows: Int64, margins: Float64) -> None:
        """See `Decoder.keep`."""
        keep_margins(self.margins, rows, margins)

    def advance(self, rows: Int64, columns: Int64) -> None:
        """See `Decoder.advance`. The events are taken in with the next `sample` or `advance`."""
        event = self._event[0].numpy()
        if event[:, 0].any():
            self.play()
            self.wait()
        event[rows, 0] = 1
        event[rows, 1:] = columns

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """See `Decoder.sample`."""
        chance = self._chance[0].numpy()
        chance[rows, : len(BINS)] = draws
        chance[rows, len(BINS) :] = odds_columns(pressure, odds)
        self.play()
        self.wait()
        drawn = self._drawn[0].numpy()[rows]
        self.log_ratio = drawn[:, -1].copy()
        return drawn[:, :-1].astype(np.uint8)

    def letters(self) -> Letters:
        """The buffers of the host: `play` reads the first two, after `wait` the last is written."""
        return Letters(*(pair[0].numpy() for pair in (self._event, self._chance, self._drawn)))

    def play(self) -> None:
        """Send the letters, play the step, fetch what it drew; nothing waits."""
        if self.keys.is_cuda and self._graph is None:
            self._graph = self._capture()
            self._done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        for host, device in (self._event, self._chance):
            device.copy_(host, non_blocking=True)
        if self._graph is None:
            self.step()
        else:
            self._graph.replay()
        self._drawn[0].copy_(self._drawn[1], non_blocking=True)
        if self._done is not None:
            self._done.record()

    def wait(self) -> None:
        """The one wait of a move; then the host may write its buffers again."""
        if self._done is not None:
            self._done.synchronize()
        self._event[0][:, 0] = 0

    def _capture(self) -> torch.cuda.CUDAGraph:
        """The step as a graph; no path has grown on the device yet, so trying it changes nothing.

        See https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs.
        """
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                self.step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self.step()
        return graph

    @torch.no_grad()
    def step(self) -> None:
        """One move on the device: buffers in, buffers out, as the graph holds it."""
        s, network = self.network.settings, self.network
        event, chance = self._event[1], self._chance[1]
        grown, columns = event[:, 0] > 0, event[:, 1:]
        shape = (len(event), s.kv_heads, -1, s.d_model // s.heads)
        slot = torch.where(grown, self.position % s.window, s.window)
        slot = slot.view(-1, 1, 1, 1).expand(-1, s.kv_heads, 1, shape[-1])
        cos, sin = rotary(self.position, shape[-1], s.rope_base)
        cos, sin = cos[:, None, None], sin[:, None, None]
        valid = torch.arange(s.window, device=event.device) <= self.position[:, None]
        x = network.embedding(columns[:, None])
        for keys, values, block in zip(self.keys, self.values, network.blocks, strict=True):
            q, k, v = block.qkv(x, cos, sin)
            keys.scatter_(2, slot, k.to(keys.dtype))
            values.scatter_(2, slot, v)
            # The heads that share keys and values are the queries of one: no copy of the cache,
            # which `enable_gqa` with a mask would make.
            attended = F.scaled_dot_product_attention(
                q.reshape(shape).to(keys.dtype), keys[:, :, :-1], values[:, :, :-1],
                attn_mask=valid[:, None, None],
            )  # fmt: skip
            x = block.finish(x, attended.reshape(q.shape))
        state = network.norm(x[:, 0].float())
        self.hidden.copy_(torch.where(grown[:, None], state, self.hidden))
        queues = columns.index_select(1, self._queue_columns)
        self.queues.copy_(torch.where(grown[:, None], queues, self.queues))
        self.position += grown
        tokens, ratio = draw(
            network.head, self.hidden, self.queues, self.margins,
            chance[:, : len(BINS)], chance[:, len(BINS) :],
        )  # fmt: skip
        self._drawn[1].copy_(torch.cat((tokens, ratio[:, None]), 1))


def _pair(
    shape: tuple[int, int], dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """A buffer on the host, page-locked where a GPU copies from it, and its twin on the device."""
    host = torch.zeros(shape, dtype=dtype, pin_memory=torch.cuda.is_available())
    return host, torch.zeros(shape, dtype=dtype, device=device)
