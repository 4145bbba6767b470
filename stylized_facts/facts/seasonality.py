"""The U-shape of the day: activity, volume, volatility and spread by time of day."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import NS_PER_S, Action, Float64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import FactCurve
from stylized_facts.sample import DAY_NS, MarketSample, remembered
from stylized_facts.trades import trades

BIN_S = 300
BINS = DAY_NS // (BIN_S * NS_PER_S)
KINDS = ("events", "volume", "variance", "spread")
NAMES = {
    "events": "events", "volume": "traded volume", "variance": "realised variance",
    "spread": "spread",
}  # fmt: skip
MIN_SECONDS = 7200
MIN_BIN_S = 60


class DayProfile(WindowRatio):
    """Rate in each bin of the day over the rate of the whole sample; one row a day of windows."""

    def draws(self, weights: Float64) -> Float64:
        """The profile for weights [R, W]: float64 [R, 288]; NaN in bins not covered for a minute.

        The bins are those of the clock; a resample may have lost some.
        """
        total, seconds = weights @ self.above, weights @ self.beneath
        seconds = np.where(seconds >= MIN_BIN_S, seconds, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            level = np.nansum(np.where(np.isfinite(seconds), total, 0), axis=1, keepdims=True)
            level /= np.nansum(seconds, axis=1, keepdims=True)
            return np.asarray(total / seconds / level)


@remembered
def day_profile(sample: MarketSample, kind: str) -> DayProfile:
    """Profile of one of `KINDS` in 5-minute bins from midnight, 1 on average.

    Variance is the sum of squared 1-second returns, the spread is seen every second where there is
    one. Admati and Pfleiderer, Review of Financial Studies 1988; Andersen and Bollerslev, Journal
    of Empirical Finance 1997. Windows without time of day (they start at 0) are not counted.
    """
    grid = sample.grid
    window = np.repeat(np.arange(len(sample)), np.diff(grid.offsets))
    clock = sample.start_ns[window] + NS_PER_S * (
        np.arange(len(window)) - grid.offsets[window]
    )  # fmt: skip
    seconds = np.ones(len(window))
    if kind == "spread":
        seconds = grid.two_sided.astype(float)
    beneath = _binned(sample, window, clock, seconds)
    if kind == "spread":
        wide = np.where(grid.two_sided, grid.quotes.ask_ticks - grid.quotes.bid_ticks, 0)
        return DayProfile(_binned(sample, window, clock, wide.astype(float)), beneath)
    if kind == "variance":
        log_mid = np.log(np.maximum(grid.mid_ticks, 0.5))
        square = np.append((1e4 * np.diff(log_mid)) ** 2, 0.0)
        square[grid.offsets[1:] - 1] = 0.0  # never across the border of two windows
        return DayProfile(_binned(sample, window, clock, square), beneath)
    if kind == "volume":
        tape = trades(sample)
        time = sample.events.time_ns[tape.first]
        return DayProfile(_binned(sample, tape.window, time, tape.volume), beneath)
    counted = (sample.events.action != Action.PRINT).astype(float)
    return DayProfile(_binned(sample, sample.window, sample.events.time_ns, counted), beneath)


def _binned(
    sample: MarketSample, window: np.ndarray, time_ns: np.ndarray, what: Float64
) -> Float64:
    """Sums of `what` by window and bin of the day, float64 [W, 288]; windows from 0 count none."""
    place = np.clip(time_ns // (BIN_S * NS_PER_S), 0, BINS - 1)
    what = np.where(sample.start_ns[window] > 0, what, 0.0)
    total = np.bincount(window * BINS + place, what, len(sample) * BINS)
    return np.asarray(total.reshape(-1, BINS), float)


def count_day(sample: MarketSample) -> int:
    """Seconds of windows with a time of day."""
    return int(sample.duration_s[sample.start_ns > 0].sum())


CURVES = tuple(
    FactCurve(f"day_{kind}", f"Shape of the day: {NAMES[kind]}, 5 min",
              partial(day_profile, kind=kind), count_day, MIN_SECONDS, "L13",
              x=tuple(5 * i / 60 for i in range(BINS)), x_unit="hour of the day")
    for kind in KINDS
)  # fmt: skip
