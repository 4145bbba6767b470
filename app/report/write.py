"""Writing reports to disk."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from app.report.html import render_html
from app.report.pdf import render_pdf
from app.report.stress_report import StressReport
from model.errors import FaultlineError

_RENDER: dict[str, Callable[[StressReport], bytes]] = {
    "html": lambda report: render_html(report).encode(),
    "pdf": render_pdf,
    "json": lambda report: (report.model_dump_json(indent=1) + "\n").encode(),
}
FORMATS = tuple(_RENDER)


def write_report(
    report: StressReport, out_dir: Path, formats: Sequence[str] = FORMATS
) -> dict[str, Path]:
    """Write `report.html`, `report.pdf`, `report.json`; each appears whole or not at all.

    Parameters
    ----------
    report : StressReport
    out_dir : folder, made if it is not there
    formats : some of `FORMATS`

    Returns
    -------
    the path of each format

    Raises
    ------
    FaultlineError
        A format is not known, or the folder cannot be written.
    """
    unknown = [name for name in formats if name not in _RENDER]
    if unknown:
        raise FaultlineError(
            f"report format {unknown[0]!r} is not known; choose from {', '.join(FORMATS)}"
        )
    contents = {name: _RENDER[name](report) for name in formats}
    written = {}
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            written[name] = out_dir / f"report.{name}"
            _replace(written[name], content)
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
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise FaultlineError(
            f"{path}: not a report that this version can read ({key}: {first['msg']}); "
            "make it again with faultline report"
        ) from error


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
