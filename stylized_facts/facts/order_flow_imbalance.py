"""Order-flow imbalance: prices move linearly with it, and less where the book is deep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.events import NS_PER_S, Float64, Int64
from stylized_facts.facts.fact import Fact, window_sums
from stylized_facts.facts.kurtosis import count_returns
from stylized_facts.sample import MarketSample, remembered

BIN_S = 10
MIN_BINS = 200
MIN_WINDOWS = 10
LAGS = 6  # of the Newey-West covariance: one minute


@dataclass(frozen=True)
class OfiRegression:
    """dP = a + b OFI in ticks and shares, with Newey-West (HAC) standard errors."""

    slope: float
    standard_error: float
    r_squared: float
    observations: int


def imbalance_of_events(sample: MarketSample) -> Float64:
    """e_n of Cont, Kukanov and Stoikov (Journal of Financial Econometrics 2014), shares, [n].

    1{Pb >= Pb'} qb - 1{Pb <= Pb'} qb' - 1{Pa <= Pa'} qa + 1{Pa >= Pa'} qa', dashes before the
    event: what an event adds to the demand at the touch, less what it adds to the supply.
    """
    old, new = sample.before, sample.quotes
    demand = np.where(new.bid_ticks >= old.bid_ticks, new.bid_size, 0) - np.where(
        new.bid_ticks <= old.bid_ticks, old.bid_size, 0
    )
    supply = np.where(new.ask_ticks <= old.ask_ticks, new.ask_size, 0) - np.where(
        new.ask_ticks >= old.ask_ticks, old.ask_size, 0
    )
    return np.asarray(demand - supply, float)


@remembered
def ofi_bins(sample: MarketSample) -> tuple[Float64, Float64, Int64]:
    """Change of the mid (ticks) and order-flow imbalance (shares) in 10 s, and the windows."""
    bins = (sample.duration_s // BIN_S).astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(bins)))
    place = (sample.events.time_ns - sample.start_ns[sample.window]) // (BIN_S * NS_PER_S)
    kept = place < bins[sample.window]
    flow = np.bincount(
        (offsets[sample.window] + place)[kept], imbalance_of_events(sample)[kept], offsets[-1]
    )
    window = np.repeat(np.arange(len(sample)), bins)
    begin = sample.grid.offsets[window] + BIN_S * (np.arange(offsets[-1]) - offsets[window])
    mid = sample.grid.mid_ticks
    # what happens on the stroke of a bin's end belongs to the next bin, also in the price
    return mid[begin + BIN_S] - mid[begin], flow.astype(float), window


def ofi_regression(move: Float64, flow: Float64) -> OfiRegression:
    """Least squares with a HAC covariance of six lags, by statsmodels; NaN where constant."""
    import statsmodels.api as sm  # imported where needed: readers of a scorecard never need it

    if len(move) < MIN_BINS or np.ptp(flow) == 0 or np.ptp(move) == 0:
        return OfiRegression(float("nan"), float("nan"), float("nan"), len(move))
    scale = float(flow.std())
    fit = sm.OLS(move, sm.add_constant(flow / scale)).fit(
        cov_type="HAC", cov_kwds={"maxlags": LAGS}
    )
    return OfiRegression(
        float(fit.params[1]) / scale, float(fit.bse[1]) / scale, float(fit.rsquared), len(move)
    )


@remembered
def regression_sums(sample: MarketSample) -> Float64:
    """Numbers, sums and products of flow x and move y by window: n, x, y, xx, xy, yy; [W, 6]."""
    y, x, window = ofi_bins(sample)
    return window_sums(window, len(sample), np.ones(len(x)), x, y, x * x, x * y, y * y)


def _moments(sums: Float64) -> tuple[Float64, Float64, Float64]:
    """Covariances xx, xy, yy of rows of sums."""
    n, x, y, xx, xy, yy = sums.T
    return xx / n - (x / n) ** 2, xy / n - x * y / n**2, yy / n - (y / n) ** 2


@remembered
def mean_depth(sample: MarketSample) -> Float64:
    """Mean size of a touch queue in each window, shares [W]; every second."""
    quotes = sample.grid.quotes
    window = np.repeat(np.arange(len(sample)), np.diff(sample.grid.offsets))
    size = np.asarray(0.5 * (quotes.bid_size + quotes.ask_size), float)
    sums = window_sums(window, len(sample), size, np.ones(len(size)))
    return np.asarray(sums[:, 0] / sums[:, 1])


def ofi_slope(sample: MarketSample, weights: Float64) -> Float64:
    """Slope of the move in ticks on OFI in units of the mean touch queue.

    One half in the stylised book of Cont, Kukanov and Stoikov, where all depth is at the touch.
    """
    xx, xy, _ = _moments(weights @ regression_sums(sample))
    return np.asarray(xy / xx * mean_depth(sample).mean())


def ofi_r_squared(sample: MarketSample, weights: Float64) -> Float64:
    """Share of the variance of 10-second moves that OFI explains."""
    xx, xy, yy = _moments(weights @ regression_sums(sample))
    return np.asarray(xy**2 / (xx * yy))


def depth_exponent(sample: MarketSample, weights: Float64) -> Float64:
    """Exponent l of slope ~ depth^-l over windows, log on log; 1 where impact is 1 / depth.

    Windows whose slope is not positive are left out; NaN with fewer than ten others.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        xx, xy, _ = _moments(regression_sums(sample))
        slope, depth = xy / xx, mean_depth(sample)
    known = np.isfinite(slope) & (slope > 0) & (depth > 0)
    if known.sum() < MIN_WINDOWS:
        return np.full(len(weights), np.nan)
    y, x, share = np.log(slope[known]), np.log(depth[known]), weights[:, known]
    n = share.sum(1)
    mean_x, mean_y = share @ x / n, share @ y / n
    return np.asarray(-(share @ (x * y) / n - mean_x * mean_y) / (share @ (x * x) / n - mean_x**2))


def count_bins(sample: MarketSample) -> int:
    """Bins of 10 s that the windows hold."""
    return count_returns(sample, horizon_s=BIN_S)


FACTS = (
    Fact("ofi_slope", "Slope of 10 s moves on order-flow imbalance / depth", "ticks", ofi_slope,
         count_bins, MIN_BINS, code="L9"),
    Fact("ofi_r_squared", "R^2 of 10 s moves on order-flow imbalance", "", ofi_r_squared,
         count_bins, MIN_BINS, code="L9"),
    Fact("ofi_depth_exponent", "Exponent of that slope against depth", "", depth_exponent,
         count_bins, MIN_BINS, code="L9"),
)  # fmt: skip
