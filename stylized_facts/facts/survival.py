"""Lifetimes of orders: time to cancel and time to fill, by Kaplan and Meier."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.events import Float64, Int64
from stylized_facts.bootstrap import WindowRatio
from stylized_facts.facts.fact import Fact, FactCurve
from stylized_facts.order_tracking import CANCELLED, FILLED, lifetimes
from stylized_facts.sample import MarketSample, remembered

SHOWN_S = (0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
# twenty steps a decade, and the times that are shown
EDGES_S: Float64 = np.unique(np.append(10.0 ** np.arange(-4, 4.01, 0.05), SHOWN_S).round(9))
_SHOWN: Int64 = np.searchsorted(EDGES_S, SHOWN_S)
MIN_ENDS = 100


class Survival(WindowRatio):
    """Share that lives beyond each time: `above` deaths, `beneath` orders at risk, by time step."""

    def draws(self, weights: Float64) -> Float64:
        """The product limit at `SHOWN_S` for weights [R, W]: float64 [R, 10].

        NaN where fewer than ten orders were still followed.
        """
        survival, risk = self.everywhere(weights)
        return np.where(risk[:, _SHOWN] >= 10, survival[:, _SHOWN], np.nan)

    def everywhere(self, weights: Float64) -> tuple[Float64, Float64]:
        """Product limit at `EDGES_S`, and the orders at risk: two float64 [R, T]."""
        deaths, risk = weights @ self.above, weights @ self.beneath
        survival = np.cumprod(1 - deaths / np.maximum(risk, 1), axis=1)
        return np.asarray(survival, np.float64), risk


def kaplan_meier(seconds: Float64, ended: Float64, window: Int64, windows: int) -> Survival:
    """Tables of deaths and orders at risk, times rounded up to the twentieth of a decade.

    With such times this is `statsmodels.duration.SurvfuncRight` to the last digit (Kaplan and
    Meier, JASA 1958), for all resamples in one product. Orders whose end is not seen count as alive
    until then: without that, lifetimes come out too short, the more so in short windows.
    """
    step = np.minimum(np.searchsorted(EDGES_S, seconds), len(EDGES_S) - 1)
    cell = window * len(EDGES_S) + step
    shape = (windows, len(EDGES_S))
    size = windows * len(EDGES_S)
    deaths = np.bincount(cell, ended, size).reshape(shape)
    leavers = np.bincount(cell, minlength=size).reshape(shape)
    risk = np.cumsum(leavers[:, ::-1], axis=1)[:, ::-1]
    return Survival(deaths.astype(float), risk.astype(float))


@remembered
def survival(sample: MarketSample, fate: int) -> Survival:
    """Of the time to whole cancel or to whole fill; the other end is censoring."""
    found = lifetimes(sample)
    return kaplan_meier(
        found.seconds, (found.fate == fate).astype(float), found.window, len(sample)
    )


def median_lifetime(sample: MarketSample, weights: Float64, *, fate: int) -> Float64:
    """Time by which half of the orders would have ended so, were there no other end; seconds.

    NaN where fewer do, or fewer than ten orders are then still followed.
    """
    share, risk = survival(sample, fate).everywhere(weights)
    below = share <= 0.5
    at = below.argmax(1)
    row = np.arange(len(at))
    return np.where(below.any(1) & (risk[row, at] >= 10), EDGES_S[at], np.nan)


def ended_within(sample: MarketSample, weights: Float64, *, fate: int, seconds: float) -> Float64:
    """Share ended so within a time of `SHOWN_S`, were there no other end."""
    return 1 - survival(sample, fate).draws(weights)[:, SHOWN_S.index(seconds)]


@remembered
def count_ends(sample: MarketSample, fate: int) -> int:
    """Orders whose end of this kind is seen."""
    return int((lifetimes(sample).fate == fate).sum())


def _ends(fate: int) -> partial[int]:
    return partial(count_ends, fate=fate)


FACTS = (
    Fact("median_time_to_cancel", "Median time to cancel", "s",
         partial(median_lifetime, fate=CANCELLED), _ends(CANCELLED), MIN_ENDS, "mean", "L6"),
    Fact("cancelled_within_1s", "Share cancelled within 1 s", "",
         partial(ended_within, fate=CANCELLED, seconds=1.0), _ends(CANCELLED), MIN_ENDS,
         code="L6"),
    Fact("filled_within_10s", "Share filled within 10 s", "",
         partial(ended_within, fate=FILLED, seconds=10.0), _ends(FILLED), MIN_ENDS, code="L6"),
)  # fmt: skip
CURVES = (
    FactCurve("survival_cancel", "Orders not yet cancelled, 1 ms to 300 s",
              partial(survival, fate=CANCELLED), _ends(CANCELLED), MIN_ENDS, "L6", x=SHOWN_S,
              x_unit="s"),
    FactCurve("survival_fill", "Orders not yet filled, 1 ms to 300 s",
              partial(survival, fate=FILLED), _ends(FILLED), MIN_ENDS, "L6", x=SHOWN_S,
              x_unit="s"),
)  # fmt: skip
