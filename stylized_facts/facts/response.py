"""Response functions: how far prices go with an event, by its kind and whether it moved them."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Action, Float64, Int64, Side
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve
from stylized_facts.sample import MarketSample, remembered

KINDS = ("MO_0", "MO_1", "LO_0", "LO_1", "CA_0", "CA_1")
NAMES = {
    "MO_0": "market orders that leave the mid", "MO_1": "market orders that move the mid",
    "LO_0": "limit orders that leave the mid", "LO_1": "limit orders that move the mid",
    "CA_0": "cancels that leave the mid", "CA_1": "cancels that move the mid",
}  # fmt: skip
LAGS: Int64 = np.unique(np.rint(np.logspace(0.3, 2.3, 21)).astype(np.int64))
FACT_LAG = 10
MIN_KIND = 100


@remembered
def _kinds(sample: MarketSample) -> tuple[Int64, Int64, Float64]:
    """Rows that are no PRINT, kind of each (a place in `KINDS`), and sign of the pressure."""
    rows = np.flatnonzero(sample.events.action != Action.PRINT)
    cancel = sample.events.action[rows] == Action.CANCEL
    buy = sample.events.side[rows] == Side.BUY
    moves = sample.mid_after[rows] != sample.mid_before[rows]
    kind = np.where(sample.aggressive[rows], 0, np.where(cancel, 4, 2)) + moves
    return rows, kind, np.where(buy ^ cancel, 1.0, -1.0)


@remembered
def responses(sample: MarketSample) -> tuple[Float64, Float64]:
    """Sums of e_t (m_(t+l) - m_t) and numbers of pairs: two float64 [W, 6, lags], ticks.

    m_t is the mid just before event t, l counts events; e is +1 for what should raise the price: a
    buy, or a cancelled sell (Eisler, Bouchaud and Kockelkoren, Quantitative Finance 2012; the six
    events and lags of LOB-Bench, arXiv 2502.09172).
    """
    rows, kind, sign = _kinds(sample)
    mid, window = sample.mid_before[rows], sample.window[rows]
    cell = window * len(KINDS) + kind
    shape = (len(sample), len(KINDS), len(LAGS))
    total, number = np.zeros(shape), np.zeros(shape)
    for j, lag in enumerate(LAGS.tolist()):
        inside = window[lag:] == window[: max(0, len(window) - lag)]
        move = (sign[:-lag] * (mid[lag:] - mid[:-lag]))[inside]
        at = cell[:-lag][inside]
        size = len(sample) * len(KINDS)
        total[:, :, j] = np.bincount(at, move, size).reshape(shape[:2])
        number[:, :, j] = np.bincount(at, minlength=size).reshape(shape[:2])
    return total, number


def response(sample: MarketSample, kind: str) -> WindowRatio:
    """Response function of one kind of event."""
    total, number = responses(sample)
    at = KINDS.index(kind)
    return WindowRatio(total[:, at], number[:, at])


def response_at(sample: MarketSample, weights: Float64, *, kind: str) -> Float64:
    """Response ten events later."""
    return response(sample, kind).draws(weights)[:, int(np.searchsorted(LAGS, FACT_LAG))]


def count_kind(sample: MarketSample, kind: str) -> int:
    """Events of one kind."""
    return int((_kinds(sample)[1] == KINDS.index(kind)).sum())


FACTS = tuple(
    Fact(f"response_{kind.lower()}", f"Response to {NAMES[kind]}, 10 events", "ticks",
         partial(response_at, kind=kind), partial(count_kind, kind=kind), MIN_KIND, code="L10")
    for kind in KINDS
)  # fmt: skip
CURVES = tuple(
    FactCurve(f"response_curve_{kind.lower()}", f"Response to {NAMES[kind]}",
              partial(response, kind=kind), partial(count_kind, kind=kind), MIN_KIND, "L10",
              x=tuple(LAGS.tolist()), x_unit="events")
    for kind in KINDS
)  # fmt: skip
