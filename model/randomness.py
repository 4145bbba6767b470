"""Counter-based random numbers: the draw for (seed, path, event, purpose) is always the same.

A draw is a hash of its four coordinates, so a path can be drawn alone, in a batch, in another
process or on another machine, and a shocked path meets the same numbers as its unshocked twin.
The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from model.events import Float64, Int64

Integer = int | np.integer[Any]


@njit(inline="always", cache=True)
def _mix(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def uniform(seed: Integer, path: Integer, event: Integer, purpose: Integer) -> float:
    """A float64 in (0, 1): the draw of `purpose` for event number `event` of `path`."""
    z = _mix(np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15))
    z = _mix(z ^ (np.uint64(path) + np.uint64(0xD1B54A32D192ED03)))
    z = _mix(z ^ (np.uint64(event) + np.uint64(0x8CB92BA72F3D8DD7)))
    z = _mix(z ^ (np.uint64(purpose) + np.uint64(0xABC98388FB8FAC03)))
    return (float(z >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def _uniforms(seed: int, paths: Int64, events: Int64, purposes: Int64, out: Float64) -> None:
    for i in range(len(paths)):
        for j in range(len(purposes)):
            out[i, j] = uniform(seed, paths[i], events[i], purposes[j])


def uniforms(seed: int, paths: Int64, events: Int64, purposes: Int64) -> Float64:
    """Draws for B paths, each at its own event number, and P purposes: float64 [B, P] in (0, 1)."""
    out = np.empty((len(paths), len(purposes)))
    _uniforms(seed, paths, events, purposes, out)
    return out
