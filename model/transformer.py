"""The network: RMSNorm, grouped-query attention, rotary positions, a sliding window, SwiGLU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.codec import BINS, VOCABULARY
from model.heads import CompositeHead, FactoredHeads
from model.presets import ModelSettings, queue_columns


def rotary(positions: Tensor, head_dim: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines [T, head_dim / 2] of the rotary embedding (RoFormer, arXiv 2104.09864)."""
    frequency = base ** (-torch.arange(0, head_dim, 2, device=positions.device) / head_dim)
    angle = positions[:, None].float() * frequency
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate pairs (i, i + head_dim / 2) of x [..., T, head_dim]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class RMSNorm(nn.Module):
    """Root-mean-square norm (arXiv 1910.07467); its gain follows the precision of the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension."""
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), eps=1e-5)


class Embedding(nn.Module):
    """One table for each column of the input, concatenated and projected ("tabular embedding").

    Columns are the token (one composite or five sub-tokens; the last row of each table stands for
    'no event yet') and then the context.
    """

    def __init__(self, settings: ModelSettings, context_sizes: tuple[int, ...]) -> None:
        super().__init__()
        token_sizes = (VOCABULARY,) if settings.head == "composite" else BINS
        tables = nn.ModuleList(
            [nn.Embedding(size + 1, settings.token_embedding) for size in token_sizes]
            + [nn.Embedding(size, settings.context_embedding) for size in context_sizes]
        )
        self.tables = cast(Sequence[nn.Embedding], tables)
        width = settings.token_embedding * len(token_sizes)
        width += settings.context_embedding * len(context_sizes)
        self.project = nn.Linear(width, settings.d_model, bias=False)

    def forward(self, columns: Tensor) -> Tensor:
        """Int64 [B, T, columns] to [B, T, d_model]."""
        parts = [table(columns[..., i]) for i, table in enumerate(self.tables)]
        out: Tensor = self.project(torch.cat(parts, dim=-1))
        return out


def _attend_shared(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention of all heads over one shared key and value head, as two plain products.

    On CPUs twice as fast, forward and backward, as `scaled_dot_product_attention`.
    """
    b, h, t, d = q.shape
    scores = (q.reshape(b, h * t, d) @ k[:, 0].transpose(1, 2)).view(b, h, t, t) * d**-0.5
    weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
    out: Tensor = weights.view(b, h * t, t) @ v[:, 0]
    return out.view(b, h, t, d)


class Block(nn.Module):
    """Pre-norm attention and feed-forward."""

    def __init__(self, s: ModelSettings) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = s.heads, s.kv_heads, s.d_model // s.heads
        self.attention_norm = RMSNorm(s.d_model)
        self.q = nn.Linear(s.d_model, s.d_model, bias=False)
        self.kv = nn.Linear(s.d_model, 2 * s.kv_heads * self.head_dim, bias=False)
        self.o = nn.Linear(s.d_model, s.d_model, bias=False)
        self.feed_norm = RMSNorm(s.d_model)
        self.gate_up = nn.Linear(s.d_model, 2 * s.d_ff, bias=False)
        self.down = nn.Linear(s.d_ff, s.d_model, bias=False)
        self.dropout = nn.Dropout(s.dropout)

    def qkv(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [B, H, T, D], keys and values [B, KV, T, D] of x [B, T, d_model].

        Queries and keys are rotated by `cos` and `sin`, see `rotary`.
        """
        b, t, _ = x.shape
        y = self.attention_norm(x)
        q = self.q(y).view(b, t, self.heads, self.head_dim).transpose(1, 2)
        k, v = self.kv(y).view(b, t, 2, self.kv_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        return rotate(q, cos, sin), rotate(k, cos, sin), v

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Residual sums: attention output [B, H, T, D] and the feed-forward layer."""
        b, _, t, _ = attended.shape
        x = x + self.dropout(self.o(attended.transpose(1, 2).reshape(b, t, -1)))
        gate, up = self.gate_up(self.feed_norm(x)).chunk(2, dim=-1)
        out: Tensor = x + self.dropout(self.down(F.silu(gate) * up))
        return out

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        """One layer over a whole sequence; `mask` bool [T, T]."""
        q, k, v = self.qkv(x, cos, sin)
        if q.device.type == "cpu" and k.shape[1] == 1:
            attended = _attend_shared(q, k, v, mask)
        else:
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
        return self.finish(x, attended)


class Transformer(nn.Module):
    """Events and context in, distribution of the next event out.

    Parameters
    ----------
    settings : ModelSettings
    context_sizes : number of values of each context column (`Tokenizer.context_sizes`)
    """

    def __init__(self, settings: ModelSettings, context_sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.settings, self.context_sizes = settings, context_sizes
        self.queues = queue_columns(settings)
        self.embedding = Embedding(settings, context_sizes)
        blocks = nn.ModuleList(Block(settings) for _ in range(settings.layers))
        self.blocks = cast(Sequence[Block], blocks)
        self.norm = RMSNorm(settings.d_model)
        self.head: CompositeHead | FactoredHeads = (
            CompositeHead(settings)
            if settings.head == "composite"
            else FactoredHeads(
                settings, context_sizes[self.queues[0] - len(BINS)] if self.queues else 0
            )
        )
        self.apply(_initialise)
        for block in self.blocks:
            for last in (block.o, block.down):
                nn.init.normal_(last.weight, std=0.02 / (2 * settings.layers) ** 0.5)

    def hidden(self, columns: Tensor) -> Tensor:
        """Int64 [B, T, columns] to the normalised state [B, T, d_model] behind the heads."""
        s = self.settings
        t = columns.shape[1]
        position = torch.arange(t, device=columns.device)
        cos, sin = rotary(position, s.d_model // s.heads, s.rope_base)
        age = position[:, None] - position[None, :]
        mask = (age >= 0) & (age < s.window)
        x = self.embedding(columns)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        out: Tensor = self.norm(x)
        return out

    def forward(self, columns: Tensor, targets: Tensor, margins: Tensor) -> Tensor:
        """Negative log-likelihood in nats of the next event.

        `columns` int64 [B, T, columns]; `targets` int64 [B, T, 5], the sub-tokens that follow;
        `margins` float [B, 5, 3, 16], of each sequence, see `model.margins`. Returns [B, T, 5] for
        the factored heads, [B, T, 1] for the composite one.
        """
        queues = columns[..., self.queues]
        out: Tensor = self.head.loss(self.hidden(columns), targets, queues, margins)
        return out


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02 if isinstance(module, nn.Linear) else 0.5)
