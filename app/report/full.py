"""The full template: every part, table and figure of a report, in reading order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from app.charts.contributions import tail_bars
from app.report.attribution_blocks import attribution_blocks
from app.report.blocks import Block, Bullets, Heading, PageBreak, Paragraph
from app.report.figures import LIQUIDITY_FIGURES, LOSS_FIGURES, chosen, figures, other_than
from app.report.findings import TAIL
from app.report.model_risk import model_risk_blocks
from app.report.reproducibility import reproducibility_blocks, sign_off_blocks
from app.report.risk_tables import (
    achieved_table,
    counters_table,
    liquidity_rows,
    overview_table,
    price_rows,
    risk_rows_table,
)
from app.report.scope import heading_of, label_of, market_table, portfolio, scenario_blocks
from app.report.scorecard_table import scorecard_blocks
from app.report.stress_realism_table import stress_realism_blocks
from app.report.stress_report import StressReport
from app.report.study import study_blocks
from app.report.tail_tables import (
    definitions_table,
    precision_table,
    tail_table,
    worst_paths_table,
)
from engine.risk import Estimate

_Part = Callable[[StressReport, int, Iterator[int]], Sequence[Block]]


def full_blocks(report: StressReport) -> list[Block]:
    """Every block after the cover."""
    numbers = iter(range(1, 10_000))

    def each(anchor: str, part: _Part) -> list[Block]:
        return _each(report, anchor, part, numbers)

    parts = (
        ("Summary", "summary", _summary(report)),
        ("Scope", "scope", [portfolio(report), market_table(report)]),
        ("Scenarios", "scenarios", each("scenario", _scenario)),
        ("Results", "results", [*overview(report, numbers), *each("results", _results)]),
        ("Losses and attribution", "losses", each("losses", _losses)),
        ("Liquidity and market quality", "liquidity", each("liquidity", _liquidity)),
        ("Sensitivity and reverse stress", "studies", study_blocks(report.studies, numbers)),
        ("Realism", "realism", _realism(report, numbers)),
        ("Model risk", "model-risk", model_risk_blocks(report)),
        ("Reproducibility", "manifest", reproducibility_blocks(report.manifest)),
        ("Change log and sign-off", "sign-off", sign_off_blocks(report)),
        ("Appendix: definitions and precision", "definitions", _appendix(report)),
    )  # fmt: skip
    return [
        block
        for title, anchor, blocks in parts
        for block in (*_breaks(anchor), Heading(title, 1, anchor), *blocks)
    ]


def _breaks(anchor: str) -> list[Block]:
    """The appendix begins a new page."""
    return [PageBreak()] if anchor == "definitions" else []


def _summary(report: StressReport) -> list[Block]:
    return [Paragraph(report.question), Bullets(report.summary)]


def overview(
    report: StressReport, numbers: Iterator[int], limit: int | None = None, *, short: bool = False
) -> list[Block]:
    """All stress tests beside each other; nothing where there is one without a limit.

    The table shows the `limit` heaviest if given, the chart all.
    """
    if len(report.sections) == 1:
        return [overview_table(report)] if report.loss_limit_bp else []
    tails = {}
    for position, section in enumerate(report.sections):
        row = section.risk[TAIL]
        missing = Estimate(value=None)
        tails[label_of(report, position)] = (row.unshocked or missing, row.shocked or missing)
    chart = tail_bars(tails, report.loss_limit_bp)
    return [overview_table(report, limit), *figures([chart], numbers, short=short)]


def _each(report: StressReport, anchor: str, part: _Part, numbers: Iterator[int]) -> list[Block]:
    """A part of every section, each under a heading of its own where there are several."""
    blocks: list[Block] = []
    for position in range(len(report.sections)):
        if len(report.sections) > 1:
            blocks.append(Heading(heading_of(report, position), 2, f"{anchor}-s{position + 1}"))
        blocks += part(report, position, numbers)
    return blocks


def _appendix(report: StressReport) -> list[Block]:
    precision = [precision_table(section) for section in report.sections]
    return [definitions_table(report), *(table for table in precision if table.rows)]


def _scenario(report: StressReport, position: int, _: Iterator[int]) -> Sequence[Block]:
    return scenario_blocks(report.sections[position])


def _results(report: StressReport, position: int, numbers: Iterator[int]) -> Sequence[Block]:
    section = report.sections[position]
    fans = other_than(section, LOSS_FIGURES | LIQUIDITY_FIGURES)
    return [
        *figures(fans[:1], numbers),
        risk_rows_table(section, price_rows(section), "Price and loss"),
        Paragraph(section.risk.reading, small=True),
        *figures(fans[1:], numbers),
    ]


def _losses(report: StressReport, position: int, numbers: Iterator[int]) -> Sequence[Block]:
    section = report.sections[position]
    return [
        *figures(chosen(section, LOSS_FIGURES), numbers),
        *attribution_blocks(report, position, numbers),
        worst_paths_table(section),
        *([tail] if (tail := tail_table(section)) else []),
    ]


def _liquidity(report: StressReport, position: int, numbers: Iterator[int]) -> Sequence[Block]:
    section = report.sections[position]
    blocks: list[Block] = [
        *figures(chosen(section, LIQUIDITY_FIGURES), numbers),
        risk_rows_table(section, liquidity_rows(section), "Liquidity"),
    ]
    if section.achieved:
        blocks.append(achieved_table(section, section.achieved))
    return [*blocks, counters_table(section)]


def _realism(report: StressReport, numbers: Iterator[int]) -> list[Block]:
    """Realism of each model on each asset, once."""
    blocks: list[Block] = []
    known: set[tuple[str, str]] = set()
    for section in report.sections:
        key = (section.spec.asset, section.spec.model)
        if key in known:
            continue
        known.add(key)
        if len(report.sections) > 1:
            blocks.append(Heading(f"{key[0]}, {key[1]}", 2, f"realism-{len(known)}"))
        blocks += scorecard_blocks(section.scorecard)
        blocks += figures(section.realism_charts, numbers)
    for position, section in enumerate(report.sections):
        under = stress_realism_blocks(section)
        if under:
            title = f"Under stress: {heading_of(report, position)}"
            blocks += [Heading(title, 2, f"under-stress-s{position + 1}"), *under]
    return blocks
