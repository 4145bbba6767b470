"""Which tokens followed a context in training: the tables of a Markov chain of order K.

P(next | last k tokens) is interpolated over k = K .. 0 as by Witten and Bell, "The zero-frequency
problem" (IEEE Transactions on Information Theory 1991): with c the number of times that a context
was seen and t the number of different tokens that followed it, the context keeps c / (c + t) and
hands the rest to the context that is one token shorter. A context never seen keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from model.codec import BINS
from model.events import Float64, Int64

CLASSES = BINS[0] * BINS[1]  # action and side, the first two sub-tokens
PER_CLASS = int(np.prod(BINS[2:]))
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Keys = npt.NDArray[np.uint64]


class Contexts(NamedTuple):
    """Contexts of all lengths 0..K in one table.

    Occurrences are sorted by length of the context, then by its key. Length k owns the distinct
    contexts first[k] .. first[k + 1] - 1; context x owns occurrences start[x] .. start[x + 1] - 1.
    """

    first: Int64  # [K + 2]
    key: Keys  # [X]
    start: Int64  # [X + 1]
    kept: Float64  # [X], c / (c + t)
    token: Int64  # [N], what followed, sorted inside a context

    @classmethod
    def of(cls, windows: Sequence[Int64], order: int) -> Contexts:
        """Count windows of tokens; no context reaches over the start of its window."""
        first, keys, starts, kept, tokens = [0], [], [], [], []
        offset = 0
        for k in range(order + 1):
            seen = [window for window in windows if len(window) > k]
            key = np.concatenate([_context_keys(window, k) for window in seen])
            token = np.concatenate([window[k:] for window in seen])
            by_context = np.lexsort((token, key))
            key, token = key[by_context], token[by_context]
            fresh = np.append(True, key[1:] != key[:-1])
            start = np.flatnonzero(fresh)
            new_token = fresh | np.append(True, token[1:] != token[:-1])
            count = np.diff(np.append(start, len(key)))
            kept.append(count / (count + np.add.reduceat(new_token.astype(np.int64), start)))
            keys.append(key[start])
            starts.append(offset + start)
            tokens.append(token)
            offset += len(key)
            first.append(first[-1] + len(start))
        return cls(
            np.asarray(first), np.concatenate(keys), np.append(np.concatenate(starts), offset),
            np.concatenate(kept), np.concatenate(tokens).astype(np.int64),
        )  # fmt: skip


def _context_keys(window: Int64, length: int) -> Keys:
    """Key of the `length` tokens before each token of a window, from token number `length` on."""
    key = np.zeros(len(window) - length, np.uint64)
    with np.errstate(over="ignore"):
        for back in range(1, length + 1):
            tokens = window[length - back : len(window) - back].astype(np.uint64)
            key = (key + tokens + np.uint64(1)) * _MULTIPLIER
            key ^= key >> np.uint64(31)
    return key


@njit(cache=True)
def longer_key(key, token):  # type: ignore[no-untyped-def]
    """Key of a context made one token longer, at its old end."""
    key = (key + np.uint64(token) + np.uint64(1)) * _MULTIPLIER
    return key ^ (key >> np.uint64(31))


@njit(cache=True)
def find(contexts, last, known, rows, weight):  # type: ignore[no-untyped-def]
    """Contexts that the last `known` tokens match, shortest first, and what each contributes.

    `last` int64 [K], newest first; `rows` [K + 1] and `weight` [K + 1] are written; returns how
    many there are. The weights sum to 1: what the empty context hands on is kept by it.
    """
    found, key = 0, np.uint64(0)
    for k in range(min(known, len(contexts.first) - 2) + 1):
        if k > 0:
            key = longer_key(key, last[k - 1])
        low, high = contexts.first[k], contexts.first[k + 1]
        row = low + np.searchsorted(contexts.key[low:high], key)
        if row == high or contexts.key[row] != key:
            break
        rows[found] = row
        found += 1
    left = 1.0
    for i in range(found - 1, 0, -1):
        weight[i] = left * contexts.kept[rows[i]]
        left -= weight[i]
    weight[0] = left
    return found


@njit(cache=True)
def class_range(contexts, row, class_):  # type: ignore[no-untyped-def]
    """Occurrences of a context whose token is of a class: from, to."""
    start, end = contexts.start[row], contexts.start[row + 1]
    own = contexts.token[start:end]
    low = np.searchsorted(own, class_ * PER_CLASS)
    high = np.searchsorted(own, (class_ + 1) * PER_CLASS)
    return start + low, start + high


@njit(cache=True)
def class_shares(contexts, rows, weight, found, shares):  # type: ignore[no-untyped-def]
    """Probability of each class of action and side after the contexts found, into `shares` [4]."""
    shares[:] = 0.0
    for i in range(found):
        count = contexts.start[rows[i] + 1] - contexts.start[rows[i]]
        for class_ in range(CLASSES):
            low, high = class_range(contexts, rows[i], class_)
            shares[class_] += weight[i] * (high - low) / count


@njit(cache=True)
def draw_token(contexts, rows, weight, found, class_, share, u_context, u_token):  # type: ignore[no-untyped-def]
    """A token of a class whose probability is `share`, given two uniform numbers."""
    left, token = share * u_context, -1
    for i in range(found):
        low, high = class_range(contexts, rows[i], class_)
        if low == high:
            continue
        token = contexts.token[low + int(u_token * (high - low))]
        left -= weight[i] * (high - low) / (contexts.start[rows[i] + 1] - contexts.start[rows[i]])
        if left < 0.0:
            break
    return token
