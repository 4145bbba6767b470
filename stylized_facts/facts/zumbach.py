"""Time-scale asymmetry: past trends make volatility more than volatility makes trends."""

from __future__ import annotations

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, correlation
from stylized_facts.facts.kurtosis import count_returns
from stylized_facts.quantities import Values, log_returns
from stylized_facts.sample import MarketSample, remembered

FINE = 10  # returns in a coarse one
MIN_BINS = 200


def zumbach(values: Values, fine: int = FINE) -> tuple[WindowRatio, WindowRatio]:
    """Correlations of coarse volatility with the fine one that follows, and the reverse.

    Coarse volatility is the absolute sum of `fine` returns, fine volatility the sum of their
    absolute values (Mueller et al., Journal of Empirical Finance 1997; Zumbach and Lynch, Physica
    A 2001).
    """
    windows = len(values.offsets) - 1
    bins = np.diff(values.offsets) // fine
    kept = (np.arange(len(values.values)) - values.offsets[values.window]) < (bins * fine)[
        values.window
    ]
    blocks = values.values[kept].reshape(-1, fine)
    owner = np.repeat(np.arange(windows), bins)
    coarse, small = np.abs(blocks.sum(1)), np.abs(blocks).sum(1)
    same = owner[1:] == owner[:-1]
    window = owner[1:][same]
    return (
        correlation(coarse[:-1][same], small[1:][same], window, windows),
        correlation(small[:-1][same], coarse[1:][same], window, windows),
    )


@remembered
def _of_returns(sample: MarketSample) -> tuple[WindowRatio, WindowRatio]:
    return zumbach(log_returns(sample, 1))


def asymmetry(sample: MarketSample, weights: Float64) -> Float64:
    """corr(coarse_t, fine_(t+1)) - corr(fine_t, coarse_(t+1)) of 1 s returns in bins of 10 s."""
    forward, backward = _of_returns(sample)
    return (forward.draws(weights) - backward.draws(weights))[:, 0]


def count_bins(sample: MarketSample) -> int:
    """Bins of 10 s that the windows hold."""
    return count_returns(sample, horizon_s=FINE)


FACTS = (
    Fact("zumbach", "Time-scale asymmetry (Zumbach), 10 s in 1 s", "", asymmetry, count_bins,
         MIN_BINS, code="R12", report_only=True),
)  # fmt: skip
