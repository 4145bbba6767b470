"""Impact of single trades: concave in their volume."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve, window_sums
from stylized_facts.facts.power_fit import power_fit
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import count_trades, trades

EDGES: Float64 = np.logspace(-1.5, 1.5, 13)  # of volume over its mean, four bins a decade
CENTRES: Float64 = np.sqrt(EDGES[1:] * EDGES[:-1])
MIN_TRADES = 500
LEAST = 10  # trades in a bin


@remembered
def impact_by_volume(sample: MarketSample) -> WindowRatio:
    """Mean e (m' - m) in ticks by volume over its mean, m' the mid just before the next trade.

    The last trade of a window is left out (Lillo, Farmer and Mantegna, Nature 2003).
    """
    found = trades(sample)
    mid = sample.mid_before[found.first]
    same = found.window[1:] == found.window[:-1]
    move = (found.sign[:-1] * np.diff(mid))[same]
    volume = found.volume[:-1][same] / max(found.volume.mean(), 1) if len(found) else move
    bins = np.searchsorted(EDGES, volume, side="right") - 1
    inside = (bins >= 0) & (bins < len(CENTRES))
    cell = found.window[:-1][same][inside] * len(CENTRES) + bins[inside]
    sums = window_sums(cell, len(sample) * len(CENTRES), move[inside], np.ones(inside.sum()))
    above, beneath = sums.T.reshape(2, len(sample), -1)
    return WindowRatio(above, beneath)


def impact_exponent(sample: MarketSample, weights: Float64) -> Float64:
    """Exponent p of E[e dm | v] ~ v^p."""
    found = impact_by_volume(sample)
    return power_fit(CENTRES, weights @ found.above, weights @ found.beneath, LEAST)[0]


FACTS = (
    Fact("trade_impact_exponent", "Exponent of trade impact in volume", "", impact_exponent,
         count_trades, MIN_TRADES, code="L11"),
)  # fmt: skip
CURVES = (
    FactCurve("trade_impact", "Impact of a trade by its volume, ticks", impact_by_volume,
              count_trades, MIN_TRADES, "L11", x=tuple(CENTRES.round(3).tolist()),
              x_unit="mean volume"),
)  # fmt: skip
