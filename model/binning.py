"""Where to cut a feature into bins, and which values stand for a bin."""

from __future__ import annotations

import numpy as np

from model.events import Float64, Int64


def quantile_edges(values: Float64, bins: int) -> Float64:
    """Inner edges of `bins` bins of equal frequency, float64 [bins - 1]; duplicates become inf.

    A value x falls into bin number `searchsorted(edges, x, side="right")`.
    """
    edges = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    return _padded(edges[edges > values.min()], bins)


def trimmed_quantile_edges(values: Float64, bins: int) -> Float64:
    """One bin below the 1st and one above the 99th percentile, equal frequency between them."""
    low, high = np.quantile(values, [0.01, 0.99])
    inner = values[(values >= low) & (values <= high)]
    return _padded(np.r_[low, np.quantile(inner, np.linspace(0, 1, bins - 1)[1:-1]), high], bins)


def log_uniform_edges(values: Float64, bins: int) -> Float64:
    """Equal width between the minimum and the 99th percentile, one bin above it.

    The values are expected on the log scale; this is the paper's rule for size and time.
    """
    low, high = values.min(), np.quantile(values, 0.99)
    return _padded(np.linspace(low, high, bins)[1:], bins)


def atom_edges(values: Float64, bins: int, tail: bool = False) -> Float64:
    """Bins of equal frequency in which every frequent single value has a bin of its own.

    Order sizes sit on round lots and interarrival times on zero: a value that makes up at least
    one part in `bins` is cut out. With `tail`, the upper tenth is cut finer (95, 98 and 99.5%).
    """
    distinct, counts = np.unique(values, return_counts=True)
    atoms = distinct[counts >= len(values) / bins]
    above = np.nextafter(atoms, np.inf)
    rest = values[~np.isin(values, atoms)]
    upper = np.array([0.95, 0.98, 0.995]) if tail else np.zeros(0)
    for count in range(bins, 0, -1):
        probabilities = np.linspace(0, 0.9 if tail else 1, count + 1)[1 : None if tail else -1]
        cuts = np.quantile(rest, np.r_[probabilities, upper]) if len(rest) else np.zeros(0)
        edges = np.unique(np.r_[cuts, atoms, above])
        edges = edges[edges > distinct[0]]
        if len(edges) < bins:
            return _padded(edges, bins)
    return _padded(np.unique(np.r_[atoms, above])[: bins - 1], bins)


def _padded(edges: Float64, bins: int) -> Float64:
    edges = np.unique(edges)
    return np.concatenate([edges, np.full(bins - 1 - len(edges), np.inf)])


def bin_values(values: Float64, bins: Int64, count: int, knots: int) -> Float64:
    """Values that stand for each bin, float64 [count, knots]: equally likely order statistics.

    `bins` int64 [n] is the bin, below `count`, of each of `values` [n]. A draw u in (0, 1)
    takes knot int(u * knots); real values are kept as they are, so that round lots and whole ticks
    survive. A bin without values is NaN.
    """
    out = np.full((count, knots), np.nan)
    levels = (np.arange(knots) + 0.5) / knots
    for b in range(count):
        own = values[bins == b]
        if len(own):
            out[b] = np.quantile(own, levels, method="inverted_cdf")
    return out
