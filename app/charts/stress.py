"""Charts of a stress run, made of its summary: bands over time and the risk table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.charts.numbers import number
from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec, Marker, Span
from engine.risk import ArmBands, Bands, RiskTable
from engine.scenario import Scenario
from model.events import Float64

UNSHOCKED, SHOCKED = "Unshocked", "Shocked"
ROLES = {UNSHOCKED: Role.UNSHOCKED, SHOCKED: Role.SHOCKED}
TIME = Axis(label="seconds from the start")
MAX_TIMES = 600  # of a band: more than the pixels that it gets
TWINS = 3
MARKED_LEVEL = 95  # per cent: the tail measures marked on the loss distribution


def stress_charts(
    bands: Bands, table: RiskTable, scenario: Scenario, asset: str
) -> list[ChartSpec]:
    """Every chart of a run, in reading order.

    Parameters
    ----------
    bands, table : summary of the run
    scenario : names the shocks that are shaded
    asset : for the titles
    """
    spans = shock_spans(scenario)
    return [
        mid_fan(bands, spans, asset),
        loss_distribution(bands, table, asset),
        time_band(bands, spans, asset, "spread_ticks", "ticks"),
        time_band(bands, spans, asset, "touch_depth", table["touch_depth"].unit),
        twin_paths(bands, spans, asset),
    ]


def shock_spans(scenario: Scenario) -> tuple[Span, ...]:
    """The times in which shocks are in force; shocks that overlap share a span."""
    merged: list[tuple[float, float, list[str]]] = []
    for shock in sorted(scenario.shocks, key=lambda one: one.window_s):
        start, end = shock.window_s
        kind = shock.kind.replace("_", " ")
        if merged and start < merged[-1][1]:
            first, last, kinds = merged[-1]
            merged[-1] = (first, max(last, end), [*kinds, kind])
        else:
            merged.append((start, end, [kind]))
    return tuple(
        Span(start=start, end=end, label=kinds[0] if len(kinds) == 1 else f"{len(kinds)} shocks")
        for start, end, kinds in merged
    )


def mid_fan(bands: Bands, spans: tuple[Span, ...], asset: str) -> ChartSpec:
    """Mid return, unshocked and shocked beside each other on the same axes."""
    paths = len(bands.shocked.loss_bp)
    left, right = (f"{name} ({paths} paths)" for name in (UNSHOCKED, SHOCKED))
    unshocked = band_frame(bands, bands.unshocked, "mid_return_bp", UNSHOCKED)
    shocked = band_frame(bands, bands.shocked, "mid_return_bp", SHOCKED)
    quantiles = [name for name in unshocked.columns if name[0] == "q" and name != "q50"]
    reference = unshocked.assign(**dict.fromkeys(quantiles, np.nan))
    return ChartSpec(
        kind="fan",
        name="mid_return",
        data=pd.concat(
            [
                unshocked.assign(panel=left),
                reference.assign(panel=right),
                shocked.assign(panel=right),
            ]
        ),
        title=f"Mid price of {asset}, unshocked and shocked",
        x=TIME,
        y=Axis(label="mid return, bp"),
        roles=ROLES,
        spans=spans,
        caption=(
            f"Median and bands of 50, 90 and 98% of paths at each time; {paths} pairs of paths, "
            "the same random numbers in both. The dashed line on the right is the unshocked median."
        ),
        definition=(
            "10,000 times the logarithm of the mid over the mid at the start, each second; bands "
            "are quantiles over paths at each time, so that no path need follow one."
        ),
        alt=(
            "Fan charts of the mid return on the same axes. At the end the median is "
            f"{number(unshocked['q50'].iloc[-1])} bp unshocked and "
            f"{number(shocked['q50'].iloc[-1])} bp shocked."
        ),
    )


def time_band(
    bands: Bands, spans: tuple[Span, ...], asset: str, column: str, unit: str
) -> ChartSpec:
    """Median and central half over time, both arms.

    `column` is `spread_ticks`, `touch_depth` or `mid_return_bp`, in `unit`.
    """
    what = {
        "mid_return_bp": "Mid return",
        "spread_ticks": "Spread",
        "touch_depth": "Depth at the touch, both sides",
    }[column]
    frames = [
        band_frame(bands, arm, column, name)[["series", "x", "q25", "q50", "q75"]]
        for name, arm in ((UNSHOCKED, bands.unshocked), (SHOCKED, bands.shocked))
    ]
    return ChartSpec(
        kind="fan",
        name=column,
        data=pd.concat(frames),
        title=f"{what} of {asset}",
        x=TIME,
        y=Axis(label=unit),
        roles=ROLES,
        spans=spans,
        caption=f"Median and central half of {len(bands.shocked.loss_bp)} paths at each time.",
        definition=f"{what} as it stands each second; quantiles over paths at each time.",
        alt=(
            f"{what} over time. The largest median is {number(frames[1]['q50'].max())} {unit} "
            f"shocked against {number(frames[0]['q50'].max())} unshocked; the smallest "
            f"{number(frames[1]['q50'].min())} against {number(frames[0]['q50'].min())}."
        ),
    )


def loss_distribution(bands: Bands, table: RiskTable, asset: str) -> ChartSpec:
    """Losses of a long position over the horizon, with VaR and ES of both arms marked."""
    losses = {
        UNSHOCKED: np.array(bands.unshocked.loss_bp),
        SHOCKED: np.array(bands.shocked.loss_bp),
    }
    edges = bin_edges(list(losses.values()))
    frames = []
    for name, values in losses.items():
        share = np.histogram(values, edges)[0] / len(values)
        frames.append(
            pd.DataFrame({"series": name, "left": edges[:-1], "right": edges[1:], "y": share})
        )
    markers = []
    for key, label in (("var", "VaR"), ("es", "ES")):
        row = table[f"{key}_{MARKED_LEVEL}_bp"]
        for name, estimate in ((UNSHOCKED, row.unshocked), (SHOCKED, row.shocked)):
            if estimate is not None and estimate.value is not None:
                text = f"{label} {MARKED_LEVEL}% {name.lower()}: {number(estimate.value)}"
                markers.append(Marker(value=estimate.value, label=text, role=ROLES[name]))
    markers.sort(key=lambda marker: marker.value)
    return ChartSpec(
        kind="histogram",
        name="loss",
        data=pd.concat(frames),
        title=f"Loss of a long position in {asset} over {table.horizon_s:g} s",
        x=Axis(label="loss, bp (negative: a gain)"),
        y=Axis(label="share of paths"),
        roles=ROLES,
        markers=tuple(markers),
        caption=(
            f"{len(losses[SHOCKED])} paths of each arm, mid to mid; lines mark value at risk and "
            f"expected shortfall at {MARKED_LEVEL}%."
        ),
        definition=(
            "Minus the return of the mid from the start to the horizon. Value at risk is the loss "
            f"that {100 - MARKED_LEVEL}% of paths exceed, expected shortfall the mean of those."
        ),
        alt="Histogram of losses. " + "; ".join(marker.label for marker in markers) + " bp.",
    )


def twin_paths(bands: Bands, spans: tuple[Span, ...], asset: str) -> ChartSpec:
    """The first few paths, each with its unshocked twin."""
    keep = _kept(bands)
    frames = [
        pd.DataFrame(
            {
                "panel": f"path {p + 1}",
                "series": name,
                "x": np.array(bands.time_s)[keep],
                "y": np.array(arm.sample_mid_return_bp[p])[keep],
            }
        )
        for p in range(min(TWINS, len(bands.shocked.sample_mid_return_bp)))
        for name, arm in ((UNSHOCKED, bands.unshocked), (SHOCKED, bands.shocked))
    ]
    return ChartSpec(
        kind="lines",
        name="twins",
        data=pd.concat(frames),
        title=f"Single paths of {asset} and their unshocked twins",
        x=TIME,
        y=Axis(label="mid return, bp"),
        roles=ROLES,
        spans=spans,
        caption="The first paths of the run, not chosen; both lines meet the same random numbers.",
        definition="10,000 times the logarithm of the mid over the mid at the start of the path.",
        alt="Mid return of single paths with and without the shock; they part when it starts.",
    )


def _kept(bands: Bands) -> slice:
    return slice(None, None, -(-len(bands.time_s) // MAX_TIMES))


def band_frame(bands: Bands, arm: ArmBands, column: str, series: str) -> pd.DataFrame:
    """Quantiles of a column of one arm over time, a row a time, as a fan chart takes them."""
    keep = _kept(bands)
    frame = pd.DataFrame({"series": series, "x": np.array(bands.time_s)[keep]})
    for level, row in zip(bands.levels, getattr(arm, column), strict=True):
        frame[f"q{round(100 * level):02d}"] = np.array(row)[keep]
    return frame


def bin_edges(samples: Sequence[Float64]) -> Float64:
    """Edges of bins for several samples: about 10 to 50, at round numbers.

    As wide as the rule of Freedman and Diaconis asks for the narrowest of them; that for all of
    them together would take the distance between them for their width.
    """
    values = np.concatenate(samples)
    low, high = float(values.min()), float(values.max())
    width = min(
        2.0 * np.subtract(*np.quantile(each, [0.75, 0.25])) / np.cbrt(len(each)) for each in samples
    )
    width = float(np.clip(width, (high - low) / 30, (high - low) / 15)) or 1.0
    scale = 10.0 ** np.floor(np.log10(width))
    width = scale * min((1.0, 2.0, 5.0, 10.0), key=lambda step: abs(np.log(scale * step / width)))
    first, last = np.floor(low / width), np.ceil(high / width)
    return np.asarray(np.arange(first, max(last, first + 1) + 1) * width)
