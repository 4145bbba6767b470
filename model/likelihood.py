"""How probable a trained model finds order flow that is already there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from model.checkpoint import Checkpoint
from model.dataset import asset_margin, input_columns
from model.events import Float64, Int64, Recording
from model.features import FAST_CONTEXTS, flow_features
from model.profile import AssetProfile
from model.tokenizer import ASSET_CONTEXTS, MIDDLE_TIER

BATCH = 16  # sequences at once


class FlowScorer:
    """Log-probabilities of given events under a checkpoint, each given the events before it.

    The market is shown as in a run that starts without a history: the day's open is not known, the
    slow contexts stand in the middle, the margins are the asset's own.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : a torch device
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "cpu") -> None:
        self.settings, self.tokenizer = checkpoint.config.settings, checkpoint.tokenizer
        self.network, self.device = checkpoint.transformer().to(device).eval(), device
        self.name = f"TradeFM {checkpoint.config.name}"

    def score(
        self, recordings: Sequence[Recording], profile: AssetProfile, window_ns: tuple[int, int]
    ) -> tuple[Float64, Int64]:
        """Mean log-probability of an event in a window of time, recording by recording.

        Two stretches of the window, at its start and at its end, are scored, each as many events
        long as the model looks back, with as many events before it as context.

        Parameters
        ----------
        recordings : with quotes
        profile : the asset
        window_ns : [start, end) on the clock of the recordings

        Returns
        -------
        float64 [R], nats an event, at most 0; NaN where fewer than two events lie in the window
        int64 [R], events that were scored
        """
        length = 2 * self.settings.window
        columns, targets, wanted, owner = [], [], [], []
        for r, recording in enumerate(recordings):
            if len(recording) < 2:
                continue
            seen, told, inside = self._encoded(recording, profile, window_ns)
            rows = np.flatnonzero(inside[1:]) + 1  # the first has nothing before it
            for stretch in _stretches(rows, self.settings.window):
                first = max(0, int(stretch[0]) - self.settings.window)
                span = np.arange(first, first + length)
                known = np.minimum(span, len(seen) - 2)
                columns.append(seen[known])
                targets.append(told[known + 1])
                wanted.append(np.isin(span + 1, stretch))
                owner.append(r)
        margin = asset_margin(self.tokenizer, profile, self.settings)
        total, count = np.zeros(len(recordings)), np.zeros(len(recordings), np.int64)
        for at in range(0, len(owner), BATCH):
            part = slice(at, at + BATCH)
            nats = self._nats(np.stack(columns[part]), np.stack(targets[part]), margin)
            for r, own, mask in zip(owner[part], nats, wanted[part], strict=True):
                total[r] -= own[mask].sum()
                count[r] += int(mask.sum())
        scored = np.full(len(recordings), np.nan)
        np.divide(total, count, out=scored, where=count > 1)
        return scored, count

    def _encoded(
        self, recording: Recording, profile: AssetProfile, window_ns: tuple[int, int]
    ) -> tuple[Int64, Int64, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """Input columns, sub-tokens, and which events lie in the window."""
        features, _ = flow_features(recording, profile, open_ticks=0.0)
        tokens, context = self.tokenizer.encode(features)
        fast = sum(name in FAST_CONTEXTS for name in self.tokenizer.contexts)
        context[:, ASSET_CONTEXTS + fast :] = MIDDLE_TIER
        inside = (features.time_ns >= window_ns[0]) & (features.time_ns < window_ns[1])
        return input_columns(tokens, context, self.settings), tokens.astype(np.int64), inside

    @torch.no_grad()
    def _nats(self, columns: Int64, targets: Int64, margin: Float64) -> Float64:
        """Negative log-probability of each target, float64 [n, T]."""
        margins = torch.from_numpy(margin).float().expand(len(columns), *margin.shape)
        loss = self.network(
            torch.from_numpy(columns).to(self.device),
            torch.from_numpy(targets).to(self.device),
            margins.to(self.device),
        )
        return np.asarray(loss.sum(-1).double().cpu().numpy())


def _stretches(rows: Int64, length: int) -> list[Int64]:
    """The first and the last `length` of `rows`, without overlap; none for fewer than two rows."""
    if len(rows) < 2:
        return []
    if len(rows) <= length:
        return [rows]
    return [rows[:length], rows[max(length, len(rows) - length) :]]
