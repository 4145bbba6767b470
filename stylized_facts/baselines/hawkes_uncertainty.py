r"""How well a Hawkes fit is known: observed information, branching matrix and spectral radius.

The maximum-likelihood estimator is asymptotically normal with the inverse of the observed
information as covariance (Ogata, "The asymptotic behaviour of maximum likelihood estimators for
stationary point processes", 1978). With x the row of a `Design` that belongs to an event,

.. math:: -\nabla^2 \ell = \sum_n x_n x_n^\top / \lambda(t_n)^2 .

Parameters at their bound 0 are left out, and the spread exponent is taken as known. The intervals
hold for the model: they do not cover that a session is not stationary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.events import Float64
from stylized_facts.baselines.hawkes_likelihood import Design, Fit
from stylized_facts.baselines.streams import KINDS, STREAMS

CHUNK = 100_000  # rows of a design that are turned to float64 at a time
AT_BOUND = 1e-6  # share of its events below which a term counts as zero
Z95 = 1.959964


def covariance(design: Design, fit: Fit) -> Float64:
    """Covariance of (mu, alpha) of one fit, float64 [P + 1, P + 1]; zero rows at the bound."""
    found = np.concatenate(([fit.mu], fit.alpha))
    size = len(found)
    if len(design) == 0:
        return np.zeros((size, size))
    free = np.flatnonzero(found * design.exposure.sum(axis=0) > AT_BOUND * len(design))
    information = np.zeros((len(free), len(free)))
    on_base = 0.0 if design.inside else fit.exponent
    for start in range(0, len(design), CHUNK):
        part = slice(start, start + CHUNK)
        clock = design.base[part] * np.exp(on_base * design.log_ratio[part])
        rows = np.column_stack((clock, design.rows[part].astype(np.float64)))
        scaled = rows[:, free] / (rows @ found)[:, None]
        information += scaled.T @ scaled
    out = np.zeros((size, size))
    out[np.ix_(free, free)] = np.linalg.pinv(information, hermitian=True)
    return out


def branching_errors(covariances: Sequence[Float64], exposures: Sequence[float]) -> Float64:
    """Standard errors of the branching matrix by kind and source stream, float64 [KINDS, STREAMS].

    `exposures` [KINDS] is the mean factor of the spread on each kind.
    """
    out = np.empty((KINDS, STREAMS))
    for kind, matrix in enumerate(covariances):
        terms = (len(matrix) - 1) // STREAMS
        for source in range(STREAMS):
            own = slice(1 + source * terms, 1 + (source + 1) * terms)
            out[kind, source] = exposures[kind] * np.sqrt(max(matrix[own, own].sum(), 0.0))
    return out


def radius_interval(
    branching: Float64, covariances: Sequence[Float64], exposures: Sequence[float]
) -> tuple[float, float]:
    """95% interval of the spectral radius of `branching` [STREAMS, STREAMS], by the delta method.

    The radius of a non-negative matrix is a simple eigenvalue with left and right vectors u and v;
    its derivative in entry (i, j) is u_i v_j / (u . v) (Magnus 1985). The sides mirror each other.
    """
    values, right = np.linalg.eig(branching)
    largest = int(np.argmax(values.real))
    radius, v = float(values[largest].real), np.abs(right[:, largest].real)
    transposed, left = np.linalg.eig(branching.T)
    u = np.abs(left[:, int(np.argmax(transposed.real))].real)
    slope = np.outer(u, v) / (u @ v)
    mirror = np.arange(STREAMS) ^ 1
    variance = 0.0
    for kind, matrix in enumerate(covariances):
        by_source = exposures[kind] * (slope[2 * kind] + slope[2 * kind + 1, mirror])
        by_term = np.repeat(by_source, (len(matrix) - 1) // STREAMS)
        variance += float(by_term @ matrix[1:, 1:] @ by_term)
    spread = Z95 * float(np.sqrt(variance))
    return max(radius - spread, 0.0), radius + spread
