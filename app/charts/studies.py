"""Charts of sweeps, reverse stresses, rare losses and portfolios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.charts.numbers import number, percent
from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec, Marker
from engine.risk.portfolio_risk import PortfolioRisk
from engine.risk.reverse_stress import FrontierPoint, Probe

ARMS = {
    "effect": "effect of the shock, shocked less unshocked",
    "shocked": "shocked paths",
    "unshocked": "unshocked paths",
}


def sweep_heatmap(frame: pd.DataFrame, measure: str, arm: str) -> ChartSpec:
    """One measure over scenarios (rows) and assets x intensities (columns).

    Parameters
    ----------
    frame : `engine.sweep.sweep_frame`
    measure : one of its measures
    arm : `effect`, `shocked` or `unshocked`
    """
    rows = frame[(frame["measure"] == measure) | (frame["state"] == "failed")]
    known = frame[frame["measure"] == measure].iloc[0]
    failed = rows["state"] == "failed"
    values = np.where(failed, np.nan, rows[arm].to_numpy(np.float64))
    data = pd.DataFrame(
        {
            "row": rows["scenario"],
            "column": [
                f"{a} ×{i:g}" for a, i in zip(rows["asset"], rows["intensity"], strict=True)
            ],
            "value": values,
            "low": np.where(failed, np.nan, rows[f"{arm}_lower"].to_numpy(np.float64)),
            "high": np.where(failed, np.nan, rows[f"{arm}_upper"].to_numpy(np.float64)),
            "text": ["failed" if f else number(v) for f, v in zip(failed, values, strict=True)],
        }
    )
    title = f"{known['label']}, {known['unit']}: {ARMS[arm]}"
    return ChartSpec(
        kind="heatmap",
        name=f"{measure}-{arm}".replace(".", "_"),
        data=data,
        title=title,
        x=Axis(label=""),
        y=Axis(label=""),
        roles={},
        shaded=True,
        caption=(
            f"{known['label']}: {known['definition']}. Red above 0, blue below, white at 0; "
            "intervals are in the table."
        ),
        alt=f"{title}. The largest is {number(float(np.nanmax(values, initial=-np.inf)))}.",
    )


def tornado(frame: pd.DataFrame, measure: str, asset: str, intensity: float) -> ChartSpec:
    """Effects of all scenarios on one measure of an asset, the largest first."""
    own = frame[
        (frame["measure"] == measure)
        & (frame["asset"] == asset)
        & (frame["intensity"] == intensity)
        & frame["effect"].notna()
    ]
    own = own.reindex(own["effect"].abs().sort_values(ascending=False).index)
    first = frame[frame["measure"] == measure].iloc[0]
    name = "Effect of the shock"
    return ChartSpec(
        kind="bar",
        name=f"tornado-{asset}-{measure}".replace(".", "_"),
        data=pd.DataFrame(
            {
                "series": name,
                "category": own["scenario"],
                "y": own["effect"],
                "low": own["effect_lower"],
                "high": own["effect_upper"],
            }
        ),
        title=f"{asset}, intensity {intensity:g}: what moves {first['label']} most",
        x=Axis(label=""),
        y=Axis(label=f"{first['label']}, {first['unit']}"),
        roles={name: Role.SHOCKED},
        caption="Shocked less unshocked on pairs of paths, with its interval; largest first.",
        alt="Bars: "
        + "; ".join(
            f"{s} {number(e)}" for s, e in zip(own["scenario"], own["effect"], strict=True)
        ),
    )


def probe_chart(
    probes: Sequence[Probe], probability: float, found: float | None, outcome: str
) -> ChartSpec:
    """Share of paths with an outcome against intensity, and the intensity that was found."""
    share = "Share of paths"
    markers = [Marker(value=probability, label="", axis="y")]
    if found is not None:
        label = f"smallest intensity {number(found)}"
        markers.append(Marker(value=found, label=label, role=Role.SHOCKED))
    return ChartSpec(
        kind="lines",
        name="probes",
        data=pd.DataFrame(
            {
                "series": share,
                "x": [probe.intensity for probe in probes],
                "y": [probe.share.value for probe in probes],
                "low": [probe.share.lower for probe in probes],
                "high": [probe.share.upper for probe in probes],
            }
        ),
        title=f"Share of paths with {outcome}",
        x=Axis(label="intensity"),
        y=Axis(label="share of paths"),
        roles={share: Role.SHOCKED},
        markers=tuple(markers),
        caption=(
            f"Each point is an intensity that was played, on the same random numbers, with "
            f"Wilson's interval; the level line is the share asked for, {percent(probability)}."
        ),
        alt="; ".join(f"intensity {number(p.intensity)}: {percent(p.share.value)}" for p in probes),
    )


def frontier_chart(points: Sequence[FrontierPoint], first: str, second: str) -> ChartSpec:
    """Pairs of intensities that are just enough."""
    reached = sorted((p for p in points if p.second is not None), key=lambda p: p.first)
    name = "Just enough"
    best = min(reached, key=lambda p: p.size or 0.0)
    return ChartSpec(
        kind="lines",
        name="frontier",
        data=pd.DataFrame(
            {
                "series": name,
                "x": [p.first for p in reached],
                "y": [p.second for p in reached],
                "distance": [p.size for p in reached],
            }
        ),
        title=f"Pairs of {first} and {second} that are just enough",
        x=Axis(label=f"intensity of {first}"),
        y=Axis(label=f"intensity of {second}"),
        roles={name: Role.SHOCKED},
        markers=(Marker(value=best.first, label="nearest to no shock", role=Role.UNSHOCKED),),
        caption=(
            "Above and to the right of the line the outcome is as frequent as was asked for. The "
            "pair nearest to no shock has the smallest root of the sum of squared intensities: an "
            "ordering, not a probability."
        ),
        alt="; ".join(f"{number(p.first)} with {number(p.second)}" for p in reached),
    )


def level_chart(levels: Sequence[float], shares: Sequence[float]) -> ChartSpec:
    """Share of trajectories that reach each level of a loss, from the start on."""
    name = "Share of paths"
    reached = np.cumprod(shares)
    return ChartSpec(
        kind="lines",
        name="levels",
        data=pd.DataFrame(
            {"series": name, "x": levels, "y": np.where(reached > 0, reached, np.nan)}
        ),
        title="Share of paths that reach each level",
        x=Axis(label="level of the loss, bp"),
        y=Axis(label="share of paths", log=True),
        roles={name: Role.SHOCKED},
        caption="Products of the mean shares from level to level; the last level is the outcome.",
        alt="; ".join(f"{number(x)} bp: {y:.2g}" for x, y in zip(levels, reached, strict=True)),
    )


def contribution_chart(assets: Sequence[str], risk: PortfolioRisk, unit: str) -> ChartSpec:
    """What each position adds to VaR and ES."""
    parts = {"VaR": risk.contributions.var, "ES": risk.contributions.es}
    return ChartSpec(
        kind="bar",
        name="contributions",
        data=pd.DataFrame(
            [
                {"series": name, "category": asset, "y": value}
                for name, values in parts.items()
                for asset, value in zip(assets, values, strict=True)
            ]
        ),
        title=f"Contributions to VaR and ES {100 * risk.level:g}%",
        x=Axis(label=""),
        y=Axis(label=unit),
        roles={"VaR": Role.UNSHOCKED, "ES": Role.SHOCKED},
        caption=(
            f"They add up to VaR {number(risk.var.value)} and ES {number(risk.es.value)} {unit}; "
            "below 0 a position hedges the others."
        ),
        alt="; ".join(
            f"{asset}: VaR {number(v)}, ES {number(e)}"
            for asset, v, e in zip(assets, *parts.values(), strict=True)
        ),
    )


def dependence_chart(rows: Sequence[PortfolioRisk], unit: str) -> ChartSpec:
    """VaR and ES under each assumption on the dependence."""
    return ChartSpec(
        kind="bar",
        name="dependence-chart",
        data=pd.DataFrame(
            [
                {
                    "series": name, "category": row.dependence, "y": one.value,
                    "low": one.value if one.lower is None else one.lower,
                    "high": one.value if one.upper is None else one.upper,
                }
                for row in rows
                for name, one in (("VaR", row.var), ("ES", row.es))
            ]
        ),
        title=f"VaR and ES {100 * rows[0].level:g}% by dependence",
        x=Axis(label=""),
        y=Axis(label=unit),
        roles={"VaR": Role.UNSHOCKED, "ES": Role.SHOCKED},
        caption="The same paths of each asset, joined in different ways; 95% intervals.",
        alt="; ".join(
            f"{row.dependence}: VaR {number(row.var.value)}, ES {number(row.es.value)}"
            for row in rows
        ),
    )  # fmt: skip
