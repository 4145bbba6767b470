"""The cover of a report: against a limit, over several tests, and what single shocks contribute."""

from __future__ import annotations

import numpy as np
import pytest

from app.report import StressReport
from app.report.attribution import attributions_of
from app.report.findings import TAIL, counted, findings_of
from app.report.headline import cards_of, standing_of, summary_of, verdict_of
from app.report.section import Section
from engine.risk import Estimate, expected_shortfall
from stylized_facts import Scorecard


@pytest.fixture
def section(report: StressReport) -> Section:
    return report.sections[0]


def with_tail(section: Section, value: float, lower: float, upper: float) -> Section:
    """The section with another ES 95% under the shock."""
    tail = Estimate(value=value, lower=lower, upper=upper)
    rows = tuple(
        row.model_copy(update={"shocked": tail}) if row.measure == TAIL else row
        for row in section.risk.rows
    )
    return section.model_copy(update={"risk": section.risk.model_copy(update={"rows": rows})})


@pytest.mark.parametrize(
    ("tail", "level", "words"),
    [
        ((51.0, 40.0, 60.0), "breach", "Breach: ES 95% of 51.0 bp (95% interval 40.0 to 60.0) exc"),
        ((49.0, 40.0, 60.0), "watch", "limit of 50.0 bp, but its interval reaches above it."),
        ((30.0, 20.0, 40.0), "within", "Within the limit: ES 95% of 30.0 bp (95% interval 20.0 to"),
    ],
)
def test_verdict_against_a_limit(
    section: Section, tail: tuple[float, float, float], level: str, words: str
) -> None:
    verdict = verdict_of([with_tail(section, *tail)], 50.0)
    assert verdict.level == level
    assert words in verdict.text


def test_verdict_over_several_tests_counts_right(section: Section) -> None:
    high, low = with_tail(section, 70.0, 60.0, 80.0), with_tail(section, 10.0, 5.0, 15.0)
    near = with_tail(section, 45.0, 40.0, 55.0)
    assert "1 of 3 stress tests exceeds the loss limit" in verdict_of([high, low, low], 50.0).text
    assert "2 of 3 stress tests exceed the loss limit" in verdict_of([high, low, high], 50.0).text
    watch = verdict_of([near, low, near], 50.0)
    assert watch.level == "watch"
    assert watch.text.endswith("but the interval of 2 of them reaches above it.")


def test_paths_beyond_the_limit_are_counted(section: Section) -> None:
    losses = np.array(section.shocked_loss_bp)
    limit = float(np.median(losses)) + 1e-9
    standing = standing_of(section, limit)
    assert standing.shocked_beyond is not None
    assert standing.shocked_beyond.value == np.mean(losses > limit)
    assert standing.shocked_beyond.lower < standing.shocked_beyond.value
    card = cards_of([section], limit)[2]
    assert card.label.startswith("Paths that lose over")
    assert card.value == "50.0%"
    assert "50.0% of 48 paths lose more than" in summary_of([section], limit)[0]


def test_summary_of_one_test_is_its_own_and_never_more_than_five(section: Section) -> None:
    assert summary_of([section]) == section.findings
    for limit in (None, 10.0):
        for sections in ([section], [section] * 3):
            found = summary_of(sections, limit)
            assert 1 < len(found) <= 5
            assert len(set(found)) == len(found)
            assert found[-1].startswith("Against held-out real data")


def test_one_is_singular(section: Section, card: Scorecard) -> None:
    assert (counted(1, "path"), counted(0, "path"), counted(1024, "path")) == (
        "1 path", "0 paths", "1,024 paths",
    )  # fmt: skip
    single = card.model_copy(update={"rows": card.rows[:1]})
    assert "0 of 1 score;" in findings_of(section.spec, section.risk, (), single)[-1]


def test_a_single_path_has_no_interval(section: Section) -> None:
    bare = {"lower": None, "upper": None}
    rows = tuple(
        row.model_copy(
            update={
                arm: one.model_copy(update=bare)
                for arm in ("unshocked", "shocked", "effect")
                if (one := getattr(row, arm)) is not None
            }
        )
        for row in section.risk.rows
    )
    found = findings_of(
        section.spec, section.risk.model_copy(update={"rows": rows}), (), section.scorecard
    )
    assert "goes from" in found[0]
    assert found[0].endswith("(no interval).")


# Attribution


def without(section: Section, shock: int, less_bp: float) -> Section:
    """A run that leaves out one shock and loses `less_bp` less on every path."""
    shocks = section.spec.scenario.shocks
    scenario = section.spec.scenario.model_copy(
        update={"shocks": (*shocks[:shock], *shocks[shock + 1 :]), "name": f"without_{shock}"}
    )
    return section.model_copy(
        update={
            "spec": section.spec.model_copy(update={"scenario": scenario}),
            "shocked_loss_bp": tuple(loss - less_bp for loss in section.shocked_loss_bp),
        }
    )


def test_attribution_is_what_leaving_out_changes(section: Section) -> None:
    (found,) = attributions_of([section, without(section, 1, 4.0), without(section, 0, 10.0)])
    assert found.section == 0
    assert [one.kind for one in found.contributions] == ["liquidation", "liquidity_withdrawal"]
    assert [one.without for one in found.contributions] == [2, 1]
    values = [one.es_95_bp for one in found.contributions]
    assert values[0].value == pytest.approx(10.0)
    assert (values[1].lower, values[1].upper) == pytest.approx((4.0, 4.0))
    assert found.effect_bp == section.risk[TAIL].effect.value
    assert found.rest_bp == pytest.approx(found.effect_bp - 14.0)
    losses = np.array(section.shocked_loss_bp)
    assert section.risk[TAIL].shocked.value == pytest.approx(
        float(expected_shortfall(losses, 0.95))
    )


def test_nothing_is_attributed_that_was_not_run(section: Section) -> None:
    assert attributions_of([section]) == ()
    other = without(section, 0, 10.0)
    seed = other.model_copy(update={"spec": other.spec.model_copy(update={"seed": 99})})
    assert attributions_of([section, seed]) == ()
    (part,) = attributions_of([section, other])
    assert part.rest_bp is None
