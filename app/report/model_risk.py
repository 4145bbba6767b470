"""The part of a report about the model: what it is for, how it works, and when not to trust it."""

from __future__ import annotations

from dataclasses import dataclass

from app.charts.numbers import MISSING, count, interval, number, percent
from app.report import texts
from app.report.blocks import (
    Badge,
    Basis,
    Block,
    Bullets,
    Cell,
    Column,
    Heading,
    Table,
    cells,
    key_values,
)
from app.report.findings import counted, floor_ratio, realism_sentence
from app.report.scope import label_of
from app.report.section import Section
from app.report.stress_report import StressReport
from stylized_facts.verdict import CLOSE, MATCH

MOST_REFUSED = 0.05  # share of the proposed events that a trigger allows
MOST_NAMED = 4  # stress tests that a sentence names
LEAST_PERCENTILE = 1  # of the log-probability of an event
TAIL_PATHS = 100  # so that five paths lie beyond the level of ES 95%
REFUSED = ("cancel_empty_side", "empty_side", "out_of_range", "repaired")


def limitations_table(report: StressReport) -> Table:
    """Limitations, each with its effect and what to do about it."""
    columns = (
        Column("Limitation", share=0.28), Column("Effect", share=0.38),
        Column("Mitigation", share=0.34),
    )  # fmt: skip
    rows = tuple(cells(one.limit, one.effect, one.mitigation) for one in report.limits)
    return Table("Limitations", columns, rows, Basis("method of Faultline"))


def model_risk_blocks(report: StressReport) -> list[Block]:
    """Everything about the model, in the order in which a reviewer asks for it."""
    method = [(topic.name, topic.text) for topic in report.method]
    source = "method of Faultline"
    return [
        Heading("Purpose and materiality", 2, "purpose"),
        key_values("Purpose and materiality", texts.PURPOSE, source),
        Heading("Concept", 2, "concept"),
        key_values("Concept", method, source),
        Heading("Data", 2, "data"),
        _data(report),
        Heading("Key assumptions", 2, "assumptions"),
        Bullets(texts.ASSUMPTIONS),
        Heading("Limitations", 2, "limitations"),
        limitations_table(report),
        Heading("Validation done", 2, "validation"),
        Bullets(validation_of(report)),
        Heading("Monitoring triggers", 2, "triggers"),
        triggers_table(report),
        Heading("Intended use", 2, "fit-for"),
        Bullets(report.fit_for),
        Heading("Not intended use", 2, "not-for"),
        Bullets(report.not_for),
    ]


def _data(report: StressReport) -> Table:
    columns = (
        Column("Asset", share=0.16), Column("Recording", share=0.34),
        Column("Real windows", "right", 0.16), Column("Window, s", "right", 0.14),
        Column("Models set beside", "right", 0.2),
    )  # fmt: skip
    rows = []
    for section in {section.spec.asset: section for section in report.sections}.values():
        profile, card = section.profile, section.scorecard
        origin = ", ".join(part for part in (profile.venue, profile.date) if part) or MISSING
        rows.append(
            cells(
                section.spec.asset,
                origin,
                count(card.windows_real) if card else MISSING,
                number(card.window_s) if card else MISSING,
                count(len(card.models)) if card else MISSING,
            )
        )
    basis = Basis(
        units="seconds of market time; counts",
        sample="windows of the held-out split of the recording, not used for training",
        intervals="none, counts", source="asset profile and realism scorecard",
    )  # fmt: skip
    return Table("Data", columns, tuple(rows), basis)


def validation_of(report: StressReport) -> tuple[str, ...]:
    """What was checked for this report, with its results."""
    cards = {section.spec.asset: section.scorecard for section in report.sections}
    sentences = list(dict.fromkeys(realism_sentence(card) for card in cards.values()))
    rows = [row for section in report.sections for row in section.achieved]
    asked = [row.agrees for row in rows if row.agrees is not None]
    if asked:
        sentences.append(
            f"Requested against achieved: {asked.count(True)} of {counted(len(asked), 'number')} "
            "that the shocks asked for came out as asked."
        )
    sentences.append(
        "Both arms share their random numbers; without a shock they are the same paths, bit for "
        "bit. No independent validation has taken place."
    )
    return tuple(sentences)


