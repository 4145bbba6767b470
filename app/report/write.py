"""A report in each of its formats, as bytes or as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from app.report.bundle import write_bundle
from app.report.html import render_html
from app.report.pdf import render_pdf
from app.report.stress_report import StressReport
from app.report.templates import check_template
from engine.runs.atomic import replacing
from model.errors import FaultlineError, wrong_field

RENDER: dict[str, Callable[[StressReport, str], bytes]] = {
    "html": lambda report, template: render_html(report, template).encode(),
    "pdf": render_pdf,
    "json": lambda report, _: (report.model_dump_json(indent=1) + "\n").encode(),
}
FORMATS = (*RENDER, "bundle")
MIME = {
    "html": "text/html", "pdf": "application/pdf", "json": "application/json",
    "bundle": "application/zip",
}  # fmt: skip


def check_format(name: str) -> None:
    """Raise `FaultlineError` for a format that is not one of `FORMATS`."""
    if name not in FORMATS:
        raise FaultlineError(
            f"report format {name!r} is not known; choose from {', '.join(FORMATS)}"
        )


def write_report(
    report: StressReport,
    out_dir: Path,
    formats: Sequence[str] = tuple(RENDER),
    template: str = "full",
    folders: Sequence[Path] = (),
) -> dict[str, Path]:
    """Write `report.html`, `report.pdf`, `report.json`, `bundle.zip`, each whole or not at all.

    Parameters
    ----------
    report : StressReport
    out_dir : folder, made if it is not there
    formats : some of `FORMATS`
    template : of HTML, PDF and bundle
    folders : of the runs, whose paths go into the bundle

    Returns
    -------
    the path of each format

    Raises
    ------
    FaultlineError
        A format or the template is not known, or the folder cannot be written.
    """
    for name in formats:
        check_format(name)
    check_template(template)
    written = {}
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for name in formats:
            written[name] = out_dir / ("bundle.zip" if name == "bundle" else f"report.{name}")
            with replacing(written[name], durable=False) as temporary, temporary.open("wb") as file:
                if name == "bundle":
                    write_bundle(report, template, folders, file)
                else:
                    file.write(RENDER[name](report, template))
    except OSError as error:
        raise FaultlineError(
            f"{out_dir}: report cannot be written ({error.strerror}); choose another folder"
        ) from error
    return written


def read_report(path: Path) -> StressReport:
    """Read `report.json`; `FaultlineError` where it is missing, broken or of another version."""
    try:
        return StressReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise FaultlineError(f"{path}: report cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise FaultlineError(
            f"{path}: not a report that this version can read ({wrong_field(error)}); run it again"
        ) from error
