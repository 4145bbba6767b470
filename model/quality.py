"""How complete and how clean a recording is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.events import NS_PER_S, Action, Recording

MINUTE_NS = 60 * NS_PER_S


@dataclass(frozen=True)
class RecordingQuality:
    """Counts over a whole recording; shares are of 1.

    Attributes
    ----------
    events, adds, cancels, prints : rows, and how many of each kind
    start_s, end_s : first and last event, seconds after midnight
    coverage : share of the minutes of the session in which anything happens
    longest_gap_s : longest time without an event, inside the session
    outside : events before or after the session
    same_time : share of events at the same nanosecond as the one before
    one_sided : rows after which a side of the book is empty; None without quotes
    crossed : rows after which the best bid is not below the best ask; None without quotes
    """

    events: int
    adds: int
    cancels: int
    prints: int
    start_s: float
    end_s: float
    coverage: float
    longest_gap_s: float
    outside: int
    same_time: float
    one_sided: int | None
    crossed: int | None


def recording_quality(recording: Recording) -> RecordingQuality:
    """Count what a recording holds and lacks; a session that is not known is all of it."""
    events, quotes = recording.events, recording.quotes
    times, meta = events.time_ns, events.meta
    kinds = np.bincount(events.action, minlength=len(Action))
    start, end = meta.session_start_ns, meta.session_end_ns
    own = times[(times >= start) & (times <= end)]
    minutes = max(1, -(-(end - start) // MINUTE_NS))
    seen = len(np.unique((own - start) // MINUTE_NS)) if len(own) else 0
    gaps = np.diff(np.concatenate(([start], own, [end])))
    one_sided = crossed = None
    if quotes is not None:
        both = (quotes.bid_size > 0) & (quotes.ask_size > 0)
        one_sided = int((~both).sum())
        crossed = int((both & (quotes.bid_ticks >= quotes.ask_ticks)).sum())
    return RecordingQuality(
        events=len(events),
        adds=int(kinds[Action.ADD]),
        cancels=int(kinds[Action.CANCEL]),
        prints=int(kinds[Action.PRINT]),
        start_s=float(times[0]) / NS_PER_S if len(times) else float("nan"),
        end_s=float(times[-1]) / NS_PER_S if len(times) else float("nan"),
        coverage=min(1.0, seen / minutes),
        longest_gap_s=float(gaps.max()) / NS_PER_S,
        outside=len(times) - len(own),
        same_time=float((np.diff(times) == 0).mean()) if len(times) > 1 else 0.0,
        one_sided=one_sided,
        crossed=crossed,
    )
