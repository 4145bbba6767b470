"""How far trading moves the price: Amihud's ratio and Kyle's lambda."""

from __future__ import annotations

import numpy as np
from statsmodels.regression.linear_model import OLS

from engine.risk.bootstrap import Interval
from engine.risk.drawdown import BP
from model.events import Float64

LEAST_INTERVALS = 10


def amihud(prices: Float64, values: Float64) -> Float64:
    """Mean of |return| over traded value, basis points a million of currency.

    Amihud (J. Financial Markets 5, 2002), on intervals in which something traded.

    Parameters
    ----------
    prices : float64 [..., T + 1], positive, at the ends of intervals
    values : float64 [..., T], traded in each interval, units of currency

    Returns
    -------
    float64 [...], NaN where nothing traded
    """
    moves = BP * np.abs(np.diff(prices, axis=-1) / prices[..., :-1])
    traded = values > 0.0
    ratio = np.zeros(values.shape)
    np.divide(1e6 * moves, values, out=ratio, where=traded)
    count = traded.sum(axis=-1)
    mean = np.full(count.shape, np.nan)
    np.divide(ratio.sum(axis=-1), count, out=mean, where=count > 0)
    return mean


def kyle_lambda(
    prices: Float64, signed_volume: Float64, confidence: float = 0.95, lags: int = 5
) -> Interval:
    """Slope of price changes on signed volume, price units a share.

    Kyle (Econometrica 53, 1985), by least squares with an intercept over all intervals of all
    paths; standard errors allow for heteroscedasticity and autocorrelation (Newey and West).

    Parameters
    ----------
    prices : float64 [P, T + 1], at the ends of intervals
    signed_volume : float64 [P, T], bought less sold by aggressive orders in each interval
    confidence, lags : of the interval

    Returns
    -------
    Interval, NaN with fewer than ten intervals or no trade at all
    """
    change = np.diff(prices, axis=-1).ravel()
    volume = np.asarray(signed_volume, np.float64).ravel()
    if len(change) < LEAST_INTERVALS or np.ptp(volume) == 0.0:
        return Interval(np.nan, np.nan, np.nan)
    design = np.column_stack([np.ones_like(volume), volume])
    fit = OLS(change, design).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    lower, upper = fit.conf_int(1.0 - confidence)[1]
    return Interval(float(fit.params[1]), float(lower), float(upper))


def impact_moments(prices: Float64, signed_volume: Float64) -> Float64:
    """Sums over the intervals of each path from which `impact_slope` makes Kyle's lambda.

    Parameters
    ----------
    prices : float64 [P, T + 1], at the ends of intervals
    signed_volume : float64 [P, T]

    Returns
    -------
    float64 [P, 5]
        Number of intervals, sum of volumes x, of price changes y, of x y, of x squared.
    """
    change = np.diff(prices, axis=-1)
    columns = (np.ones_like(change), signed_volume, change, signed_volume * change,
               signed_volume**2)  # fmt: skip
    return np.stack([column.sum(axis=-1) for column in columns], axis=-1)


def impact_slope(moments: Float64) -> Float64:
    """The slope of `kyle_lambda` over all paths, price units a share: [r, n, 5] -> [r].

    NaN where nothing was traded, or always the same.
    """
    count, x, y, xy, xx = np.moveaxis(moments.sum(axis=-2), -1, 0)
    spread = count * xx - x * x
    slope = np.full(spread.shape, np.nan)
    np.divide(count * xy - x * y, spread, out=slope, where=spread > 0.0)
    return slope
