"""Margins: how often each value of a sub-token occurs, whatever came before.

A margin is an array [5, 3, 16] of log shares: by sub-token, kind of event and value. Action and
time have one kind, depth two (add, cancel), size three (add, cancel, crossing add); the side has
no margin, buying and selling mirror each other. The network learns what the past adds to the
logits: an asset with other sizes and waits than those of training keeps its own.

The margin of a path starts from the asset's (`model.token_tables`) and moves towards what its
history showed over the last minutes; from then on it stands, as the slow contexts do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from model.codec import BINS, CROSSING, Tokens
from model.events import Float64, Int64
from model.slow import HALF_LIFE_S
from model.token_tables import MARGIN_SHAPE

PRIOR_EVENTS = 200.0  # what the asset's own shares weigh against counted events
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


@njit(cache=True)
def _recent(
    tokens: Tokens, kind: Int64, dt_s: Float64, prior: Float64, every: int, out: Float64
) -> None:
    """Shares before every so-manieth event, and after the last if it ends a stretch."""
    counts = np.zeros(prior.shape)
    n = len(tokens)
    for e in range(n + 1):
        if e % every == 0:
            for i in range(prior.shape[0]):
                for k in range(prior.shape[1]):
                    seen = counts[i, k].sum()
                    for c in range(prior.shape[2]):
                        weight = counts[i, k, c] + PRIOR_EVENTS * prior[i, k, c]
                        out[e // every, i, k, c] = weight / (seen + PRIOR_EVENTS)
        if e < n:
            counts *= 2.0 ** (-dt_s[e] / HALF_LIFE_S)
            for i in range(prior.shape[0]):
                counts[i, kind[e, i], tokens[e, i]] += 1.0


def recent_margins(tokens: Tokens, dt_s: Float64, prior: Float64, every: int) -> Float64:
    """Margins as a flow shows them: before events 0, `every`, 2 x `every`, ... of n.

    Shares are counted with the half-life of the slow contexts and weighed against the asset's.

    Parameters
    ----------
    tokens : uint8 [n, 5]; dt_s : float64 [n], seconds before each event
    prior : float64 [5, 3, 16], shares of the asset

    Returns
    -------
    float64 [1 + n // every, 5, 3, 16]
    """
    kind = np.stack([kinds(i, tokens.astype(np.int64)) for i in range(len(BINS))], axis=1)
    out = np.empty((1 + len(tokens) // every, *MARGIN_SHAPE))
    _recent(tokens, kind, dt_s, prior, every, out)
    return log_margin(out)
