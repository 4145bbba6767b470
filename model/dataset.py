"""Training sequences: columns in, next sub-tokens out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.codec import BINS, VOCABULARY, Tokens, composite
from model.events import Float64, Int64
from model.features import FlowFeatures
from model.margins import log_margin
from model.presets import ModelSettings
from model.profile import AssetProfile
from model.slow import SLOW_CONTEXTS
from model.token_tables import MARGIN_SHAPE
from model.tokenizer import ASSET_CONTEXTS, TIERS, Tokenizer

START_SHARE = 0.1  # of the training sequences begin as a path without history does
UNKNOWN_SHARE = 0.5  # of the training sequences do not know the day's open
MASKED_SHARE = 0.1  # of the events of a sequence cannot be seen: what is generated is never exact
BLURRED_SHARE = 0.3  # of the slow contexts of a sequence are moved to a neighbouring tier


def input_columns(tokens: Tokens, context: Tokens, settings: ModelSettings) -> Int64:
    """What the embedding reads, int64 [n, columns]: token column(s), then the context."""
    own = composite(tokens)[:, None] if settings.head == "composite" else tokens
    return np.concatenate([own, context], axis=1).astype(np.int64)


def asset_margin(tokenizer: Tokenizer, profile: AssetProfile, settings: ModelSettings) -> Float64:
    """The margin of an asset, float64 [5, 3, 16], see `model.margins`; noughts where learned."""
    if settings.margins == "none":
        return np.zeros(MARGIN_SHAPE)
    return log_margin(tokenizer.tables(profile)["shares"])


def start_columns(settings: ModelSettings) -> Int64:
    """The token column(s) of 'no event yet'."""
    return np.array([VOCABULARY] if settings.head == "composite" else BINS, np.int64)


def _columns(first: int, contexts: tuple[str, ...], wanted: tuple[str, ...]) -> slice:
    """Columns of the wanted ones among the contexts, which stand together from `first` on."""
    at = [first + i for i, name in enumerate(contexts) if name in wanted]
    return slice(at[0], at[-1] + 1) if at else slice(0, 0)


@dataclass(frozen=True, eq=False)
class FlowDataset:
    """Sequences from one or more recordings, never across two of them.

    Attributes
    ----------
    columns : int64 arrays [n, columns], one a recording
    targets : int64 arrays [n, 5]
    margins : float32 [5, 3, 16], one a recording
    """

    columns: list[Int64]
    targets: list[Int64]
    margins: list[Tensor]
    settings: ModelSettings
    price_level: slice  # column of the price level, 0 there means that the open is not known
    slow: slice  # columns of the slow contexts, see `model.slow`

    @classmethod
    def build(
        cls, parts: list[FlowFeatures], tokenizer: Tokenizer, settings: ModelSettings
    ) -> FlowDataset:
        """Encode the features of one or more recordings."""
        encoded = [tokenizer.encode(part) for part in parts]
        first = len(start_columns(settings)) + ASSET_CONTEXTS
        return cls(
            [input_columns(tokens, context, settings) for tokens, context in encoded],
            [tokens.astype(np.int64) for tokens, _ in encoded],
            [torch.from_numpy(asset_margin(tokenizer, part.profile, settings)).float()
             for part in parts],
            settings,
            _columns(first, tokenizer.contexts, ("price_level",)),
            _columns(first, tokenizer.contexts, SLOW_CONTEXTS),
        )  # fmt: skip

    def __len__(self) -> int:
        return sum(len(part) for part in self.columns)

    def batch(
        self, rng: np.random.Generator, size: int, length: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Random sequences: columns int64 [size, length, columns], targets [size, length, 5] and
        margins float32 [size, 5, 3, 16].
        """
        room = np.array([max(0, len(part) - length) for part in self.columns], float)
        chosen = rng.choice(len(room), size, p=room / room.sum())
        starts = (rng.random(size) * room[chosen]).astype(int)
        spans = [(p, slice(s, s + length + 1)) for p, s in zip(chosen, starts, strict=True)]
        columns = np.stack([self.columns[p][span][:-1] for p, span in spans])
        targets = np.stack([self.targets[p][span][1:] for p, span in spans])
        begin = start_columns(self.settings)
        columns[rng.random(size) < START_SHARE, 0, : len(begin)] = begin
        columns[rng.random((size, length)) < MASKED_SHARE, : len(begin)] = begin
        columns[rng.random(size) < UNKNOWN_SHARE, :, self.price_level] = 0
        self._blur(rng, columns[:, :, self.slow])
        margins = torch.stack([self.margins[p] for p in chosen])
        return torch.from_numpy(columns), torch.from_numpy(targets), margins

    def _blur(self, rng: np.random.Generator, slow: Int64) -> None:
        """Shift some slow contexts by a tier: they must not become a clock to learn by heart."""
        shift = rng.integers(0, 2, (len(slow), 1, slow.shape[2])) * 2 - 1
        shift *= rng.random(shift.shape) < BLURRED_SHARE
        slow[:] = np.where(slow > 0, np.clip(slow + shift, 1, TIERS), 0)

    def sequences(self, length: int) -> list[tuple[Tensor, Tensor, Tensor]]:
        """The whole set once, in disjoint sequences of `length`, the open not known.

        Columns int64 [length, columns], targets [length, 5] and margins float32 [5, 3, 16] of each.
        """
        out = []
        for columns, targets, margin in zip(self.columns, self.targets, self.margins, strict=True):
            for start in range(0, len(columns) - length, length):
                part = columns[start : start + length].copy()
                part[:, self.price_level] = 0
                following = targets[start + 1 : start + length + 1]
                out.append((torch.from_numpy(part), torch.from_numpy(following), margin))
        return out
