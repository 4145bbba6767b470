"""Volume and volatility: much is traded when prices move."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import NS_PER_S, Float64, Int64
from stylized_facts.facts.fact import Fact, WindowCorrelation, correlation
from stylized_facts.facts.kurtosis import count_returns
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import trades

BIN_S = 10
MIN_BINS = 200


def trade_bins(sample: MarketSample, bin_s: int = BIN_S) -> tuple[Float64, Float64, Int64]:
    """Shares and trades in each whole bin of each window, and the offsets of the windows."""
    found = trades(sample)
    bins = (sample.duration_s // bin_s).astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(bins)))
    since = sample.events.time_ns[found.first] - sample.start_ns[found.window]
    place = since // (bin_s * NS_PER_S)
    kept = place < bins[found.window]
    at = (offsets[found.window] + place)[kept]
    return (
        np.bincount(at, found.volume[kept], offsets[-1]).astype(float),
        np.bincount(at, minlength=offsets[-1]).astype(float),
        offsets,
    )


@remembered
def rank_correlation(sample: MarketSample, of: str) -> WindowCorrelation:
    """Spearman's correlation of |r| over 10 s with the shares or trades in those 10 s.

    Ranks are those in the whole sample; resamples draw them anew. In clock time: in trade time
    the fact does not hold (Karpoff, JFQA 1987; Cont 2001).
    """
    from scipy import stats  # imported where needed: readers of a scorecard never need it

    volume, count, offsets = trade_bins(sample)
    returns = log_returns(sample, BIN_S, BIN_S)
    if len(returns.values) != len(volume):  # a mid that is not a price somewhere
        return WindowCorrelation(np.zeros((len(sample), 1)), np.zeros((len(sample), 2)))
    window = np.repeat(np.arange(len(sample)), np.diff(offsets))
    other = volume if of == "volume" else count
    return correlation(
        stats.rankdata(np.abs(returns.values)), stats.rankdata(other), window, len(sample)
    )


def volume_volatility(sample: MarketSample, weights: Float64, *, of: str) -> Float64:
    """Rank correlation of absolute 10-second returns with what was traded in them."""
    return rank_correlation(sample, of).draws(weights)[:, 0]


_count = partial(count_returns, horizon_s=BIN_S)
FACTS = (
    Fact("volume_volatility", "Rank correlation of |return| and volume, 10 s", "",
         partial(volume_volatility, of="volume"), _count, MIN_BINS, code="R9"),
    Fact("trades_volatility", "Rank correlation of |return| and trades, 10 s", "",
         partial(volume_volatility, of="trades"), _count, MIN_BINS, code="R9"),
)  # fmt: skip
