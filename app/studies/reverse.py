"""Reverse stresses and rare losses: which shock leads to an outcome, and how likely one is."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.charts.numbers import count, interval, number, percent
from app.charts.studies import frontier_chart, level_chart, probe_chart
from app.models import resolve_model
from app.studies.report import Answer, StudyReport, StudyTable
from app.studies.settings import settings_words, spelt_out
from engine.rare import RareLoss, rare_loss
from engine.reverse import reverse_frontier, reverse_stress
from engine.risk import Estimate
from engine.risk.outcome import Loss, Outcome, Pause
from engine.risk.reverse_stress import (
    LEVELS,
    FrontierPoint,
    Probe,
    ReverseStress,
    UnreachableError,
)
from engine.rollout import Progress
from engine.runs.atomic import write_atomic
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import load_profile

CONDITIONAL = (
    "Shares of paths are conditional on the scenario and on the model that wrote the flow: they"
    " are not probabilities of market events."
)
Tell = Callable[[Progress], None]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReverseSpec(_Frozen):
    """What a reverse stress is asked: the outcome, its share of paths, and one or two scenarios."""

    run: RunSpec = Field(description="its intensity is not looked at")
    outcome: Outcome
    probability: float = Field(default=0.5, gt=0, le=1, description="share of paths wanted")
    second: Scenario | None = Field(default=None, description="search pairs with this one as well")
    points: int = Field(default=5, ge=2, le=50, description="intensities of the first in pairs")
    resolution: float = Field(
        default=0.02, ge=0.001, le=0.5, description="share of the highest intensity"
    )


class RareSpec(_Frozen):
    """What is asked of a rare loss."""

    run: RunSpec = Field(description="its paths are not looked at")
    outcome: Loss
    levels: tuple[float, ...] = Field(default=(), description="bp; none: chosen by a pilot")
    trajectories: int = Field(default=200, ge=2, le=100_000, description="from each level")
    replications: int = Field(default=20, ge=1, le=10_000, description="independent repetitions")

    @model_validator(mode="after")
    def _outcome_in_time(self) -> Self:
        if self.outcome.at_s > self.run.horizon_s:
            raise ValueError(
                f"the loss at {self.outcome.at_s:g} s lies beyond the horizon of"
                f" {self.run.horizon_s:g} s; choose an earlier one"
            )
        return self


def in_words(outcome: Outcome) -> str:
    """An outcome in words."""
    if isinstance(outcome, Loss):
        who = "" if outcome.position == "long" else " of a short position"
        return f"a loss of more than {outcome.bps:g} bp{who} at {outcome.at_s:g} s"
    if isinstance(outcome, Pause):
        return "a trading pause"
    return f"a spread of more than {outcome.ticks:g} ticks for {outcome.for_s:g} s on end"


def play_reverse(
    spec: ReverseSpec,
    folder: Path,
    progress: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StudyReport:
    """Search, and write `reverse.json` with every probe.

    An outcome that is not reached at any intensity is an answer: the report says so in `failure`,
    with the best share and where it was reached.

    Raises
    ------
    FaultlineError
        The run or the outcome cannot be.
    """
    run = spec.run
    model = resolve_model(run.model, run.asset, run.device)
    profile = load_profile(run.asset)
    halvings = math.ceil(math.log2(1.0 / LEVELS / spec.resolution)) if spec.resolution < 0.2 else 0
    most = LEVELS + 1 + max(0, halvings)
    searches = 1 if spec.second is None else 1 + spec.points
    probed = _counter(most * searches, progress)
    probes: Sequence[Probe] = ()
    found: ReverseStress | None = None
    failure = ""
    try:
        found = reverse_stress(
            model, profile, run, spec.outcome, spec.probability, resolution=spec.resolution,
            probed=probed, cancelled=cancelled,
        )  # fmt: skip
        probes = found.probes
    except UnreachableError as error:
        failure, probes = str(error), error.probes
    points: tuple[FrontierPoint, ...] = ()
    if spec.second is not None:
        played = len(probes)
        try:
            points = reverse_frontier(
                model, profile, run, spec.second, spec.outcome, spec.probability,
                points=spec.points, resolution=max(0.05, spec.resolution),
                probed=lambda done: probed(played + done), cancelled=cancelled,
            )  # fmt: skip
            failure = ""
        except UnreachableError as error:
            failure = str(error)
    write_atomic(
        folder / "reverse.json",
        _Found(spec=spec, found=found, probes=tuple(probes), points=points, failure=failure)
        .model_dump_json(indent=1) + "\n",
    )  # fmt: skip
    return _report(spec, found, probes, points, failure)


class _Found(_Frozen):
    """What `reverse.json` holds."""

    spec: ReverseSpec
    found: ReverseStress | None
    probes: tuple[Probe, ...]
    points: tuple[FrontierPoint, ...]
    failure: str


def _counter(total: int, progress: Tell | None) -> Callable[[int], None]:
    began = time.perf_counter()

    def tell(done: int) -> None:
        if progress is not None:
            fraction = min(done / total, 0.99)
            elapsed = time.perf_counter() - began
            left = elapsed * (1.0 - fraction) / fraction
            progress(Progress(0, fraction, 0.0, left, f"{done} of at most {total} played"))

    return tell


def _report(
    spec: ReverseSpec,
    found: ReverseStress | None,
    probes: Sequence[Probe],
    points: Sequence[FrontierPoint],
    failure: str,
) -> StudyReport:
    run, what = spec.run, in_words(spec.outcome)
    title = f"Reverse stress of {run.asset}: what leads to {what}?"
    charts = [
        probe_chart(probes, spec.probability, None if found is None else found.intensity, what)
    ]
    tables = [
        StudyTable(
            name="probes", title="Intensities that were played",
            data=pd.DataFrame(
                [(p.intensity, p.share.value, p.share.lower, p.share.upper) for p in probes],
                columns=["intensity", "share of paths", "from", "to"],
            ),
            definitions={"share of paths": f"of {run.paths:,} shocked paths, those with {what};"
                         " Wilson's 95% interval"},
        )
    ]  # fmt: skip
    answers: tuple[Answer, ...] = ()
    verdict = f"{failure[:1].upper()}{failure[1:]}."
    if found is not None:
        answers, verdict = _answers(spec, found, what)
    if points and spec.second is not None:
        names = (run.scenario.title, spec.second.title)
        charts.append(frontier_chart(points, *names))
        tables.append(
            StudyTable(
                name="frontier", title="Pairs that are just enough",
                data=pd.DataFrame(
                    [(p.first, p.second, p.size) for p in points],
                    columns=[run.scenario.name, spec.second.name, "distance"],
                ),
                definitions={"distance": "root of the sum of squared intensities, 1 being each"
                             " shock as written: an ordering by plausibility, not a probability"},
            )
        )  # fmt: skip
        best = points[0]
        verdict += (
            f" Of pairs, {names[0]} ×{number(best.first)} with {names[1]} ×{number(best.second)}"
            " is nearest to no shock."
        )
    return StudyReport(
        title=title, verdict=verdict.strip(), answers=answers, charts=tuple(charts),
        tables=tuple(tables), remarks=(CONDITIONAL,), command=_reverse_command(spec),
        failure=failure,
    )  # fmt: skip


def _answers(spec: ReverseSpec, found: ReverseStress, what: str) -> tuple[tuple[Answer, ...], str]:
    share = next(p.share for p in found.probes if p.intensity == found.intensity)
    ends = interval(share.lower, share.upper)
    verdict = (
        f"{spec.run.scenario.title} at intensity {number(found.intensity)} leads to {what} on"
        f" {percent(share.value)} of {spec.run.paths:,} paths (95% interval of the share: {ends});"
        f" intensity {number(found.below)} does so on fewer than {percent(found.probability)}."
    )
    if found.intensity == 0.0:
        verdict = (
            f"Without any shock {what} already happens on {percent(share.value)} of"
            f" {spec.run.paths:,} paths ({ends})."
        )
    if not found.monotone:
        verdict += (
            " A larger intensity did less by more than the intervals allow: there may be a smaller"
            " one between the probes."
        )
    answers = (
        Answer(label="Smallest intensity", value=number(found.intensity),
               note=f"{number(found.below)} is not enough",
               definition="the smallest multiple of the scenario, of those played, that has the"
               f" outcome on at least {percent(found.probability)} of paths, found by halving"),
        Answer(label="Share of paths there", value=percent(share.value), note=ends,
               definition=f"shocked paths with {what}; Wilson's 95% interval; conditional on the"
               " scenario"),
        Answer(label="Monotone", value="yes" if found.monotone else "no",
               definition="no larger intensity gave a share lower than a smaller one by more than"
               " their intervals allow"),
    )  # fmt: skip
    return answers, verdict


def _outcome_words(outcome: Outcome) -> list[str]:
    if isinstance(outcome, Loss):
        words = ["--loss-bp", f"{outcome.bps:g}", "--at", f"{outcome.at_s:g}"]
        return words if outcome.position == "long" else [*words, "--short"]
    if isinstance(outcome, Pause):
        return ["--pause"]
    return ["--spread-ticks", f"{outcome.ticks:g}", "--for", f"{outcome.for_s:g}"]


def _reverse_command(spec: ReverseSpec) -> str:
    scenarios = [spec.run.scenario, *([] if spec.second is None else [spec.second])]
    if spelt_out(scenarios):
        return ""
    words = ["faultline", "reverse", "--asset", spec.run.asset]
    words += ["--scenario", spec.run.scenario.name]
    if spec.second is not None:
        words += ["--second", spec.second.name, "--points", str(spec.points)]
    words += [*_outcome_words(spec.outcome), "--probability", f"{spec.probability:g}"]
    return shlex.join([*words, "--resolution", f"{spec.resolution:g}", *settings_words(spec.run)])


def play_rare(
    spec: RareSpec,
    folder: Path,
    progress: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StudyReport:
    """Estimate, and write `rare.json`.

    Raises
    ------
    FaultlineError
        The run or the outcome cannot be.
    """
    run = spec.run
    model = resolve_model(run.model, run.asset, run.device)
    found = rare_loss(
        model, load_profile(run.asset), run, spec.outcome, levels=spec.levels,
        trajectories=spec.trajectories, replications=spec.replications,
        replication_done=_counter(spec.replications, progress), cancelled=cancelled,
    )  # fmt: skip
    write_atomic(folder / "rare.json", found.model_dump_json(indent=1) + "\n")
    return _rare_report(spec, found)


def _rare_report(spec: RareSpec, found: RareLoss) -> StudyReport:
    run, what, event = spec.run, in_words(spec.outcome), found.event
    ends = interval(event.probability.lower, event.probability.upper)
    played = event.trajectories
    answers = [
        Answer(label="Share of paths", value=_small(event.probability), note=ends,
               definition=f"probability of {what} under the scenario, by multilevel splitting"
               " (unbiased); 95% interval from independent replications, Student's t"),
        Answer(label="Trajectories", value=count(played),
               note=f"{spec.replications} replications of {spec.trajectories} from each level",
               definition="paths played, each from the start; those of the pilot left out"),
    ]  # fmt: skip
    if found.plain_paths is not None:
        answers.append(
            Answer(label="Worth", value=f"{count(found.plain_paths)} plain paths",
                   definition="independent paths that would give the same standard error")
        )  # fmt: skip
    levels = pd.DataFrame({"level, bp": found.levels, "share that goes on": event.level_shares})
    return StudyReport(
        title=f"Rare loss of {run.asset} under {run.scenario.title} ×{run.intensity:g}",
        verdict=(
            f"{what[:1].upper()}{what[1:]} happens on a share of {_small(event.probability)} of"
            f" paths ({ends})."
        ),
        answers=tuple(answers),
        charts=(level_chart(found.levels, event.level_shares),),
        tables=(
            StudyTable(
                name="levels", title="Levels", data=levels,
                definitions={
                    "level, bp": "loss since the start that a path has reached at some time; the"
                    " last one is the outcome",
                    "share that goes on": "mean over replications of the share of trajectories"
                    " that reach the level from the one before",
                },
            ),
        ),
        remarks=(CONDITIONAL,),
        command=_rare_command(spec),
    )  # fmt: skip


def _small(estimate: Estimate) -> str:
    value = estimate.value or 0.0
    return number(value) if value == 0.0 or value >= 0.001 else f"{value:.2g}"


def _rare_command(spec: RareSpec) -> str:
    if spelt_out([spec.run.scenario]):
        return ""
    words = ["faultline", "rare", "--asset", spec.run.asset, "--scenario", spec.run.scenario.name]
    words += ["--intensity", f"{spec.run.intensity:g}", *_outcome_words(spec.outcome)]
    words += [word for level in spec.levels for word in ("--level", f"{level:g}")]
    words += ["--trajectories", str(spec.trajectories), "--replications", str(spec.replications)]
    skipped = settings_words(spec.run)[2:]  # paths are not looked at
    return shlex.join([*words, *skipped])
