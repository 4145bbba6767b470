"""The committee template: three pages that answer the question.

Cover with verdict and findings; results; limits, reproducibility and sign-off.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.report.blocks import (
    Basis,
    Block,
    Bullets,
    Column,
    Heading,
    PageBreak,
    Paragraph,
    Table,
    cells,
)
from app.report.figures import LIQUIDITY_FIGURES, chosen, figures
from app.report.findings import clipped, find_row
from app.report.full import overview
from app.report.headline import heaviest
from app.report.model_risk import limitations_table, tripped_sentence
from app.report.reproducibility import short_manifest_table, sign_off_table
from app.report.risk_tables import risk_rows_table
from app.report.scope import heading_of, portfolio
from app.report.stress_report import StressReport

FEW_TESTS = 3  # of more, less is said and figures are less high
LONGEST, SHORT = 200, 90  # characters of what happens in a scenario
MOST_DESCRIBED, MOST_TESTS = 3, 6  # in the two tables: more do not fit on their pages
KEY_MEASURES = (
    "return_mean_bp", "var_95_bp", "es_95_bp", "drawdown_bp", "volatility_bp",
    "spread_ticks_shock", "touch_depth_shock", "liquidation_cost_bp", "spread_recovery_s",
)  # fmt: skip


def committee_blocks(report: StressReport) -> list[Block]:
    """Every block after the cover, with the page breaks."""
    numbers = iter(range(1, 100))
    return [
        Heading("Summary", 1, "summary"),
        Paragraph(report.question),
        Bullets(report.summary),
        Heading("Scope", 1, "scope"),
        portfolio(report),
        _scenarios(report),
        PageBreak(),
        Heading("Results", 1, "results"),
        *_results(report, numbers),
        PageBreak(),
        Heading("Limits and model risk", 1, "limits"),
        limitations_table(report),
        Paragraph(tripped_sentence(report)),
        Paragraph("Not intended for: " + " ".join(report.not_for), small=True),
        Heading("Reproducibility", 1, "manifest"),
        short_manifest_table(report.manifest),
        Heading("Sign-off", 1, "sign-off"),
        sign_off_table(),
    ]


def _scenarios(report: StressReport) -> Table:
    columns = (Column("Stress test", share=0.3), Column("What happens", share=0.7))
    shown = range(min(MOST_DESCRIBED, len(report.sections)))
    length = LONGEST if len(report.sections) <= FEW_TESTS else SHORT
    rows = tuple(
        cells(
            heading_of(report, i),
            clipped(report.sections[i].spec.scenario.description, length),
        )
        for i in shown
    )
    left_out = len(report.sections) - len(shown)
    note = f"Not shown: {left_out}; see the full report." if left_out else ""
    return Table("Stress tests", columns, rows, Basis("scenario files"), note)


def _results(report: StressReport, numbers: Iterator[int]) -> list[Block]:
    """All tests in a table; of the one with the heaviest tail the fans, and, alone, its numbers."""
    worst = heaviest(report.sections)
    fans = chosen(worst, {"mid_return"})
    if len(report.sections) > 1:
        tests = overview(report, numbers, MOST_TESTS, short=True)
        return [*tests, *figures(fans, numbers, short=len(report.sections) > FEW_TESTS)]
    keys = [row for name in KEY_MEASURES if (row := find_row(worst.risk, name)) is not None]
    return [
        *figures(fans, numbers),
        risk_rows_table(worst, keys, "Key figures"),
        *figures(chosen(worst, LIQUIDITY_FIGURES), numbers, short=True),
    ]
