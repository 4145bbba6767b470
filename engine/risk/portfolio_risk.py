"""Value at risk and expected shortfall of a portfolio, and what each position contributes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.risk.bootstrap import interval
from engine.risk.estimate import Estimate
from engine.risk.expected_shortfall import expected_shortfall
from engine.risk.portfolio_dependence import Dependence, draw_ranks
from engine.risk.var import tail_rank, value_at_risk
from model.events import Float64, Int64

WINDOW = 0.1  # draws around the quantile that VaR contributions are taken from, of the tail


class Contributions(BaseModel):
    """What each position adds to a portfolio's number: they add up to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    var: tuple[float, ...]
    es: tuple[float, ...]


class PortfolioRisk(BaseModel):
    """Numbers of a portfolio at one level under one dependence; losses in its currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dependence: str
    level: float
    var: Estimate
    es: Estimate
    contributions: Contributions


def portfolio_risk(
    losses: Sequence[Float64],
    signs: Float64,
    dependence: Dependence,
    levels: Sequence[float],
    *,
    draws: int = 20_000,
    resamples: int = 300,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[PortfolioRisk]:
    """Join the losses of positions by a copula of the ranks of their returns.

    The paths of each asset are ordered by the return that they mean for the asset; a joint draw of
    ranks picks one path of each, and their losses are added up. The interval comes from resampling
    the paths of every asset, each on its own, and the joint draws.

    Parameters
    ----------
    losses : for each position float64 [P]; positive is a loss
    signs : float64 [k], +1 long, -1 short
    dependence : Dependence
    levels : such as 0.95
    draws : joint draws
    resamples, confidence, seed : of the bootstrap and the draws

    Returns
    -------
    a result for each level
    """
    # From the worst return of the asset to the best: a long position loses most on the first.
    ordered = [np.sort(one)[::-1] if s > 0 else np.sort(one)
               for one, s in zip(losses, signs, strict=True)]  # fmt: skip
    ranks = draw_ranks(dependence, signs, draws, seed)
    joint = _joined(ordered, [np.arange(len(one)) for one in ordered], ranks)
    generator = np.random.default_rng([seed, len(ordered[0])])
    sampled: list[list[tuple[float, float]]] = [[] for _ in levels]
    for _ in range(resamples if min(map(len, ordered)) > 1 else 0):
        rows = [np.sort(generator.integers(0, len(one), len(one))) for one in ordered]
        total = _joined(ordered, rows, ranks[generator.integers(0, draws, draws)]).sum(axis=1)
        for values, level in zip(sampled, levels, strict=True):
            values.append(
                (float(value_at_risk(total, level)), float(expected_shortfall(total, level)))
            )
    results = []
    total = joint.sum(axis=1)
    for level, values in zip(levels, sampled, strict=True):
        drawn = np.array(values).reshape(-1, 2)
        var, es = (
            Estimate.of(interval(float(measure(total, level)), drawn[:, i], confidence))
            for i, measure in enumerate((value_at_risk, expected_shortfall))
        )
        results.append(
            PortfolioRisk(dependence=dependence.label, level=level, var=var, es=es,
                          contributions=contributions(joint, level))
        )  # fmt: skip
    return results


def _joined(ordered: Sequence[Float64], rows: Sequence[Int64], ranks: Float64) -> Float64:
    """Loss of each position in each joint draw: float64 [draws, k]."""
    columns = [
        one[row[np.minimum((u * len(one)).astype(np.int64), len(one) - 1)]]
        for one, row, u in zip(ordered, rows, ranks.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def contributions(joint: Float64, level: float) -> Contributions:
    """Euler contributions of positions to VaR and ES (Tasche 1999; Tasche, in: ICAAP, 2008).

    To ES: the mean loss of the position over the draws beyond the level, weighted as in
    `expected_shortfall`. To VaR: its mean over draws whose total lies next to the quantile, in
    ranks (Epperlein and Smillie, Risk, 2006), made to add up in proportion to their size.

    Parameters
    ----------
    joint : float64 [n, k], loss of each position in each draw
    level : of VaR and ES

    Returns
    -------
    Contributions
        The sums are `value_at_risk` and `expected_shortfall` of the row sums.
    """
    total = joint.sum(axis=1)
    count, rank = len(total), tail_rank(len(total), level)
    order = np.argsort(total, kind="stable")
    quantile = total[order[rank - 1]]
    at = joint[total == quantile].mean(axis=0)
    beyond = joint[order[rank - 1 :]] - at
    es = at + beyond.sum(axis=0) / (count * (1.0 - level))
    half = max(1, round(WINDOW * count * (1.0 - level)))
    near = joint[order[max(0, rank - 1 - half) : rank + half]].mean(axis=0)
    weight = np.abs(near) if near.any() else np.ones(len(near))
    var = near + (quantile - near.sum()) * weight / weight.sum()
    return Contributions(var=tuple(var.tolist()), es=tuple(es.tolist()))
