"""The report as one object: everything that the HTML, the PDF and the JSON show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.charts.realism import REAL, realism_charts
from app.charts.spec import ChartSpec
from app.charts.stress import stress_charts
from app.manifest import Manifest
from app.report import texts
from app.report.scorecard_table import printed_models
from app.report.summary import Card, Verdict, cards_of, findings_of, question_of, verdict_of
from engine.risk import AchievedRow, RiskTable, bands, requested_against_achieved, risk_table
from engine.risk.paths import PairedRun
from engine.risk.stress_realism import StressRealism
from engine.spec import RunSpec
from model.profile import AssetProfile
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import FactSheet


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Frozen):
    """A piece of the method."""

    name: str
    text: str


class Setting(_Frozen):
    """One parameter of a shock as it is written in the scenario."""

    name: str
    value: str
    meaning: str


class ShockLine(_Frozen):
    """One shock of the scenario, in words and in numbers."""

    kind: str
    start_s: float
    end_s: float
    sentence: str  # what it does to this asset at this intensity
    settings: tuple[Setting, ...]


class Section(_Frozen):
    """One stress test: an asset under a scenario.

    Attributes
    ----------
    spec : what was asked, the scenario included
    profile : the asset
    shocks : the scenario in words, at the intensity of the run
    risk : the table of risk numbers
    achieved : what each shock asked for and what the paths show
    unshocked_counters, shocked_counters : what was refused or repaired, by kind
    findings : sentences computed from the numbers, at most five
    scorecard : realism of this model on this asset; None where it has not been evaluated
    charts, realism_charts : with their data
    stress_realism : stylized facts under stress, and how far outside the model's support the flow
        is; None where the scenario does nothing, or in reports made before there was any
    """

    spec: RunSpec
    profile: AssetProfile
    shocks: tuple[ShockLine, ...]
    risk: RiskTable
    achieved: tuple[AchievedRow, ...]
    unshocked_counters: dict[str, int]
    shocked_counters: dict[str, int]
    findings: tuple[str, ...]
    scorecard: Scorecard | None
    charts: tuple[ChartSpec, ...]
    realism_charts: tuple[ChartSpec, ...]
    stress_realism: StressRealism | None = None

    @property
    def title(self) -> str:
        """Asset and scenario."""
        return f"{self.spec.asset}: {self.spec.scenario.title}"


class StressReport(_Frozen):
    """A whole report, of one stress test or of several. JSON in, JSON out."""

    schema_version: Literal[1] = 1
    title: str
    question: str
    verdict: Verdict
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    method: tuple[Topic, ...] = tuple(Topic(name=name, text=text) for name, text in texts.METHOD)
    limits: tuple[str, ...] = texts.LIMITS
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
    return assemble([build_section(run, scorecard, sheets, realism)], manifest)


def build_section(
    run: PairedRun,
    scorecard: Scorecard | None = None,
    sheets: Mapping[str, FactSheet] | None = None,
    realism: StressRealism | None = None,
) -> Section:
    """Measure a run and say what it shows.

    Parameters
    ----------
    run : an `engine.rollout.StressRun`
    scorecard : realism of the run's model on the run's asset
    sheets : fact sheets by label, one of them `Real`, the model under test before the baselines;
        they become the realism charts
    realism : see `app.stress_realism`
    """
    spec, profile = run.spec, run.profile
    risk, achieved = risk_table(run), requested_against_achieved(run)
    models = {label: sheet for label, sheet in (sheets or {}).items() if label != REAL}
    models = {label: models[label] for label in printed_models(models)} if models else {}
    figures = realism_charts(sheets[REAL], models) if sheets and REAL in sheets else []
    return Section(
        spec=spec,
        profile=profile,
        shocks=_shock_lines(spec, profile),
        risk=risk,
        achieved=achieved,
        unshocked_counters=run.baseline.counters,
        shocked_counters=run.shocked.counters,
        findings=findings_of(spec, risk, achieved, scorecard),
        scorecard=scorecard,
        charts=tuple(stress_charts(bands(run), risk, spec.scenario, spec.asset)),
        realism_charts=tuple(figures),
        stress_realism=realism,
    )


def assemble(sections: Sequence[Section], manifest: Manifest) -> StressReport:
    """One report of one or several sections; the headline is that of the heaviest loss tail."""
    return StressReport(
        title="Market stress-test report",
        question=question_of([section.spec for section in sections]),
        verdict=verdict_of([(section.title, section.risk) for section in sections]),
        cards=cards_of([(section.title, section.risk, section.scorecard) for section in sections]),
        sections=tuple(sections),
        manifest=manifest,
    )


def _shock_lines(spec: RunSpec, profile: AssetProfile) -> tuple[ShockLine, ...]:
    lines = []
    for shock in spec.scenario.shocks:
        start, end = shock.window_s
        settings = tuple(
            Setting(name=name, value=str(getattr(shock, name)), meaning=field.description or "")
            for name, field in type(shock).model_fields.items()
            if name != "kind"
        )
        lines.append(
            ShockLine(
                kind=shock.kind,
                start_s=start,
                end_s=end,
                sentence=shock.describe(spec.intensity, profile),
                settings=settings,
            )
        )
    return tuple(lines)
