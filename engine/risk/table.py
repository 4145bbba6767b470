"""The table of risk numbers of a run: both arms and the paired effect, each with its interval."""

from __future__ import annotations

import pandas as pd
from pydantic import BaseModel, ConfigDict

from engine.risk.estimate import Estimate
from engine.risk.liquidity_rows import liquidity_measures, recovery_rows
from engine.risk.paths import PairedPaths, PairedRun
from engine.risk.price_rows import price_measures
from engine.risk.row import RiskRow
from engine.risk.tail_rows import TailCheck, tail_check, tail_measures, tail_rows
from engine.risk.trading_rows import impact_measures, liquidation_measures, venue_rows
from model.events import NS_PER_S

CONDITIONAL = (
    "Every number is conditional on the scenario; the scenario itself has no probability here."
    " Levels and shares are frequencies over simulated paths, not probabilities of market events."
)


class RiskTable(BaseModel):
    """Risk numbers of a run, a row a measure; all are conditional on the scenario.

    `reading` says so in words; `tail` is the threshold diagnostics behind `es_99_gpd_bp`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[RiskRow, ...]
    confidence: float
    resamples: int
    paths: int
    cut_paths: int  # did not reach the horizon asked for; `horizon_s` is shortened for all
    horizon_s: float
    reading: str = CONDITIONAL
    tail: TailCheck | None = None

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
            needed = row.paths_needed
            record["variance_reduction"] = row.variance_reduction
            record["standard_error"] = needed.standard_errors[-1] if needed else None
            record["paths_needed"] = needed.recommended if needed else None
            records.append(record | row.model_dump(include={"n", "warning", "definition"}))
        return pd.DataFrame(records)


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
    paths, seed = PairedPaths(run), run.spec.seed
    measures = [
        *price_measures(paths, levels), *tail_measures(paths), *liquidity_measures(paths),
        *impact_measures(paths), *liquidation_measures(paths),
    ]  # fmt: skip
    check = tail_check(paths)
    return RiskTable(
        rows=(
            *(measure.row(resamples, confidence, seed) for measure in measures),
            *tail_rows(paths, check, confidence),
            *venue_rows(paths, confidence),
            *recovery_rows(paths, resamples, confidence),
        ),
        confidence=confidence,
        resamples=resamples,
        paths=len(run.shocked),
        cut_paths=paths.cut,
        horizon_s=paths.horizon_ns / NS_PER_S,
        tail=check,
    )
