"""Spread and depth over time."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from model.profile import AssetProfile

BAND_LEVELS = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)


def quantile_bands(values: Float64, levels: tuple[float, ...] = BAND_LEVELS) -> Float64:
    """Quantiles over paths at each time: [P, T] -> float64 [L, T], linear interpolation.

    NaN at a time where any path is NaN. Each time is taken by itself: a band is no path.
    """
    return np.asarray(np.quantile(values, levels, axis=0))


def time_mean(values: Float64) -> Float64:
    """Mean over time of equally spaced samples: [..., T] -> [...]; NaN where T = 0."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(values.mean(axis=-1))


def usual_depth(profile: AssetProfile, distance_ticks: int) -> float:
    """Shares that usually rest within a distance of the touch of one side (0: the touch alone).

    The mean book of the profile; beyond what it knows, its last distance goes on.
    """
    occupied, size = np.array(profile.shape_occupied), np.array(profile.shape_size)
    mean = occupied * size
    known = mean[: distance_ticks + 1]
    return float(known.sum() + (distance_ticks + 1 - len(known)) * mean[-1])
