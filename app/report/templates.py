"""The templates of a report, and the line below its title."""

from __future__ import annotations

from collections.abc import Callable

from app.report.blocks import Block
from app.report.committee import committee_blocks
from app.report.findings import clipped
from app.report.full import full_blocks
from app.report.headline import extent
from app.report.section import LONGEST_TITLE
from app.report.stress_report import StressReport
from model.errors import FaultlineError

_BLOCKS: dict[str, Callable[[StressReport], list[Block]]] = {
    "committee": committee_blocks,
    "full": full_blocks,
}
TEMPLATES = tuple(_BLOCKS)
MOST_NAMED = 4  # assets or scenarios on the cover line


def blocks_of(report: StressReport, template: str = "full") -> list[Block]:
    """Every block of the report in reading order; the cover, verdict and cards apart.

    Raises
    ------
    FaultlineError
        The template is not known.
    """
    check_template(template)
    return _BLOCKS[template](report)


def check_template(name: str) -> None:
    """Raise `FaultlineError` for a template that is not one of `TEMPLATES`."""
    if name not in _BLOCKS:
        raise FaultlineError(
            f"report template {name!r} is not known; choose from {', '.join(TEMPLATES)}"
        )


def cover_of(report: StressReport) -> tuple[str, str]:
    """The line below the title: what was tested, and when it was computed."""
    specs = [section.spec for section in report.sections]
    assets = _listed([spec.asset for spec in specs])
    scenarios = _listed([clipped(spec.scenario.title, LONGEST_TITLE) for spec in specs])
    horizon, paths = (extent([getattr(s, name) for s in specs]) for name in ("horizon_s", "paths"))
    left = f"{assets} · {scenarios} · horizon {horizon} s · {paths} paths"
    right = f"{report.manifest.created:%Y-%m-%d %H:%M:%S} UTC"
    ids = report.manifest.run_ids
    if ids:
        right += f" · run {ids[0]}" if len(ids) == 1 else f" · {len(ids)} runs"
    return left, right


def _listed(names: list[str]) -> str:
    each = list(dict.fromkeys(names))
    more = len(each) - MOST_NAMED
    return ", ".join(each[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
