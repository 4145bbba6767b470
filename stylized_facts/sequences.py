"""What learned checks look at: half-minutes in a few numbers, and runs of events as they came."""

from __future__ import annotations

import numpy as np

from model.events import NS_PER_S, Action, Float64, Int64, Side
from stylized_facts.sample import MarketSample

CHUNK_S = 30
SUMMARY = (
    "events", "log spread", "log touch volume", "imbalance", "volatility", "unmoved seconds",
    "reversal", "cancels", "aggressive", "buys", "log size", "log size sd", "log interarrival",
    "log interarrival sd",
)  # fmt: skip
COLUMNS = ("cancel", "buy", "depth", "log size", "log interarrival", "move of the mid")


def summaries(sample: MarketSample) -> tuple[Float64, Int64]:
    """Every half-minute of every window in the numbers of `SUMMARY`, and its window.

    float64 [N, 14] and int64 [N]. What cannot be told (nothing happened) is 0, the value of a
    logarithm of 1; half-minutes at the end of a window that are not whole are left out.
    """
    per = (sample.duration_s // CHUNK_S).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(per)))
    total = int(first[-1])

    def mean(place: Int64, inside: Int64, values: Float64) -> Float64:
        kept = (inside >= 0) & np.isfinite(values)
        count = np.bincount(place[kept], minlength=total)
        sums = np.bincount(place[kept], values[kept], total)
        return np.asarray(sums / np.maximum(count, 1))

    grid = sample.grid
    window = np.repeat(np.arange(len(sample)), np.diff(grid.offsets))
    second = np.arange(len(window)) - grid.offsets[window]
    chunk = second // CHUNK_S
    at = np.where(chunk < per[window], first[window] + chunk, -1)
    move = np.diff(np.log(np.maximum(grid.mid_ticks, 0.5)), prepend=np.nan) * 1e4
    move[second == 0] = np.nan
    before = np.concatenate(([np.nan], move[:-1]))
    quotes = grid.quotes
    depth = (quotes.bid_size + quotes.ask_size).astype(float)
    wide = np.where(grid.two_sided, quotes.ask_ticks - quotes.bid_ticks, np.nan).astype(float)
    volatility = np.sqrt(mean(at, at, move**2))
    events = sample.events
    row_chunk = (events.time_ns - sample.start_ns[sample.window]) // (CHUNK_S * NS_PER_S)
    here = (row_chunk < per[sample.window]) & (events.action != Action.PRINT)
    rows = np.where(here, first[sample.window] + row_chunk, -1)
    gap = np.diff(events.time_ns, prepend=0) / NS_PER_S
    gap[sample.offsets[:-1][np.diff(sample.offsets) > 0]] = np.nan
    log_gap = np.log(gap + 1e-6, where=np.isfinite(gap), out=np.full(len(gap), np.nan))
    log_size = np.where(events.action == Action.ADD, np.log(events.size), np.nan)

    def spread_of(values: Float64) -> tuple[Float64, Float64]:
        centre = mean(rows, rows, values)
        square = mean(rows, rows, values**2)
        return centre, np.sqrt(np.maximum(square - centre**2, 0.0))

    columns = (
        np.log1p(np.bincount(rows[rows >= 0], minlength=total)),
        mean(at, at, np.log(np.maximum(wide, 0.5))),
        mean(at, at, np.log1p(depth)),
        mean(at, at, (quotes.bid_size - quotes.ask_size) / np.where(depth > 0, depth, np.nan)),
        np.log1p(volatility),
        mean(at, at, np.where(np.isnan(move), np.nan, move == 0)),
        mean(at, at, move * before) / np.maximum(volatility**2, 1e-12),
        mean(rows, rows, (events.action == Action.CANCEL).astype(float)),
        mean(rows, rows, np.where(events.action == Action.ADD, sample.aggressive, np.nan)),
        mean(rows, rows, (events.side == Side.BUY).astype(float)),
        *spread_of(log_size),
        *spread_of(log_gap),
    )
    return np.stack(columns, axis=1), np.repeat(np.arange(len(sample)), per)


def event_runs(sample: MarketSample, length: int, most: int, stride: int) -> tuple[Float64, Int64]:
    """Runs of successive events of one window, flat, and the window of each.

    float64 [N, length x 6] in the order of `COLUMNS`, and int64 [N]; N is at most `most`, thinned
    evenly. A run begins every `stride` events. Prints are passed over. Depth is in ticks from the
    mid before, away from the market, as sign(x) ln(1 + abs x), and so is the move of the mid.
    """
    events = sample.events
    kept = np.flatnonzero(events.action != Action.PRINT)
    window = sample.window[kept]
    first = np.searchsorted(window, np.arange(len(sample)))
    mid = 0.5 * (sample.quotes.bid_ticks + sample.quotes.ask_ticks)
    before = 0.5 * (sample.before.bid_ticks + sample.before.ask_ticks)
    buy = events.side == Side.BUY
    away = np.where(buy, before - events.price_ticks, events.price_ticks - before)
    gap = np.diff(events.time_ns[kept], prepend=0) / NS_PER_S
    filled = first[first < len(window)]
    gap[filled] = (events.time_ns[kept] - sample.start_ns[window])[filled] / NS_PER_S
    table = np.stack(
        (
            (events.action == Action.CANCEL)[kept].astype(float),
            buy[kept].astype(float),
            _signed_log(away[kept]),
            np.log(events.size[kept]),
            np.log(np.maximum(gap, 0.0) + 1e-6),
            _signed_log((mid - before)[kept]),
        ),
        axis=1,
    )
    starts = np.arange(len(window))
    inside = (starts - first[window]) % stride == 0
    inside &= starts + length <= np.append(first[1:], len(window))[window]
    starts = starts[inside]
    if len(starts) > most:
        starts = starts[np.linspace(0, len(starts) - 1, most).astype(np.int64)]
    rows = starts[:, None] + np.arange(length)
    return table[rows].reshape(len(starts), -1), window[starts]


def _signed_log(values: Float64) -> Float64:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))
