"""The place of an event inside its bins told by a head of its own, for one row of the ablation.

The library draws the value inside a bin as often as it occurred there, whatever came before. Here a
head reads the state that the network has once all five sub-tokens are known, and the places of the
last events, which sub-tokens do not tell. A place is a rank between 0 and 1 among the bin's
values; its density is constant in each of 16 parts, so any value of the bin can come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import model.tradefm as tradefm
from model.checkpoint import Checkpoint
from model.codec import BINS, Tokens
from model.dataset import FlowDataset
from model.decoder import Decoder, TorchDecoder
from model.events import NS_PER_S, Float64, Int64, Recording
from model.features import FlowFeatures, context_scale, depth_from_touch, flow_features
from model.order_flow import MarketView, Proposals, Tilts
from model.profile import AssetProfile
from model.tokenizer import Tokenizer
from model.transformer import Transformer

PARTS = 16  # of a bin, on each of which the density is constant
BACK = 8  # events whose places are read
STEPS, EVERY, BATCH, LEARNING_RATE = 4000, 250, 1024, 1e-3


def places(
    tokens: Tokens, measured: Float64, tokenizer: Tokenizer, profile: AssetProfile
) -> Float64:
    """Lower and upper rank, float64 [n, 3, 2], of depth, size and time inside their bins.

    `measured` float64 [n, 4]: ticks, shares, seconds and whether the order crosses. Values that are
    as frequent as a whole lot take up a stretch of ranks.
    """
    scale, tables = context_scale(profile), tokenizer.tables(profile)
    action, _, depth, size, time = tokens.astype(np.int64).T
    kind = np.where((measured[:, 3] > 0) & (action == 0), 2, action)
    values = measured[:, :3] * [1 / scale[0], 1 / scale[1], scale[4]]
    out = np.empty((len(tokens), 3, 2))
    for j, table in enumerate(
        (
            tables["depth_values"][action, depth],
            tables["size_values"][kind, size],
            tables["time_values"][time],
        )
    ):
        knots, value = table.shape[1], values[:, j, None]
        near = 1e-9 + 1e-6 * np.abs(value)
        low, high = (table < value - near).sum(1), (table <= value + near).sum(1)
        low = np.where(high == low, np.clip(low, 0, knots - 1), low)
        out[:, j] = np.stack([low, np.maximum(high, low + 1)], 1) / knots
    return out


def recorded_places(part: FlowFeatures, tokenizer: Tokenizer) -> Float64:
    """`places` of a recording."""
    measured = np.stack([part.depth_ticks, part.size, part.dt_s, part.crossing], 1)
    return places(tokenizer.encode(part)[0], measured.astype(np.float64), tokenizer, part.profile)


def last_state(network: Transformer, state: Tensor, tokens: Tensor, queues: Tensor) -> Tensor:
    """The state [..., d_model] moved on by all sub-tokens int64 [..., 5] but the last."""
    for i in range(len(BINS) - 1):
        state = network.head.move_on(i, state, tokens[..., i], queues)
    return state


class InsideHead(nn.Module):
    """State, sub-tokens and the places of the last events to the densities of three places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width + sum(BINS) + 3 * BACK, 128)
        self.out = nn.Linear(128, 3 * PARTS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, state: Tensor, tokens: Tensor, before: Tensor) -> Tensor:
        """Distribution functions [n, 3, PARTS + 1] at the ends of the parts.

        `state` [n, d_model], see `last_state`; `tokens` int64 [n, 5]; `before` [n, 3 * BACK].
        """
        known = [F.one_hot(tokens[:, i], bins) for i, bins in enumerate(BINS)]
        hidden = self.inner(torch.cat([state, *known, before - 0.5], 1).float())
        shares = self.out(F.silu(hidden)).view(-1, 3, PARTS).softmax(-1)
        return F.pad(shares.cumsum(-1), (1, 0))


def nats(cdf: Tensor, at: Tensor) -> Tensor:
    """Nats [n, 3] that the densities cost beyond an even draw; `at` [n, 3, 2], see `places`."""
    x = at.float() * PARTS
    part = x.long().clamp(max=PARTS - 1)
    low, high = cdf.gather(-1, part), cdf.gather(-1, part + 1)
    share = (low + (high - low) * (x - part)).diff(dim=-1)[..., 0]
    return -torch.log(share / (at[..., 1] - at[..., 0]).float())


class Examples(NamedTuple):
    """Recorded events as the head sees them."""

    state: Tensor  # [n, d_model]
    tokens: Tensor  # int64 [n, 5]
    before: Tensor  # [n, 3 * BACK]
    at: Tensor  # [n, 3, 2]


@torch.no_grad()
def examples(checkpoint: Checkpoint, parts: list[FlowFeatures]) -> Examples:
    """Every event with at least a window of events before it."""
    network, settings = checkpoint.transformer().eval(), checkpoint.config.settings
    window, found = settings.window, []
    for part in parts:
        data = FlowDataset.build([part], checkpoint.tokenizer, settings)
        columns, tokens = torch.from_numpy(data.columns[0]), torch.from_numpy(data.targets[0])
        columns[:, data.price_level] = 0
        at = recorded_places(part, checkpoint.tokenizer)
        middle = at.mean(2)
        back = np.stack([np.roll(middle, k, axis=0) for k in range(1, 1 + BACK)], 1)
        before = torch.from_numpy(back.reshape(len(part), -1))
        for start in range(0, len(part) - 4 * window, 3 * window):
            seen = columns[start : start + 4 * window]
            told = slice(start + window + 1, start + 4 * window + 1)
            state = last_state(
                network, network.hidden(seen[None])[0, window:], tokens[told],
                seen[window:, network.queues],
            )  # fmt: skip
            found.append(Examples(state, tokens[told], before[told], torch.from_numpy(at[told])))
    return Examples(*(torch.cat(column) for column in zip(*found, strict=True)))


