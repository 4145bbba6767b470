"""The last part of a report: how to make it again, what changed, and who signs."""

from __future__ import annotations

from app.charts.numbers import number
from app.manifest import Manifest
from app.report import texts
from app.report.blocks import (
    Basis,
    Block,
    Cell,
    Code,
    Column,
    Heading,
    Paragraph,
    Table,
    cells,
    key_values,
)
from app.report.findings import counted
from app.report.stress_report import StressReport

SIGNERS = ("Prepared", "Reviewed", "Approved")


def _ids(manifest: Manifest) -> str:
    return ", ".join(manifest.run_ids) or "not kept in a run store"


def manifest_table(manifest: Manifest) -> Table:
    """Everything that the numbers depend on."""
    pairs = [
        ("Run", _ids(manifest)),
        ("Computed", f"{manifest.created:%Y-%m-%d %H:%M:%S} UTC"),
        ("Seeds", ", ".join(str(seed) for seed in manifest.seeds)),
        ("Versions", ", ".join(f"{name} {value}" for name, value in manifest.versions.items())),
        *((name.capitalize(), value) for name, value in manifest.hardware.items()),
        *((f"SHA-256 of {file.name}", file.sha256) for file in manifest.files),
    ]
    if manifest.timing_s:
        units = {"events": "", "events_per_s": ""}
        times = (
            f"{name.replace('_per_s', ' a second')} {number(value)} {units.get(name, 's')}".strip()
            for name, value in manifest.timing_s.items()
        )
        pairs.append(("Timing", ", ".join(times)))
    pairs.append(("Determinism", texts.DETERMINISM))
    return key_values("Manifest", pairs, "manifest of the runs", names=0.27)


def short_manifest_table(manifest: Manifest) -> Table:
    """The same in a few lines."""
    pairs = [
        ("Run", f"{_ids(manifest)}; computed {manifest.created:%Y-%m-%d %H:%M:%S} UTC"),
        ("Version", f"faultline {manifest.versions.get('faultline', 'unknown')}; seed "
         + ", ".join(str(seed) for seed in manifest.seeds)),
        *(
            (f"SHA-256 of {file.name}", file.sha256)
            for file in manifest.files if file.name.endswith(".safetensors")
        ),
        ("Make again", manifest.commands[0]
         + (f" (and {len(manifest.commands) - 1} more)" if len(manifest.commands) > 1 else "")),
    ]  # fmt: skip
    return key_values("Manifest, in short", pairs, "manifest of the runs", names=0.27)


def reproducibility_blocks(manifest: Manifest) -> list[Block]:
    """Manifest and commands."""
    return [
        manifest_table(manifest),
        Paragraph("Make it again with:"),
        *(Code(command) for command in manifest.commands),
    ]


def change_log_table(report: StressReport) -> Table:
    """What happened to the report so far, and room for what follows."""
    manifest = report.manifest
    columns = (
        Column("Date, UTC", share=0.22),
        Column("Change", share=0.53),
        Column("By", share=0.25),
    )
    version = manifest.versions.get("faultline", "unknown")
    first = cells(
        f"{manifest.created:%Y-%m-%d %H:%M}",
        f"First issue, from {counted(len(report.sections), 'run')}; schema version "
        f"{report.schema_version}",
        f"faultline {version}",
    )
    blank = tuple(cells("", "", "") for _ in range(2))
    return Table(
        "Change log",
        columns,
        (first, *blank),
        Basis("this report; blank lines to fill in"),
        tall=True,
    )


def sign_off_table() -> Table:
    """Lines for those who answer for the report."""
    columns = (
        Column("", share=0.16), Column("Name", share=0.3), Column("Function", share=0.2),
        Column("Date", share=0.14), Column("Signature", share=0.2),
    )  # fmt: skip
    rows = tuple((Cell(role), *cells("", "", "", "")) for role in SIGNERS)
    return Table("Sign-off", columns, rows, Basis("to be filled in by hand"), tall=True)


def sign_off_blocks(report: StressReport) -> list[Block]:
    """Change log and sign-off box."""
    return [
        change_log_table(report),
        Heading("Sign-off", 2, "sign-off-box"),
        sign_off_table(),
    ]
