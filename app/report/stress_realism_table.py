"""How far the stressed paths may still be believed, as it stands in a report."""

from __future__ import annotations

from app.charts.numbers import count, interval, number, percent
from app.report.blocks import Badge, Basis, Block, Cell, Column, Paragraph, Table
from app.report.findings import counted, within
from app.report.risk_tables import estimate_cell
from app.report.section import Section
from engine.risk.stress_realism import FlowSupport, StressRealism

_BADGES: dict[str, Badge] = {
    "holds": "good", "lost": "bad", "not there before": "middling", "comes in": "good",
    "not known": "neutral",
}  # fmt: skip

_VERBS = {  # of one fact, of several
    "holds": ("holds", "hold"), "lost": ("is lost", "are lost"),
    "not there before": ("was not there before", "were not there before"),
    "comes in": ("comes in", "come in"), "not known": ("is not known", "are not known"),
}  # fmt: skip


def stress_realism_blocks(section: Section) -> list[Block]:
    """Facts that hold and facts that are lost, and how improbable the model finds the flow."""
    found = section.stress_realism
    if found is None:
        return []
    blocks: list[Block] = []
    if found.facts:
        words = ", ".join(f"{n} {_VERBS[word][n != 1]}" for word, n in found.counts.items())
        sentence = f"Of {counted(len(found.facts), 'stylized fact')} {words} under the shock."
        blocks += [Paragraph(f"{sentence} {found.reading}"), _table(section, found)]
    if found.support is not None:
        blocks.append(Paragraph(_support(found.support)))
    if found.notes:
        notes = "; ".join(found.notes)
        blocks.append(Paragraph(f"{notes[0].upper()}{notes[1:]}.", small=True))
    return blocks


def _table(section: Section, found: StressRealism) -> Table:
    columns = (
        Column("Fact", share=0.34), Column("Real band", "right", 0.18),
        Column("Unshocked", "right", 0.16), Column("Shocked", "right", 0.16),
        Column("", "center", 0.16),
    )  # fmt: skip
    shown = found.headline or found.facts
    rows = tuple(
        (
            Cell(fact.label, fact.unit),
            Cell(interval(fact.real_low, fact.real_high)),
            estimate_cell(fact.unshocked),
            estimate_cell(fact.shocked),
            Cell("", word=fact.verdict, badge=_BADGES[fact.verdict]),
        )
        for fact in shown
    )
    basis = Basis(
        units="below the fact",
        sample=f"{counted(found.paths, 'path')} of each arm, {found.path_s:g} s; "
        f"{count(found.real_windows)} real windows of {found.real_window_s:g} s",
        intervals="95%, bootstrap over paths",
        source="paths of this run; facts of the recording",
    )
    left_out = len(found.facts) - len(shown)
    note = f"Further facts, in the JSON and the bundle: {left_out}." if left_out else ""
    return Table(f"Stylized facts under stress, {section.title}", columns, rows, basis, note)


def _support(found: FlowSupport) -> str:
    start, end = found.window_s
    text = (
        f"Between {start:g} s and {end:g} s {found.scorer} gives an event of the shocked paths a "
        f"log-probability of {number(found.shocked.value)} nats {within(found.shocked, 0.95)}, of "
        f"the unshocked ones {number(found.unshocked.value)}, a change of "
        f"{number(found.effect.value, signed=True)} {within(found.effect, 0.95, signed=True)}; the "
        f"median shocked path stands at percentile {number(found.percentile)} of the unshocked "
        f"ones, and {percent(found.below_all)} of {counted(found.paths, 'path')} "
        f"{'is' if found.paths == 1 else 'are'} less probable than all of them"
    )
    if found.real_percentile is not None:
        text += f"; among recorded windows it stands at percentile {number(found.real_percentile)}"
    return f"{text}. {found.reading}"
