"""The bundle: one zip with the report in every format, its tables, charts and paths."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict

from app.charts.csv_text import csv_text
from app.charts.mpl_renderer import to_svg
from app.manifest import Manifest
from app.report.blocks import Charts
from app.report.csv_tables import frames_of
from app.report.html import render_html
from app.report.pdf import render_pdf
from app.report.stress_report import StressReport
from app.report.templates import blocks_of
from engine.spec import RunSpec

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold: no clock in the file
CHUNK = 1 << 20


class RunRecord(BaseModel):
    """What `run.json` of a bundle holds: how to make the runs again, and where they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int
    specs: tuple[RunSpec, ...]
    paths: tuple[tuple[str, ...], ...]  # files in the bundle by folder, in the order given
    manifest: Manifest


def write_bundle(
    report: StressReport, template: str, folders: Sequence[Path], file: IO[bytes]
) -> None:
    """Write the zip; the same report and paths give the same bytes.

    Parameters
    ----------
    report : StressReport
    template : of the HTML and the PDF
    folders : of the runs, in the order of the sections; their Parquet files become `paths/`. One
        that is given twice counts once, as in `app.report.collect_report`
    file : opened for writing
    """
    sums = []
    each = dict.fromkeys(folder.absolute() for folder in folders)
    parquet = [_parquet(folder, i) for i, folder in enumerate(each, 1)]
    record = RunRecord(
        schema_version=report.schema_version,
        specs=tuple(section.spec for section in report.sections),
        paths=tuple(tuple(files) for files in parquet),
        manifest=report.manifest,
    )
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in _contents(report, template, record):
            data = content if isinstance(content, bytes) else content.encode()
            with archive.open(_entry(name, zipfile.ZIP_DEFLATED), "w") as target:
                target.write(data)
            sums.append((hashlib.sha256(data).hexdigest(), name))
        for files in parquet:
            for name, path in files.items():
                sums.append((_copy(path, archive, name), name))
        lines = "".join(f"{digest}  {name}\n" for digest, name in sorted(sums, key=lambda s: s[1]))
        with archive.open(_entry("SHA256SUMS", zipfile.ZIP_DEFLATED), "w") as target:
            target.write(lines.encode())


def _contents(
    report: StressReport, template: str, record: RunRecord
) -> Iterator[tuple[str, str | bytes]]:
    yield "report.html", render_html(report, template)
    yield "report.pdf", render_pdf(report, template)
    yield "report.json", report.model_dump_json(indent=1) + "\n"
    yield "run.json", record.model_dump_json(indent=1) + "\n"
    for name, frame in frames_of(report).items():
        yield f"tables/{name}.csv", csv_text(frame)
    for block in blocks_of(report, template):
        for chart in block.charts if isinstance(block, Charts) else ():
            stem = f"figure-{chart.number:02d}-{chart.spec.name}"
            yield f"tables/{stem}.csv", chart.spec.to_csv()
            yield f"charts/{stem}.svg", to_svg(chart.spec, title=True)


def _parquet(folder: Path, number: int) -> dict[str, Path]:
    """Parquet files of a run by their names in the bundle."""
    files = sorted(path for path in folder.glob("*.parquet") if not path.is_symlink())
    return {f"paths/s{number}-{path.name}": path for path in files}


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = compression
    entry.create_system = 3  # Unix, whatever this machine is
    entry.external_attr = 0o644 << 16
    return entry


def _copy(path: Path, archive: zipfile.ZipFile, name: str) -> str:
    """Copy a file piece by piece, uncompressed, for Parquet is; return its SHA-256."""
    digest = hashlib.sha256()
    entry = _entry(name, zipfile.ZIP_STORED)
    entry.file_size = path.stat().st_size
    with path.open("rb") as source, archive.open(entry, "w") as target:
        while piece := source.read(CHUNK):
            digest.update(piece)
            target.write(piece)
    return digest.hexdigest()
