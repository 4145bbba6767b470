"""The table of risk numbers of a run: both arms and the paired effect, each with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from engine.risk.bipower import bipower_volatility_bp
from engine.risk.bootstrap import Statistic, bootstrap_interval, paired_bootstrap
from engine.risk.drawdown import drawdown_duration, max_drawdown_bp
from engine.risk.estimate import Estimate
from engine.risk.expected_shortfall import expected_shortfall
from engine.risk.injected import parent_fills
from engine.risk.liquidation_cost import shortfall_bp, unfilled_share
from engine.risk.liquidity import time_mean
from engine.risk.paths import PairedPaths, PairedRun, mid_returns_bp
from engine.risk.proportion import share_of_paths
from engine.risk.realised_volatility import realised_volatility_bp
from engine.risk.recovery import following_mean, median_time, recovery_times
from engine.risk.var import value_at_risk
from engine.shocks import Liquidation, PriceBands
from model.events import NS_PER_S, Float64, Side

VOLATILITY_STEP_S = 10
RECOVERY_MEAN_S = 10  # recovery looks at means over so many seconds
TAIL_PATHS = 5  # a tail number needs so many paths beyond its level

RECOVERY = (
    "seconds from the end of the last shock until the mean over the next"
    f" {RECOVERY_MEAN_S} s of the {{}} unshocked paths at that time; Kaplan-Meier median over"
    " paths; unshocked: the same clock run on the unshocked paths"
)


class RiskRow(BaseModel):
    """One measure.

    `n` is the number of paths that it was estimated from; `effect` is the shocked value less the
    unshocked one, on pairs; None where a measure does not exist for an arm.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str
    label: str
    definition: str
    unit: str
    unshocked: Estimate | None = None
    shocked: Estimate | None = None
    effect: Estimate | None = None
    n: int
    warning: str = ""


