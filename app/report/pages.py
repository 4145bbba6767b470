"""The order of a report: its parts, tables and figures, all numbers already written as text."""

from __future__ import annotations

from collections.abc import Iterator

from app.charts.numbers import count, interval, number, percent
from app.charts.spec import ChartSpec
from app.manifest import Manifest
from app.report.blocks import (
    Badge,
    Block,
    Bullets,
    Cell,
    Chart,
    Charts,
    Code,
    Column,
    Heading,
    Paragraph,
    Table,
    cells,
    key_values,
)
from app.report.scorecard_table import scorecard_blocks
from app.report.stress_report import Section, StressReport
from app.report.summary import direction, extent
from engine.risk import AchievedRow, Estimate, RiskRow


def blocks_of(report: StressReport) -> list[Block]:
    """Every block of the report in reading order; the cover, verdict and cards apart."""
    numbers = iter(range(1, 1_000))
    blocks: list[Block] = [Heading("Summary", 1, "summary"), Paragraph(report.question)]
    for section in report.sections:
        if len(report.sections) > 1:
            blocks.append(Paragraph(section.title))
        blocks.append(Bullets(section.findings))
    for i, section in enumerate(report.sections, 1):
        blocks += _section(section, f"s{i}", numbers)
    topics = [(topic.name, topic.text) for topic in report.method]
    blocks += [Heading("Method", 1, "method"), key_values("Method", topics, names=0.14)]
    blocks += [Heading("Limits", 1, "limits"), Bullets(report.limits)]
    blocks += [Heading("What it must not be used for", 2, "not-for"), Bullets(report.not_for)]
    blocks += _reproducibility(report.manifest)
    blocks += _definitions(report)
    return blocks


def cover_of(report: StressReport) -> tuple[str, str]:
    """The line below the title: what was tested, and when it was computed."""
    specs = [section.spec for section in report.sections]
    assets = ", ".join(dict.fromkeys(spec.asset for spec in specs))
    scenarios = ", ".join(dict.fromkeys(spec.scenario.title for spec in specs))
    horizon, paths = (extent([getattr(s, name) for s in specs]) for name in ("horizon_s", "paths"))
    left = f"{assets} · {scenarios} · horizon {horizon} s · {paths} paths"
    right = f"{report.manifest.created:%Y-%m-%d %H:%M:%S} UTC"
    if report.manifest.run_ids:
        right += f" · run {', '.join(report.manifest.run_ids)}"
    return left, right


def _section(section: Section, anchor: str, numbers: Iterator[int]) -> list[Block]:
    blocks: list[Block] = [Heading(section.title, 1, anchor)]
    blocks += [Heading("Scope", 2, f"{anchor}-scope"), _scope(section)]
    blocks += [Heading("Scenario", 2, f"{anchor}-scenario"), *_scenario(section)]
    blocks += [Heading("Results", 2, f"{anchor}-results"), _results(section)]
    blocks += _figures(section.charts, numbers)
    if section.achieved:
        blocks += [
            Heading("Requested against achieved", 2, f"{anchor}-achieved"),
            _achieved(section.achieved),
        ]
    blocks += [Heading("Realism", 2, f"{anchor}-realism"), *scorecard_blocks(section.scorecard)]
    blocks += _figures(section.realism_charts, numbers)
    blocks += [Heading("Refused and repaired", 2, f"{anchor}-counters"), _counters(section)]
    return blocks


def _figures(charts: tuple[ChartSpec, ...], numbers: Iterator[int]) -> list[Block]:
    """Charts of one panel without markers go in pairs, the others take the whole width."""
    blocks: list[Charts] = []
    waiting: Chart | None = None
    for spec in charts:
        chart = Chart(spec, next(numbers))
        wide = len(spec.panels()) > 1 or bool(spec.markers) or spec.kind == "heatmap"
        if waiting is not None and not wide:
            blocks.append(Charts((waiting, chart)))
            waiting = None
        elif wide:
            blocks += [Charts((waiting,))] if waiting else []
            blocks.append(Charts((chart,)))
            waiting = None
        else:
            waiting = chart
    return [*blocks, Charts((waiting,))] if waiting else [*blocks]


def _scope(section: Section) -> Table:
    spec, profile = section.spec, section.profile
    origin = ", ".join(part for part in (profile.venue, profile.date) if part)
    tick = f"{profile.tick_size:g} {profile.currency}"
    return key_values(
        f"Scope of {section.title}",
        [
            ("Asset", f"{spec.asset} ({origin})" if origin else spec.asset),
            (
                "Market of the reference session",
                f"price about {number(profile.price_ticks * profile.tick_size)} "
                f"{profile.currency}, tick {tick}, spread {number(profile.spread_ticks)} ticks, "
                f"{number(profile.events_per_s)} events/s, traded {number(profile.volume_per_s)} "
                f"{profile.size_unit} a second, "
                f"volatility {number(profile.volatility_bps)} bp in 10 s",
            ),
            ("Order flow written by", spec.model),
            ("Horizon", f"{spec.horizon_s:g} s after {count(spec.burn_in_events)} events"),
            ("Paths", f"{count(spec.paths)} pairs, seed {spec.seed}"),
        ],
        note="Reference figures are measured on the training split of the recording.",
    )


