"""Pseudo-metaorders: public trades given to synthetic traders, on real and generated tapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.events import NS_PER_S, Float64, Int64
from stylized_facts.quantities import log_returns
from stylized_facts.sample import MarketSample, remembered
from stylized_facts.trades import trades

TRADERS = 5
LABELLINGS = 8  # independent ones, pooled
SEED = 20250318
PATH = (0.25, 0.5, 0.75, 1.0)  # share of the child orders done
AFTER = (0.5, 1.0, 2.0)  # durations after the last one
MIN_PATH = 4  # child orders, for a path to have a shape


@dataclass(frozen=True, eq=False)
class Metaorders:
    """Runs of trades of one synthetic trader and direction.

    Attributes
    ----------
    volume : float64 [n], shares
    impact : float64 [n], bp, signed log change of the mid from before the first to after the last
        child order
    path : float64 [n, 7], the same at the shares `PATH` of the child orders and `AFTER` durations
        after the last one; NaN with fewer than four child orders or beyond the window
    window : int64 [n]
    """

    volume: Float64
    impact: Float64
    path: Float64
    window: Int64


@remembered
def metaorders(sample: MarketSample) -> Metaorders:
    """Give every trade to one of five traders at random; same-sign runs of a trader are metaorders.

    The mapping of Maitrier, Loeper and Bouchaud (arXiv 2503.18199) with equal participation:
    a metaorder ends before its trader's first trade in the other direction, and has two child
    orders or more. Eight labellings are pooled. The labels know nothing of prices: what impact
    they show is that of the tape. Volumes are in shares, impact in bp; the same seed labels every
    sample.
    """
    tape = trades(sample)
    rng = np.random.default_rng(SEED)
    parts = [_labelled(sample, rng.integers(TRADERS, size=len(tape))) for _ in range(LABELLINGS)]
    return Metaorders(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("volume", "impact", "path", "window")
        )
    )


def _labelled(sample: MarketSample, trader: Int64) -> Metaorders:
    """The metaorders of one labelling of the trades."""
    tape = trades(sample)
    order = np.lexsort((np.arange(len(tape)), trader, tape.window))
    sign, window, label = tape.sign[order], tape.window[order], trader[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (
        (np.diff(sign) != 0) | (np.diff(window) != 0) | (np.diff(label) != 0)
    )  # fmt: skip
    start = np.flatnonzero(new)
    length = np.diff(np.append(start, len(order)))
    total = np.concatenate(([0.0], np.cumsum(tape.volume[order])))
    kept = length >= 2
    start, length = start[kept], length[kept]
    end = start + length - 1
    before, after = _log_mid(sample.mid_before), _log_mid(sample.mid_after)
    origin = before[tape.first[order[start]]]
    direction = sign[start]

    def moved(child: Int64) -> Float64:
        return np.asarray(1e4 * direction * (after[tape.last[order[child]]] - origin))

    path = np.full((len(start), len(PATH) + len(AFTER)), np.nan)
    shaped = length >= MIN_PATH
    for j, share in enumerate(PATH):
        child = start + np.ceil(share * length).astype(np.int64) - 1
        path[shaped, j] = moved(child)[shaped]
    owner = window[start]
    times = sample.events.time_ns
    begun, done = times[tape.first[order[start]]], times[tape.last[order[end]]]
    for j, ratio in enumerate(AFTER, start=len(PATH)):
        then = done + (ratio * (done - begun)).astype(np.int64)
        row = sample.rows_at(owner, then - sample.start_ns[owner])
        seen = shaped & (then <= sample.end_ns[owner]) & (row >= 0)
        path[seen, j] = (1e4 * direction * (after[row] - origin))[seen]
    return Metaorders(total[end + 1] - total[start], moved(end), path, owner)


def _log_mid(mid: Float64) -> Float64:
    return np.log(np.maximum(mid, 0.5))


@remembered
def count_metaorders(sample: MarketSample) -> int:
    """Pseudo-metaorders of one labelling, on average."""
    return len(metaorders(sample).volume) // LABELLINGS


def mean_window_volume(sample: MarketSample) -> float:
    """Shares traded in a window, on average."""
    return float(trades(sample).volume.sum()) / len(sample)


def window_volatility(sample: MarketSample) -> float:
    """Volatility of a window in bp: root mean square of 10-second returns, scaled to its length."""
    returns = log_returns(sample, 10).values
    scale = float(np.median(sample.end_ns - sample.start_ns)) / (10 * NS_PER_S)
    return float(np.sqrt(np.mean(returns**2) * scale)) if len(returns) else float("nan")