def fit(
    checkpoint: Checkpoint, training: list[FlowFeatures], validation: list[FlowFeatures], seed: int
) -> tuple[InsideHead, float]:
    """A head trained on the states of a trained network, and its nats an event on validation."""
    torch.manual_seed(seed)
    seen, held_out = examples(checkpoint, training), examples(checkpoint, validation)
    head = InsideHead(checkpoint.config.settings.d_model)
    optimizer = torch.optim.AdamW(head.parameters(), LEARNING_RATE, weight_decay=0.05)
    best, weights = 0.0, {name: w.clone() for name, w in head.state_dict().items()}
    for step in range(1, 1 + STEPS):
        some = torch.randint(len(seen.state), (BATCH,))
        *given, at = (column[some] for column in seen)
        loss = nats(head(*given), at).sum(1).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if step % EVERY == 0:
            with torch.no_grad():
                now = float(nats(head(*held_out[:3]), held_out.at).sum(1).mean())
            if now < best:
                best, weights = now, {name: w.clone() for name, w in head.state_dict().items()}
    head.load_state_dict(weights)
    return head, best


class InsideSession(tradefm.TradeFMSession):
    """Paths whose values inside bins are drawn by `head`."""

    head: InsideHead

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.before = np.full((len(self.paths), BACK, 3), 0.5)

    def read(self, history: Sequence[Recording]) -> None:
        """See `TradeFMSession.read`."""
        super().read(history)
        for b, recording in enumerate(history):
            features, _ = flow_features(recording, self.profile, open_ticks=0.0)
            last = features.rows(slice(-BACK, None))
            if len(last):
                found = recorded_places(last, self.tokenizer).mean(2)
                self.before[b, : len(found)] = found[::-1]

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        """See `FlowSession.propose`."""
        _live[:] = [self]
        super().propose(view, tilts, out)

    def remember(self, view: Any, rows: Int64) -> None:
        """Places of what was executed last, once the session knows its sub-tokens."""
        rows = rows[view.fresh[rows]]
        if len(rows) == 0:
            return
        measured = np.empty((len(rows), 4))
        for r, b in enumerate(rows):
            crosses, depth = depth_from_touch(
                view.last_action[b], view.last_side[b], view.last_price_ticks[b],
                view.last_bid_ticks[b], view.last_ask_ticks[b],
            )  # fmt: skip
            measured[r] = depth, view.last_size[b], view.last_dt_ns[b] / NS_PER_S, crosses
        own = places(self.tokens[rows], measured, self.tokenizer, self.profile)
        self.before[rows] = np.roll(self.before[rows], 1, axis=1)
        self.before[rows, 0] = own.mean(2)

    @torch.no_grad()
    def bend(self, rows: Int64, tokens: Tokens, draws: Float64) -> Float64:
        """`draws` [R, 8] with the last three, even ones, as the ranks that the head gives them."""
        assert isinstance(self.decoder, TorchDecoder)
        own, drawn = torch.from_numpy(rows), torch.from_numpy(tokens.astype(np.int64))
        network, hidden = self.decoder.network, self.decoder.hidden[own]
        state = last_state(network, hidden, drawn, self.decoder.queues[own])
        before = torch.from_numpy(self.before[rows].reshape(len(rows), -1))
        cdf = self.head(state, drawn, before).double().numpy()
        out, ends = draws.copy(), np.linspace(0.0, 1.0, PARTS + 1)
        for r in range(len(rows)):
            for j in range(3):
                out[r, len(BINS) + j] = np.interp(draws[r, len(BINS) + j], cdf[r, j], ends)
        out[:, len(BINS) :] = np.clip(out[:, len(BINS) :], 0.0, np.nextafter(1.0, 0.0))
        return out


_live: list[InsideSession] = []  # the session that is proposing now


def use(head: InsideHead) -> None:
    """Let TradeFM write its events with values inside bins drawn by `head`, in plain torch."""
    observe, write = tradefm._observe, tradefm._write
    InsideSession.head = head.eval()

    def decoder(self: tradefm.TradeFM, paths: int) -> Decoder:
        return TorchDecoder(self.network, paths, self.device)

    def observe_and_remember(view: Any, rows: Int64, *given: Any) -> None:
        observe(view, rows, *given)
        _live[0].remember(view, rows)

    def bend_and_write(view: Any, rows: Int64, tokens: Tokens, draws: Float64, *given: Any) -> None:
        write(view, rows, tokens, _live[0].bend(rows, tokens, draws), *given)

    tradefm.TradeFM.decoder = decoder  # type: ignore[method-assign]
    tradefm.TradeFMSession = InsideSession  # type: ignore[misc]
    tradefm._observe = observe_and_remember
    tradefm._write = bend_and_write
