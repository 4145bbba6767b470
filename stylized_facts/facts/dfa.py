"""Hurst exponents by detrended fluctuation analysis: of returns and of the signs of trades."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact
from stylized_facts.facts.levels import count_seconds
from stylized_facts.quantities import Values, log_returns, order_signs
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import count_trades

SCALES = (8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256)
MIN_SCALES = 4
BOXES = 10  # of all windows together, at least, for a scale to count
MIN_SECONDS = 1200
MIN_TRADES = 1000


def fluctuations(values: Values, about_zero: bool = False) -> WindowRatio:
    """Squared fluctuation F^2(s) of the summed values about a line in boxes of s, pooled.

    Each window is cut into boxes from its start; a scale counts up to a quarter of the window
    (Peng et al., Physical Review E 1994). `about_zero` leaves the mean in, as for signs.
    """
    windows = len(values.offsets) - 1
    above, beneath = np.zeros((windows, len(SCALES))), np.zeros((windows, len(SCALES)))
    lines = [_line(scale) for scale in SCALES]
    for w in range(windows):
        own = values.values[values.offsets[w] : values.offsets[w + 1]]
        walk = np.cumsum(own if about_zero else own - own.mean()) if len(own) else own
        for j, (scale, line) in enumerate(zip(SCALES, lines, strict=True)):
            if 4 * scale > len(walk):
                break
            boxes = walk[: len(walk) // scale * scale].reshape(-1, scale)
            squares = (boxes**2).sum() - ((boxes @ line) ** 2).sum()
            above[w, j] = max(squares, 0.0) / scale
            beneath[w, j] = len(boxes)
    beneath[:, beneath.sum(0) < BOXES] = 0.0
    return WindowRatio(above, beneath)


def _line(scale: int) -> Float64:
    """Orthonormal basis of the straight lines on `scale` points, float64 [scale, 2]."""
    basis, _ = np.linalg.qr(np.stack((np.ones(scale), np.arange(scale)), axis=1))
    return np.asarray(basis)


def hurst_exponent(found: WindowRatio, weights: Float64) -> Float64:
    """Slope of ln F(s) on ln s over the scales that count: float64 [R]; NaN with fewer than 4.

    1/2 without memory, more with persistence. Boxes of eight already see the lines that they are
    fitted with: the smallest scales bias the slope up by some 0.03.
    """
    squares = found.draws(weights)
    known = squares > 0
    x = np.log(np.array(SCALES, float))
    y = 0.5 * np.log(np.where(known, squares, 1.0))
    n = known.sum(1)
    away = known * (x - ((known * x).sum(1) / np.maximum(n, 1))[:, None])
    with np.errstate(invalid="ignore"):
        slope: Float64 = (away * y).sum(1) / (away * x).sum(1)
    return np.where(n >= MIN_SCALES, slope, np.nan)


@remembered
def _of_returns(sample: MarketSample) -> WindowRatio:
    return fluctuations(log_returns(sample, 1))


@remembered
def _of_signs(sample: MarketSample) -> WindowRatio:
    return fluctuations(order_signs(sample), about_zero=True)


def _hurst(of: Callable[[MarketSample], WindowRatio]) -> Callable[[MarketSample, Float64], Float64]:
    return lambda sample, weights: hurst_exponent(of(sample), weights)


FACTS = (
    Fact("hurst_returns", "Hurst exponent of returns (DFA)", "", _hurst(_of_returns),
         count_seconds, MIN_SECONDS, code="R13"),
    Fact("hurst_signs", "Hurst exponent of trade signs (DFA)", "", _hurst(_of_signs),
         count_trades, MIN_TRADES, code="L8"),
)  # fmt: skip
