"""Margins: how often each value of a sub-token occurs, whatever came before.

A margin is an array [5, 3, 16] of log shares: by sub-token, kind of event and value. Action and
time have one kind, depth two (add, cancel), size three (add, cancel, crossing add); the side has
no margin, buying and selling mirror each other. The network learns what the past adds to the
logits: an asset with other sizes and waits than those of training keeps its own.

A network is trained with the asset's own margin (`model.token_tables`). A path with a history moves
half the way from there to what the last minutes showed, and stands there: sizes and waits keep
their level for longer than a window of events remembers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from model.codec import BINS, CROSSING, Tokens
from model.events import Float64
from model.slow import HALF_LIFE_S
from model.token_tables import MARGIN_SHAPE

LEAST_SHARE = 1e-7
FOLLOWED = 0.5  # of the way to recent shares; over the next minutes it is the likeliest, see docs
PRIOR_EVENTS = 200.0  # what the asset's own shares weigh against counted events
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


def followed_margin(tokens: Tokens, dt_s: Float64, prior: Float64) -> Float64:
    """The margin after a history, float64 [5, 3, 16].

    Shares are counted with the half-life of the slow contexts and weighed against the asset's.

    Parameters
    ----------
    tokens : uint8 [n, 5]; dt_s : float64 [n], seconds before each event
    prior : float64 [5, 3, 16], shares of the asset
    """
    weight = 2.0 ** ((np.cumsum(dt_s) - dt_s.sum()) / HALF_LIFE_S)
    counts = np.zeros(MARGIN_SHAPE)
    for i in range(len(BINS)):
        kind = np.asarray(kinds(i, tokens.astype(np.int64)))
        np.add.at(counts[i], (kind, tokens[:, i]), weight)
    recent = counts + PRIOR_EVENTS * prior
    recent /= counts.sum(-1, keepdims=True) + PRIOR_EVENTS
    return (1.0 - FOLLOWED) * log_margin(prior) + FOLLOWED * log_margin(recent)
