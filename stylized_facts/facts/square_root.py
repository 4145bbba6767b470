"""The square-root law: impact of metaorders grows with the root of their volume, then decays."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.facts.metaorders import (
    AFTER,
    PATH,
    count_metaorders,
    mean_window_volume,
    metaorders,
    window_volatility,
)
from stylized_facts.facts.power_fit import power_fit
from stylized_facts.sample import MarketSample, remembered

EDGES: Float64 = np.logspace(-5, 1, 25)  # of volume over that of a window, four bins a decade
CENTRES: Float64 = np.sqrt(EDGES[1:] * EDGES[:-1])
MIN_METAORDERS = 500
LEAST = 80  # metaorders in a bin, of all labellings


@remembered
def impact_by_volume(sample: MarketSample) -> WindowRatio:
    """Mean impact over the volatility of a window, by volume over the volume of a window.

    I / sigma = Y (Q / V)^d. V and sigma are those of the sample: V its mean volume in a window,
    sigma its 10-second volatility scaled to the length of a window.
    """
    found = metaorders(sample)
    volatility, volume = window_volatility(sample), mean_window_volume(sample)
    if not volatility > 0 or not volume > 0:
        empty = np.zeros((len(sample), len(CENTRES)))
        return WindowRatio(empty, empty)
    bins = np.searchsorted(EDGES, found.volume / volume, side="right") - 1
    inside = (bins >= 0) & (bins < len(CENTRES))
    cell = found.window[inside] * len(CENTRES) + bins[inside]
    impact = found.impact[inside] / volatility
    sums = window_sums(cell, len(sample) * len(CENTRES), impact, np.ones(len(impact)))
    above, beneath = sums.T.reshape(2, len(sample), -1)
    beneath[:, beneath.sum(0) < LEAST] = 0.0
    return WindowRatio(above, beneath)


def _fit(sample: MarketSample, weights: Float64) -> tuple[Float64, Float64]:
    found = impact_by_volume(sample)
    return power_fit(CENTRES, weights @ found.above, weights @ found.beneath, LEAST // 2)


def impact_exponent(sample: MarketSample, weights: Float64) -> Float64:
    """Exponent d of the impact of pseudo-metaorders.

    0.489 +- 0.0015 for true metaorders of all liquid stocks in Tokyo (Sato and Kanazawa, 2024).
    """
    return _fit(sample, weights)[0]


def impact_factor(sample: MarketSample, weights: Float64) -> Float64:
    """Factor Y, with the exponent free."""
    return _fit(sample, weights)[1]


@remembered
def impact_path(sample: MarketSample) -> WindowRatio:
    """Impact after 25, 50, 75 and 100% of the child orders and later, over that at 100%.

    Later is half a duration, one and two after the last child order; metaorders whose window ends
    before are left out there, above and beneath. At least four child orders.
    """
    path, window = metaorders(sample).path, metaorders(sample).window
    known = np.isfinite(path)
    above = window_sums(window, len(sample), *np.where(known, path, 0.0).T)
    peak = np.where(known, path[:, [PATH.index(1.0)]], 0.0)
    return WindowRatio(above, window_sums(window, len(sample), *peak.T))


def path_at(sample: MarketSample, weights: Float64, *, at: int) -> Float64:
    """One point of `impact_path`."""
    return impact_path(sample).draws(weights)[:, at]


FACTS = (
    Fact("metaorder_exponent", "Exponent of pseudo-metaorder impact", "", impact_exponent,
         count_metaorders, MIN_METAORDERS, code="L12"),
    Fact("metaorder_factor", "Factor of pseudo-metaorder impact", "", impact_factor,
         count_metaorders, MIN_METAORDERS, code="L12"),
    Fact("metaorder_half_way", "Metaorder impact half way, of the peak", "",
         partial(path_at, at=PATH.index(0.5)), count_metaorders, MIN_METAORDERS, code="L12"),
    Fact("metaorder_decay", "Metaorder impact one duration later, of the peak", "",
         partial(path_at, at=len(PATH) + AFTER.index(1.0)), count_metaorders, MIN_METAORDERS,
         code="L12"),
)  # fmt: skip
CURVES = (
    FactCurve("metaorder_impact", "Pseudo-metaorder impact by volume", impact_by_volume,
              count_metaorders, MIN_METAORDERS, "L12", x=tuple(CENTRES.round(8).tolist()),
              x_unit="volume / window volume"),
    FactCurve("metaorder_path", "Path of pseudo-metaorder impact", impact_path, count_metaorders,
              MIN_METAORDERS, "L12", x=(*PATH, *(1 + later for later in AFTER)),
              x_unit="duration"),
)  # fmt: skip