def tripped_sentence(report: StressReport) -> str:
    """Which monitoring triggers are tripped, in one sentence."""
    found: dict[str, list[str]] = {}
    tests = range(len(report.sections))
    for position in tests:
        label = label_of(report, position)
        for one in triggers_of(report.sections[position], label):
            if one.word == "tripped":
                where = f"{label}: {one.now}" if len(tests) > 1 else one.now
                found.setdefault(f"{one.what} (allowed {one.allowed})", []).append(where)
    if not found:
        return "No monitoring trigger is tripped."
    listed = "; ".join(f"{what}: {', '.join(where[:MOST_NAMED])}" for what, where in found.items())
    return f"Monitoring triggers tripped: {listed}."


@dataclass(frozen=True)
class Trigger:
    """Something to watch: what it is now, what is allowed, and how it stands."""

    what: str
    where: str
    now: str
    allowed: str
    word: str
    badge: Badge


def triggers_table(report: StressReport) -> Table:
    """Monitoring triggers of every section, with their present values."""
    columns = (
        Column("Trigger", share=0.36), Column("Stress test", share=0.2),
        Column("Now", "right", 0.14), Column("Allowed", "right", 0.16),
        Column("", "center", 0.14),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(one.what), Cell(one.where), Cell(one.now), Cell(one.allowed),
            Cell("", word=one.word, badge=one.badge),
        )
        for position in range(len(report.sections))
        for one in triggers_of(report.sections[position], label_of(report, position))
    )  # fmt: skip
    basis = Basis(
        units="as headed in the row", sample="the paths and scorecards of this report",
        intervals="those of the tables above", source="this report",
    )  # fmt: skip
    note = "Tripped: look at the section before its numbers are used."
    return Table("Monitoring triggers", columns, rows, basis, note)


def triggers_of(section: Section, where: str) -> list[Trigger]:
    """The triggers of one section."""
    found = [_realism_trigger(section, where)]
    missed = sum(row.agrees is False for row in section.achieved)
    asked = sum(row.agrees is not None for row in section.achieved)
    risk = section.risk
    found += [
        _trigger("Shocks that did not come out as asked", where, f"{missed} of {asked}", "0",
                 missed == 0),
        _trigger("Paths behind ES 95%", where, count(risk.paths),
                 f"{TAIL_PATHS} or more", risk.paths >= TAIL_PATHS),
        _trigger("Paths cut before the horizon", where, count(risk.cut_paths), "0",
                 risk.cut_paths == 0),
    ]  # fmt: skip
    counters = section.shocked_counters
    proposed = counters.get("proposed", 0)
    if proposed:
        share = sum(counters.get(name, 0) for name in REFUSED) / proposed
        found.append(
            _trigger("Events refused or repaired, shocked", where, percent(share),
                     f"up to {percent(MOST_REFUSED)}", share <= MOST_REFUSED)
        )  # fmt: skip
    support = section.stress_realism.support if section.stress_realism else None
    if support is not None:
        rank = support.percentile if support.real_percentile is None else support.real_percentile
        among = "unshocked" if support.real_percentile is None else "recorded"
        found.append(
            _trigger(f"Percentile of the shocked flow's probability among {among} flow", where,
                     number(rank), f"{LEAST_PERCENTILE} or more", rank >= LEAST_PERCENTILE)
        )  # fmt: skip
    return found


def _trigger(what: str, where: str, now: str, allowed: str, kept: bool) -> Trigger:
    return Trigger(what, where, now, allowed, "kept" if kept else "tripped",
                   "good" if kept else "bad")  # fmt: skip


def _realism_trigger(section: Section, where: str) -> Trigger:
    what, card = "Distance to real data over the floor", section.scorecard
    if card is None:
        return Trigger(what, where, MISSING, f"up to {MATCH:g}", "not known", "neutral")
    ratio = floor_ratio(card, card.models[0])
    ends = card.ratio_to_floor_interval.get(card.models[0])
    now = number(ratio) + (f" ({interval(*ends)})" if ends else "")
    if ratio <= MATCH:
        return Trigger(what, where, now, f"up to {MATCH:g}", "kept", "good")
    badge: Badge = "middling" if ratio <= CLOSE else "bad"
    return Trigger(what, where, now, f"up to {MATCH:g}", "tripped", badge)
