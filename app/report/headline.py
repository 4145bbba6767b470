"""What stands on the cover: question, verdict, key figures, and the summary of several tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.charts.numbers import number, percent
from app.report.findings import (
    MAX_FINDINGS,
    TAIL,
    clipped,
    counted,
    direction,
    effect_sentence,
    find_row,
    floor_ratio,
    is_same,
    missed_sentence,
    realism_sentence,
    sized,
    spread_row,
    with_unit,
    within,
)
from app.report.section import LONGEST_TITLE, Section
from engine.risk import Estimate, RiskRow, RiskTable, share_of_paths
from engine.spec import RunSpec
from stylized_facts.scorecard import BASELINE

MOST_NAMED = 3  # stress tests in the question
TAIL_NAME = "the mean loss of the worst 5% of paths (ES 95%)"

Level = Literal["breach", "watch", "within", "adverse", "unclear", "relieving", "none"]
Status = Literal["breach", "watch", "within limit", "adverse", "not clear", "relief", "no change"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(_Frozen):
    """The answer in one line; `level` gives its colour, never its meaning alone."""

    level: Level
    text: str


class Card(_Frozen):
    """A key figure: its name, the number, and a line that says against what."""

    label: str
    value: str
    note: str


class Standing(_Frozen):
    """How one section stands, in a word, and the paths that lose more than the limit.

    With a limit the word sets ES 95% against it (breach: above it; watch: its interval reaches
    above it); without one it says which way the shock moves ES 95%. The shares are None without a
    limit; their intervals are Wilson's.
    """

    status: Status
    shocked_beyond: Estimate | None = None
    unshocked_beyond: Estimate | None = None


def standing_of(section: Section, limit_bp: float | None) -> Standing:
    """How a section stands against a loss limit in bp, or, without one, against no shock."""
    tail = section.risk[TAIL]
    status: Status
    if limit_bp is None:
        if is_same(tail):
            return Standing(status="no change")
        words: dict[str, Status] = {"higher": "adverse", "lower": "relief"}
        return Standing(status=words.get(direction(tail.effect), "not clear"))
    shocked = tail.shocked or Estimate(value=None)
    if sized(shocked) > limit_bp:
        status = "breach"
    else:
        status = "watch" if (shocked.upper or 0.0) > limit_bp else "within limit"
    beyond = [
        Estimate.of(
            share_of_paths(
                sum(loss > limit_bp for loss in losses), len(losses), section.risk.confidence
            )
        )
        for losses in (section.shocked_loss_bp, section.unshocked_loss_bp)
    ]
    return Standing(status=status, shocked_beyond=beyond[0], unshocked_beyond=beyond[1])


def heaviest(sections: Sequence[Section]) -> Section:
    """The section whose loss tail is heaviest under its shock."""
    return max(sections, key=lambda section: sized(section.risk[TAIL].shocked))


def extent(values: Sequence[float]) -> str:
    """`300`, or `300 to 600` where the values differ."""
    ends = dict.fromkeys((min(values), max(values)))
    return " to ".join(f"{value:,.10g}" for value in ends)


def question_of(specs: Sequence[RunSpec]) -> str:
    """What was asked, as a sentence."""
    parts = []
    for spec in specs[:MOST_NAMED]:
        strength = "" if spec.intensity == 1.0 else f" at {spec.intensity:g} times its strength"
        title = clipped(spec.scenario.title, LONGEST_TITLE)
        parts.append(f"{spec.asset} under the scenario “{title}”{strength}")
    if len(specs) > MOST_NAMED:
        parts.append(f"the assets of {counted(len(specs) - MOST_NAMED, 'more stress test')}")
    paths = [spec.paths for spec in specs]
    pairs = "1 pair" if max(paths) == 1 else f"{extent(paths)} pairs"
    return (
        f"What happens to {'; '.join(parts)} within {extent([s.horizon_s for s in specs])} s, "
        f"and what without it? {pairs} of paths for each, with and without the shock, from the "
        "same random numbers."
    )


def verdict_of(sections: Sequence[Section], limit_bp: float | None = None) -> Verdict:
    """The answer, for the heaviest loss tail among the sections that decide it."""
    standings = [standing_of(section, limit_bp).status for section in sections]
    if limit_bp is not None:
        return _against_limit(sections, standings, limit_bp)
    if all(status == "no change" for status in standings):
        return Verdict(level="none", text="No change: both arms are the same paths.")
    level: Level = "unclear"
    deciding, opening = "not clear", "No clear effect"
    if "adverse" in standings:
        level, deciding, opening = "adverse", "adverse", "Adverse"
    elif all(status == "relief" for status in standings):
        level, deciding, opening = "relieving", "relief", "Not adverse to a holder"
    candidates = [s for s, one in zip(sections, standings, strict=True) if one == deciding]
    worst = heaviest(candidates or sections)
    several = ""
    if len(sections) > 1:
        several = f"{len(candidates)} of {len(sections)} stress tests; {worst.title}: "
    tail = worst.risk[TAIL].model_copy(update={"warning": ""})
    return Verdict(
        level=level, text=f"{opening}: {several}{effect_sentence(tail, worst.risk, TAIL_NAME)}"
    )


def _against_limit(
    sections: Sequence[Section], standings: Sequence[Status], limit_bp: float
) -> Verdict:
    broken = standings.count("breach")
    worst = heaviest(sections)
    tail = worst.risk[TAIL].shocked or Estimate(value=None)
    number_of = with_unit(tail.value, "bp")
    found = f"{number_of} {within(tail, worst.risk.confidence)}"
    limit = f"the loss limit of {number(limit_bp)} bp"
    level: Level
    if len(sections) == 1:
        verb = "exceeds" if broken else "is within"
        text = f"ES 95% of {found} {verb} {limit}"
    else:
        verb = "exceeds" if broken == 1 else "exceed"
        text = f"{broken} of {len(sections)} stress tests {verb} {limit} (ES 95%); the largest is "
        text += f"{worst.title} with {found}"
    if broken:
        level, opening = "breach", "Breach"
    elif "watch" in standings:
        level, opening = "watch", "Watch"
        watched = standings.count("watch")
        whose = "its interval" if len(sections) == 1 else f"the interval of {watched} of them"
        text += f", but {whose} reaches above it"
    else:
        level, opening = "within", "Within the limit"
    return Verdict(level=level, text=f"{opening}: {text}.")


def cards_of(sections: Sequence[Section], limit_bp: float | None = None) -> tuple[Card, ...]:
    """Four key figures, of the section whose loss tail is heaviest."""
    worst = heaviest(sections)
    risk, scorecard = worst.risk, worst.scorecard
    cards = [
        _effect_card(risk["return_mean_bp"], risk.confidence),
        _level_card(risk[TAIL], risk.confidence),
    ]
    beyond = standing_of(worst, limit_bp)
    cost = find_row(risk, "liquidation_cost_bp")
    if limit_bp is not None and beyond.shocked_beyond and beyond.unshocked_beyond:
        ends = (beyond.shocked_beyond.lower or 0.0, beyond.shocked_beyond.upper or 0.0)
        cards.append(
            Card(
                label=f"Paths that lose over {number(limit_bp)} bp",
                value=percent(beyond.shocked_beyond.value),
                note=f"interval {percent(ends[0])} to {percent(ends[1])}; unshocked "
                f"{percent(beyond.unshocked_beyond.value)}",
            )
        )
    else:
        cards.append(_level_card(cost or spread_row(risk), risk.confidence))
    if scorecard is None:
        cards.append(Card(label="Realism", value="not known", note="no scorecard for this model"))
    else:
        model = scorecard.models[0]
        note = f"{model}; {BASELINE} {number(floor_ratio(scorecard, BASELINE))}, real data 1"
        value = f"{number(floor_ratio(scorecard, model))} × floor"
        cards.append(Card(label="Distance to real data", value=value, note=note))
    return tuple(cards)


def _effect_card(row: RiskRow, confidence: float) -> Card:
    effect = row.effect or Estimate(value=None)
    return Card(
        label=f"{row.label}, change",
        value=with_unit(effect.value, row.unit, signed=True),
        note=within(effect, confidence, signed=True).strip("()"),
    )


def _level_card(row: RiskRow, confidence: float) -> Card:
    shocked = row.shocked or Estimate(value=None)
    note = within(shocked, confidence).strip("()")
    if row.unshocked is not None:
        note += f"; unshocked {number(row.unshocked.value)}"
    return Card(label=f"{row.label}, shocked", value=with_unit(shocked.value, row.unit), note=note)


def summary_of(sections: Sequence[Section], limit_bp: float | None = None) -> tuple[str, ...]:
    """At most five findings about the whole report; of one section, its own."""
    worst = heaviest(sections)
    first = [_beyond_sentence(worst, limit_bp)] if limit_bp is not None else []
    if len(sections) == 1:
        *own, last = worst.findings
        return (*first, *own[: MAX_FINDINGS - 1 - len(first)], last)
    mean = min(sections, key=lambda s: _effect_of(s.risk, "return_mean_bp"))
    wide = max(sections, key=lambda s: _ratio(spread_row(s.risk)))
    missed = [s for s in sections if any(row.agrees is False for row in s.achieved)]
    doubted = max(
        sections,
        key=lambda s: floor_ratio(s.scorecard, s.scorecard.models[0]) if s.scorecard else 1e9,
    )
    first = first or [f"{worst.title}: {effect_sentence(worst.risk[TAIL], worst.risk)}"]
    first += [
        f"{mean.title}: {effect_sentence(mean.risk['return_mean_bp'], mean.risk)}",
        f"{wide.title}: {effect_sentence(spread_row(wide.risk), wide.risk)}",
    ]
    if missed:
        rows = [row for row in missed[0].achieved if row.agrees is False]
        tests = f"{len(missed)} of {counted(len(sections), 'stress test')}"
        first.append(f"{missed_sentence(rows)} Such misses occur in {tests}.")
    return (*first[: MAX_FINDINGS - 1], realism_sentence(doubted.scorecard))


def _beyond_sentence(section: Section, limit_bp: float) -> str:
    standing = standing_of(section, limit_bp)
    shocked = standing.shocked_beyond or Estimate(value=None)
    unshocked = standing.unshocked_beyond or Estimate(value=None)
    paths = len(section.shocked_loss_bp)
    ends = f"{percent(shocked.lower)} to {percent(shocked.upper)}"
    return (
        f"{section.title}: {percent(shocked.value)} of {counted(paths, 'path')} "
        f"{'loses' if paths == 1 else 'lose'} more than {number(limit_bp)} bp under the shock "
        f"({100 * section.risk.confidence:g}% interval {ends}), {percent(unshocked.value)} without "
        "it."
    )


def _effect_of(risk: RiskTable, measure: str) -> float:
    value = (risk[measure].effect or Estimate(value=None)).value
    return 0.0 if value is None else value


def _ratio(row: RiskRow) -> float:
    if row.unshocked is None or row.shocked is None:
        return 0.0
    return (row.shocked.value or 0.0) / (row.unshocked.value or 1.0)
