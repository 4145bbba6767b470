"""Margins: how often each value of a sub-token occurs, whatever came before.

A margin is an array [5, 3, 16] of log shares: by sub-token, kind of event and value. Action and
time have one kind, depth two (add, cancel), size three (add, cancel, crossing add); the side has
no margin, buying and selling mirror each other. The network learns what the past adds to the
logits: an asset with other sizes and waits than those of training keeps its own.

The margin is the asset's own (`model.token_tables`) on every path and stands. What changes from one
hour to the next is told by the slow contexts (`model.slow`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from model.codec import BINS, CROSSING, Tokens
from model.events import Float64
from model.token_tables import MARGIN_SHAPE

LEAST_SHARE = 1e-7
_SIDE = 1


def kinds(i: int, tokens: Any) -> Any:
    """Kind of event for sub-token i, from those before it in `tokens` [..., 5], array or tensor."""
    action = tokens[..., 0]
    if i == 2:
        return action
    if i == 3:
        return action + 2 * ((action == 0) & (tokens[..., 2] == CROSSING))
    return action * 0


def shares(tokens: Tokens) -> Float64:
    """Share of each value among the events [n, 5], float64 [5, 3, 16]; half an event each more."""
    out = np.zeros(MARGIN_SHAPE)
    for i, bins in enumerate(BINS):
        np.add.at(out[i], (np.asarray(kinds(i, tokens.astype(np.int64))), tokens[:, i]), 1.0)
        out[i, :, :bins] += 0.5
    out /= out.sum(-1, keepdims=True)
    return out


def log_margin(share: Float64) -> Float64:
    """Log shares [..., 5, 3, 16], the side left out."""
    out = np.log(np.maximum(share, LEAST_SHARE))
    out[..., _SIDE, :, :] = 0.0
    return out
