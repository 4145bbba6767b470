"""Predictive score: a forecaster of the mid, trained on synthetic flow and tested on real flow.

After the TSTR score of time-series generation (Yoon et al., NeurIPS 2019; for order books
DeepMarket, arXiv 2502.07071): a small network sees the last returns and the touch every second and
forecasts the mid ten seconds on. Where synthetic flow teaches what real flow teaches, its mean
absolute error on later real windows is that of a forecaster trained on earlier real windows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from model.events import Float64, Int64
from stylized_facts.sample import MarketSample

AHEAD_S, LAGS_S = 10, (1, 2, 3, 5, 10, 30)
SEEDS = 5
TRAINING_SHARE = 0.6
MOST_ROWS, LEAST_ROWS = 6000, 200
RESAMPLES = 200


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Absolute errors on the real test rows, each over the mean error of 'no change'."""

    errors: Float64
    window: Int64

    @property
    def score(self) -> float:
        """Mean absolute error; 1 is no better than forecasting no change."""
        return float(self.errors.mean())

    def ratio_to(self, other: Forecasts, seed: int) -> Float64:
        """Score over that of `other` on the same rows, whole and for resampled windows [1 + R]."""
        windows, place = np.unique(self.window, return_inverse=True)
        sums = np.stack(
            [np.bincount(place, one.errors, len(windows)) for one in (self, other)], axis=1
        )
        rng = np.random.default_rng(seed)
        drawn = rng.integers(len(windows), size=(RESAMPLES, len(windows)))
        totals = np.vstack((sums.sum(0), sums[drawn].sum(1)))
        return np.asarray(totals[:, 0] / totals[:, 1])


def forecasts(training: MarketSample, real: MarketSample, seed: int) -> Forecasts:
    """Train on `training` (its earlier windows if it is `real`), test on later real windows.

    Raises
    ------
    ValueError
        Too few seconds to train or to test on, or a mid that never moves in the test windows.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    early = np.arange(len(real)) < np.ceil(TRAINING_SHARE * len(real))
    x, y, window = _rows(training)
    if training is real:
        x, y = x[early[window]], y[early[window]]
    test_x, test_y, test_window = _rows(real)
    late = ~early[test_window]
    test_x, test_y, test_window = test_x[late], test_y[late], test_window[late]
    unmoved = float(np.abs(test_y).mean()) if len(test_y) else 0.0
    if min(len(x), len(test_x)) < LEAST_ROWS or unmoved == 0 or np.ptp(y) == 0:
        raise ValueError(f"fewer than {LEAST_ROWS} seconds, or a mid that never moves")
    errors = np.zeros(len(test_y))
    for s in range(SEEDS):
        chosen = np.random.default_rng([seed, s]).permutation(len(x))[:MOST_ROWS]
        scale = float(y[chosen].std()) or 1.0
        network = MLPRegressor(
            hidden_layer_sizes=(16,), early_stopping=True, max_iter=25, alpha=1e-2, random_state=s
        )  # fmt: skip
        model = make_pipeline(StandardScaler(), network)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 25 rounds are meant
            model.fit(x[chosen], y[chosen] / scale)
        errors += np.abs(scale * model.predict(test_x) - test_y) / SEEDS
    return Forecasts(errors / unmoved, test_window)


def _rows(sample: MarketSample) -> tuple[Float64, Float64, Int64]:
    """Features and return ahead (bp) of every second that has both, and its window."""
    grid = sample.grid
    log_mid = 1e4 * np.log(np.maximum(grid.mid_ticks, 0.5))
    bid, ask = grid.quotes.bid_size, grid.quotes.ask_size
    wide = np.where(grid.two_sided, grid.quotes.ask_ticks - grid.quotes.bid_ticks, 1)
    longest = max(LAGS_S)
    rows = np.concatenate(
        [
            np.arange(low + longest, high - AHEAD_S)
            for low, high in zip(grid.offsets[:-1], grid.offsets[1:], strict=True)
        ]
    ).astype(np.int64)
    columns = [log_mid[rows] - log_mid[rows - lag] for lag in LAGS_S]
    columns += [
        ((bid - ask) / np.maximum(bid + ask, 1))[rows],
        np.log1p(bid + ask)[rows],
        np.log(np.maximum(wide, 1))[rows],
    ]
    window = np.searchsorted(grid.offsets, rows, side="right") - 1
    return np.stack(columns, axis=1), log_mid[rows + AHEAD_S] - log_mid[rows], window
