"""Charts that set real and synthetic order flow side by side, made of fact sheets alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from app.charts.numbers import number, percent
from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec
from stylized_facts.quantities import CROSSING_DEPTH
from stylized_facts.scorecard import HEADLINE, Scorecard
from stylized_facts.sheet import Curve, Distribution, FactSheet
from stylized_facts.verdict import CLOSE, MATCH

REAL = "Real"
HEADLINE_RETURN = "log_return_10s"
MAX_PATHS = 6
_ROLES = {
    REAL: Role.REAL,
    "Hawkes": Role.HAWKES,
    "Hawkes, spread-driven": Role.HAWKES_SPREAD,
    "Zero intelligence": Role.ZERO_INTELLIGENCE,
    "Queue-reactive": Role.QUEUE_REACTIVE,
    "Block replay": Role.REPLAY,
    "GJR-GARCH": Role.GARCH,
    "FIGARCH": Role.GARCH,
    "Shocked": Role.SHOCKED,
}
_CURVES = {
    "acf_return": "Autocorrelation of log returns of the mid over 1 s, pooled over windows.",
    "acf_abs_return": "Autocorrelation of absolute log returns of the mid over 1 s.",
    "acf_abs_return_10s": "Autocorrelation of absolute log returns of the mid over 10 s.",
    "acf_order_sign": "Autocorrelation of the signs of aggressive orders, +1 for a buyer.",
    "kurtosis": "Fourth central moment over the squared variance, less 3 (0 for a Gaussian), of "
    "log returns over each horizon.",
    "hill": "Hill's estimate of the tail index: one over the mean logarithm of the returns in the "
    "tail over the smallest of them. Smaller is fatter.",
}
_VERDICTS = {"match": 0.0, "close": 1.0, "miss": 2.0, "too few samples": float("nan")}


def role_of(label: str) -> Role:
    """What a sheet of this label stands for; one not known by name is the model under test."""
    if label.startswith("Markov"):
        return Role.MARKOV
    return _ROLES.get(label, Role.UNSHOCKED if label == "TradeFM" else Role.OTHER)


def realism_charts(real: FactSheet, models: Mapping[str, FactSheet]) -> list[ChartSpec]:
    """Every chart of the Realism page, in reading order.

    Parameters
    ----------
    real : sheet of the real recording
    models : sheets of synthetic flow by label, the model under test first
    """
    sheets = {REAL: real, **models}
    return [
        price_paths(sheets),
        distribution(sheets, HEADLINE_RETURN, log_y=True),
        qq(sheets, HEADLINE_RETURN),
        curve(sheets, "acf_return"),
        curve(sheets, "acf_abs_return"),
        curve(sheets, "kurtosis"),
        distribution(sheets, "spread"),
        distribution(sheets, "interarrival"),
    ]


def price_paths(sheets: Mapping[str, FactSheet], count: int = MAX_PATHS) -> ChartSpec:
    """Windows of the mid price as returns since their start, a panel a sheet, on the same axes."""
    frames = []
    for label, sheet in sheets.items():
        for path in sheet.mid_paths[:count]:
            mid = np.asarray(path.mid, np.float64)
            x = np.append(np.arange(len(mid)) * path.step_s, np.nan)
            y = np.append(1e4 * np.log(mid / mid[0]), np.nan)
            frames.append(pd.DataFrame({"panel": label, "series": label, "x": x, "y": y}))
    first = next(iter(sheets.values()))
    step = first.mid_paths[0].step_s if first.mid_paths else float("nan")
    return ChartSpec(
        kind="lines",
        name="price_paths",
        data=pd.concat(frames) if frames else _nothing("panel"),
        title=f"Price paths, {first.asset}",
        x=Axis(label="seconds from the start of the window"),
        y=Axis(label="mid price, bp from the start"),
        roles=_roles(sheets),
        caption=(
            f"Up to {count} windows of each, mid price every {step:g} s, on the same axes. "
            "Real windows are taken from the test split."
        ),
        definition=(
            "10,000 times the logarithm of the mid price over the mid at the start of its window. "
            "Windows are evenly spread over the sample, not chosen. The real ones are kept in the "
            "evaluation at this resolution; the recording itself does not ship."
        ),
        alt=f"Small multiples of mid price paths: {_listed(sheets)}, on the same axes.",
    )


def distribution(sheets: Mapping[str, FactSheet], key: str, *, log_y: bool = False) -> ChartSpec:
    """Histogram of one quantity, real and synthetic; a log quantity has a log axis."""
    found = _having(sheets, key)
    first = next(iter(found.values()))
    log_x = first.scale in ("log", "log1p")
    data = pd.concat([_histogram(label, one, log_x) for label, one in found.items()])
    left_out = ""
    if key == "depth":
        data, left_out = _resting(data, found)
    per = "per decade" if log_x else f"1/{first.unit}" if first.unit else "share per unit"
    return ChartSpec(
        kind="histogram",
        name=f"histogram_{key}",
        data=data,
        title=first.label,
        x=Axis(label=_with_unit(first), log=log_x),
        y=Axis(label=f"density, {per}", log=log_y),
        roles=_roles(found),
        caption=f"{first.label}, {first.sampling}. {_sizes(found)}. {_outside(found)}".strip()
        + left_out,
        definition=(
            f"Share of the values of each bin over its width{' in decades' if log_x else ''}; bins "
            "are those of the real sample. Counted are values that do not overlap."
        ),
        alt=f"Histogram of {first.label.lower()} for {_listed(found)}; means {_means(found)}.",
    )


def qq(sheets: Mapping[str, FactSheet], key: str, *, log: bool = False) -> ChartSpec:
    """Quantiles of synthetic flow against those of the real one; equal ones lie on the diagonal.

    The lowest and the highest of the 257 levels, the extremes of each sample, are left out: they
    depend on the sample size. `log` makes both axes logarithmic, and leaves out quantiles of 0.
    """
    found = _having(sheets, key)
    real, *others = found.items()
    frames = [
        pd.DataFrame({"series": label, "x": real[1].quantiles[1:-1], "y": one.quantiles[1:-1]})
        for label, one in others
    ]
    labels = {label: one for label, one in found.items() if label != real[0]}
    data = pd.concat(frames) if frames else _nothing()
    return ChartSpec(
        kind="qq",
        name=f"qq_{key}",
        data=data[(data["x"] > 0) & (data["y"] > 0)] if log else data,
        title=f"Quantiles against real: {real[1].label}",
        x=Axis(label=f"real, {real[1].unit}", log=log),
        y=Axis(label=f"synthetic, {real[1].unit}", log=log),
        roles=_roles(labels),
        caption=(
            f"255 quantiles of {real[1].label.lower()}, synthetic against real; equal "
            f"distributions lie on the diagonal. {_sizes(found)}."
        ),
        definition=(
            "Quantiles of both samples at 255 even levels, 1/256 to 255/256, against each other. "
            "Above the diagonal on the right, and below it on the left, synthetic tails are fatter."
        ),
        alt=f"Quantile-quantile plot of {real[1].label.lower()}: {_listed(labels)} against real.",
    )


def curve(sheets: Mapping[str, FactSheet], name: str) -> ChartSpec:
    """A curve of the sheets with its 95% band, such as `acf_abs_return` or `kurtosis`."""
    curves = {label: getattr(sheet, name) for label, sheet in sheets.items()}
    first: Curve = next(iter(curves.values()))
    frames = []
    for label, one in curves.items():
        frame = pd.DataFrame({"series": label, "x": one.x, "y": one.y, "low": one.low})
        frame["high"] = one.high
        if role_of(label) not in (Role.REAL, Role.UNSHOCKED):
            frame[["low", "high"]] = np.nan  # more than two bands hide each other
        frames.append(frame)
    lag = "horizon" if name == "kurtosis" else "tail" if name == "hill" else "lag"
    return ChartSpec(
        kind="lines",
        name=name,
        data=pd.concat(frames),
        title=first.label,
        x=Axis(
            label=f"{lag}, {first.unit}",
            log=name == "kurtosis",
            ticks=tuple(first.x) if name == "kurtosis" else (),
        ),
        y=Axis(label=first.label),
        roles=_roles(curves),
        caption=(
            f"{first.label} against {lag}; bands are 95% bootstrap intervals over windows, drawn "
            "for the real sample and the model under test."
        ),
        definition=_CURVES.get(name, ""),
        alt=f"{first.label} against {lag} for {_listed(curves)}.",
    )


def scorecard_map(scorecard: Scorecard, models: Sequence[str]) -> ChartSpec:
    """Distance over the floor of every scored quantity, model by model, coloured by verdict."""
    cells = [
        {
            "row": row.label,
            "column": model,
            "value": _VERDICTS[row.verdict[model]],
            "text": f"{number(row.ratio_to_floor.get(model))} · {row.verdict[model]}",
        }
        for row in scorecard.rows
        if row.metric in HEADLINE
        for model in models
    ]
    return ChartSpec(
        kind="heatmap",
        name="scorecard",
        data=pd.DataFrame(cells),
        title=f"Distance to real data over the floor, {scorecard.asset}",
        x=Axis(label=""),
        y=Axis(label=""),
        roles={},
        caption=(
            "K-S distance of each quantity, and mean distance of the curves, over that of real "
            "data to itself at the same sample size; 1 is as near as can be."
        ),
        definition=(
            f"A distance up to {MATCH:g} floors is a match, up to {CLOSE:g} close, beyond it a "
            "miss; the scorecard has each distance with its interval."
        ),
        alt="Heat map of floor ratios with their verdicts; the same numbers are in the table.",
    )


def _having(sheets: Mapping[str, FactSheet], key: str) -> dict[str, Distribution]:
    return {
        label: sheet.distributions[key]
        for label, sheet in sheets.items()
        if key in sheet.distributions and sheet.distributions[key].n > 0
    }


def _histogram(label: str, one: Distribution, log_x: bool) -> pd.DataFrame:
    edges = np.asarray(one.edges, np.float64)
    if log_x:  # a bin that begins at zero begins where the next one would, seen on the log axis
        positive = edges[edges > 0]
        edges = np.where(edges > 0, edges, positive[0] ** 2 / positive[1])
    share = np.asarray(one.share, np.float64)
    widths = np.diff(np.log10(edges) if log_x else edges)
    if log_x and len(widths) > 1 and widths[-1] < 0.5 * widths[-2]:  # the largest value alone
        share = np.append(share[:-2], share[-2:].sum())
        edges = np.delete(edges, -2)
        widths = np.diff(np.log10(edges))
    return pd.DataFrame(
        {"series": label, "left": edges[:-1], "right": edges[1:], "y": share / widths}
    )


def _resting(data: pd.DataFrame, found: Mapping[str, Distribution]) -> tuple[pd.DataFrame, str]:
    """The bins of a depth histogram in which orders rest near the touch, and what is left out.

    Orders that cross are all at one value far away (`CROSSING_DEPTH`), and few rest very deep.
    """
    quantiles = np.concatenate([one.quantiles for one in found.values()])
    low, high = np.quantile(quantiles[quantiles > CROSSING_DEPTH], [0.02, 0.98])
    near = (data["right"] >= low) & (data["left"] <= high) & (data["left"] > CROSSING_DEPTH)
    crossing = {
        label: float(np.mean(np.asarray(one.quantiles) <= CROSSING_DEPTH))
        for label, one in found.items()
    }
    listed = ", ".join(f"{label} {percent(share)}" for label, share in crossing.items())
    return data[near], f" Not drawn: orders that cross ({listed}) and those that rest far off."


def _roles(labels: Mapping[str, object]) -> dict[str, Role]:
    return {label: role_of(label) for label in labels}


def _nothing(*more: str) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in (*more, "series", "x", "y")})


def _listed(labels: Mapping[str, object]) -> str:
    return ", ".join(labels)


def _with_unit(one: Distribution) -> str:
    return f"{one.label}, {one.unit}" if one.unit else one.label


def _sizes(found: Mapping[str, Distribution]) -> str:
    return "Values: " + ", ".join(f"{label} {one.n:,}" for label, one in found.items())


def _means(found: Mapping[str, Distribution]) -> str:
    return ", ".join(f"{label} {one.mean:.3g}" for label, one in found.items())


def _outside(found: Mapping[str, Distribution]) -> str:
    outside = {label: one.below + one.above for label, one in found.items()}
    worst = max(outside, key=lambda label: outside[label])
    if not outside[worst] > 0.001:
        return ""
    return f"Beyond the edges: up to {100 * outside[worst]:.2g}% ({worst})."
