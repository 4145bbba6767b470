"""The charts of the page Realism by subject; each subject is one view of at most eight charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from app.charts.numbers import interval, number
from app.charts.palette import Role
from app.charts.realism import (
    HEADLINE_RETURN,
    REAL,
    curve,
    distribution,
    price_paths,
    qq,
    role_of,
)
from app.charts.spec import Axis, ChartSpec
from app.injected import InjectedImpact
from app.models import BASELINES
from stylized_facts.quantities import RETURN_HORIZONS_S
from stylized_facts.sheet import FactSheet

Sheets = Mapping[str, FactSheet]
AT_END, LATER = "when it ends", "two minutes later"
RESPONSES = {
    "response_mo_0": "market, mid stays",
    "response_mo_1": "market, mid moves",
    "response_lo_0": "limit, mid stays",
    "response_lo_1": "limit, mid moves",
    "response_ca_0": "cancel, mid stays",
    "response_ca_1": "cancel, mid moves",
}
LEVELS = {  # panel: field of an intraday bin, fact of a sheet
    "Events a second": ("events_per_s", "event_rate"),
    "Spread": ("spread_ticks", "mean_spread"),
    "Volatility": ("volatility_bps", "realised_volatility_10s"),
}


def overview(sheets: Sheets) -> list[ChartSpec]:
    """The first look: paths, returns, their memory, spread, interarrival times."""
    return [
        price_paths(sheets),
        distribution(sheets, HEADLINE_RETURN, log_y=True),
        qq(sheets, HEADLINE_RETURN),
        distribution(sheets, "spread"),
        distribution(sheets, "interarrival"),
        curve(sheets, "acf_abs_return"),
        curve(sheets, "kurtosis"),
    ]


def returns(sheets: Sheets, horizon_s: int = 10) -> list[ChartSpec]:
    """Returns over a horizon of `RETURN_HORIZONS_S`, their memory and their tails."""
    key = f"log_return_{horizon_s}s"
    return [
        distribution(sheets, key, log_y=True),
        qq(sheets, key),
        curve(sheets, "acf_return"),
        curve(sheets, "acf_abs_return"),
        curve(sheets, "acf_abs_return_10s"),
        curve(sheets, "kurtosis"),
        curve(sheets, "hill"),
    ]


def order_flow(sheets: Sheets) -> list[ChartSpec]:
    """When orders come, how large they are and where they are placed."""
    sheets = writing_flow(sheets)
    return [
        distribution(sheets, "interarrival"),
        qq(sheets, "interarrival", log=True),
        distribution(sheets, "order_size"),
        distribution(sheets, "events_per_s"),
        distribution(sheets, "depth"),
        curve(sheets, "acf_order_sign"),
        response(sheets),
    ]


def book(sheets: Sheets) -> list[ChartSpec]:
    """The touch, and the session over the day."""
    sheets = writing_flow(sheets)
    return [
        distribution(sheets, "spread"),
        qq(sheets, "spread"),
        distribution(sheets, "touch_volume"),
        distribution(sheets, "imbalance"),
        *([intraday(sheets)] if sheets[REAL].intraday else []),
    ]


VIEWS: dict[str, Callable[[Sheets], list[ChartSpec]]] = {
    "Side by side": overview,
    "Returns": returns,
    "Order flow": order_flow,
    "Book and impact": book,
}
HORIZONS_S = RETURN_HORIZONS_S


def writing_flow(sheets: Sheets) -> dict[str, FactSheet]:
    """The sheets of models that write orders: those of returns alone have no order flow."""
    silent = {baseline.label for baseline in BASELINES.values() if not baseline.writes_flow}
    return {label: sheet for label, sheet in sheets.items() if label not in silent}


def response(sheets: Sheets) -> ChartSpec:
    """How far the mid goes within ten events of an event of each kind, with its interval."""
    rows = [
        (label, category, fact.value, fact.low, fact.high)
        for label, sheet in sheets.items()
        for key, category in RESPONSES.items()
        if (fact := sheet.facts.get(key)) is not None
    ]
    return ChartSpec(
        kind="bar",
        name="response",
        data=pd.DataFrame(rows, columns=["series", "category", "y", "low", "high"]),
        title="Response of the mid to events, ten events later",
        x=Axis(label="event, and whether it moves the mid at once"),
        y=Axis(label="ticks"),
        roles={label: role_of(label) for label in sheets},
        caption=(
            "Mean move of the mid in the direction of the event, with 95% bootstrap intervals over "
            "windows."
        ),
        definition=(
            "Mean of sign x (mid ten events later - mid before), apart for market orders, limit "
            "orders and cancels, and for those that leave the mid or move it at once."
        ),
        alt="Bars of the mean response of the mid to six kinds of event, for "
        + ", ".join(sheets)
        + ".",
    )


def intraday(sheets: Sheets) -> ChartSpec:
    """Activity, spread and volatility by five minutes of the real session; models as their mean."""
    bins = sheets[REAL].intraday
    hours = (np.array([one.start_s for one in bins]) + 150) / 3600
    frames = []
    for panel, (field, fact) in LEVELS.items():
        real = np.array([getattr(one, field) for one in bins])
        unit = float(np.nanmean(real)) or 1.0
        frames.append(pd.DataFrame({"panel": panel, "series": REAL, "x": hours, "y": real / unit}))
        for label, sheet in sheets.items():
            if label != REAL and fact in sheet.facts:
                level = sheet.facts[fact].value / unit
                ends = {"x": hours[[0, -1]], "y": [level, level]}
                frames.append(pd.DataFrame({"panel": panel, "series": label, **ends}))
    return ChartSpec(
        kind="lines",
        name="intraday",
        data=pd.concat(frames),
        title="Intraday profile",
        x=Axis(label="hours since midnight"),
        y=Axis(label="multiple of the real mean"),
        roles={label: role_of(label) for label in sheets},
        caption=(
            "Five-minute bins of the held-out end of the real session over their mean. Rollouts "
            "have no time of day: a model is a line at its mean over all paths."
        ),
        definition=(
            "Events a second, time-weighted spread, and root mean square of 10-second log returns, "
            "each over the mean of its real bins."
        ),
        alt="Activity, spread and volatility of the real session by time of day, with the mean of "
        + ", ".join(label for label in sheets if label != REAL)
        + ".",
    )


def impact(found: InjectedImpact) -> ChartSpec:
    """What a metaorder of growing size moves the generated market, from paired paths."""
    share = [100 * size.share for size in found.sizes]
    frames = [
        pd.DataFrame(
            {
                "series": series,
                "x": share,
                "y": [getattr(size, field) for size in found.sizes],
                "low": [getattr(size, f"{field}_band")[0] for size in found.sizes],
                "high": [getattr(size, f"{field}_band")[1] for size in found.sizes],
            }
        )
        for series, field in ((AT_END, "at_end"), (LATER, "later"))
    ]
    low, high = found.exponent_band
    listed = ", ".join(f"{100 * s.share:g}% {number(s.at_end)} bp" for s in found.sizes)
    return ChartSpec(
        kind="lines",
        name="impact",
        data=pd.concat(frames),
        title=f"Impact of a metaorder, {found.asset}",
        x=Axis(
            label="executed, % of the volume usually traded meanwhile", log=True, ticks=tuple(share)
        ),
        y=Axis(label="impact, bp"),
        roles={AT_END: Role.UNSHOCKED, LATER: Role.OTHER},
        caption=(
            f"{found.pairs} pairs of paths with and without a metaorder of 60 s, 95% bands. It "
            f"grows as size to the power {number(found.exponent)} ({interval(low, high)}; the "
            "square-root law says 0.5)."
        ),
        definition=(
            "Mean of minus the logarithm of the mid with the metaorder over the mid of its twin, "
            "which meets the same random numbers without it."
        ),
        alt=f"Impact when a metaorder ends, against its size: {listed}.",
    )
