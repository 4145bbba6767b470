"""The probability of an event, from how many paths show it."""

from __future__ import annotations

from statsmodels.stats.proportion import proportion_confint

from engine.risk.bootstrap import Interval


def share_of_paths(events: int, paths: int, confidence: float = 0.95) -> Interval:
    """Share of paths on which something happened, with the interval of Wilson (1927).

    Unlike the usual one, it stays inside 0..1 and is not empty where no path, or every path, shows
    the event. It is conditional on the scenario.

    Raises
    ------
    ValueError
        No paths, or more events than paths.
    """
    if not 0 <= events <= paths or paths == 0:
        raise ValueError(f"{events} of {paths} paths is no share")
    lower, upper = proportion_confint(events, paths, alpha=1.0 - confidence, method="wilson")
    share = events / paths
    return Interval(share, min(share, float(lower)), max(share, float(upper)))
