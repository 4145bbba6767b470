"""Sentences, key figures and verdict, computed from the numbers of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.charts.numbers import interval, number
from engine.risk import AchievedRow, Estimate, RiskRow, RiskTable
from engine.spec import RunSpec
from stylized_facts.scorecard import BASELINE, Scorecard

TAIL = "es_95_bp"  # the loss tail that the verdict speaks of
MAX_FINDINGS = 5

Level = Literal["adverse", "unclear", "relieving", "none"]
Direction = Literal["higher", "lower", "not clear", ""]


class Verdict(BaseModel):
    """The answer in one line; `level` gives its colour, never its meaning alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    text: str


class Card(BaseModel):
    """A key figure: its name, the number, and a line that says against what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    value: str
    note: str


def direction(effect: Estimate | None) -> Direction:
    """Which way a change goes, if its interval excludes zero; empty where there is no change."""
    if effect is None or effect.value is None or effect.lower is None or effect.upper is None:
        return ""
    if effect.lower > 0.0:
        return "higher"
    return "lower" if effect.upper < 0.0 else "not clear"


def extent(values: Sequence[float]) -> str:
    """`300`, or `300 to 600` where the values differ."""
    ends = dict.fromkeys((min(values), max(values)))
    return " to ".join(f"{value:,.10g}" for value in ends)


def question_of(specs: Sequence[RunSpec]) -> str:
    """What was asked, as a sentence."""
    parts = []
    for spec in specs:
        title = spec.scenario.title
        strength = "" if spec.intensity == 1.0 else f" at {spec.intensity:g} times its strength"
        parts.append(f"{spec.asset} under the scenario “{title}”{strength}")
    return (
        f"What happens to {'; '.join(parts)} within {extent([s.horizon_s for s in specs])} s, "
        f"and what without it? {extent([s.paths for s in specs])} pairs of paths, "
        "each with and without the shock, from the same random numbers."
    )


def verdict_of(sections: Sequence[tuple[str, RiskTable]]) -> Verdict:
    """The answer, for the heaviest loss tail among the sections that decide it."""
    directions = [direction(risk[TAIL].effect) for _, risk in sections]
    if all(_same(risk[TAIL]) for _, risk in sections):
        return Verdict(level="none", text="No change: both arms are the same paths.")
    level: Level
    if "higher" in directions:
        level, deciding, opening = "adverse", "higher", "Adverse"
    elif all(one == "lower" for one in directions):
        level, deciding, opening = "relieving", "lower", "Not adverse to a holder"
    else:
        level, deciding, opening = "unclear", "not clear", "No clear effect"
    candidates = [s for s, one in zip(sections, directions, strict=True) if one == deciding]
    title, risk = _heaviest(candidates or sections)
    several = ""
    if len(sections) > 1:
        several = f"{len(candidates)} of {len(sections)} stress tests; {title}: "
    tail = risk[TAIL].model_copy(update={"warning": ""})
    sentence = _effect(tail, risk, "the mean loss of the worst 5% of paths (ES 95%)")
    return Verdict(level=level, text=f"{opening}: {several}{sentence}")


def cards_of(sections: Sequence[tuple[str, RiskTable, Scorecard | None]]) -> tuple[Card, ...]:
    """Four key figures, of the section whose loss tail is heaviest."""
    _, risk, scorecard = max(sections, key=lambda section: _size(section[1][TAIL].shocked))
    cards = [
        _effect_card(risk["return_mean_bp"], risk.confidence),
        _level_card(risk[TAIL], risk.confidence),
    ]
    cost = _row(risk, "liquidation_cost_bp")
    spread = _row(risk, "spread_ticks_shock") or risk["spread_ticks"]
    cards.append(_level_card(cost or spread, risk.confidence))
    if scorecard is None:
        cards.append(Card(label="Realism", value="not known", note="no scorecard for this model"))
    else:
        model = scorecard.models[0]
        note = f"{model}; {BASELINE} {number(_floor(scorecard, BASELINE))}, real data 1"
        value = f"{number(_floor(scorecard, model))} × floor"
        cards.append(Card(label="Distance to real data", value=value, note=note))
    return tuple(cards)


def findings_of(
    spec: RunSpec,
    risk: RiskTable,
    achieved: Sequence[AchievedRow],
    scorecard: Scorecard | None,
) -> tuple[str, ...]:
    """At most five sentences; each gives its number and interval, and says if it may be zero."""
    if not spec.scenario.shocks:
        first = ["Nothing was done to the market: both arms are the same paths."]
    else:
        first = [
            _effect(risk["return_mean_bp"], risk, f"Mean return over {risk.horizon_s:g} s"),
            _effect(risk[TAIL], risk),
            _liquidity(risk),
            _recovery_or_cost(risk),
        ]
    missed = [row for row in achieved if row.agrees is False]
    last = [_missed(missed)] if missed else []
    last.append(_realism(scorecard))
    kept = [text for text in first if text][: MAX_FINDINGS - len(last)]
    return (*kept, *last)


def _size(estimate: Estimate | None) -> float:
    return float("-inf") if estimate is None or estimate.value is None else estimate.value


def _heaviest(sections: Sequence[tuple[str, RiskTable]]) -> tuple[str, RiskTable]:
    return max(sections, key=lambda section: _size(section[1][TAIL].shocked))


def _effect_card(row: RiskRow, confidence: float) -> Card:
    effect = row.effect or Estimate(value=None)
    ends = interval(effect.lower, effect.upper, signed=True)
    return Card(
        label=f"{row.label}, change",
        value=_with_unit(effect.value, row.unit, signed=True),
        note=f"{100 * confidence:g}% interval {ends}",
    )


def _level_card(row: RiskRow, confidence: float) -> Card:
    shocked = row.shocked or Estimate(value=None)
    if row.unshocked is None:
        ends = interval(shocked.lower, shocked.upper)
        note = f"{100 * confidence:g}% interval {ends}"
    else:
        note = f"unshocked {number(row.unshocked.value)}"
        if row.effect is not None:
            note += f", change {number(row.effect.value, signed=True)}"
            note += f" ({interval(row.effect.lower, row.effect.upper, signed=True)})"
    return Card(label=f"{row.label}, shocked", value=_with_unit(shocked.value, row.unit), note=note)


def _row(risk: RiskTable, measure: str) -> RiskRow | None:
    return next((row for row in risk.rows if row.measure == measure), None)


def _same(row: RiskRow) -> bool:
    effect = row.effect
    return effect is not None and effect.value == effect.lower == effect.upper == 0.0


def _change(row: RiskRow, confidence: float) -> str:
    """`from 8.10 bp to 31.2 bp, a change of +23.1 bp (95% interval +18.0 to +27.0)`."""
    before = row.unshocked.value if row.unshocked else None
    after = row.shocked.value if row.shocked else None
    text = f"from {_with_unit(before, row.unit)} to {_with_unit(after, row.unit)}"
    if row.effect is None:
        return text
    ends = interval(row.effect.lower, row.effect.upper, signed=True)
    return (
        f"{text}, a change of {_with_unit(row.effect.value, row.unit, signed=True)} "
        f"({100 * confidence:g}% interval {ends})"
    )


def _with_unit(value: float | None, unit: str, signed: bool = False) -> str:
    return number(None) if value is None else f"{number(value, signed=signed)} {unit}".strip()


def _effect(row: RiskRow, risk: RiskTable, name: str = "") -> str:
    """A sentence about the change of a measure, with the warning of the table if it has one."""
    name = name or row.label
    verb = {"higher": "rises", "lower": "falls", "not clear": "goes", "": "goes"}[
        direction(row.effect)
    ]
    if _same(row):
        return f"{name} is the same in both arms, {_with_unit(_value(row.shocked), row.unit)}."
    text = f"{name} {verb} {_change(row, risk.confidence)}"
    if direction(row.effect) == "not clear":
        text += "; the interval includes zero, so this run cannot tell the effect from none"
    if row.warning:
        text += f"; {row.warning}"
    return f"{text}."


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _liquidity(risk: RiskTable) -> str:
    spread = _row(risk, "spread_ticks_shock") or risk["spread_ticks"]
    depth = _row(risk, "touch_depth_shock") or risk["touch_depth"]
    clear = [row for row in (spread, depth) if direction(row.effect) in ("higher", "lower")]
    if not clear:
        return _effect(spread, risk)
    return " ".join(_effect(row, risk) for row in clear)


def _recovery_or_cost(risk: RiskTable) -> str:
    cost = _row(risk, "liquidation_cost_bp")
    if cost is not None and cost.shocked is not None and cost.shocked.value is not None:
        ends = interval(cost.shocked.lower, cost.shocked.upper)
        return (
            f"Executing the parent order costs {_with_unit(cost.shocked.value, cost.unit)} against "
            f"the arrival price ({100 * risk.confidence:g}% interval {ends})."
        )
    recovery = _row(risk, "spread_recovery_s")
    if recovery is None or recovery.shocked is None:
        return ""
    if recovery.shocked.value is None:
        return "In more than half of the paths the spread does not recover within the horizon."
    ends = interval(recovery.shocked.lower, recovery.shocked.upper)
    return (
        f"The spread is back to its unshocked range {number(recovery.shocked.value)} s after the "
        f"end of the shock (median; {100 * risk.confidence:g}% interval {ends})."
    )


def _missed(rows: Sequence[AchievedRow]) -> str:
    first = rows[0]
    more = f" {len(rows) - 1} more are listed in the section." if len(rows) > 1 else ""
    return (
        f"The shock did not achieve what was asked: {first.quantity} was to be "
        f"{number(first.asked)}, and is {number(first.achieved.value)} "
        f"(interval {interval(first.achieved.lower, first.achieved.upper)}).{more}"
    )


def _floor(scorecard: Scorecard, model: str) -> float:
    return scorecard.ratio_to_floor.get(model, float("nan"))


def _realism(scorecard: Scorecard | None) -> str:
    if scorecard is None:
        return (
            "The flow of this model on this asset has not been set against real data: "
            "how far the numbers may be believed is not known."
        )
    model = scorecard.models[0]
    verdicts = [row.verdict[model] for row in scorecard.rows]
    judged = [verdict for verdict in verdicts if verdict != "too few samples"]
    text = (
        f"Against held-out real data {model} matches {judged.count('match')} and comes close in "
        f"{judged.count('close')} of {len(judged)} scores; its distance is "
        f"{number(_floor(scorecard, model))} times that of real data to itself"
    )
    ratio = scorecard.ratio_to_hawkes
    if ratio == ratio and BASELINE in scorecard.models:
        low, high = scorecard.ratio_to_hawkes_interval
        text += (
            f", and {number(ratio)} times that of {BASELINE} (95% interval {interval(low, high)}"
        )
        text += "; the interval includes 1)" if low <= 1.0 <= high else ")"
    return f"{text}."
