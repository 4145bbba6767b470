"""Writing events one after the other: the protocol of a decoder, and the one in torch.

A decoder holds a ring buffer of keys and values for each path. Keys are rotated at their absolute
position, so a full ring equals the sliding-window mask of training.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.codec import BINS, VOCABULARY, Tokens
from model.events import Float64, Int64
from model.heads import CompositeHead, FactoredHeads, composite_margin, margin_of
from model.token_tables import MARGIN_SHAPE
from model.transformer import Transformer, rotary

AT_ONCE = 256  # paths that draw together: the composite head works on 0.8 MB for each


class Decoder(Protocol):
    """Next-event sampling for B paths.

    `log_ratio` float64 [R] belongs to the last `sample`: log of the probability of what was drawn,
    tilted over untilted.
    """

    log_ratio: Float64

    def keep(self, rows: Int64, margins: Float64) -> None:
        """Margins of each path in `rows`, float64 [R, 5, 3, 16], zero until then."""
        ...

    def advance(self, rows: Int64, columns: Int64) -> None:
        """Take in one event of each path in `rows`: int64 [R, columns], see `input_columns`."""
        ...

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """Sub-tokens uint8 [R, 5] of the next event by inverse CDF.

        `draws` float64 [R, 5] in (0, 1), one for each sub-token (the composite head uses the
        first); `pressure` float64 [R] and `odds` float64 [R, 3] (cancel, depth, size; None: none),
        see `model.order_flow.Tilts`.
        """
        ...


def pick(logits: Tensor, draws: Tensor) -> Tensor:
    """Inverse-CDF sampling: logits [R, n] and draws [R] to indices [R]."""
    cdf = torch.softmax(logits.double(), -1).cumsum(-1)
    index = torch.searchsorted(cdf, draws[:, None] * cdf[:, -1:])[:, 0]
    return index.clamp(max=logits.shape[-1] - 1)


def draw(
    head: CompositeHead | FactoredHeads,
    state: Tensor,
    queues: Tensor,
    margins: Tensor,
    draws: Tensor,
    odds: Tensor,
) -> tuple[Tensor, Tensor]:
    """Sub-tokens int64 [R, 5] of R paths, and the log ratios float64 [R] of `Decoder`.

    Never waits for the host, so that a CUDA graph can hold it.

    Parameters
    ----------
    state : [R, d_model], behind the blocks; queues : int64 [R, 2], see `FactoredHeads.move_on`
    margins : see `margins_for`
    draws : float64 [R, 5] in (0, 1)
    odds : float64 [R, 4], log odds of pressure, cancel, depth and size, see `Tilts`
    """
    push, cancel, deeper, larger = odds.unbind(1)
    if isinstance(head, CompositeHead):
        plain = (head.logits(state) + margins).double()
        by = _press_composite(plain, push).view(-1, *BINS).clone()
        by[:, 1] += cancel.view(-1, 1, 1, 1, 1)
        bins = torch.arange(BINS[2], device=state.device)
        by += (deeper[:, None] * bins).view(-1, 1, 1, BINS[2], 1, 1)
        by += (larger[:, None] * bins).view(-1, 1, 1, 1, BINS[3], 1)
        logits = by.flatten(1)
        chosen = pick(logits, draws[:, 0])
        ratio = _log_ratio(logits, plain, chosen)
        parts = []
        for size in reversed(BINS):
            parts.append(chosen % size)
            chosen = chosen // size
        return torch.stack(parts[::-1], 1), ratio
    out = torch.zeros(len(state), len(BINS), dtype=torch.int64, device=state.device)
    ratio = torch.zeros(len(state), dtype=torch.float64, device=state.device)
    for i in range(len(BINS)):
        plain = (head.logits(i, state) + margin_of(margins, i, out)).double()
        logits = plain.clone()
        if i == 0:
            logits[:, 1] += cancel
        elif i == 1:
            logits[:, 0] += torch.where(out[:, 0] == 0, push, -push)
        elif i < 4:
            bins = torch.arange(BINS[i], device=state.device)
            logits += (deeper if i == 2 else larger)[:, None] * bins
        out[:, i] = pick(logits, draws[:, i])
        ratio += _log_ratio(logits, plain, out[:, i])
        if i + 1 < len(BINS):
            state = head.move_on(i, state, out[:, i], queues)
    return out, ratio


def margins_for(network: Transformer, paths: int, device: str) -> Tensor:
    """Room for the margins of paths in the form that `draw` takes, zero.

    Float32 [paths, 5, 3, 16], or [paths, 16384] for the composite head.
    """
    composite = isinstance(network.head, CompositeHead)
    return torch.zeros(paths, *((VOCABULARY,) if composite else MARGIN_SHAPE), device=device)


def keep_margins(kept: Tensor, rows: Int64, margins: Float64) -> None:
    """Write margins float64 [R, 5, 3, 16] of the paths `rows` to what `margins_for` made."""
    given = torch.tensor(margins, dtype=torch.float32)
    given = composite_margin(given) if kept.dim() == 2 else given
    kept[torch.from_numpy(rows).to(kept.device)] = given.to(kept.device)


class TorchDecoder:
    """The decoder in plain torch, for any device and both heads; the oracle of the others."""

    def __init__(self, network: Transformer, paths: int, device: str) -> None:
        self.network, self.device = network.to(device).eval(), device
        s = network.settings
        shape = (s.layers, paths, s.kv_heads, s.window, s.d_model // s.heads)
        self.keys = torch.zeros(shape, device=device)
        self.values = torch.zeros(shape, device=device)
        self.position = torch.zeros(paths, dtype=torch.int64, device=device)
        self.hidden = torch.zeros(paths, s.d_model, device=device)
        self.queues = torch.zeros(paths, len(network.queues), dtype=torch.int64, device=device)
        self.margins = margins_for(network, paths, device)
        self.log_ratio = np.zeros(0)

    def keep(self, rows: Int64, margins: Float64) -> None:
        """See `Decoder.keep`."""
        keep_margins(self.margins, rows, margins)

    @torch.no_grad()
    def advance(self, rows: Int64, columns: Int64) -> None:
        """See `Decoder.advance`."""
        s, own = self.network.settings, torch.from_numpy(rows).to(self.device)
        position = self.position[own]
        slot = position % s.window
        cos, sin = rotary(position, s.d_model // s.heads, s.rope_base)
        cos, sin = cos[:, None, None], sin[:, None, None]
        valid = torch.arange(s.window, device=self.device) <= position[:, None]
        x = self.network.embedding(torch.from_numpy(columns).to(self.device)[:, None])
        for layer, block in enumerate(self.network.blocks):
            q, k, v = block.qkv(x, cos, sin)
            self.keys[layer, own, :, slot] = k[:, :, 0]
            self.values[layer, own, :, slot] = v[:, :, 0]
            attended = F.scaled_dot_product_attention(
                q, self.keys[layer, own], self.values[layer, own],
                attn_mask=valid[:, None, None], enable_gqa=True,
            )  # fmt: skip
            x = block.finish(x, attended)
        self.hidden[own] = self.network.norm(x)[:, 0]
        self.queues[own] = torch.from_numpy(columns[:, self.network.queues]).to(self.device)
        self.position[own] += 1

    @torch.no_grad()
    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """See `Decoder.sample`."""
        every = torch.from_numpy(rows).to(self.device)
        tilts = torch.from_numpy(odds_columns(pressure, odds)).to(self.device)
        random = torch.from_numpy(draws).to(self.device)
        tokens, ratios = [], []
        for start in range(0, max(1, len(rows)), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            own = every[part]
            drawn, ratio = draw(
                self.network.head, self.hidden[own], self.queues[own], self.margins[own],
                random[part], tilts[part],
            )  # fmt: skip
            tokens.append(drawn)
            ratios.append(ratio)
        self.log_ratio = torch.cat(ratios).cpu().numpy()
        return torch.cat(tokens).cpu().numpy().astype(np.uint8)


def odds_columns(pressure: Float64, odds: Float64 | None) -> Float64:
    """`pressure` [R] and `odds` [R, 3] of `Decoder.sample` in one array [R, 4]."""
    more = np.zeros((len(pressure), 3)) if odds is None else odds
    return np.concatenate((pressure[:, None], more), axis=1)


def _log_ratio(tilted: Tensor, plain: Tensor, chosen: Tensor) -> Tensor:
    """Log of the probability of `chosen` [R] under logits `tilted` over that under `plain`."""
    ratio = torch.log_softmax(tilted, -1) - torch.log_softmax(plain, -1)
    return ratio.gather(1, chosen[:, None])[:, 0]


def _press_composite(logits: Tensor, push: Tensor) -> Tensor:
    """Move the side of each action by `push` and leave the mix of actions alone."""
    by = logits.view(len(logits), 2, 2, -1)
    before = by.flatten(2).logsumexp(-1)
    by = by.clone()
    by[:, 0, 0] += push[:, None]
    by[:, 1, 0] -= push[:, None]
    after = by.flatten(2).logsumexp(-1)
    return (by + (before - after)[..., None, None]).flatten(1)
