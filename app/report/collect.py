"""Reports of runs that are kept in folders, one or several together, in any format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from app.manifest import merged
from app.report.bundle import write_bundle
from app.report.section import Section
from app.report.stress_report import StressReport, assemble
from app.report.templates import check_template
from app.report.write import RENDER, check_format, read_report
from app.studies.report import read_study
from model.errors import FaultlineError


def collect_report(
    folders: Sequence[Path], loss_limit_bp: float | None = None, studies: Sequence[Path] = ()
) -> StressReport:
    """One report of the runs in these folders, in this order.

    Parameters
    ----------
    folders : of finished runs, each with its `report.json`; one that is given twice counts once
    loss_limit_bp : loss that ES 95% is set against, above 0 bp
    studies : folders of sweeps and reverse stresses to take along

    Raises
    ------
    FaultlineError
        No folder, one without a report that can be read, or a limit that is not above 0.
    """
    if not folders:
        raise FaultlineError("no run was given; a report needs one at least")
    if loss_limit_bp is not None and not 0.0 < loss_limit_bp < float("inf"):
        raise FaultlineError(f"loss limit {loss_limit_bp:g}: must be above 0 bp, such as 50")
    reports = [_read(folder) for folder in dict.fromkeys(folder.absolute() for folder in folders)]
    sections: list[Section] = [section for report in reports for section in report.sections]
    manifest = merged([report.manifest for report in reports])
    return assemble(sections, manifest, loss_limit_bp, [read_study(one) for one in studies])


def _read(folder: Path) -> StressReport:
    path = folder / "report.json"
    if not path.is_file():
        raise FaultlineError(f"{folder}: no report.json: not a run, or one that has not finished")
    return read_report(path)


def report_bytes(
    runs: Sequence[Path],
    template: str = "full",
    format: str = "pdf",  # noqa: A002
    *,
    limit_bp: float | None = None,
    studies: Sequence[Path] = (),
) -> bytes:
    """The report of finished runs in one format.

    Parameters
    ----------
    runs : folders of the runs; several give one report
    template : one of `app.report.TEMPLATES`
    format : one of `FORMATS`
    limit_bp : loss that ES 95% is set against, above 0 bp
    studies : folders of sweeps and reverse stresses to take along

    Raises
    ------
    FaultlineError
        No run, one that has not finished, an unknown template or format, or a limit not above 0.
    """
    check_format(format)
    check_template(template)
    report = collect_report(runs, limit_bp, studies)
    if format != "bundle":
        return RENDER[format](report, template)
    file = BytesIO()
    write_bundle(report, template, runs, file)
    return file.getvalue()


def report_name(runs: Sequence[Path], template: str, format: str) -> str:  # noqa: A002
    """A file name for the report of these runs, such as for a download."""
    which = runs[0].name if len(runs) == 1 else f"{len(runs)}-runs"
    suffix = "zip" if format == "bundle" else format
    return f"faultline-{re.sub(r'[^A-Za-z0-9_-]+', '-', which)}-{template}.{suffix}"
