"""The report as one object: everything that the HTML, the PDF and the JSON show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.manifest import Manifest
from app.report import texts
from app.report.attribution import Attribution, attributions_of
from app.report.headline import (
    Card,
    Standing,
    Verdict,
    cards_of,
    question_of,
    standing_of,
    summary_of,
    verdict_of,
)
from app.report.section import Section, build_section
from app.studies.report import StudyReport
from engine.risk.paths import PairedRun
from engine.risk.stress_realism import StressRealism
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import FactSheet


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Frozen):
    """A piece of the method."""

    name: str
    text: str


class Limitation(_Frozen):
    """What the numbers do not cover, what that does to them, and what to do about it."""

    limit: str
    effect: str
    mitigation: str


class StressReport(_Frozen):
    """A whole report, of one stress test or of several. JSON in, JSON out.

    Attributes
    ----------
    question, verdict, cards, summary : the cover, computed from the sections
    loss_limit_bp : loss that ES 95% is set against, bp; None where none was given
    standings : a word for each section, see `Standing`
    sections : in the order in which the runs were given
    attributions : of scenarios whose shocks were left out one by one, see `Attribution`
    studies : sweeps and reverse stresses that the report takes along
    manifest : of all runs together
    """

    schema_version: Literal[2] = 2
    title: str
    question: str
    verdict: Verdict
    cards: tuple[Card, ...]
    summary: tuple[str, ...] = Field(max_length=5)
    loss_limit_bp: float | None = Field(default=None, gt=0)
    standings: tuple[Standing, ...]
    sections: tuple[Section, ...] = Field(min_length=1)
    attributions: tuple[Attribution, ...] = ()
    studies: tuple[StudyReport, ...] = ()
    method: tuple[Topic, ...] = tuple(Topic(name=name, text=text) for name, text in texts.METHOD)
    limits: tuple[Limitation, ...] = tuple(
        Limitation(limit=limit, effect=effect, mitigation=mitigation)
        for limit, effect, mitigation in texts.LIMITATIONS
    )
    fit_for: tuple[str, ...] = texts.FIT_FOR
    not_for: tuple[str, ...] = texts.NOT_FOR
    stamp: str = texts.STAMP
    manifest: Manifest


def build_report(
    run: PairedRun,
    manifest: Manifest,
    scorecard: Scorecard | None = None,
    sheets: Mapping[str, FactSheet] | None = None,
    realism: StressRealism | None = None,
) -> StressReport:
    """The report of one run; see `build_section` and `assemble` for several."""
    run_id = manifest.run_ids[0] if manifest.run_ids else ""
    return assemble([build_section(run, scorecard, sheets, realism, run_id)], manifest)


def assemble(
    sections: Sequence[Section],
    manifest: Manifest,
    loss_limit_bp: float | None = None,
    studies: Sequence[StudyReport] = (),
) -> StressReport:
    """One report of one or several sections; the headline is that of the heaviest loss tail.

    Parameters
    ----------
    sections : at least one
    manifest : of all their runs
    loss_limit_bp : loss that ES 95% is set against, above 0 bp
    studies : to take along
    """
    return StressReport(
        title="Market stress-test report",
        question=question_of([section.spec for section in sections]),
        verdict=verdict_of(sections, loss_limit_bp),
        cards=cards_of(sections, loss_limit_bp),
        summary=summary_of(sections, loss_limit_bp),
        loss_limit_bp=loss_limit_bp,
        standings=tuple(standing_of(section, loss_limit_bp) for section in sections),
        sections=tuple(sections),
        attributions=attributions_of(sections),
        studies=tuple(studies),
        manifest=manifest,
    )
