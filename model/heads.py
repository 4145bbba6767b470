"""From the hidden state to the distribution of the next event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.codec import BINS, VOCABULARY
from model.margins import kinds
from model.presets import ModelSettings


def margin_of(margins: Tensor, i: int, tokens: Tensor) -> Tensor:
    """Margins [..., BINS[i]] of sub-token i given those before it.

    `margins` [B, 5, 3, 16], of each sequence; `tokens` int64 [B, 5] or [B, T, 5].
    """
    kind = kinds(i, tokens)
    rows = margins[:, i].gather(1, kind.view(len(kind), -1, 1).expand(-1, -1, margins.shape[-1]))
    return rows.view(*kind.shape, -1)[..., : BINS[i]]


def composite_margin(margins: Tensor) -> Tensor:
    """Margins [B, 5, 3, 16] of the 16,384 composite tokens, [B, 16384]."""
    action, depth, size, time = (margins[:, i] for i in (0, 2, 3, 4))
    every = torch.cartesian_prod(*(torch.arange(n, device=margins.device) for n in BINS))
    kind = kinds(3, every)
    return (
        action[:, 0, every[:, 0]] + depth[:, every[:, 0], every[:, 2]]
        + size[:, kind, every[:, 3]] + time[:, 0, every[:, 4]]
    )  # fmt: skip


class CompositeHead(nn.Module):
    """One softmax over all 16,384 composite tokens, as in the paper."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.out = nn.Linear(settings.d_model, VOCABULARY, bias=False)

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., d_model] to [..., 16384]."""
        out: Tensor = self.out(hidden)
        return out

    def loss(self, hidden: Tensor, targets: Tensor, queues: Tensor, margins: Tensor) -> Tensor:
        """Nats [B, T, 1] of the sub-tokens `targets` [B, T, 5]; `margins` [B, 5, 3, 16]."""
        index = torch.zeros_like(targets[..., 0])
        for i, bins in enumerate(BINS):
            index = index * bins + targets[..., i]
        logits = self.logits(hidden).float() + composite_margin(margins)[:, None]
        return F.cross_entropy(logits.flatten(0, -2), index.flatten(), reduction="none").view(
            *index.shape, 1
        )


class FactoredHeads(nn.Module):
    """Action, side, depth, size and time one after the other, each given those before it.

    Each sub-token scales and shifts the state that the next head sees, through one hidden layer;
    the log-probability of the composite token is the sum of the five. To the logits of each the
    margin is added, see `model.margins`. The scale lets a head read
    'the side of the last trade' as 'the same side as this order': half of the channels begin with
    the sign of the side. With the side, the sizes of the queue that the order joins and of the one
    that it faces enter as well.

    Parameters
    ----------
    settings : ModelSettings
    queue_bins : values of the contexts `bid_size` and `ask_size`; 0 where they are not used
    """

    def __init__(self, settings: ModelSettings, queue_bins: int) -> None:
        super().__init__()
        d, width = settings.d_model, settings.head_hidden
        embed = nn.ModuleList(nn.Embedding(bins, d) for bins in BINS[:-1])
        gain = nn.ParameterList(nn.Parameter(torch.ones(bins, d)) for bins in BINS[:-1])
        with torch.no_grad():
            gain[1][1, : d // 2] = -1.0
        inner = nn.ModuleList(nn.Linear(d, width) for _ in BINS)
        out = nn.ModuleList(nn.Linear(width, bins) for bins in BINS)
        self.embed = cast(Sequence[nn.Embedding], embed)
        queues = nn.ModuleList(nn.Embedding(queue_bins, d) for _ in range(2 if queue_bins else 0))
        self.queues = cast(Sequence[nn.Embedding], queues)  # of its own side, of the opposite one
        self.gain = cast(Sequence[nn.Parameter], gain)
        self.inner = cast(Sequence[nn.Linear], inner)
        self.out = cast(Sequence[nn.Linear], out)

    def logits(self, i: int, state: Tensor) -> Tensor:
        """Logits [..., BINS[i]] of sub-token i, without its margin; `state` [..., d_model] is the
        hidden state moved on by the sub-tokens so far.
        """
        out: Tensor = self.out[i](F.silu(self.inner[i](state)))
        return out

    def move_on(self, i: int, state: Tensor, token: Tensor, queues: Tensor) -> Tensor:
        """The state once sub-token i is known.

        `token` int64 [...]; `queues` int64 [..., 2], bins of the sizes at bid and ask.
        """
        out: Tensor = state * F.embedding(token, self.gain[i]) + self.embed[i](token)
        if i == 1 and self.queues:
            own, other = self.queues
            buy = (token == 0)[..., None]
            bid, ask = queues[..., 0], queues[..., 1]
            out = out + torch.where(buy, own(bid) + other(ask), own(ask) + other(bid))
        return out

    def loss(self, hidden: Tensor, targets: Tensor, queues: Tensor, margins: Tensor) -> Tensor:
        """Nats [B, T, 5] of the sub-tokens `targets` [B, T, 5]; `queues` see `move_on`.

        `margins` [B, 5, 3, 16], of each sequence.
        """
        state, parts = hidden, []
        for i in range(len(BINS)):
            logits = self.logits(i, state).float() + margin_of(margins, i, targets)
            parts.append(
                F.cross_entropy(logits.flatten(0, -2), targets[..., i].flatten(), reduction="none")
            )
            if i + 1 < len(BINS):
                state = self.move_on(i, state, targets[..., i], queues)
        return torch.stack(parts, dim=-1).view(targets.shape)
