"""The attribution of a loss to the shocks of its scenario, as it stands in a report."""

from __future__ import annotations

from collections.abc import Iterator

from app.charts.contributions import contribution_bars
from app.charts.numbers import count, number
from app.report.attribution import Attribution
from app.report.blocks import Basis, Block, Cell, Column, Paragraph, Table
from app.report.figures import figures
from app.report.risk_tables import estimate_cell
from app.report.scope import heading_of, label_of
from app.report.stress_report import StressReport

NOT_RUN = (
    "No run of this report leaves out a shock of this scenario, so that its loss is not attributed "
    "to single shocks. Run it again without one shock each (same asset, seed, paths and horizon), "
    "and give those runs to the report as well."
)


def attribution_blocks(report: StressReport, position: int, numbers: Iterator[int]) -> list[Block]:
    """Table and chart of the contributions to a section; a sentence where nothing was run."""
    section = report.sections[position]
    found = next((one for one in report.attributions if one.section == position), None)
    if found is None:
        one_shock = len(section.spec.scenario.shocks) <= 1
        alone = "The scenario is one shock, so that the whole effect is its own."
        return [Paragraph(alone if one_shock else NOT_RUN, small=True)]
    values = [one.es_95_bp for one in found.contributions]
    chart = contribution_bars(
        [one.kind for one in found.contributions], values, heading_of(report, position)
    )
    return [_table(report, found), *figures([chart], numbers)]


def _table(report: StressReport, found: Attribution) -> Table:
    section = report.sections[found.section]
    columns = (
        Column("Shock left out", share=0.4), Column("Run without it", share=0.3),
        Column("Contribution to ES 95%", "right", 0.3),
    )  # fmt: skip
    rows = [
        (
            Cell(one.kind.replace("_", " ")),
            Cell(label_of(report, one.without)),
            estimate_cell(one.es_95_bp, signed=True),
        )
        for one in found.contributions
    ]
    if found.rest_bp is not None:
        rows.append(
            (
                Cell("Shocks acting on each other"),
                Cell(""),
                Cell(number(found.rest_bp, signed=True)),
            )
        )
    rows.append(
        (Cell("Whole effect of the scenario"), Cell(""), Cell(number(found.effect_bp, signed=True)))
    )
    basis = Basis(
        units="bp",
        sample=f"{count(len(section.shocked_loss_bp))} pairs of paths",
        intervals=f"{100 * section.risk.confidence:g}%, bootstrap over pairs of the two runs",
        source="leave-one-out runs of this report",
    )
    return Table(f"Attribution of {section.title}", columns, tuple(rows), basis)
