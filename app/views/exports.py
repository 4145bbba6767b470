"""Reports of one or several runs as files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from app.manifest import collect_manifest
from app.report import StressReport, assemble, read_report, write_report

MIME = {"pdf": "application/pdf", "html": "text/html", "json": "application/json"}


def report_bytes(runs: Sequence[Path], format: str) -> bytes:  # noqa: A002 - as the option is called
    """One report of the runs in these folders, as a file of a format.

    Raises
    ------
    FaultlineError
        The report of a run is gone, or of another version.
    """
    with tempfile.TemporaryDirectory(prefix="faultline-") as folder:
        return write_report(_report(runs), Path(folder), [format])[format].read_bytes()


def _report(runs: Sequence[Path]) -> StressReport:
    reports = [read_report(folder / "report.json") for folder in runs]
    if len(reports) == 1:
        return reports[0]
    sections = [section for report in reports for section in report.sections]
    manifest = collect_manifest(
        [section.spec for section in sections], run_ids=[folder.name for folder in runs]
    )
    return assemble(sections, manifest)


def report_name(runs: Sequence[Path], format: str) -> str:  # noqa: A002 - as above
    """File name of a download."""
    what = runs[0].name if len(runs) == 1 else f"{len(runs)}-runs"
    return f"faultline-{what}.{format}"
