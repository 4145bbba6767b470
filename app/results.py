"""From the paths of a run to everything that is kept of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from app.charts.realism import REAL
from app.evaluations import Evaluation, evaluation_path, read_evaluation
from app.fingerprint import fingerprint
from app.manifest import collect_manifest, write_manifest
from app.models import is_baseline
from app.report import StressReport, build_report, write_report
from app.report.write import read_report
from app.stress_realism import stress_realism
from engine.ensemble import chunk_files
from engine.risk import bands
from engine.risk.stress_realism import StressRealism
from engine.rollout import StressRun
from engine.runs.atomic import replacing, sync
from engine.runs.chunks import ARMS, JOURNAL, OPENING, RunPaths
from engine.runs.summary import RunSummary
from engine.spec import RunSpec
from engine.stored_ensemble import StoredEnsemble
from model.errors import FaultlineError


def keep_results(
    run: StressRun,
    folder: Path,
    run_id: str = "",
    stage: Callable[[str], None] = lambda _: None,
    formats: Sequence[str] = ("html", "pdf", "json"),
    template: str = "committee",
) -> StressReport:
    """Write paths, summary, manifest and report of a run into its folder, and return the report.

    Paths that are on disk already, as those of `app.stress.run_in_chunks`, are left as they are.

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
    if not isinstance(run.baseline, StoredEnsemble):
        stage("writing the paths")
        paths = RunPaths(folder)
        paths.begin(run.spec, run.spec.paths)
        paths.keep(0, run)
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
    for path in write_report(report, folder, formats, template, [folder]).values():
        sync(path)
    write_manifest(report.manifest, folder)
    return report


def publish(
    folder: Path, out: Path, formats: Sequence[str], template: str = "full"
) -> StressReport:
    """Put the results of a finished run into another folder, and return its report.

    Paths are linked where the file system can do that; all else is copied, and the report is
    written anew. What an earlier run left in `out` is replaced.

    Parameters
    ----------
    folder : of the run in the store
    out : it must exist
    formats, template : of the report; the JSON is always there

    Raises
    ------
    FaultlineError
        The report cannot be read, or `out` cannot be written.
    """
    report = read_report(folder / "report.json")
    names = ["spec.json", "summary.json", "manifest.json", JOURNAL]
    for kind in (*ARMS, OPENING):
        names += [file.name for file in chunk_files(folder / f"{kind}.parquet")]
    try:
        for kind in (*ARMS, OPENING):
            for path in (out / f"{kind}.parquet", *chunk_files(out / f"{kind}.parquet")):
                path.unlink(missing_ok=True)
        for name in names:
            with replacing(out / name, durable=False) as temporary:
                _link_or_copy(folder / name, temporary)
    except OSError as error:
        raise FaultlineError(
            f"{out}: results cannot be written ({error.strerror}); they are in {folder}"
        ) from error
    write_report(report, out, list(dict.fromkeys([*formats, "json"])), template, [folder])
    return report


def _link_or_copy(file: Path, target: Path) -> None:
    if file.suffix == ".parquet":
        try:
            target.hardlink_to(file)
            return
        except OSError:  # another file system, or one without links
            target.unlink(missing_ok=True)
    shutil.copyfile(file, target)


def _report(run: StressRun, run_id: str, realism: StressRealism | None) -> StressReport:
    spec = run.spec
    manifest = collect_manifest(
        [spec],
        run_ids=[run_id] if run_id else [],
        timing_s=run.timing,
        fingerprint=fingerprint(spec),
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
