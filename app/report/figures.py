"""Which figures a report shows, their numbers, and which stand beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from app.charts.spec import ChartSpec
from app.report.blocks import Block, Chart, Charts
from app.report.section import Section

LOSS_FIGURES = frozenset({"loss"})
LIQUIDITY_FIGURES = frozenset({"spread_ticks", "touch_depth"})


def chosen(section: Section, names: Iterable[str]) -> list[ChartSpec]:
    """The charts of a section with one of the names, in its order."""
    wanted = frozenset(names)
    return [spec for spec in section.charts if spec.name in wanted]


def other_than(section: Section, names: Iterable[str]) -> list[ChartSpec]:
    """The charts of a section with none of the names, in its order."""
    known = frozenset(names)
    return [spec for spec in section.charts if spec.name not in known]


def figures(
    charts: Sequence[ChartSpec], numbers: Iterator[int], *, short: bool = False
) -> list[Block]:
    """Charts of one panel without markers go in pairs, the others take the whole width.

    `numbers` gives the next figure its number; `short` ones take less of a page.
    """
    blocks: list[Charts] = []
    waiting: Chart | None = None
    for spec in charts:
        chart = Chart(spec, next(numbers))
        wide = len(spec.panels()) > 1 or bool(spec.markers) or spec.kind == "heatmap"
        if waiting is not None and not wide:
            blocks.append(Charts((waiting, chart), short))
            waiting = None
        elif wide:
            blocks += [Charts((waiting,), short)] if waiting else []
            blocks.append(Charts((chart,), short))
            waiting = None
        else:
            waiting = chart
    return [*blocks, Charts((waiting,), short)] if waiting else [*blocks]
