"""The scored quantities: what is taken from a sample, in which unit, and how it is sampled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from model.events import NS_PER_S, Action, Float64, Int64, Side
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import trade_signs

Scale = Literal["linear", "log", "log1p", "signed_log"]
Centre = Literal["median", "mean", "sd"]

RETURN_HORIZONS_S = (1, 10, 30, 60, 120)
CROSSING_DEPTH = -1000.0  # the depth given to every order that crosses, ticks
BINS = 60
_CLOCK_US = 1e-6  # added to interarrival times before the logarithm, seconds


@dataclass(frozen=True, eq=False)
class Values:
    """Numbers taken from a sample, flat and ragged: window w owns offsets[w] .. offsets[w+1]-1."""

    values: Float64
    offsets: Int64

    @property
    def window(self) -> Int64:
        """Number of the window that each value belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def independent(self, overlap: int) -> int:
        """How many of the values do not overlap, where each covers `overlap` sampling steps."""
        return int(np.sum(-(-np.diff(self.offsets) // overlap)))


@dataclass(frozen=True)
class Quantity:
    """One scored quantity.

    `scale` is the axis on which Wasserstein-1 is measured (K-S does not depend on it), `centre`
    the number shown for the sample, `overlap` the sampling steps that one value covers.
    """

    key: str
    label: str
    unit: str
    sampling: str
    extract: Callable[[MarketSample], Values]
    scale: Scale = "linear"
    centre: Centre = "median"
    overlap: int = 1
    whole: bool = False  # takes whole numbers only

    def on_scale(self, values: Float64) -> Float64:
        """Values on the axis of the distances."""
        return to_scale(values, self.scale)

    def edges(self, values: Float64) -> Float64:
        """Edges of some 60 histogram bins, even on the quantity's scale, around whole numbers."""
        if len(values) == 0:
            return np.array([0.0, 1.0])
        low, high = float(values.min()), float(values.max())
        above = float(np.nextafter(max(high, low + 1e-9), np.inf))
        if self.whole and self.scale == "linear":
            width = max(1.0, float(np.ceil((np.quantile(values, 0.999) - low) / BINS)))
            return np.asarray(low - 0.5 + width * np.arange(BINS + 1))
        if self.centre == "sd":  # returns: an odd number of bins about 0, the last 0.1% outside
            reach = 1.5 * max(float(np.quantile(np.abs(values), 0.999)), 1e-6)
            return np.linspace(-reach, reach, BINS + 2)
        ends = self.on_scale(np.array([low, above]))
        edges = from_scale(np.linspace(ends[0], ends[1], BINS + 1), self.scale)
        edges[0], edges[-1] = low, above
        return np.append(np.unique(np.floor(edges)) - 0.5, high + 0.5) if self.whole else edges

    def centre_of(self, values: Float64) -> float:
        """The number shown for a sample: median, mean or standard deviation; NaN if empty."""
        if len(values) == 0:
            return float("nan")
        if self.centre == "sd":
            return float(np.std(values))
        return float(np.median(values) if self.centre == "median" else np.mean(values))


def to_scale(values: Float64, scale: Scale) -> Float64:
    """Values on a named axis: `log` is ln(x + 1 us), `signed_log` is sign(x) ln(1 + |x|)."""
    if scale == "log":
        logs: Float64 = np.log(values + _CLOCK_US)
        return logs
    if scale == "log1p":
        return np.log1p(values)
    if scale == "signed_log":
        signed: Float64 = np.sign(values) * np.log1p(np.abs(values))
        return signed
    return values


def from_scale(values: Float64, scale: Scale) -> Float64:
    """The inverse of `to_scale`."""
    if scale == "log":
        return np.exp(values) - _CLOCK_US
    if scale == "log1p":
        return np.expm1(values)
    if scale == "signed_log":
        signed: Float64 = np.sign(values) * np.expm1(np.abs(values))
        return signed
    return values


@remembered
def log_returns(sample: MarketSample, horizon_s: int, step_s: int | None = None) -> Values:
    """Log returns of the mid over `horizon_s` seconds, in bp, one every `step_s` seconds.

    Previous-tick on the clock grid, never across windows. The default step is a tenth of the
    horizon (at least 1 s): overlapping returns have the same distribution and waste less data.
    """
    step = max(1, horizon_s // 10) if step_s is None else step_s
    mid = sample.grid.mid_ticks
    log_mid = np.log(np.where(mid > 0, mid, np.nan))
    parts = []
    for low, high in _spans(sample.grid.offsets):
        begins = np.arange(low, high - horizon_s, step)
        parts.append(1e4 * (log_mid[begins + horizon_s] - log_mid[begins]))
    return _ragged(parts)


def moved_returns(sample: MarketSample) -> Values:
    """1-second log returns other than 0, in bp: the rest of what `zero_return_share` tells."""
    returns = log_returns(sample, 1)
    return _per_window(np.where(returns.values != 0, returns.values, np.nan), returns.offsets)


def spread_ticks(sample: MarketSample) -> Values:
    """Best ask minus best bid in ticks every second, so weighted by time; where both exist."""
    quotes = sample.grid.quotes
    spread = np.where(sample.grid.two_sided, quotes.ask_ticks - quotes.bid_ticks, np.nan)
    return _per_window(spread, sample.grid.offsets)


def touch_volume(sample: MarketSample) -> Values:
    """Shares at the best bid plus shares at the best ask, every second."""
    quotes = sample.grid.quotes
    return _per_window((quotes.bid_size + quotes.ask_size).astype(float), sample.grid.offsets)


def imbalance(sample: MarketSample) -> Values:
    """(bid size - ask size) / (bid size + ask size) at the touch, every second; -1 to 1."""
    bid, ask = sample.grid.quotes.bid_size, sample.grid.quotes.ask_size
    total = np.where(bid + ask > 0, bid + ask, np.nan)
    return _per_window((bid - ask) / total, sample.grid.offsets)


@remembered
def interarrival_s(sample: MarketSample) -> Values:
    """Seconds between successive adds and cancels of a window; PRINTs are passed over."""
    kept = sample.events.action != Action.PRINT
    time = sample.events.time_ns[kept]
    counts = np.bincount(sample.window[kept], minlength=len(sample))
    parts = [np.diff(part) / NS_PER_S for part in np.split(time, np.cumsum(counts)[:-1])]
    return _ragged(parts)


@remembered
def depth_ticks(sample: MarketSample) -> Values:
    """Ticks from the same side's best price just before each new order, away from the market.

    0 joins the touch, a positive number rests behind it, a negative one improves it. Every order
    that crosses gets the one value `CROSSING_DEPTH`. Orders of a side that was empty are left out.
    """
    events, before = sample.events, sample.before
    buy = events.side == Side.BUY
    ticks = np.where(
        buy, before.bid_ticks - events.price_ticks, events.price_ticks - before.ask_ticks
    )
    depth = np.maximum(ticks, CROSSING_DEPTH + 1).astype(float)
    depth[np.where(buy, before.bid_size, before.ask_size) == 0] = np.nan
    depth[sample.aggressive] = CROSSING_DEPTH
    depth[events.action != Action.ADD] = np.nan
    return _per_window(depth, sample.offsets)


def order_size(sample: MarketSample) -> Values:
    """Shares of each new order, those that cross included."""
    size = np.where(sample.events.action == Action.ADD, sample.events.size, np.nan)
    return _per_window(size, sample.offsets)


def events_per_s(sample: MarketSample) -> Values:
    """Adds and cancels in each whole second of a window."""
    parts = []
    for w, (low, high) in enumerate(_spans(sample.offsets)):
        kept = sample.events.action[low:high] != Action.PRINT
        second = (sample.events.time_ns[low:high][kept] - sample.start_ns[w]) // NS_PER_S
        seconds = int((sample.end_ns[w] - sample.start_ns[w]) // NS_PER_S)
        parts.append(np.bincount(second, minlength=seconds)[:seconds].astype(float))
    return _ragged(parts)


def order_signs(sample: MarketSample) -> Values:
    """+1 for each trade by a buyer, -1 for each by a seller, in the order of arrival."""
    return Values(*trade_signs(sample))


def _spans(offsets: Int64) -> list[tuple[int, int]]:
    return list(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True))


def _per_window(column: npt.NDArray[np.floating], offsets: Int64) -> Values:
    """Drop what is NaN, window by window."""
    kept = np.isfinite(column)
    before = np.concatenate(([0], np.cumsum(kept)))
    return Values(column[kept].astype(np.float64), before[offsets])


def _ragged(parts: list[Float64]) -> Values:
    offsets = np.cumsum([0] + [len(part) for part in parts])
    return _per_window(np.concatenate(parts), offsets)


_GRID = "every second"
QUANTITIES: dict[str, Quantity] = {
    quantity.key: quantity
    for quantity in (
        *(
            Quantity(
                f"log_return_{h}s", f"Log return, {h} s", "bp",
                f"clock grid, one every {max(1, h // 10)} s", partial(log_returns, horizon_s=h),
                centre="sd", overlap=h // max(1, h // 10),
            )
            for h in RETURN_HORIZONS_S
        ),
        Quantity("log_return_1s_moved", "Log return, 1 s, where not 0", "bp",
                 "clock grid, one every 1 s", moved_returns, centre="sd"),
        Quantity("spread", "Spread", "ticks", _GRID, spread_ticks, whole=True),
        Quantity("interarrival", "Interarrival time", "s", "every event", interarrival_s, "log"),
        Quantity("depth", "Depth of new orders", "ticks", "every new order", depth_ticks,
                 "signed_log", whole=True),
        Quantity("order_size", "Size of new orders", "shares", "every new order", order_size,
                 "log1p", whole=True),
        Quantity("touch_volume", "Volume at the touch", "shares", _GRID, touch_volume,
                 "log1p", whole=True),
        Quantity("imbalance", "Imbalance at the touch", "", _GRID, imbalance, centre="mean"),
        Quantity("events_per_s", "Events a second", "1/s", _GRID, events_per_s,
                 "log1p", "mean", whole=True),
    )
}  # fmt: skip
