"""Impact by twins: the same random numbers with and without a metaorder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.errors import FaultlineError
from model.events import Float64
from stylized_facts.bootstrap import interval, window_weights

MIN_PAIRS = 8
MIN_SIZES = 4
EXPONENTS = (-0.5, 2.0)


@dataclass(frozen=True, eq=False)
class PairedImpact:
    """Mean signed difference of paired paths, with 95% intervals over pairs.

    Attributes
    ----------
    mean, low, high : float64 [T], bp
    """

    mean: Float64
    low: Float64
    high: Float64


@dataclass(frozen=True)
class ImpactLaw:
    """I / sigma = factor (Q / V)^exponent; `low` and `high` bound the exponent (95%)."""

    exponent: float
    low: float
    high: float
    factor: float


def paired_impact(
    twin_mid: Float64, shocked_mid: Float64, side: int, resamples: int = 500, seed: int = 0
) -> PairedImpact:
    """Impact of an order against the twin path that does not have it.

    Parameters
    ----------
    twin_mid, shocked_mid : [P, T], mid prices of pairs on one time grid, in any one unit
    side : +1 for an order that buys, -1 for one that sells
    resamples, seed : of the bootstrap over pairs

    Raises
    ------
    FaultlineError
        Other shapes, fewer than eight pairs, or prices that are no positive numbers.
    """
    twin, shocked = _prices(twin_mid, "twin_mid"), _prices(shocked_mid, "shocked_mid")
    if twin.shape != shocked.shape or twin.ndim != 2:
        raise FaultlineError(
            f"paired impact: twin_mid {twin.shape} and shocked_mid {shocked.shape} must be paths "
            "x times, of one shape"
        )
    if len(twin) < MIN_PAIRS:
        raise FaultlineError(f"paired impact: {len(twin)} pairs; give at least {MIN_PAIRS}")
    impact = 1e4 * side * (np.log(shocked) - np.log(twin))
    weights = window_weights(len(twin), resamples, seed)
    draws = weights @ impact / weights.sum(1, keepdims=True)
    bands = np.array([interval(column) for column in draws.T])
    return PairedImpact(draws[0], bands[:, 0], bands[:, 1])


def injected_law(
    executed: Float64,
    impact_bps: Float64,
    volume: float,
    volatility_bps: float,
    resamples: int = 500,
    seed: int = 0,
) -> ImpactLaw:
    """Exponent of the impact of injected metaorders of several sizes, by paired paths.

    Non-linear least squares on all pairs, so that pairs whose price went the other way count.

    Parameters
    ----------
    executed : [S, P], shares that each metaorder of each size really traded
    impact_bps : [S, P], signed difference of the pair's mids at the end of execution, bp
    volume, volatility_bps : V and sigma of a day, or of whatever horizon stands for one
    resamples, seed : of the bootstrap over pairs (the same pairs for all sizes)

    Raises
    ------
    FaultlineError
        Other shapes, too few sizes or pairs, values that are not finite, or no positive volume or
        volatility.
    """
    size, impact = np.asarray(executed, float), np.asarray(impact_bps, float)
    if size.shape != impact.shape or size.ndim != 2 or len(size) < MIN_SIZES:
        raise FaultlineError(
            f"injected impact: executed {size.shape} and impact {impact.shape} must be sizes x "
            f"pairs, of one shape, with at least {MIN_SIZES} sizes"
        )
    if size.shape[1] < MIN_PAIRS:
        raise FaultlineError(f"injected impact: {size.shape[1]} pairs; give at least {MIN_PAIRS}")
    if not (np.isfinite(impact).all() and (size > 0).all() and volume > 0 and volatility_bps > 0):
        raise FaultlineError(
            "injected impact: impacts must be finite, executed sizes, volume and volatility above 0"
        )
    share, scaled = size / volume, impact / volatility_bps
    weights = window_weights(size.shape[1], resamples, seed)
    fits = np.array([_law(share, scaled, row) for row in weights])
    low, high = interval(fits[:, 0])
    return ImpactLaw(float(fits[0, 0]), low, high, float(fits[0, 1]))


def _law(share: Float64, impact: Float64, times: Float64) -> tuple[float, float]:
    from scipy import optimize  # imported where needed: readers of a scorecard never need it

    def factor(exponent: float) -> float:
        power = share**exponent
        return float((times * power * impact).sum() / (times * power**2).sum())

    def misfit(exponent: float) -> float:
        return float((times * (impact - factor(exponent) * share**exponent) ** 2).sum())

    found = float(optimize.minimize_scalar(misfit, bounds=EXPONENTS, method="bounded").x)
    at_end = min(found - EXPONENTS[0], EXPONENTS[1] - found) < 1e-3
    return (float("nan"), float("nan")) if at_end else (found, factor(found))


def _prices(mid: Float64, name: str) -> Float64:
    prices = np.asarray(mid, float)
    if not (np.isfinite(prices).all() and (prices > 0).all()):
        raise FaultlineError(f"paired impact: {name} must hold positive prices and no NaN")
    return prices
