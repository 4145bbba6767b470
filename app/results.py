"""From the paths of a run to everything that is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.charts.realism import REAL
from app.evaluations import Evaluation, evaluation_path, read_evaluation
from app.manifest import collect_manifest
from app.models import is_baseline
from app.report import StressReport, build_report, write_report
from app.stress_realism import stress_realism
from engine.ensemble import write_ensemble
from engine.risk import bands
from engine.risk.stress_realism import StressRealism
from engine.rollout import StressRun
from engine.runs.summary import RunSummary
from engine.spec import RunSpec


def keep_results(
    run: StressRun,
    folder: Path,
    run_id: str = "",
    stage: Callable[[str], None] = lambda _: None,
    formats: Sequence[str] = ("html", "pdf", "json"),
    template: str = "committee",
) -> StressReport:
    """Write paths, summary and report of a run into its folder, and return the report.

    Parameters
    ----------
    run : StressRun
    folder : it must exist
    run_id : of the run store; empty for a run that is not kept there
    stage : called with the name of each stage as it begins
    formats, template : of the report; the short template by default, since a run waits for it: the
        others are made on demand by `app.report.report_bytes`

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written.
    """
    stage("writing the paths")
    write_ensemble(run.baseline, folder / "baseline.parquet")
    write_ensemble(run.shocked, folder / "shocked.parquet")
    stage("measuring risk")
    realism = stress_realism(run)
    report = _report(run, run_id, realism)
    section = report.sections[0]
    RunSummary(
        risk=section.risk,
        achieved=section.achieved,
        bands=bands(run),
        counters={"unshocked": run.baseline.counters, "shocked": run.shocked.counters},
        timing=run.timing,
        stress_realism=realism,
    ).write(folder / "summary.json")
    stage("writing the report")
    write_report(report, folder, formats, template, [folder])
    return report


def _report(run: StressRun, run_id: str, realism: StressRealism | None) -> StressReport:
    spec = run.spec
    manifest = collect_manifest(
        [spec],
        run_ids=[run_id] if run_id else [],
        timing_s=run.timing,
    )
    evaluation = _evaluation(spec)
    if evaluation is None:
        return build_report(run, manifest, realism=realism)
    sheets = {REAL: evaluation.real} | evaluation.models
    return build_report(run, manifest, evaluation.scorecard, sheets, realism)


def _evaluation(spec: RunSpec) -> Evaluation | None:
    """The evaluation of the run's model on its asset, if there is one."""
    if is_baseline(spec.model):
        return None
    path = evaluation_path(spec.model, spec.asset)
    return read_evaluation(path) if path.is_file() else None