def _scenario(section: Section) -> list[Block]:
    scenario = section.spec.scenario
    blocks: list[Block] = [Paragraph(scenario.description)]
    rows = [
        (
            Cell(line.kind.replace("_", " ")),
            Cell(f"{line.start_s:g} to {line.end_s:g}"),
            Cell(line.sentence, "; ".join(f"{s.name} {s.value}" for s in line.settings)),
        )
        for line in section.shocks
    ]
    note = f"Intensity {section.spec.intensity:g}. Small print: settings as in the scenario file."
    if rows:
        columns = (
            Column("Shock", share=0.2), Column("From – to, s", share=0.16),
            Column("What it does", share=0.64),
        )  # fmt: skip
        blocks.append(Table(f"Shocks of {scenario.title}", columns, tuple(rows), note))
    remarks = " ".join(text for text in (scenario.provenance, scenario.notes) if text)
    return [*blocks, Paragraph(remarks, small=True)] if remarks else blocks


def _estimate(estimate: Estimate | None, *, signed: bool = False) -> Cell:
    if estimate is None:
        return Cell("–")
    ends = interval(estimate.lower, estimate.upper, signed=signed)
    return Cell(number(estimate.value, signed=signed), "" if ends == "–" else ends)


def _results(section: Section) -> Table:
    risk = section.risk
    rows = []
    for row in risk.rows:
        change = direction(row.effect)
        badge: Badge = "middling" if change in ("higher", "lower") else "neutral"
        rows.append(
            (
                Cell(row.label, row.unit),
                _estimate(row.unshocked),
                _estimate(row.shocked),
                _estimate(row.effect, signed=True),
                Cell("", word=change, badge=badge) if change else Cell("–"),
            )
        )
    columns = (
        Column("Measure", share=0.34), Column("Unshocked", "right", 0.18),
        Column("Shocked", "right", 0.18), Column("Change", "right", 0.19),
        Column("", "center", 0.11),
    )  # fmt: skip
    return Table(f"Results of {section.title}", columns, tuple(rows), _results_note(section))


def _results_note(section: Section) -> str:
    risk = section.risk
    note = (
        f"Small print: {100 * risk.confidence:g}% bootstrap intervals, {count(risk.resamples)} "
        f"resamples of {count(risk.paths)} paths, pairs kept together; “not clear”: the interval "
        f"of the change includes zero. Horizon {risk.horizon_s:g} s. Definitions at the end."
    )
    if risk.cut_paths:
        note += (
            f" {count(risk.cut_paths)} paths were cut at {count(section.spec.max_events)} events; "
            "the horizon is shortened for all."
        )
    warned: dict[str, list[str]] = {}
    for row in risk.rows:
        if row.warning:
            warned.setdefault(row.warning, []).append(row.label)
    warnings = [f"{', '.join(labels)}: {warning}." for warning, labels in warned.items()]
    return " ".join([note, *warnings])


def _achieved(rows: tuple[AchievedRow, ...]) -> Table:
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
            _estimate(row.achieved),
            Cell("", word=words[row.agrees][0], badge=words[row.agrees][1]),
        )
        for row in rows
    )
    note = "As asked: within a tenth of it, or the interval covers it."
    return Table("Requested against achieved", columns, body, note)


def _counters(section: Section) -> Table:
    names = dict.fromkeys([*section.unshocked_counters, *section.shocked_counters])
    rows = []
    for name in names:
        row = [Cell(name.replace("_", " "))]
        for counters in (section.unshocked_counters, section.shocked_counters):
            value, proposed = counters.get(name, 0), counters.get("proposed", 0)
            share = percent(value / proposed) if proposed and name != "proposed" else ""
            row.append(Cell(count(value), share))
        rows.append(tuple(row))
    columns = (
        Column("What", share=0.5), Column("Unshocked", "right", 0.25),
        Column("Shocked", "right", 0.25),
    )  # fmt: skip
    note = "Events of all paths, burn-in excluded; shares are of the events that were proposed."
    return Table("Refused and repaired events", columns, tuple(rows), note)


def _reproducibility(manifest: Manifest) -> list[Block]:
    pairs = [
        ("Run", ", ".join(manifest.run_ids) or "not kept in a run store"),
        ("Computed", f"{manifest.created:%Y-%m-%d %H:%M:%S} UTC"),
        ("Seeds", ", ".join(str(seed) for seed in manifest.seeds)),
        ("Versions", ", ".join(f"{name} {value}" for name, value in manifest.versions.items())),
        *((name.capitalize(), value) for name, value in manifest.hardware.items()),
        *((f"SHA-256 of {file.name}", file.sha256) for file in manifest.files),
    ]
    if manifest.timing_s:
        units = {"events": "", "events_per_s": ""}
        times = (
            f"{name.replace('_per_s', ' a second')} {number(value)} {units.get(name, 's')}".strip()
            for name, value in manifest.timing_s.items()
        )
        pairs.append(("Timing", ", ".join(times)))
    return [
        Heading("Reproducibility", 1, "manifest"),
        key_values("Manifest", pairs, "The same command on the same versions and device gives the "
                   "same paths, bit for bit."),
        Paragraph("Make it again with:"),
        *(Code(command) for command in manifest.commands),
    ]  # fmt: skip


def _definitions(report: StressReport) -> list[Block]:
    rows: dict[str, RiskRow] = {}
    for section in report.sections:
        for row in section.risk.rows:
            rows.setdefault(row.measure, row)
    columns = (Column("Measure", share=0.3), Column("Definition", share=0.7))
    body = tuple(cells(f"{row.label}, {row.unit}", row.definition) for row in rows.values())
    return [
        Heading("Definitions", 1, "definitions"),
        Table("Definitions of the measures", columns, body),
    ]
