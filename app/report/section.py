"""One stress test of a report: an asset under a scenario, measured."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from app.charts.realism import REAL, realism_charts
from app.charts.spec import ChartSpec
from app.charts.stress import stress_charts
from app.report.findings import clipped, findings_of
from app.report.scorecard_table import printed_models
from engine.risk import AchievedRow, RiskTable, bands, requested_against_achieved, risk_table
from engine.risk.paths import PairedRun
from engine.risk.stress_realism import StressRealism
from engine.risk.worst_paths import WorstPath, worst_paths
from engine.spec import RunSpec
from model.profile import AssetProfile
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import FactSheet

LONGEST_TITLE = 48


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Setting(_Frozen):
    """One parameter of a shock as it is written in the scenario."""

    name: str
    value: str
    meaning: str


class ShockLine(_Frozen):
    """One shock of the scenario, in words and in numbers.

    `intensity` is that of the run times its own; `ramp_s` is None where the shock has no ramp.
    """

    kind: str
    start_s: float
    end_s: float
    intensity: float
    ramp_s: float | None
    sentence: str  # what it does to this asset at this intensity
    settings: tuple[Setting, ...]


class Section(_Frozen):
    """One stress test: an asset under a scenario.

    Attributes
    ----------
    run_id : of the run store; empty for a run that is not kept there
    spec : what was asked, the scenario included
    profile : the asset
    shocks : the scenario in words, at the intensity of the run
    risk : the table of risk numbers
    achieved : what each shock asked for and what the paths show
    unshocked_loss_bp, shocked_loss_bp : of a long position over the horizon, a value a path
    worst_paths : the shocked paths of the largest loss
    unshocked_counters, shocked_counters : what was refused or repaired, by kind
    findings : sentences computed from the numbers, at most five
    scorecard : realism of this model on this asset; None where it has not been evaluated
    charts, realism_charts : with their data
    stress_realism : stylized facts under stress, and how far outside the model's support the flow
        is; None where the scenario does nothing
    """

    run_id: str = ""
    spec: RunSpec
    profile: AssetProfile
    shocks: tuple[ShockLine, ...]
    risk: RiskTable
    achieved: tuple[AchievedRow, ...]
    unshocked_loss_bp: tuple[float, ...]
    shocked_loss_bp: tuple[float, ...]
    worst_paths: tuple[WorstPath, ...]
    unshocked_counters: dict[str, int]
    shocked_counters: dict[str, int]
    findings: tuple[str, ...]
    scorecard: Scorecard | None
    charts: tuple[ChartSpec, ...]
    realism_charts: tuple[ChartSpec, ...]
    stress_realism: StressRealism | None = None

    @property
    def title(self) -> str:
        """Asset, scenario (of a long name the beginning), and the intensity where it is not 1."""
        strength = "" if self.spec.intensity == 1.0 else f" × {self.spec.intensity:g}"
        return f"{self.spec.asset}: {clipped(self.spec.scenario.title, LONGEST_TITLE)}{strength}"


def build_section(
    run: PairedRun,
    scorecard: Scorecard | None = None,
    sheets: Mapping[str, FactSheet] | None = None,
    realism: StressRealism | None = None,
    run_id: str = "",
) -> Section:
    """Measure a run and say what it shows.

    Parameters
    ----------
    run : an `engine.rollout.StressRun`
    scorecard : realism of the run's model on the run's asset
    sheets : fact sheets by label, one of them `Real`, the model under test before the baselines;
        they become the realism charts
    realism : see `app.stress_realism`
    run_id : of the run store
    """
    spec, profile = run.spec, run.profile
    risk, achieved = risk_table(run), requested_against_achieved(run)
    summary = bands(run)
    models = {label: sheet for label, sheet in (sheets or {}).items() if label != REAL}
    models = {label: models[label] for label in printed_models(models)} if models else {}
    drawn = realism_charts(sheets[REAL], models) if sheets and REAL in sheets else []
    return Section(
        run_id=run_id,
        spec=spec,
        profile=profile.model_copy(update={"tokens": None}),  # a table of bins tells no reader
        shocks=_shock_lines(spec, profile),
        risk=risk,
        achieved=achieved,
        unshocked_loss_bp=summary.unshocked.loss_bp,
        shocked_loss_bp=summary.shocked.loss_bp,
        worst_paths=worst_paths(run),
        unshocked_counters=run.baseline.counters,
        shocked_counters=run.shocked.counters,
        findings=findings_of(spec, risk, achieved, scorecard),
        scorecard=scorecard,
        charts=tuple(stress_charts(summary, risk, spec.scenario, spec.asset)),
        realism_charts=tuple(drawn),
        stress_realism=realism,
    )


def _shock_lines(spec: RunSpec, profile: AssetProfile) -> tuple[ShockLine, ...]:
    lines = []
    sentences = spec.scenario.describe(spec.intensity, profile)
    for shock, sentence in zip(spec.scenario.shocks, sentences, strict=True):
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
                intensity=shock.own(spec.intensity),
                ramp_s=getattr(shock, "ramp_s", None),
                sentence=sentence,
                settings=settings,
            )
        )
    return tuple(lines)
