"""Values by window, one number of a sample, and noise with long memory."""

from __future__ import annotations

import numpy as np

from stylized_facts.facts import CURVES, FACTS
from stylized_facts.quantities import Values

ONE = np.ones((1, 1))


def ragged(rows):
    """Values of windows of unequal length."""
    return Values(np.concatenate(rows), np.cumsum([0] + [len(row) for row in rows]))


def single(values):
    """Values of one window."""
    return ragged([values])


def one(sample, key):
    """A fact of the whole sample."""
    return float(FACTS[key].draws(sample, np.ones((1, len(sample))))[0])


def curve(sample, key):
    """A curve of the whole sample."""
    found = next(c for c in CURVES if c.key == key)
    return found.estimate(sample).draws(np.ones((1, len(sample))))[0]


def fractional_noise(d, n, rng, rows=1):
    """ARFIMA(0, d, 0) by its moving average, cut off after n terms, the first n values dropped."""
    weights = np.cumprod(np.concatenate(([1.0], (np.arange(1, n) - 1 + d) / np.arange(1, n))))
    length = 1 << int(np.ceil(np.log2(3 * n)))
    noise = rng.standard_normal((rows, 2 * n))
    both = np.fft.irfft(np.fft.rfft(noise, length) * np.fft.rfft(weights, length), length)
    return both[:, n : 2 * n]


def repeated(rows, times):
    """Each row as often as a resample takes it."""
    return [row for row, n in zip(rows, times, strict=True) for _ in range(int(n))]
