"""The report of a stress test: one object, written as HTML, PDF and JSON."""

from app.report.stress_report import StressReport, assemble, build_report, build_section
from app.report.write import FORMATS, read_report, write_report

__all__ = [
    "FORMATS",
    "StressReport",
    "assemble",
    "build_report",
    "build_section",
    "read_report",
    "write_report",
]
