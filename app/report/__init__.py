"""The report of stress tests: one object, as HTML, PDF, JSON, or a bundle of everything."""

from app.report.collect import collect_report, report_bytes, report_name
from app.report.section import build_section
from app.report.stress_report import StressReport, assemble, build_report
from app.report.templates import TEMPLATES
from app.report.write import FORMATS, MIME, read_report, write_report

__all__ = [
    "FORMATS",
    "MIME",
    "TEMPLATES",
    "StressReport",
    "assemble",
    "build_report",
    "build_section",
    "collect_report",
    "read_report",
    "report_bytes",
    "report_name",
    "write_report",
]
