"""Tables about the tail and the precision of the numbers, and their definitions."""

from __future__ import annotations

from app.charts.numbers import count, number
from app.report.blocks import Basis, Cell, Column, Table, cells
from app.report.risk_tables import SOURCE
from app.report.section import Section
from app.report.stress_report import StressReport
from engine.risk import RiskRow
from engine.risk.how_many_paths import MOST_PATHS


def worst_paths_table(section: Section) -> Table:
    """The paths that lose most, one by one."""
    columns = (
        Column("Path", "right", 0.1), Column("Loss", "right", 0.13),
        Column("Without the shock", "right", 0.17), Column("Drawdown", "right", 0.14),
        Column("Lowest at, s", "right", 0.14), Column("Widest spread, ticks", "right", 0.17),
        Column("Thinnest touch", "right", 0.15),
    )  # fmt: skip
    rows = tuple(
        cells(
            count(path.path), number(path.loss_bp), number(path.unshocked_loss_bp),
            number(path.drawdown_bp), f"{path.trough_s:g}", number(path.widest_spread_ticks),
            number(path.thinnest_depth),
        )
        for path in section.worst_paths
    )  # fmt: skip
    basis = Basis(
        units=f"losses and drawdown in bp; touch in {section.profile.size_unit}, both sides",
        sample=f"{count(len(rows))} of {count(section.risk.paths)} paths, the largest losses",
        intervals="none, single paths",
        source=f"{SOURCE}, sampled each second",
    )
    return Table(f"Worst paths of {section.title}", columns, rows, basis)


def precision_table(section: Section) -> Table:
    """How sure the numbers are, what the pairs save, and how many paths would do."""
    columns = (
        Column("Measure", share=0.4), Column("Standard error", "right", 0.2),
        Column("Variance saved by pairs", "right", 0.2), Column("Paths for a tenth", "right", 0.2),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(row.label, row.unit),
            Cell(number(needed.standard_errors[-1])),
            Cell(f"{number(row.variance_reduction)} ×" if row.variance_reduction else number(None)),
            Cell(
                f"{count(MOST_PATHS)} or more"
                if needed.recommended >= MOST_PATHS
                else count(needed.recommended)
            ),
        )
        for row in section.risk.rows
        if (needed := row.paths_needed) is not None
    )
    basis = Basis(
        units="standard error in the first column's unit; variance: two independent runs over "
        "pairs; paths: for a standard error of a tenth of the number",
        sample=f"{count(section.risk.paths)} pairs of paths",
        intervals="none, the error itself",
        source=f"{SOURCE}; of the change where there is one, else of the shocked arm",
    )
    return Table(f"Precision of {section.title}", columns, rows, basis)


def tail_table(section: Section) -> Table | None:
    """Fits of the loss tail over thresholds; None where none was fitted."""
    check = section.risk.tail
    if check is None or not check.shocked:
        return None
    level = f"{100 * check.level:g}%"
    columns = (
        Column("Arm", share=0.2), Column("Threshold", "right", 0.2),
        Column("Losses beyond", "right", 0.2), Column("Shape", "right", 0.2),
        Column(f"ES {level}", "right", 0.2),
    )  # fmt: skip
    rows = tuple(
        cells(name, number(fit.threshold), count(fit.excesses), number(fit.shape), number(fit.es))
        for name, fits in (("Unshocked", check.unshocked), ("Shocked", check.shocked))
        for fit in fits
    )
    basis = Basis(
        units="bp; shape without unit",
        sample=f"{count(section.risk.paths)} paths of each arm",
        intervals="none, the spread over thresholds is the check",
        source=f"{SOURCE}, generalised Pareto fits",
    )
    return Table(f"Fitted tail of {section.title}", columns, rows, basis, f"{check.note}.")


def definitions_table(report: StressReport) -> Table:
    """What each measure of the report means."""
    rows: dict[str, RiskRow] = {}
    for section in report.sections:
        for row in section.risk.rows:
            rows.setdefault(row.measure, row)
    columns = (Column("Measure", share=0.3), Column("Definition", share=0.7))
    body = tuple(cells(f"{row.label}, {row.unit}", row.definition) for row in rows.values())
    return Table("Definitions of the measures", columns, body, Basis("risk table of the runs"))
