"""Tables of results: risk numbers, their overview, worst paths, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence

from app.charts.numbers import MISSING, count, interval, number, percent
from app.report.blocks import Badge, Basis, Cell, Column, Table
from app.report.findings import direction, find_row
from app.report.headline import Standing, Status
from app.report.scope import label_of
from app.report.section import Section
from app.report.stress_report import StressReport
from engine.risk import AchievedRow, Estimate, RiskRow

SOURCE = "paths of this run"
STATUS_BADGES: dict[Status, Badge] = {
    "breach": "bad", "watch": "middling", "within limit": "good", "adverse": "bad",
    "not clear": "neutral", "relief": "good", "no change": "neutral",
}  # fmt: skip
LIQUIDITY = ("spread", "touch", "depth", "liquidation", "mid_recovery", "paths_with", "amihud",
             "kyle")  # fmt: skip


def estimate_cell(estimate: Estimate | None, *, signed: bool = False) -> Cell:
    """A number with its interval below it."""
    if estimate is None:
        return Cell(MISSING)
    ends = interval(estimate.lower, estimate.upper, signed=signed)
    return Cell(number(estimate.value, signed=signed), "" if ends == MISSING else ends)


def price_rows(section: Section) -> list[RiskRow]:
    """The measures of price and loss."""
    return [row for row in section.risk.rows if not row.measure.startswith(LIQUIDITY)]


def liquidity_rows(section: Section) -> list[RiskRow]:
    """The measures of liquidity, execution and recovery."""
    return [row for row in section.risk.rows if row.measure.startswith(LIQUIDITY)]


def risk_rows_table(section: Section, rows: Sequence[RiskRow], title: str) -> Table:
    """Some of the risk numbers of a section: both arms, and the change between them."""
    columns = (
        Column("Measure", share=0.34), Column("Unshocked", "right", 0.18),
        Column("Shocked", "right", 0.18), Column("Change", "right", 0.19),
        Column("", "center", 0.11),
    )  # fmt: skip
    body = []
    for row in rows:
        change = direction(row.effect)
        badge: Badge = "middling" if change in ("higher", "lower") else "neutral"
        body.append(
            (
                Cell(row.label, row.unit),
                estimate_cell(row.unshocked),
                estimate_cell(row.shocked),
                estimate_cell(row.effect, signed=True),
                Cell("", word=change, badge=badge) if change else Cell(MISSING),
            )
        )
    risk = section.risk
    basis = Basis(
        units="in the first column",
        sample=f"{count(risk.paths)} pairs of paths, horizon {risk.horizon_s:g} s",
        intervals=f"{100 * risk.confidence:g}%, bootstrap over pairs, {count(risk.resamples)} "
        "resamples, in small print; “not clear”: that of the change includes zero",
        source=SOURCE,
    )
    return Table(
        f"{title} of {section.title}", columns, tuple(body), basis, _warnings(section, rows)
    )


def _warnings(section: Section, rows: Sequence[RiskRow]) -> str:
    warned: dict[str, list[str]] = {}
    for row in rows:
        if row.warning:
            warned.setdefault(row.warning, []).append(row.label)
    parts = [f"{', '.join(labels)}: {warning}." for warning, labels in warned.items()]
    if section.risk.cut_paths:
        parts.append(
            f"Cut at {count(section.spec.max_events)} events: {count(section.risk.cut_paths)} of "
            "the paths; the horizon is shortened for all."
        )
    return " ".join(parts)


def overview_table(report: StressReport, limit: int | None = None) -> Table:
    """A row a stress test, with a word for how it stands; only the `limit` heaviest if given."""
    columns = (
        Column("Stress test", share=0.28), Column("Mean", "right", 0.09),
        Column("VaR 95%", "right", 0.09), Column("VaR 99%", "right", 0.09),
        Column("ES 95%", "right", 0.13), Column("Drawdown", "right", 0.1),
        _beyond_column(report), Column("Status", "center", 0.14),
    )  # fmt: skip
    order = range(len(report.sections))
    if limit is not None and len(order) > limit:
        order_by_tail = sorted(order, key=lambda i: -_value(report.sections[i], "es_95_bp"))
        shown = sorted(order_by_tail[:limit])
    else:
        shown = list(order)
    rows = tuple(_overview(report, i) for i in shown)
    left_out = len(order) - len(shown)
    note = f"Not shown, with lighter tails: {left_out}; see the full report." if left_out else ""
    paths = dict.fromkeys(count(section.risk.paths) for section in report.sections)
    resamples = dict.fromkeys(count(section.risk.resamples) for section in report.sections)
    beyond = (
        f", Wilson for the share of paths that lose more than {number(report.loss_limit_bp)} bp"
        if report.loss_limit_bp
        else ""
    )
    basis = Basis(
        units="bp of the starting mid, shocked; mean: of the return, others: losses of a long "
        "position",
        sample=f"{' or '.join(paths)} pairs of paths a test",
        intervals=f"95%, bootstrap over pairs, {' or '.join(resamples)} resamples, in small "
        f"print{beyond}",
        source="paths of the runs",
    )
    return Table("Results by stress test", columns, rows, basis, note)


def _beyond_column(report: StressReport) -> Column:
    if report.loss_limit_bp is None:
        return Column("Spread ×", "right", 0.08)
    return Column("Beyond", "right", 0.08)


def _value(section: Section, measure: str) -> float:
    row = find_row(section.risk, measure)
    return (row.shocked.value or 0.0) if row is not None and row.shocked is not None else 0.0


def _overview(report: StressReport, position: int) -> tuple[Cell, ...]:
    section, standing = report.sections[position], report.standings[position]
    label = label_of(report, position)
    name = Cell(label, section.title) if len(report.sections) > 1 else Cell(label)
    shocked = {
        measure: row.shocked if (row := find_row(section.risk, measure)) else None
        for measure in ("return_mean_bp", "var_95_bp", "var_99_bp", "es_95_bp", "drawdown_bp")
    }
    plain = {measure: Cell(number(one.value if one else None)) for measure, one in shocked.items()}
    return (
        name,
        plain["return_mean_bp"],
        plain["var_95_bp"],
        plain["var_99_bp"],
        estimate_cell(shocked["es_95_bp"]),
        plain["drawdown_bp"],
        _beyond(section, standing),
        Cell("", word=standing.status, badge=STATUS_BADGES[standing.status]),
    )


def _beyond(section: Section, standing: Standing) -> Cell:
    if standing.shocked_beyond is not None:
        return Cell(percent(standing.shocked_beyond.value))
    row = find_row(section.risk, "spread_ticks_shock") or section.risk["spread_ticks"]
    before = row.unshocked.value if row.unshocked else None
    after = row.shocked.value if row.shocked else None
    return Cell(number(after / before if before and after is not None else None))


def achieved_table(section: Section, rows: Sequence[AchievedRow]) -> Table:
    """What each shock asked for and what the paths show."""
    columns = (
        Column("Shock", share=0.2), Column("Quantity", share=0.4), Column("Asked", "right", 0.12),
        Column("Achieved", "right", 0.16), Column("", "center", 0.12),
    )  # fmt: skip
    words: dict[bool | None, tuple[str, Badge]] = {
        True: ("as asked", "good"), False: ("not as asked", "bad"), None: ("not asked", "neutral"),
    }  # fmt: skip
    body = tuple(
        (
            Cell(row.kind.replace("_", " "), row.note),
            Cell(f"{row.quantity}, {row.unit}", row.definition),
            Cell(number(row.asked)),
            estimate_cell(row.achieved),
            Cell("", word=words[row.agrees][0], badge=words[row.agrees][1]),
        )
        for row in rows
    )
    basis = Basis(
        units="beside the quantity",
        sample=f"{count(max(row.n for row in rows))} paths",
        intervals=f"{100 * section.risk.confidence:g}%, bootstrap over paths",
        source=SOURCE,
    )
    note = "As asked: within a tenth of it, or the interval covers it."
    return Table(f"Requested against achieved, {section.title}", columns, body, basis, note)


def counters_table(section: Section) -> Table:
    """What the simulator refused or repaired; kinds that never occurred are left out."""
    both = (section.unshocked_counters, section.shocked_counters)
    names = [
        name
        for name in dict.fromkeys([*both[0], *both[1]])
        if name == "proposed" or any(counters.get(name) for counters in both)
    ]
    rows = []
    for name in names:
        row = [Cell(name.replace("_", " "))]
        for counters in both:
            value, proposed = counters.get(name, 0), counters.get("proposed", 0)
            share = percent(value / proposed) if proposed and name != "proposed" else ""
            below = section.profile.size_unit if name.endswith("_size") else share
            row.append(Cell(count(value), below))
        rows.append(tuple(row))
    columns = (
        Column("What", share=0.5), Column("Unshocked", "right", 0.25),
        Column("Shocked", "right", 0.25),
    )  # fmt: skip
    basis = Basis(
        units="events, with their share of those proposed, unless another unit stands below",
        sample=f"all events of {count(section.risk.paths)} pairs of paths, burn-in excluded",
        intervals="none, counts", source="simulator of this run",
    )  # fmt: skip
    return Table(f"Refused and repaired events, {section.title}", columns, tuple(rows), basis)
