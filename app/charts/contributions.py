"""Charts that set several stress tests, or several shocks, beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from app.charts.numbers import number
from app.charts.palette import Role
from app.charts.spec import Axis, ChartSpec
from app.charts.stress import SHOCKED, UNSHOCKED
from engine.risk import Estimate

CONTRIBUTION = "Contribution"


def tail_bars(tails: Mapping[str, tuple[Estimate, Estimate]], limit_bp: float | None) -> ChartSpec:
    """ES 95% of each stress test, unshocked and shocked, with intervals.

    Parameters
    ----------
    tails : by label of the test, unshocked and shocked, bp
    limit_bp : named in the caption
    """
    rows = [
        {"series": series, "category": label, "y": one.value, "low": one.lower, "high": one.upper}
        for k, series in enumerate((UNSHOCKED, SHOCKED))
        for label, pair in tails.items()
        if (one := pair[k]).value is not None
    ]
    worst = max(tails, key=lambda label: tails[label][1].value or float("-inf"))
    limit = f" The loss limit is {number(limit_bp)} bp." if limit_bp else ""
    return ChartSpec(
        kind="bar",
        name="tails",
        data=pd.DataFrame(rows, columns=["series", "category", "y", "low", "high"]),
        title="ES 95% by stress test",
        x=Axis(label="stress test"),
        y=Axis(label="ES 95%, bp"),
        roles={UNSHOCKED: Role.UNSHOCKED, SHOCKED: Role.SHOCKED},
        caption=f"Mean loss of the worst 5% of paths, with 95% bootstrap intervals.{limit}",
        alt=f"Bars of ES 95% with and without the shock; the largest is that of {worst}, "
        f"{number(tails[worst][1].value)} bp.",
    )


def contribution_bars(kinds: Sequence[str], values: Sequence[Estimate], what: str) -> ChartSpec:
    """What each shock of a scenario contributes to ES 95%, with intervals, bp."""
    rows = [
        {"series": CONTRIBUTION, "category": f"{i} {kind.replace('_', ' ')}", "y": one.value,
         "low": one.lower, "high": one.upper}
        for i, (kind, one) in enumerate(zip(kinds, values, strict=True), 1)
    ]  # fmt: skip
    return ChartSpec(
        kind="bar",
        name="contributions",
        data=pd.DataFrame(rows, columns=["series", "category", "y", "low", "high"]),
        title=f"What each shock contributes, {what}",
        x=Axis(label="shock left out"),
        y=Axis(label="ES 95%, bp"),
        roles={CONTRIBUTION: Role.SHOCKED},
        caption="ES 95% with all shocks less that without this one, on the same random numbers, "
        "with 95% bootstrap intervals. Contributions need not add up: shocks act on each other.",
        alt="Bars of contributions: "
        + "; ".join(
            f"{kind} {number(one.value)} bp" for kind, one in zip(kinds, values, strict=True)
        )
        + ".",
    )
