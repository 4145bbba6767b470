"""Sentences about one stress test, computed from its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from app.charts.numbers import MISSING, interval, number
from engine.risk import AchievedRow, Estimate, RiskRow, RiskTable
from engine.spec import RunSpec
from stylized_facts.scorecard import BASELINE, Scorecard

TAIL = "es_95_bp"  # the loss tail that the verdict speaks of
MAX_FINDINGS = 5

Direction = Literal["higher", "lower", "not clear", ""]


def direction(effect: Estimate | None) -> Direction:
    """Which way a change goes, if its interval excludes zero; empty where there is no change."""
    if effect is None or effect.value is None or effect.lower is None or effect.upper is None:
        return ""
    if effect.lower > 0.0:
        return "higher"
    return "lower" if effect.upper < 0.0 else "not clear"


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
            effect_sentence(risk["return_mean_bp"], risk, f"Mean return over {risk.horizon_s:g} s"),
            effect_sentence(risk[TAIL], risk),
            _liquidity(risk),
            _recovery_or_cost(risk),
        ]
    missed = [row for row in achieved if row.agrees is False]
    last = [missed_sentence(missed)] if missed else []
    last.append(realism_sentence(scorecard))
    kept = [text for text in first if text][: MAX_FINDINGS - len(last)]
    return (*kept, *last)


def find_row(risk: RiskTable, measure: str) -> RiskRow | None:
    """The row of a measure, None where the table has none."""
    return next((row for row in risk.rows if row.measure == measure), None)


def spread_row(risk: RiskTable) -> RiskRow:
    """The spread during the shock, or over the horizon where nothing was shocked."""
    return find_row(risk, "spread_ticks_shock") or risk["spread_ticks"]


def is_same(row: RiskRow) -> bool:
    """Whether both arms are equal, path by path."""
    effect = row.effect
    return effect is not None and effect.value == effect.lower == effect.upper == 0.0


def sized(value: Estimate | None) -> float:
    """A number to rank by: minus infinity where it is not known."""
    return float("-inf") if value is None or value.value is None else value.value


def counted(count: int, noun: str) -> str:
    """`1 path`, `1,024 paths`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def clipped(text: str, length: int) -> str:
    """The text, cut where it is longer than `length` characters."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def with_unit(value: float | None, unit: str, *, signed: bool = False) -> str:
    """A number and its unit; a dash where it is not known."""
    return number(None) if value is None else f"{number(value, signed=signed)} {unit}".strip()


def within(estimate: Estimate, confidence: float, *, signed: bool = False) -> str:
    """`(95% interval 18.0 to 27.0)`, or that there is none."""
    ends = interval(estimate.lower, estimate.upper, signed=signed)
    return "(no interval)" if ends == MISSING else f"({100 * confidence:g}% interval {ends})"


def _change(row: RiskRow, confidence: float) -> str:
    """`from 8.10 bp to 31.2 bp, a change of +23.1 bp (95% interval +18.0 to +27.0)`."""
    before = row.unshocked.value if row.unshocked else None
    after = row.shocked.value if row.shocked else None
    text = f"from {with_unit(before, row.unit)} to {with_unit(after, row.unit)}"
    if row.effect is None:
        return text
    return (
        f"{text}, a change of {with_unit(row.effect.value, row.unit, signed=True)} "
        f"{within(row.effect, confidence, signed=True)}"
    )


def effect_sentence(row: RiskRow, risk: RiskTable, name: str = "") -> str:
    """A sentence about the change of a measure, with the warning of the table if it has one."""
    name = name or row.label
    verb = {"higher": "rises", "lower": "falls", "not clear": "goes", "": "goes"}[
        direction(row.effect)
    ]
    if is_same(row):
        return f"{name} is the same in both arms, {with_unit(_value(row.shocked), row.unit)}."
    text = f"{name} {verb} {_change(row, risk.confidence)}"
    if direction(row.effect) == "not clear":
        text += "; the interval includes zero, so this run cannot tell the effect from none"
    if row.warning:
        text += f"; {row.warning}"
    return f"{text}."


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _liquidity(risk: RiskTable) -> str:
    spread = spread_row(risk)
    depth = find_row(risk, "touch_depth_shock") or risk["touch_depth"]
    clear = [row for row in (spread, depth) if direction(row.effect) in ("higher", "lower")]
    if not clear:
        return effect_sentence(spread, risk)
    return " ".join(effect_sentence(row, risk) for row in clear)


def _recovery_or_cost(risk: RiskTable) -> str:
    cost = find_row(risk, "liquidation_cost_bp")
    if cost is not None and cost.shocked is not None and cost.shocked.value is not None:
        return (
            f"Executing the parent order costs {with_unit(cost.shocked.value, cost.unit)} against "
            f"the arrival price {within(cost.shocked, risk.confidence)}."
        )
    recovery = find_row(risk, "spread_recovery_s")
    if recovery is None or recovery.shocked is None:
        return ""
    seconds = recovery.shocked.value
    if seconds is None:
        return "On more than half of the paths the spread does not recover within the horizon."
    if seconds == 0.0:
        return "On half of the paths or more the spread is back in its unshocked range at once."
    return (
        f"The spread is back in its unshocked range {number(seconds)} s after the end of the shock "
        f"(median over paths; {within(recovery.shocked, risk.confidence)[1:]}."
    )


def missed_sentence(rows: Sequence[AchievedRow]) -> str:
    """What the first of the shocks that missed asked for, and how many more there are."""
    first = rows[0]
    more = len(rows) - 1
    rest = f" {more} more did not come out as asked either." if more else ""
    return (
        f"Not all was achieved that was asked: {first.kind.replace('_', ' ')}, {first.quantity}: "
        f"asked {with_unit(first.asked, first.unit)}, achieved {number(first.achieved.value)} "
        f"(interval {interval(first.achieved.lower, first.achieved.upper)}).{rest}"
    )


def floor_ratio(scorecard: Scorecard, model: str) -> float:
    """Distance of a model to real data over that of real data to itself; NaN if not known."""
    return scorecard.ratio_to_floor.get(model, float("nan"))


def realism_sentence(scorecard: Scorecard | None) -> str:
    """How near the flow of the model under test comes to held-out real data."""
    if scorecard is None:
        return (
            "The flow of this model on this asset has not been set against real data: "
            "how far the numbers may be believed is not known."
        )
    model = scorecard.models[0]
    verdicts = [row.verdict[model] for row in scorecard.rows]
    judged = [verdict for verdict in verdicts if verdict != "too few samples"]
    text = (
        f"Against held-out real data of {scorecard.asset} {model} matches {judged.count('match')} "
        f"and comes close in {judged.count('close')} of {counted(len(judged), 'score')}; its "
        f"distance is {number(floor_ratio(scorecard, model))} times that of real data to itself"
    )
    ratio = scorecard.ratio_to_hawkes
    if ratio == ratio and BASELINE in scorecard.models:
        low, high = scorecard.ratio_to_hawkes_interval
        text += (
            f", and {number(ratio)} times that of {BASELINE} (95% interval {interval(low, high)}"
        )
        text += "; the interval includes 1)" if low <= 1.0 <= high else ")"
    return f"{text}."
