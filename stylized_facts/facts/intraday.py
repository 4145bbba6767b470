"""The shape of the day: activity, spread and volatility in five-minute bins of the session."""

from __future__ import annotations

import numpy as np

from model.events import NS_PER_S, Action, Float64
from stylized_facts.sample import MarketSample

BIN_S = 300
HORIZON_S = 10
MIN_SECONDS = 60  # of a bin that must be covered


def intraday_profile(sample: MarketSample, session_start_ns: int, session_end_ns: int) -> Float64:
    """One row a bin: its start (s after midnight), events/s, mean spread (ticks), volatility (bp).

    Volatility is the root mean square of 10-second log returns that begin in the bin. Bins of
    which the sample covers less than a minute are left out: float64 [bins, 4].
    """
    bins = max(0, -(-(session_end_ns - session_start_ns) // (BIN_S * NS_PER_S)))
    seconds, spread, spreads, square, squares, events = np.zeros((6, bins))
    mid, quotes, two_sided = sample.grid.mid_ticks, sample.grid.quotes, sample.grid.two_sided
    wide = np.where(two_sided, quotes.ask_ticks - quotes.bid_ticks, 0)
    for w in range(len(sample)):
        low, high = sample.grid.offsets[w], sample.grid.offsets[w + 1]
        clock = sample.start_ns[w] + NS_PER_S * np.arange(high - low)
        member = (clock - session_start_ns) // (BIN_S * NS_PER_S)
        kept = (clock >= session_start_ns) & (member < bins)
        _add(seconds, member[kept], 1.0)
        _add(spread, member[kept], wide[low:high][kept])
        _add(spreads, member[kept], two_sided[low:high][kept])
        log_mid = np.log(np.maximum(mid[low:high], 0.5))
        moved = (1e4 * (log_mid[HORIZON_S:] - log_mid[:-HORIZON_S])) ** 2
        _add(square, member[: len(moved)][kept[: len(moved)]], moved[kept[: len(moved)]])
        _add(squares, member[: len(moved)][kept[: len(moved)]], 1.0)
    time = sample.events.time_ns[sample.events.action != Action.PRINT]
    member = (time - session_start_ns) // (BIN_S * NS_PER_S)
    _add(events, member[(time >= session_start_ns) & (member < bins)], 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        start = session_start_ns / NS_PER_S + BIN_S * np.arange(bins)
        rows = np.stack(
            (start, events / seconds, spread / spreads, np.sqrt(square / squares)), axis=1
        )
    return np.asarray(rows[seconds >= MIN_SECONDS])


def _add(total: Float64, member: np.ndarray, what: np.ndarray | float) -> None:
    np.add.at(total, member, what)