class RiskTable(BaseModel):
    """Risk numbers of a run, a row a measure; all are conditional on the scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[RiskRow, ...]
    confidence: float
    resamples: int
    paths: int
    cut_paths: int  # did not reach the horizon asked for; `horizon_s` is shortened for all
    horizon_s: float

    def __getitem__(self, measure: str) -> RiskRow:
        """The row of a measure; KeyError if there is none."""
        for row in self.rows:
            if row.measure == measure:
                return row
        raise KeyError(measure)

    def to_frame(self) -> pd.DataFrame:
        """A row a measure; columns measure, label, unit, {arm}, {arm}_lower, {arm}_upper, n, ..."""
        records = []
        for row in self.rows:
            record: dict[str, object] = row.model_dump(include={"measure", "label", "unit"})
            for arm in ("unshocked", "shocked", "effect"):
                estimate: Estimate = getattr(row, arm) or Estimate(value=None)
                record[arm] = estimate.value
                record[f"{arm}_lower"] = estimate.lower
                record[f"{arm}_upper"] = estimate.upper
            records.append(record | row.model_dump(include={"n", "warning", "definition"}))
        return pd.DataFrame(records)


@dataclass(frozen=True, eq=False)
class _Measure:
    """Values of each path and what is taken of them."""

    key: str
    label: str
    definition: str
    unit: str
    statistic: Statistic
    shocked: Float64  # [P]
    unshocked: Float64 | None = None
    warning: str = ""

    def row(self, resamples: int, confidence: float, seed: int) -> RiskRow:
        """Estimates from the paths on which the measure is defined (in pairs: on both)."""
        row = partial(
            RiskRow, measure=self.key, label=self.label, definition=self.definition, unit=self.unit,
            warning=self.warning,
        )  # fmt: skip
        defined = np.isfinite(self.shocked)
        if self.unshocked is not None:
            defined &= np.isfinite(self.unshocked)
        n = int(defined.sum())
        if n == 0:
            return row(n=0, shocked=Estimate(value=None), warning="not defined on any path")
        shocked = self.shocked[defined]
        if self.unshocked is None:
            one = bootstrap_interval(
                self.statistic, shocked, resamples=resamples, confidence=confidence, seed=seed
            )
            return row(n=n, shocked=Estimate.of(one))
        first, second, effect = paired_bootstrap(
            self.statistic, self.unshocked[defined], shocked,
            resamples=resamples, confidence=confidence, seed=seed,
        )  # fmt: skip
        return row(
            n=n,
            unshocked=Estimate.of(first),
            shocked=Estimate.of(second),
            effect=Estimate.of(effect),
        )


def risk_table(
    run: PairedRun,
    resamples: int = 1000,
    *,
    levels: tuple[float, ...] = (0.95, 0.99),
    confidence: float = 0.95,
) -> RiskTable:
    """All risk measures of a run.

    Parameters
    ----------
    run : StressRun, or anything with its spec, profile and two ensembles
    resamples : of the bootstrap over paths, seeded by the run's seed
    levels : of value at risk and expected shortfall
    confidence : of the intervals

    Returns
    -------
    RiskTable
    """
    paths = PairedPaths(run)
    measures = [*_price_measures(paths, levels), *_liquidity_measures(paths)]
    measures += _liquidation_measures(paths)
    rows = [measure.row(resamples, confidence, run.spec.seed) for measure in measures]
    return RiskTable(
        rows=(*rows, *_venue_rows(paths, confidence), *_recovery_rows(paths, confidence)),
        confidence=confidence,
        resamples=resamples,
        paths=len(run.shocked),
        cut_paths=paths.cut,
        horizon_s=paths.horizon_ns / NS_PER_S,
    )


def _mean(values: Float64) -> Float64:
    return np.asarray(values.mean(axis=-1))


def _price_measures(paths: PairedPaths, levels: tuple[float, ...]) -> Iterator[_Measure]:
    unshocked, shocked = paths.returns_bp
    yield _Measure(
        "return_mean_bp", "Mean return", "mean over paths of the mid's return over the horizon",
        "bp", _mean, shocked, unshocked,
    )  # fmt: skip
    for key, name, measure, what in (
        ("var", "VaR", value_at_risk, "loss that a share {:.4g} of paths does not exceed"),
        ("es", "ES", expected_shortfall, "mean loss of the paths beyond level {:.4g}"),
    ):
        for level in levels:
            beyond = len(shocked) * (1.0 - level)
            few = f"{beyond:.1f} of {len(shocked)} paths lie beyond the level: take more paths"
            yield _Measure(
                f"{key}_{100 * level:g}_bp", f"{name} {100 * level:g}%",
                what.format(level) + "; loss of a long position over the horizon, mid to mid",
                "bp", partial(measure, level=level), -shocked, -unshocked,
                few if beyond < TAIL_PATHS else "",
            )  # fmt: skip
    mids = [arm.mid_ticks for arm in paths.arms]
    slow = [mid[:, ::VOLATILITY_STEP_S] for mid in mids]
    yield _Measure(
        "drawdown_bp", "Maximum drawdown",
        "mean over paths of the largest fall of the mid from its running maximum, sampled each"
        " second", "bp", _mean, max_drawdown_bp(mids[1]), max_drawdown_bp(mids[0]),
    )  # fmt: skip
    yield _Measure(
        "drawdown_duration_s", "Drawdown duration",
        "mean over paths of the longest time that the mid stays below an earlier maximum, sampled"
        " each second", "s", _mean, drawdown_duration(mids[1]), drawdown_duration(mids[0]),
    )  # fmt: skip
    yield _Measure(
        "volatility_bp", "Realised volatility",
        f"mean over paths of the root mean square of {VOLATILITY_STEP_S}-second log returns of the"
        " mid", f"bp in {VOLATILITY_STEP_S} s", _mean,
        realised_volatility_bp(slow[1]), realised_volatility_bp(slow[0]),
    )  # fmt: skip
    yield _Measure(
        "bipower_bp", "Volatility without jumps",
        f"mean over paths of the root of the bipower variation of {VOLATILITY_STEP_S}-second log"
        " returns of the mid", f"bp in {VOLATILITY_STEP_S} s", _mean,
        bipower_volatility_bp(slow[1]), bipower_volatility_bp(slow[0]),
    )  # fmt: skip


def _liquidity_measures(paths: PairedPaths) -> Iterator[_Measure]:
    spans = [("", "", "over the horizon", slice(None))]
    window = paths.run.spec.scenario.window_s
    if window is not None:
        during = f"from {window[0]:g} s to {window[1]:g} s"
        spans.append(("_shock", " during the shock", during, paths.grid_slice(window)))
    for name, label, unit in (
        ("spread_ticks", "Spread", "ticks"),
        ("touch_depth", "Depth at the touch, both sides", paths.run.profile.size_unit),
    ):
        for suffix, when, words, span in spans:
            unshocked, shocked = (time_mean(getattr(arm, name)[:, span]) for arm in paths.arms)
            yield _Measure(
                f"{name}{suffix}", label + when,
                f"mean over paths of the mean {words}, sampled each second",
                unit, _mean, shocked, unshocked,
            )  # fmt: skip


def _liquidation_measures(paths: PairedPaths) -> Iterator[_Measure]:
    run = paths.run
    parents = [
        (position, shock)
        for position, shock in enumerate(run.spec.scenario.shocks)
        if isinstance(shock, Liquidation)
    ]
    for position, shock in parents:
        if not run.spec.scenario.acts_on(position, run.profile.asset):
            continue
        start_ns = round(shock.start_s * NS_PER_S)
        sent = paths.plan.order_size[
            (paths.plan.order_parent == position) & (paths.plan.order_time_ns <= paths.horizon_ns)
        ].sum()
        if shock.participation is not None and run.spec.intensity > 0.0:
            sent = shock.total_shares(shock.own(run.spec.intensity), run.profile)
        fills = parent_fills(
            run.shocked, run.baseline, position, float(sent), start_ns, paths.horizon_ns
        )
        if fills.requested == 0:
            continue
        key, which = "liquidation", "Liquidation"
        if len(parents) > 1:
            key, which = f"liquidation_{position}", f"Liquidation (shock {position})"
        side = Side[shock.side.upper()]
        for suffix, against, benchmark in (
            ("cost_bp", "arrival", fills.filled * fills.arrival_ticks),
            ("twin_cost_bp", "the unshocked path", fills.twin_value),
        ):
            yield _Measure(
                f"{key}_{suffix}", f"{which}: cost against {against}",
                "mean over paths of the implementation shortfall of the filled shares against the"
                + (" mid before the first slice" if against == "arrival"
                   else " mid of the unshocked path at the time of each slice"),
                "bp", _mean,
                shortfall_bp(side, fills.filled, fills.paid, benchmark, fills.arrival_ticks),
            )  # fmt: skip
        yield _Measure(
            f"{key}_unfilled", f"{which}: unfilled",
            "mean over paths of the share of the parent order that did not trade", "share",
            _mean, unfilled_share(fills.requested, fills.filled),
        )  # fmt: skip


def _venue_rows(paths: PairedPaths, confidence: float) -> Iterator[RiskRow]:
    """Shares of paths on which price bands bit, where a scenario has them."""
    shocked = paths.run.shocked
    if not any(isinstance(shock, PriceBands) for shock in paths.run.spec.scenario.shocks):
        return
    for key, name in (("limit_states", "limit state"), ("pauses", "pause")):
        if key in shocked.by_path:
            events = int((shocked.by_path[key] > 0).sum())
            yield RiskRow(
                measure=f"paths_with_{key}", label=f"Paths with a {name}",
                definition=f"share of shocked paths with at least one {name}; Wilson interval",
                unit="share", n=len(shocked),
                shocked=Estimate.of(share_of_paths(events, len(shocked), confidence)),
            )  # fmt: skip


def _recovery_rows(paths: PairedPaths, confidence: float) -> Iterator[RiskRow]:
    window = paths.run.spec.scenario.window_s
    if window is None or paths.run.spec.intensity == 0.0:
        return
    after = paths.grid_slice((window[1], np.inf))
    length = len(paths.grid_ns) - after.start - RECOVERY_MEAN_S
    if length < 0:
        return
    for key, label, state, arms, low, high in (
        ("spread_recovery_s", "Spread recovers after",
         "spread is no wider than that of 95% of", [arm.spread_ticks for arm in paths.arms],
         0.0, 0.95),
        ("depth_recovery_s", "Depth recovers after",
         "depth at the touch is no less than that of 95% of",
         [arm.touch_depth for arm in paths.arms], 0.05, 1.0),
        ("mid_recovery_s", "Mid price recovers after",
         "mid's return since the start lies within that of the central 90% of",
         [mid_returns_bp(arm.mid_ticks) for arm in paths.arms], 0.05, 0.95),
    ):  # fmt: skip
        unshocked, shocked = (following_mean(arm[:, after], RECOVERY_MEAN_S) for arm in arms)
        lower = np.quantile(unshocked, low, axis=0) if low > 0.0 else -np.inf
        upper = np.quantile(unshocked, high, axis=0) if high < 1.0 else np.inf
        calm, stressed = (recovery_times(arm, lower, upper) for arm in (unshocked, shocked))
        censored = int((~stressed[1]).sum())
        yield RiskRow(
            measure=key, label=label, definition=RECOVERY.format(state), unit="s",
            unshocked=Estimate.of(median_time(*calm, confidence)),
            shocked=Estimate.of(median_time(*stressed, confidence)), n=len(shocked),
            warning=(
                f"{censored} of {len(shocked)} shocked paths had not recovered {length} s after"
                " the shock" if censored else ""
            ),
        )  # fmt: skip
